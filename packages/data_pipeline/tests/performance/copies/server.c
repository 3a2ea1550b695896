/* An S3 look-alike for measuring clients: in memory, one thread, settable latency.
 *
 *     cc -O2 -o server server.c && ./server PORT BUCKET...
 *
 * It prints its port, which the system chooses for PORT 0, once it listens.
 * It answers as S3 does, as far as copies, listings and records of runs need it, after
 * the latency that was asked for, and counts what it did. It checks no signature, keeps
 * no metadata, and speaks plain HTTP with addresses by path. ETags are no MD5, and look
 * as those of uploads in parts do, so that no client takes them for one.
 *
 * Control, on the same port:
 *     /_control/set?latency_ms=25&slow_down=0.05   for every request from now on
 *     /_control/fill?bucket=b&count=9&size=4096    objects in/1 to in/9
 *     /_control/clear?bucket=b                     no object is left
 *     /_control/count?bucket=b                     how many objects there are, as JSON
 *     /_control/reset                              all counters are zero
 *     /_control/stats                              the counters, as JSON
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LEVELS 12
#define PAGE 1000
#define KEY_BYTES 1100
#define HEAD_BYTES 16384
#define NAMESPACE " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"

/* -- Text that grows ----------------------------------------------------------- */

struct text {
    char *bytes;
    size_t size, room;
};

static void *grown(void *old, size_t size)
{
    void *found = realloc(old, size);
    if (!found) {
        perror("server: out of memory");
        exit(1);
    }
    return found;
}

static void add(struct text *text, const char *bytes, size_t size)
{
    if (text->size + size + 1 > text->room) {
        text->room = (text->size + size + 1) * 3 / 2 + 256;
        text->bytes = grown(text->bytes, text->room);
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = 0;
}

static void say(struct text *text, const char *format, ...)
{
    char line[4096];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    add(text, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

static void add_escaped(struct text *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '&')
            add(text, "&amp;", 5);
        else if (bytes[i] == '<')
            add(text, "&lt;", 4);
        else if (bytes[i] == '>')
            add(text, "&gt;", 4);
        else
            add(text, bytes + i, 1);
    }
}

static int is_plain(unsigned char it)
{
    return (it >= 'a' && it <= 'z') || (it >= 'A' && it <= 'Z') ||
           (it >= '0' && it <= '9') || strchr("-_.~/", it) != NULL;
}

static void add_encoded(struct text *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char it = (unsigned char)bytes[i];
        if (it && is_plain(it))
            add(text, bytes + i, 1);
        else
            say(text, "%%%02X", it);
    }
}

static int digit(int it)
{
    if (it >= '0' && it <= '9')
        return it - '0';
    it |= 32;
    return it >= 'a' && it <= 'f' ? it - 'a' + 10 : -1;
}

/* Decode percent-encoding in place. */
static void decode(char *text, int plus_is_space)
{
    char *to = text;
    for (char *from = text; *from; from++) {
        if (*from == '%' && digit(from[1]) >= 0 && digit(from[2]) >= 0) {
            *to++ = (char)(digit(from[1]) * 16 + digit(from[2]));
            from += 2;
        } else {
            *to++ = plus_is_space && *from == '+' ? ' ' : *from;
        }
    }
    *to = 0;
}

/* Decode what XML escapes, in place. */
static void unescape(char *text)
{
    static const struct {
        const char *name;
        char value;
    } known[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},  {"&quot;", '"'},
                 {"&apos;", '\''}, {"&#13;", '\r'}, {"&#10;", '\n'}};
    char *to = text;
    for (char *from = text; *from; to++) {
        size_t taken = 0;
        for (size_t i = 0; *from == '&' && i < sizeof known / sizeof *known; i++) {
            size_t length = strlen(known[i].name);
            if (!strncmp(from, known[i].name, length)) {
                *to = known[i].value;
                taken = length;
                break;
            }
        }
        if (!taken)
            *to = *from;
        from += taken ? taken : 1;
    }
    *to = 0;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* -- Bytes, which objects share ------------------------------------------------ */

struct blob {
    int users;
    size_t size;
    char etag[40];
    unsigned char bytes[];
};

static uint64_t mixed(uint64_t value)
{
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9ULL;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebULL;
    return value ^ value >> 31;
}

static struct blob *new_blob(size_t size)
{
    struct blob *blob = grown(NULL, sizeof *blob + size + 1);
    blob->users = 1;
    blob->size = size;
    blob->etag[0] = 0;
    blob->bytes[size] = 0;
    return blob;
}

static void name_blob(struct blob *blob)
{
    uint64_t sum = mixed(blob->size + 1), word;
    size_t at = 0;
    for (; at + 8 <= blob->size; at += 8) {
        memcpy(&word, blob->bytes + at, 8);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
        sum ^= sum >> 29;
    }
    for (; at < blob->size; at++)
        sum = mixed(sum ^ blob->bytes[at]);
    snprintf(blob->etag, sizeof blob->etag, "%016llx%016llx-1",
             (unsigned long long)mixed(sum), (unsigned long long)mixed(~sum));
}

static void leave(struct blob *blob)
{
    if (blob && --blob->users == 0)
        free(blob);
}

/* -- Objects, in the order of their keys: a skip list for each bucket ------------ */

struct object {
    struct blob *blob;
    time_t changed;
    char *key;
    struct object *next[];
};

struct bucket {
    struct bucket *other;
    const char *name;
    struct object *first[LEVELS];
};

static struct bucket *buckets;

static struct bucket *find_bucket(const char *name)
{
    struct bucket *found = buckets;
    while (found && strcmp(found->name, name))
        found = found->other;
    return found;
}

static struct bucket *make_bucket(const char *name)
{
    struct bucket *made = find_bucket(name);
    if (!made) {
        made = calloc(1, sizeof *made);
        made->name = strdup(name);
        made->other = buckets;
        buckets = made;
    }
    return made;
}

/* Return the first object at or behind a key, and where it would be linked. */
static struct object *seek(struct bucket *bucket, const char *key,
                           struct object ***places)
{
    struct object **links = bucket->first;
    for (int level = LEVELS - 1; level >= 0; level--) {
        while (links[level] && strcmp(links[level]->key, key) < 0)
            links = links[level]->next;
        if (places)
            places[level] = &links[level];
    }
    return links[0];
}

static struct object *find(struct bucket *bucket, const char *key)
{
    struct object *found = seek(bucket, key, NULL);
    return found && !strcmp(found->key, key) ? found : NULL;
}

/* Write an object; the blob becomes its own. */
static void put(struct bucket *bucket, const char *key, struct blob *blob)
{
    static uint64_t chance = 1;
    struct object **places[LEVELS];
    struct object *object = seek(bucket, key, places);
    if (!object || strcmp(object->key, key)) {
        int levels = 1;
        for (chance = mixed(chance + 1); levels < LEVELS; levels++)
            if (chance >> (2 * levels) & 3)
                break;
        object = grown(NULL, sizeof *object + (size_t)levels * sizeof(void *));
        object->key = strdup(key);
        object->blob = NULL;
        for (int level = 0; level < levels; level++) {
            object->next[level] = *places[level];
            *places[level] = object;
        }
    }
    leave(object->blob);
    object->blob = blob;
    object->changed = time(NULL);
}

static void discard(struct object *object)
{
    leave(object->blob);
    free(object->key);
    free(object);
}

static void drop(struct bucket *bucket, const char *key)
{
    struct object **places[LEVELS];
    struct object *object = seek(bucket, key, places);
    if (!object || strcmp(object->key, key))
        return;
    for (int level = 0; level < LEVELS && *places[level] == object; level++)
        *places[level] = object->next[level];
    discard(object);
}

static void clear(struct bucket *bucket)
{
    for (struct object *object = bucket->first[0], *next; object; object = next) {
        next = object->next[0];
        discard(object);
    }
    memset(bucket->first, 0, sizeof bucket->first);
}

/* -- Uploads in parts ------------------------------------------------------------ */

struct upload {
    struct upload *other;
    char id[24];
    int parts;
    struct blob *part[10001];
};

static struct upload *uploads;

static struct upload **find_upload(const char *id)
{
    struct upload **found = &uploads;
    while (*found && strcmp((*found)->id, id))
        found = &(*found)->other;
    return found;
}

static void end_upload(struct upload **place)
{
    struct upload *upload = *place;
    *place = upload->other;
    for (int number = 1; number <= upload->parts; number++)
        leave(upload->part[number]);
    free(upload);
}

/* -- Counters and what may be set ------------------------------------------------ */

enum operation {
    COPY, GET, PUT, HEAD, LIST, DELETE, CREATE_UPLOAD, PUT_PART, COPY_PART, COMPLETE,
    ABORT, LIST_UPLOADS, BUCKET, OPERATIONS
};

static const char *NAMES[OPERATIONS] = {
    "CopyObject", "GetObject", "PutObject", "HeadObject", "ListObjectsV2",
    "DeleteObjects", "CreateMultipartUpload", "UploadPart", "UploadPartCopy",
    "CompleteMultipartUpload", "AbortMultipartUpload", "ListMultipartUploads",
    "HeadBucket"};

static struct {
    uint64_t requests[OPERATIONS], total, refused, slowed, connections;
    int under_way, most_under_way;
    double first_request, cpu;
} counted;
static double latency, slow_down;

static double own_cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

/* -- Connections ------------------------------------------------------------------ */

struct request {
    char *method, *bucket, *key, *query;
    char *copy_source, *copy_range, *range, *if_match, *if_none_match, *source_match;
    size_t length;
    int goes_on, is_chunked, closes;
};

struct connection {
    int file, is_waiting, is_gone, wants_to_write;
    char *head;
    size_t head_size;
    struct request request;
    struct blob *body;
    size_t body_size;
    struct text out;
    struct blob *sent;
    size_t written, from, to;
    double due;
};

static int poller;

static void end_connection(struct connection *it)
{
    if (it->file >= 0)
        close(it->file);
    it->file = -1;
    it->is_gone = 1;
    if (it->is_waiting)
        return;
    leave(it->body);
    leave(it->sent);
    free(it->out.bytes);
    free(it->head);
    free(it);
}

/* -- The heap of answers that wait for their time ---------------------------------- */

static struct connection **waiting;
static size_t waiting_count, waiting_room;

static void wait_until_due(struct connection *it)
{
    if (waiting_count == waiting_room) {
        waiting_room = waiting_room ? waiting_room * 2 : 1024;
        waiting = grown(waiting, waiting_room * sizeof *waiting);
    }
    size_t place = waiting_count++;
    while (place && waiting[(place - 1) / 2]->due > it->due) {
        waiting[place] = waiting[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    waiting[place] = it;
    it->is_waiting = 1;
}

static struct connection *take_due(void)
{
    struct connection *first = waiting[0], *last = waiting[--waiting_count];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= waiting_count)
            break;
        if (child + 1 < waiting_count && waiting[child + 1]->due < waiting[child]->due)
            child++;
        if (waiting[child]->due >= last->due)
            break;
        waiting[place] = waiting[child];
        place = child;
    }
    waiting[place] = last;
    first->is_waiting = 0;
    return first;
}

/* -- Answers ---------------------------------------------------------------------- */

static void begin(struct connection *it, int status, const char *reason)
{
    it->out.size = 0;
    say(&it->out, "HTTP/1.1 %d %s\r\nx-amz-request-id: 0\r\nServer: bench\r\n", status,
        reason);
}

static void finish(struct connection *it, const char *body, size_t size)
{
    say(&it->out, "Content-Length: %zu\r\n\r\n", size);
    add(&it->out, body, size);
}

static void answer(struct connection *it, struct text *document)
{
    begin(it, 200, "OK");
    say(&it->out, "Content-Type: application/xml\r\n");
    finish(it, document->bytes, document->size);
    free(document->bytes);
}

static void refuse(struct connection *it, int status, const char *code)
{
    char body[400];
    int size = snprintf(body, sizeof body,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s"
                        "</Code><Message>%s</Message><RequestId>0</RequestId></Error>",
                        code, code);
    counted.refused++;
    begin(it, status, code);
    say(&it->out, "Content-Type: application/xml\r\n");
    if (!strcmp(it->request.method, "HEAD"))
        size = 0;
    finish(it, body, (size_t)size);
}

static void say_time(struct text *text, time_t time, const char *format)
{
    char line[64];
    struct tm parts;
    gmtime_r(&time, &parts);
    add(text, line, strftime(line, sizeof line, format, &parts));
}

static const char ISO[] = "%Y-%m-%dT%H:%M:%S.000Z";

static int has(const char *query, const char *name, char *value, size_t room)
{
    size_t length = strlen(name);
    for (const char *at = query; at && *at;) {
        const char *end = strchrnul(at, '&');
        if (!strncmp(at, name, length) && (at[length] == '=' || at + length == end)) {
            const char *from = at + length + (at[length] == '=');
            size_t size = from < end ? (size_t)(end - from) : 0;
            if (value) {
                size = size < room ? size : room - 1;
                memcpy(value, from, size);
                value[size] = 0;
                decode(value, 1);
            }
            return 1;
        }
        at = *end ? end + 1 : NULL;
    }
    return 0;
}

static int same_etag(const char *asked, const struct blob *blob)
{
    size_t size = strlen(blob->etag);
    asked += *asked == '"';
    return !strncmp(asked, blob->etag, size) && (!asked[size] || asked[size] == '"');
}

/* -- Operations: each says which it was ------------------------------------------- */

struct listing {
    char prefix[KEY_BYTES], after[KEY_BYTES], delimiter[8];
    int is_encoded;
};

static void add_key(struct text *text, const struct listing *asked, const char *key,
                    size_t size)
{
    if (asked->is_encoded)
        add_encoded(text, key, size);
    else
        add_escaped(text, key, size);
}

static void add_object(struct text *text, const struct listing *asked,
                       const struct object *object)
{
    add(text, "<Contents><Key>", 15);
    add_key(text, asked, object->key, strlen(object->key));
    add(text, "</Key><LastModified>", 20);
    say_time(text, object->changed, ISO);
    say(text,
        "</LastModified><ETag>&quot;%s&quot;</ETag><Size>%zu</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>",
        object->blob->etag, object->blob->size);
}

/* Return the key behind all that begin with these bytes. */
static void step_behind(char *key, size_t size)
{
    key[size] = 0;
    ((unsigned char *)key)[size - 1]++;
}

static enum operation list(struct connection *it, struct bucket *bucket)
{
    struct request *request = &it->request;
    struct listing asked = {.is_encoded = 0};
    struct text page = {0};
    char value[KEY_BYTES];
    long limit = has(request->query, "max-keys", value, sizeof value) ? atol(value) : PAGE;
    limit = limit < PAGE ? limit : PAGE;
    has(request->query, "prefix", asked.prefix, sizeof asked.prefix);
    has(request->query, "delimiter", asked.delimiter, sizeof asked.delimiter);
    if (!has(request->query, "continuation-token", asked.after, sizeof asked.after))
        has(request->query, "start-after", asked.after, sizeof asked.after);
    asked.is_encoded = has(request->query, "encoding-type", NULL, 0);
    size_t prefix_size = strlen(asked.prefix), folder_size = strlen(asked.delimiter);
    int is_behind = strcmp(asked.after, asked.prefix) >= 0 && asked.after[0];
    struct object *object = seek(bucket, is_behind ? asked.after : asked.prefix, NULL);
    if (is_behind && object && !strcmp(object->key, asked.after))
        object = object->next[0];
    say(&page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult" NAMESPACE
               "<Name>%s</Name><Prefix>", bucket->name);
    add_key(&page, &asked, asked.prefix, prefix_size);
    say(&page, "</Prefix><MaxKeys>%ld</MaxKeys>", limit);
    long listed = 0;
    char last[KEY_BYTES] = "";
    while (object && listed < limit && !strncmp(object->key, asked.prefix, prefix_size)) {
        const char *folder =
            folder_size ? strstr(object->key + prefix_size, asked.delimiter) : NULL;
        snprintf(last, sizeof last, "%s", object->key);
        listed++;
        if (folder) {
            size_t size = (size_t)(folder - object->key) + folder_size;
            add(&page, "<CommonPrefixes><Prefix>", 24);
            add_key(&page, &asked, last, size);
            add(&page, "</Prefix></CommonPrefixes>", 26);
            step_behind(last, size);
            object = seek(bucket, last, NULL);
        } else {
            add_object(&page, &asked, object);
            object = object->next[0];
        }
    }
    int is_cut = object && !strncmp(object->key, asked.prefix, prefix_size);
    say(&page, "<KeyCount>%ld</KeyCount><IsTruncated>%s</IsTruncated>", listed,
        is_cut ? "true" : "false");
    if (is_cut) {
        add(&page, "<NextContinuationToken>", 23);
        add_escaped(&page, last, strlen(last));
        add(&page, "</NextContinuationToken>", 24);
    }
    say(&page, "</ListBucketResult>");
    answer(it, &page);
    return LIST;
}

static enum operation delete_many(struct connection *it, struct bucket *bucket)
{
    struct text document = {0};
    char *at = it->body ? (char *)it->body->bytes : "";
    while ((at = strstr(at, "<Key>"))) {
        char *key = at + 5, *end = strstr(key, "</Key>");
        if (!end)
            break;
        *end = 0;
        at = end + 1;
        unescape(key);
        drop(bucket, key);
    }
    say(&document, "<DeleteResult" NAMESPACE "</DeleteResult>");
    answer(it, &document);
    return DELETE;
}

static enum operation read_object(struct connection *it, struct bucket *bucket)
{
    struct request *request = &it->request;
    int is_head = !strcmp(request->method, "HEAD");
    enum operation operation = is_head ? HEAD : GET;
    struct object *object = find(bucket, request->key);
    if (!object) {
        refuse(it, 404, "NoSuchKey");
        return operation;
    }
    size_t from = 0, to = object->blob->size;
    int is_part = request->range && !strncmp(request->range, "bytes=", 6);
    if (is_part) {
        char *end;
        from = strtoull(request->range + 6, &end, 10);
        if (*end == '-' && digit(end[1]) >= 0)
            to = strtoull(end + 1, NULL, 10) + 1;
        to = to < object->blob->size ? to : object->blob->size;
        if (from >= to) {
            refuse(it, 416, "InvalidRange");
            return operation;
        }
    }
    begin(it, is_part ? 206 : 200, is_part ? "Partial Content" : "OK");
    say(&it->out, "ETag: \"%s\"\r\nAccept-Ranges: bytes\r\n", object->blob->etag);
    say(&it->out, "Content-Type: application/octet-stream\r\nLast-Modified: ");
    say_time(&it->out, object->changed, "%a, %d %b %Y %H:%M:%S GMT\r\n");
    if (is_part)
        say(&it->out, "Content-Range: bytes %zu-%zu/%zu\r\n", from, to - 1,
            object->blob->size);
    say(&it->out, "Content-Length: %zu\r\n\r\n", to - from);
    if (!is_head) {
        it->sent = object->blob;
        it->sent->users++;
        it->from = from;
        it->to = to;
    }
    return operation;
}

/* Return what is to be copied; what is not there is refused. */
static struct object *copy_source(struct connection *it)
{
    char *from = it->request.copy_source;
    char *version = strchr(from, '?');
    if (version)
        *version = 0;
    decode(from, 0);
    from += *from == '/';
    char *key = strchr(from, '/');
    if (key)
        *key++ = 0;
    struct bucket *bucket = find_bucket(from);
    struct object *found = bucket && key ? find(bucket, key) : NULL;
    if (!found)
        refuse(it, 404, bucket ? "NoSuchKey" : "NoSuchBucket");
    return found;
}

/* Tell whether the conditions of a write hold; if not, they are refused. */
static int may_write(struct connection *it, struct object *object)
{
    struct request *request = &it->request;
    if (request->if_none_match && object)
        refuse(it, 412, "PreconditionFailed");
    else if (request->if_match && !object)
        refuse(it, 404, "NoSuchKey");
    else if (request->if_match && !same_etag(request->if_match, object->blob))
        refuse(it, 412, "PreconditionFailed");
    else
        return 1;
    return 0;
}

static struct blob *take_body(struct connection *it)
{
    struct blob *body = it->body ? it->body : new_blob(0);
    it->body = NULL;
    name_blob(body);
    return body;
}

static void answer_copy(struct connection *it, const char *kind, const char *etag)
{
    struct text document = {0};
    say(&document, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s" NAMESPACE
                   "<LastModified>", kind);
    say_time(&document, time(NULL), ISO);
    say(&document, "</LastModified><ETag>&quot;%s&quot;</ETag></%s>", etag, kind);
    answer(it, &document);
}

static void answer_put(struct connection *it, const char *etag)
{
    begin(it, 200, "OK");
    say(&it->out, "ETag: \"%s\"\r\n", etag);
    finish(it, "", 0);
}

static enum operation put_object(struct connection *it, struct bucket *bucket)
{
    struct request *request = &it->request;
    if (request->copy_source) {
        struct object *source = copy_source(it);
        if (!source)
            return COPY;
        struct blob *blob = source->blob;
        blob->users++;
        put(bucket, request->key, blob);
        answer_copy(it, "CopyObjectResult", blob->etag);
        return COPY;
    }
    int has_condition = request->if_match || request->if_none_match;
    if (has_condition && !may_write(it, find(bucket, request->key)))
        return PUT;
    struct blob *blob = take_body(it);
    put(bucket, request->key, blob);
    answer_put(it, blob->etag);
    return PUT;
}

static enum operation put_part(struct connection *it, struct upload *upload, int number)
{
    struct request *request = &it->request;
    enum operation operation = request->copy_source ? COPY_PART : PUT_PART;
    struct blob *part;
    if (!upload || number < 1 || number > 10000) {
        refuse(it, 404, "NoSuchUpload");
        return operation;
    }
    if (request->copy_source) {
        struct object *source = copy_source(it);
        if (!source)
            return operation;
        if (request->source_match && !same_etag(request->source_match, source->blob)) {
            refuse(it, 412, "PreconditionFailed");
            return operation;
        }
        size_t from = 0, to = source->blob->size;
        if (request->copy_range && !strncmp(request->copy_range, "bytes=", 6)) {
            char *end;
            from = strtoull(request->copy_range + 6, &end, 10);
            to = strtoull(end + 1, NULL, 10) + 1;
        }
        if (from >= to || to > source->blob->size) {
            refuse(it, 416, "InvalidRange");
            return operation;
        }
        part = new_blob(to - from);
        memcpy(part->bytes, source->blob->bytes + from, to - from);
        name_blob(part);
        answer_copy(it, "CopyPartResult", part->etag);
    } else {
        part = take_body(it);
        answer_put(it, part->etag);
    }
    leave(upload->part[number]);
    upload->part[number] = part;
    upload->parts = number > upload->parts ? number : upload->parts;
    return operation;
}

static enum operation create_upload(struct connection *it)
{
    static uint64_t count;
    struct text document = {0};
    struct upload *upload = calloc(1, sizeof *upload);
    snprintf(upload->id, sizeof upload->id, "%016llx", (unsigned long long)mixed(++count));
    upload->other = uploads;
    uploads = upload;
    say(&document, "<InitiateMultipartUploadResult" NAMESPACE "<Bucket>%s</Bucket><Key>",
        it->request.bucket);
    add_escaped(&document, it->request.key, strlen(it->request.key));
    say(&document, "</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>",
        upload->id);
    answer(it, &document);
    return CREATE_UPLOAD;
}

/* Tell whether an upload has the parts that a list names. */
static int has_parts(const struct upload *upload, const char *list)
{
    int named = 0;
    while ((list = strstr(list, "<PartNumber>"))) {
        list += strlen("<PartNumber>");
        int number = atoi(list);
        if (number < 1 || number > upload->parts || !upload->part[number])
            return 0;
        named++;
    }
    return named > 0;
}

static enum operation complete(struct connection *it, struct bucket *bucket,
                               struct upload **place)
{
    struct text document = {0};
    struct upload *upload = *place;
    size_t size = 0;
    if (!upload) {
        refuse(it, 404, "NoSuchUpload");
        return COMPLETE;
    }
    if (!has_parts(upload, it->body ? (char *)it->body->bytes : "")) {
        refuse(it, 400, "InvalidPart");
        return COMPLETE;
    }
    for (int number = 1; number <= upload->parts; number++)
        size += upload->part[number] ? upload->part[number]->size : 0;
    struct blob *whole = new_blob(size);
    size = 0;
    for (int number = 1; number <= upload->parts; number++) {
        struct blob *part = upload->part[number];
        if (part)
            memcpy(whole->bytes + size, part->bytes, part->size);
        size += part ? part->size : 0;
    }
    name_blob(whole);
    put(bucket, it->request.key, whole);
    end_upload(place);
    say(&document, "<CompleteMultipartUploadResult" NAMESPACE
                   "<ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>",
        whole->etag);
    answer(it, &document);
    return COMPLETE;
}

static enum operation of_upload(struct connection *it, struct bucket *bucket,
                                const char *id)
{
    struct upload **place = find_upload(id);
    const char *method = it->request.method;
    char number[16] = "0";
    has(it->request.query, "partNumber", number, sizeof number);
    if (!strcmp(method, "PUT"))
        return put_part(it, *place, atoi(number));
    if (!strcmp(method, "POST"))
        return complete(it, bucket, place);
    if (*place)
        end_upload(place);
    begin(it, 204, "No Content");
    say(&it->out, "\r\n");
    return ABORT;
}

static enum operation of_object(struct connection *it, struct bucket *bucket)
{
    struct request *request = &it->request;
    char id[40];
    if (has(request->query, "uploadId", id, sizeof id))
        return of_upload(it, bucket, id);
    if (!strcmp(request->method, "PUT"))
        return put_object(it, bucket);
    if (!strcmp(request->method, "POST"))
        return create_upload(it);
    if (!strcmp(request->method, "DELETE")) {
        drop(bucket, request->key);
        begin(it, 204, "No Content");
        say(&it->out, "\r\n");
        return DELETE;
    }
    return read_object(it, bucket);
}

static enum operation of_bucket(struct connection *it, struct bucket *bucket)
{
    struct request *request = &it->request;
    struct text document = {0};
    int is_get = !strcmp(request->method, "GET");
    if (!strcmp(request->method, "POST"))
        return delete_many(it, bucket);
    if (is_get && has(request->query, "uploads", NULL, 0)) {
        say(&document, "<ListMultipartUploadsResult" NAMESPACE
                       "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
        answer(it, &document);
        return LIST_UPLOADS;
    }
    if (is_get && !has(request->query, "location", NULL, 0))
        return list(it, bucket);
    if (is_get) {
        say(&document, "<LocationConstraint" NAMESPACE "</LocationConstraint>");
        answer(it, &document);
        return BUCKET;
    }
    begin(it, 200, "OK");
    say(&it->out, "x-amz-bucket-region: us-east-1\r\n");
    finish(it, "", 0);
    return BUCKET;
}

static enum operation operate(struct connection *it)
{
    struct request *request = &it->request;
    struct bucket *bucket = find_bucket(request->bucket);
    if (!bucket) {
        refuse(it, 404, "NoSuchBucket");
        return BUCKET;
    }
    return *request->key ? of_object(it, bucket) : of_bucket(it, bucket);
}

/* -- Control ----------------------------------------------------------------------- */

static void tell_counters(struct connection *it)
{
    struct text body = {0};
    say(&body, "{\"requests\": {");
    for (int each = 0, told = 0; each < OPERATIONS; each++)
        if (counted.requests[each])
            say(&body, "%s\"%s\": %llu", told++ ? ", " : "", NAMES[each],
                (unsigned long long)counted.requests[each]);
    say(&body, "}, \"total\": %llu, \"refused\": %llu, \"slowed\": %llu",
        (unsigned long long)counted.total, (unsigned long long)counted.refused,
        (unsigned long long)counted.slowed);
    say(&body, ", \"connections\": %llu, \"most_under_way\": %d",
        (unsigned long long)counted.connections, counted.most_under_way);
    say(&body, ", \"first_request\": %.6f, \"cpu_seconds\": %.6f}\n",
        counted.first_request, own_cpu() - counted.cpu);
    begin(it, 200, "OK");
    finish(it, body.bytes, body.size);
    free(body.bytes);
}

static void fill(struct bucket *bucket, long count, size_t size)
{
    struct blob *blob = new_blob(size);
    char key[64];
    memset(blob->bytes, 'x', size);
    name_blob(blob);
    for (long number = 1; number <= count; number++) {
        snprintf(key, sizeof key, "in/%ld", number);
        blob->users++;
        put(bucket, key, blob);
    }
    leave(blob);
}

static void tell_count(struct connection *it, struct bucket *bucket)
{
    char body[64];
    long count = 0;
    for (struct object *object = bucket->first[0]; object; object = object->next[0])
        count++;
    begin(it, 200, "OK");
    finish(it, body, (size_t)snprintf(body, sizeof body, "{\"count\": %ld}\n", count));
}

static void control(struct connection *it)
{
    struct request *request = &it->request;
    char value[200], number[24] = "0";
    struct bucket *bucket = NULL;
    if (has(request->query, "bucket", value, sizeof value))
        bucket = make_bucket(value);
    if (!strcmp(request->key, "stats")) {
        tell_counters(it);
        return;
    }
    if (bucket && !strcmp(request->key, "count")) {
        tell_count(it, bucket);
        return;
    }
    if (!strcmp(request->key, "set")) {
        if (has(request->query, "latency_ms", value, sizeof value))
            latency = atof(value) / 1000;
        if (has(request->query, "slow_down", value, sizeof value))
            slow_down = atof(value);
    } else if (!strcmp(request->key, "reset")) {
        int under_way = counted.under_way;
        memset(&counted, 0, sizeof counted);
        counted.under_way = under_way;
        counted.cpu = own_cpu();
    } else if (bucket && !strcmp(request->key, "clear")) {
        clear(bucket);
    } else if (bucket && !strcmp(request->key, "fill")) {
        has(request->query, "count", value, sizeof value);
        has(request->query, "size", number, sizeof number);
        fill(bucket, atol(value), (size_t)atol(number));
    } else {
        refuse(it, 404, "NoSuchControl");
        return;
    }
    begin(it, 200, "OK");
    finish(it, "{}\n", 3);
}

/* -- HTTP -------------------------------------------------------------------------- */

static void want_to_write(struct connection *it, int wanted)
{
    if (it->wants_to_write == wanted)
        return;
    it->wants_to_write = wanted;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0),
                                .data.ptr = it};
    epoll_ctl(poller, EPOLL_CTL_MOD, it->file, &event);
}

/* Write what is left of an answer; tell whether the connection is still there. */
static int write_answer(struct connection *it)
{
    for (;;) {
        struct iovec pieces[2];
        int count = 0;
        size_t left = it->out.size - it->written;
        if (left)
            pieces[count++] = (struct iovec){it->out.bytes + it->written, left};
        if (it->sent && it->from < it->to)
            pieces[count++] = (struct iovec){it->sent->bytes + it->from,
                                             it->to - it->from};
        if (!count)
            break;
        ssize_t sent = writev(it->file, pieces, count);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            want_to_write(it, 1);
            return 1;
        }
        if (sent < 0) {
            counted.under_way--;
            end_connection(it);
            return 0;
        }
        size_t of_head = (size_t)sent < left ? (size_t)sent : left;
        it->written += of_head;
        it->from += (size_t)sent - of_head;
    }
    want_to_write(it, 0);
    leave(it->sent);
    it->sent = NULL;
    it->out.size = it->written = it->from = it->to = 0;
    counted.under_way--;
    it->request.method = NULL;
    it->head_size = 0;
    if (it->request.closes) {
        end_connection(it);
        return 0;
    }
    return 1;
}

/* Take the frames of aws-chunked content off a body. */
static void unchunk(struct blob *body)
{
    char *from = (char *)body->bytes, *end = from + body->size, *to = from;
    while (from < end) {
        size_t size = strtoull(from, &from, 16);
        char *data = memmem(from, (size_t)(end - from), "\r\n", 2);
        if (!size || !data || (size_t)(end - data) < size + 4)
            break;
        memmove(to, data + 2, size);
        to += size;
        from = data + 2 + size + 2;
    }
    body->size = (size_t)(to - (char *)body->bytes);
    *to = 0;
}

static int is_slowed(void)
{
    static uint64_t number;
    if (slow_down <= 0)
        return 0;
    return (double)(mixed(++number * 0x9e3779b97f4a7c15ULL) >> 11) * 0x1p-53 < slow_down;
}

static int respond(struct connection *it)
{
    struct request *request = &it->request;
    it->written = 0;
    if (++counted.under_way > counted.most_under_way)
        counted.most_under_way = counted.under_way;
    if (it->body && request->is_chunked)
        unchunk(it->body);
    if (!strcmp(request->bucket, "_control")) {
        control(it);
        return write_answer(it);
    }
    if (!counted.total++)
        counted.first_request = now();
    if (is_slowed()) {
        counted.slowed++;
        refuse(it, 503, "SlowDown");
    } else {
        counted.requests[operate(it)]++;
    }
    leave(it->body);
    it->body = NULL;
    if (latency <= 0)
        return write_answer(it);
    it->due = now() + latency;
    wait_until_due(it);
    return 1;
}

static void note_header(struct request *request, const char *name, char *value)
{
    const struct {
        const char *name;
        char **place;
    } kept[] = {{"x-amz-copy-source", &request->copy_source},
                {"x-amz-copy-source-range", &request->copy_range},
                {"x-amz-copy-source-if-match", &request->source_match},
                {"range", &request->range},
                {"if-match", &request->if_match},
                {"if-none-match", &request->if_none_match}};
    switch (name[0] | 32) {
    case 'c':
        if (!strcasecmp(name, "content-length"))
            request->length = strtoull(value, NULL, 10);
        else if (!strcasecmp(name, "content-encoding"))
            request->is_chunked = strstr(value, "aws-chunked") != NULL;
        else if (!strcasecmp(name, "connection"))
            request->closes = !strcasecmp(value, "close");
        return;
    case 'e':
        request->goes_on |= !strcasecmp(name, "expect");
        return;
    case 'x':
    case 'r':
    case 'i':
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (!strcasecmp(name, kept[i].name))
                *kept[i].place = value;
    }
}

/* Read a head that is complete, in place; tell whether it can be. */
static int parse(struct connection *it, char *end)
{
    struct request *request = &it->request;
    memset(request, 0, sizeof *request);
    *end = 0;
    char *rest, *line = strtok_r(it->head, "\r\n", &rest);
    char *target = line ? strchr(line, ' ') : NULL;
    char *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version)
        return 0;
    *target++ = *version = 0;
    request->query = strchr(target, '?');
    if (request->query)
        *request->query++ = 0;
    request->bucket = target + (*target == '/');
    request->key = strchr(request->bucket, '/');
    if (request->key)
        *request->key++ = 0;
    else
        request->key = "";
    decode(request->bucket, 0);
    if (*request->key)
        decode(request->key, 0);
    for (char *header; (header = strtok_r(NULL, "\r\n", &rest));) {
        char *value = strchr(header, ':');
        if (!value)
            continue;
        *value++ = 0;
        note_header(request, header, value + strspn(value, " "));
    }
    request->method = line;
    return 1;
}

/* Take up a head that has come, and what came of the body. */
static int take_head(struct connection *it, char *end)
{
    static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char *body = end + 4;
    size_t came = it->head_size - (size_t)(body - it->head);
    if (!parse(it, end) || came > it->request.length) {
        end_connection(it);
        return 0;
    }
    if (it->request.length) {
        it->body = new_blob(it->request.length);
        memcpy(it->body->bytes, body, came);
        it->body_size = came;
        if (came < it->request.length) {
            if (it->request.goes_on && !came &&
                write(it->file, GO_ON, sizeof GO_ON - 1) < 0 && errno != EAGAIN) {
                end_connection(it);
                return 0;
            }
            return 1;
        }
    }
    return respond(it);
}

static void read_more(struct connection *it)
{
    for (;;) {
        int is_body = it->body && it->request.method && !it->is_waiting;
        char *to = is_body ? (char *)it->body->bytes + it->body_size
                           : it->head + it->head_size;
        size_t room = is_body ? it->request.length - it->body_size
                              : HEAD_BYTES - it->head_size - 1;
        ssize_t came = room ? read(it->file, to, room) : 0;
        if (came < 0 && errno == EINTR)
            continue;
        if (came < 0 && errno == EAGAIN)
            return;
        /* Nobody measured here sends a request before the last one is answered. */
        if (came <= 0 || (it->request.method && !is_body)) {
            if (it->request.method && !is_body && !it->is_waiting)
                counted.under_way--;
            end_connection(it);
            return;
        }
        if (is_body) {
            it->body_size += (size_t)came;
            if (it->body_size < it->request.length)
                continue;
            respond(it);
            return;
        }
        it->head_size += (size_t)came;
        it->head[it->head_size] = 0;
        char *end = memmem(it->head, it->head_size, "\r\n\r\n", 4);
        if (end) {
            if (!take_head(it, end) || !it->body)
                return;
        } else if ((size_t)came < room) {
            return;
        }
    }
}

static void take_connections(int listener)
{
    int file, yes = 1;
    while ((file = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct connection *it = calloc(1, sizeof *it);
        it->file = file;
        it->head = grown(NULL, HEAD_BYTES);
        counted.connections++;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
        epoll_ctl(poller, EPOLL_CTL_ADD, file, &event);
    }
}

static void send_due(void)
{
    double time = now();
    while (waiting_count && waiting[0]->due <= time) {
        struct connection *it = take_due();
        if (it->is_gone) {
            counted.under_way--;
            end_connection(it);
        } else {
            write_answer(it);
        }
    }
}

static void serve(int listener)
{
    struct epoll_event events[512];
    struct pollfd all = {.fd = poller, .events = POLLIN};
    for (;;) {
        struct timespec pause = {0}, *limit = NULL;
        if (waiting_count) {
            double left = waiting[0]->due - now();
            if (left > 0) {
                pause.tv_sec = (time_t)left;
                pause.tv_nsec = (long)((left - (double)pause.tv_sec) * 1e9);
            }
            limit = &pause;
        }
        /* ppoll, because epoll_wait counts whole milliseconds. */
        if (ppoll(&all, 1, limit, NULL) > 0) {
            int count = epoll_wait(poller, events, 512, 0);
            for (int i = 0; i < count; i++) {
                struct connection *it = events[i].data.ptr;
                if (!it)
                    take_connections(listener);
                else if (events[i].events & EPOLLOUT)
                    write_answer(it);
                else
                    read_more(it);
            }
        }
        send_due();
    }
}

int main(int count, char **arguments)
{
    if (count < 3) {
        fprintf(stderr, "usage: server PORT BUCKET...\n");
        return 2;
    }
    for (int i = 2; i < count; i++)
        make_bucket(arguments[i]);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) ||
        listen(listener, 4096)) {
        perror("server: cannot listen");
        return 1;
    }
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    serve(listener);
}
