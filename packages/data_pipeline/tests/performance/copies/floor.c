/* The least that a client can do: unsigned requests on connections that stay open.
 *
 *     cc -O2 -o floor floor.c && ./floor PORT copy|through CONNECTIONS OBJECTS BYTES
 *
 * Objects in/1, in/2, ... of the bucket src become out/1, out/2, ... of the bucket dst:
 * by CopyObject, or by GET and PUT through this process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES 4096

struct connection {
    int file, is_put, wants_to_write;
    long number;
    char *in, *out;
    size_t came, expected, body, size, written;
};

static long port, objects, taken, ended, bytes;
static int poller, is_copy;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void want_to_write(struct connection *it, int wanted)
{
    if (it->wants_to_write == wanted)
        return;
    it->wants_to_write = wanted;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0),
                                .data.ptr = it};
    epoll_ctl(poller, EPOLL_CTL_MOD, it->file, &event);
}

static void send_more(struct connection *it)
{
    while (it->written < it->size) {
        ssize_t sent = write(it->file, it->out + it->written, it->size - it->written);
        if (sent < 0 && errno == EAGAIN) {
            want_to_write(it, 1);
            return;
        }
        if (sent < 0)
            fail("floor: write");
        it->written += (size_t)sent;
    }
    want_to_write(it, 0);
}

static void ask(struct connection *it)
{
    int size;
    if (is_copy)
        size = sprintf(it->out,
                       "PUT /dst/out/%ld HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\n"
                       "x-amz-copy-source: /src/in/%ld\r\nContent-Length: 0\r\n\r\n",
                       it->number, port, it->number);
    else if (!it->is_put)
        size = sprintf(it->out, "GET /src/in/%ld HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\n\r\n",
                       it->number, port);
    else {
        size_t length = it->expected - it->body;
        size = sprintf(it->out,
                       "PUT /dst/out/%ld HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       it->number, port, length);
        memcpy(it->out + size, it->in + it->body, length);
        size += (int)length;
    }
    it->size = (size_t)size;
    it->written = it->came = it->expected = 0;
    send_more(it);
}

static void take_next(struct connection *it)
{
    it->is_put = 0;
    if (taken < objects) {
        it->number = ++taken;
        ask(it);
    }
}

static void read_more(struct connection *it)
{
    size_t room = HEAD_BYTES + (size_t)bytes - it->came;
    ssize_t came = read(it->file, it->in + it->came, room);
    if (came < 0 && errno == EAGAIN)
        return;
    if (came <= 0)
        fail("floor: read");
    it->came += (size_t)came;
    it->in[it->came] = 0;
    if (!it->expected) {
        char *end = memmem(it->in, it->came, "\r\n\r\n", 4);
        if (!end)
            return;
        if (strncmp(it->in, "HTTP/1.1 200", 12)) {
            fprintf(stderr, "floor: object %ld: %.40s\n", it->number, it->in);
            exit(1);
        }
        char *length = strcasestr(it->in, "\r\ncontent-length:");
        it->body = (size_t)(end + 4 - it->in);
        it->expected = it->body + (length ? strtoul(length + 17, NULL, 10) : 0);
    }
    if (it->came < it->expected)
        return;
    if (is_copy || it->is_put) {
        ended++;
        take_next(it);
    } else {
        it->is_put = 1;
        ask(it);
    }
}

static void open_connection(void)
{
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct connection *it = calloc(1, sizeof *it);
    it->in = malloc(HEAD_BYTES + (size_t)bytes + 1);
    it->out = malloc(HEAD_BYTES + (size_t)bytes + 1);
    it->file = socket(AF_INET, SOCK_STREAM, 0);
    if (!it->in || !it->out || it->file < 0 ||
        connect(it->file, (struct sockaddr *)&address, sizeof address))
        fail("floor: connect");
    setsockopt(it->file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (fcntl(it->file, F_SETFL, O_NONBLOCK))
        fail("floor: fcntl");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
    epoll_ctl(poller, EPOLL_CTL_ADD, it->file, &event);
    take_next(it);
}

int main(int count, char **arguments)
{
    struct epoll_event events[256];
    if (count != 6) {
        fprintf(stderr,
                "usage: floor PORT copy|through CONNECTIONS OBJECTS BYTES\n");
        return 2;
    }
    port = atol(arguments[1]);
    is_copy = !strcmp(arguments[2], "copy");
    objects = atol(arguments[4]);
    bytes = atol(arguments[5]);
    poller = epoll_create1(0);
    for (long left = atol(arguments[3]); left; left--)
        open_connection();
    while (ended < objects) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct connection *it = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                send_more(it);
            else
                read_more(it);
        }
    }
    return 0;
}
