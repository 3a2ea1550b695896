"""What every object store and every database must do, fakes and servers alike.

A fake that passes the same assertions as the server it stands for may be trusted in
a unit test. Derive from the mixin and from :class:`unittest.TestCase`, and say in
the attributes what the server behind does not enforce.
"""

import io
import itertools
from typing import TYPE_CHECKING
import unittest

from etl_core.database import DatabaseClient
from etl_core.errors import (
    BucketMissing,
    ConditionFailed,
    ObjectMissing,
    RequestRejected,
)
from etl_core.s3.store import ByteRange, ObjectHead, ObjectRef, ObjectStore, Upload

if TYPE_CHECKING:
    Case = unittest.TestCase
else:
    Case = object

MIB = 1024 * 1024
# S3 refuses smaller parts, but for the last one.
PART_BYTES = 5 * MIB


class StoreContract(Case):
    """Assertions over :attr:`store`, whose :attr:`bucket` is empty before each test."""

    store: ObjectStore
    bucket: str
    enforces_source_condition = True
    keeps_tags_of_uploads = True
    names_the_completed_etag = True

    def seed(
        self,
        key: str,
        body: bytes = b"",
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> ObjectRef:
        """Put an object with metadata there, on a way of the server's own."""
        raise NotImplementedError

    def ref(self, key: str) -> ObjectRef:
        """Return the name of an object in the bucket."""
        return ObjectRef(self.bucket, key)

    def put(self, key: str, body: bytes, if_match: str | None = None) -> str:
        """Write an object and return its ETag."""
        return self.store.put(self.ref(key), io.BytesIO(body), if_match=if_match)

    def read(self, key: str) -> bytes:
        """Return the bytes of an object."""
        sink = io.BytesIO()
        self.store.get(self.ref(key), sink)
        return sink.getvalue()

    def test_probe(self) -> None:
        """A bucket that is there answers, another is missing."""
        self.store.probe(self.bucket)
        with self.assertRaises(BucketMissing):
            self.store.probe(f"{self.bucket}-gone")

    def test_put_and_get(self) -> None:
        """What is written is read, with its ETag and size, also when it is empty."""
        for body in (b"", b"hello"):
            etag = self.put("a/b", body)
            sink = io.BytesIO(b"what was in the file before")
            head = self.store.get(self.ref("a/b"), sink)
            self.assertEqual(body, sink.getvalue())
            self.assertEqual((etag, len(body)), (head.etag, head.size))
            self.assertNotIn('"', etag)

    def test_put_reads_from_the_beginning(self) -> None:
        """A file that was read before is written as a whole."""
        body = io.BytesIO(b"whole")
        body.read()
        self.store.put(self.ref("key"), body)
        self.assertEqual(b"whole", self.read("key"))

    def test_head(self) -> None:
        """Metadata, content type and the number of tags are shown without bytes."""
        self.seed("key", b"12345", {"origin": "scan"}, {"kind": "invoice"})
        head = self.store.head(self.ref("key"))
        self.assertEqual(
            (5, {"origin": "scan"}, 1), (head.size, head.metadata, head.tag_count)
        )
        self.assertEqual("text/plain", head.content_type)
        self.assertEqual({"kind": "invoice"}, self.store.tags(self.ref("key")))

    def test_what_is_not_there(self) -> None:
        """Reading what is not there says so."""
        gone, here = self.ref("gone"), self.ref("here")
        for name, call in (
            ("head", lambda: self.store.head(gone)),
            ("get", lambda: self.store.get(gone, io.BytesIO())),
            ("copy", lambda: self.store.copy(gone, here)),
            ("tags", lambda: self.store.tags(gone)),
        ):
            with self.subTest(call=name), self.assertRaises(ObjectMissing):
                call()

    def test_missing_bucket(self) -> None:
        """Work in a bucket that is not there says so."""
        gone = ObjectRef(f"{self.bucket}-gone", "key")
        for name, call in (
            ("list", lambda: self.store.list_page(gone.bucket, "")),
            ("get", lambda: self.store.get(gone, io.BytesIO())),
            ("put", lambda: self.store.put(gone, io.BytesIO(b""))),
            ("copy from", lambda: self.store.copy(gone, self.ref("key"))),
            ("uploads", lambda: self.store.uploads(gone.bucket, "")),
        ):
            with self.subTest(call=name), self.assertRaises(BucketMissing):
                call()

    def test_put_where_nothing_may_be(self) -> None:
        """The first writer wins, the second is refused and changes nothing."""
        self.put("lease", b"first", if_match="")
        with self.assertRaises(ConditionFailed):
            self.put("lease", b"second", if_match="")
        self.assertEqual(b"first", self.read("lease"))

    def test_put_over_what_was_read(self) -> None:
        """Only who has seen the newest content may replace it."""
        first = self.put("lease", b"first")
        second = self.put("lease", b"second", if_match=first)
        with self.assertRaises(ConditionFailed):
            self.put("lease", b"late", if_match=first)
        self.assertEqual(b"second", self.read("lease"))
        self.assertEqual(second, self.store.head(self.ref("lease")).etag)

    def test_put_over_what_is_gone(self) -> None:
        """A condition on an object that is not there does not hold."""
        with self.assertRaises((ConditionFailed, ObjectMissing)):
            self.put("lease", b"late", if_match="d41d8cd98f00b204e9800998ecf8427e")

    def test_list_order_and_prefix(self) -> None:
        """Keys come in the order of their bytes, sizes and ETags with them."""
        keys = ["in/Z", "in/a", "in/a/b", "in/é", "in/\uffee", "in/\U0001f600", "in/ b"]
        etags = {key: self.put(key, key.encode()) for key in [*keys, "out/x", "in"]}
        page = self.store.list_page(self.bucket, "in/")
        expected = sorted(keys, key=str.encode)
        self.assertEqual(expected, [listed.key for listed in page.objects])
        self.assertEqual(
            [(etags[key], len(key.encode())) for key in expected],
            [(listed.etag, listed.size) for listed in page.objects],
        )
        self.assertIsNone(page.token)

    def test_list_time(self) -> None:
        """A listing says when an object was written, to the second."""
        self.put("in/a", b"")
        (listed,) = self.store.list_page(self.bucket, "in/").objects
        self.assertRegex(listed.modified, r"^20\d\d(-\d\d){2}T\d\d(:\d\d){2}$")

    def test_list_nothing(self) -> None:
        """A prefix without objects is one empty page."""
        self.assertEqual(((), None), self.store.list_page(self.bucket, "none/"))

    def test_list_pages(self) -> None:
        """A thousand keys fill a page, and the token leads on to the rest."""
        keys = [f"many/{number:04}" for number in range(1002)]
        for key in keys:
            self.seed(key)
        first = self.store.list_page(self.bucket, "many/")
        self.assertEqual(1000, len(first.objects))
        second = self.store.list_page(self.bucket, "many/", first.token)
        self.assertIsNone(second.token)
        listed = itertools.chain(first.objects, second.objects)
        self.assertEqual(keys, [each.key for each in listed])

    def test_copy(self) -> None:
        """A copy has the bytes, metadata, content type and tags of its source."""
        source = self.seed("from/ü &+%", b"content", {"origin": "scan"}, {"k": "v"})
        result = self.store.copy(source, self.ref("to/ü &+%"))
        self.assertEqual(b"content", self.read("to/ü &+%"))
        head = self.store.head(self.ref("to/ü &+%"))
        self.assertEqual((result.etag, 1), (head.etag, head.tag_count))
        self.assertEqual({"origin": "scan"}, head.metadata)
        self.assertEqual("text/plain", head.content_type)

    def test_copy_takes_the_current_source(self) -> None:
        """Copying again brings what the source holds now."""
        source = self.seed("from", b"old")
        self.store.copy(source, self.ref("to"))
        self.seed("from", b"new")
        self.store.copy(source, self.ref("to"))
        self.assertEqual(b"new", self.read("to"))

    def test_delete(self) -> None:
        """Objects are removed, more than one request takes, also when they are gone."""
        keys = [f"old/{number:04}" for number in range(1001)]
        for key in [keys[0], keys[1], keys[-1], "old", "new/ü &+%<"]:
            self.seed(key)
        for _ in range(2):
            self.store.delete(self.bucket, [*keys, "new/ü &+%<"])
        left = self.store.list_page(self.bucket, "").objects
        self.assertEqual(["old"], [listed.key for listed in left])

    def test_delete_in_a_bucket_that_is_missing(self) -> None:
        """It is the bucket that is missing, not an object."""
        with self.assertRaises(BucketMissing):
            self.store.delete(f"{self.bucket}-gone", ["key"])

    def begin(self, key: str, head: ObjectHead | None = None) -> Upload:
        """Begin a multipart upload."""
        like = head or ObjectHead("", 0)
        return Upload(self.ref(key), self.store.create_upload(self.ref(key), like, {}))

    def test_copy_in_parts(self) -> None:
        """Parts make one object, with metadata and tags of the source."""
        body = bytes(PART_BYTES) + b"tail"
        source = self.seed("large", body, {"origin": "scan"})
        head = self.store.head(source)
        target = self.ref("copied")
        upload = Upload(target, self.store.create_upload(target, head, {"k": "v"}))
        ranges = [ByteRange(0, PART_BYTES), ByteRange(PART_BYTES, len(body))]
        parts = [
            self.store.copy_part(upload, number, source, part, head.etag)
            for number, part in enumerate(ranges, start=1)
        ]
        etag = self.store.complete_upload(upload, parts)
        made = self.store.head(target)
        self.assertEqual(body, self.read("copied"))
        self.assertEqual(len(body), made.size)
        self.assertEqual({"origin": "scan"}, made.metadata)
        self.assertEqual(1 if self.keeps_tags_of_uploads else 0, made.tag_count)
        self.assertTrue(made.etag.endswith("-2"), made.etag)
        self.assertEqual(made.etag if self.names_the_completed_etag else "", etag)
        self.assertEqual([], self.store.uploads(self.bucket, ""))

    def test_uploads(self) -> None:
        """Unfinished uploads are found below their prefix until they are aborted."""
        first, second, other = (self.begin(key) for key in ("in/a", "in/b", "out/c"))
        self.assertEqual([first, second], self.store.uploads(self.bucket, "in/"))
        self.store.abort_upload(first)
        self.assertEqual([second], self.store.uploads(self.bucket, "in/"))
        for upload in (second, other):
            self.store.abort_upload(upload)
        with self.assertRaises(ObjectMissing):
            self.store.abort_upload(first)

    def test_unfinished_upload_is_no_object(self) -> None:
        """Nothing is listed before the upload is complete."""
        upload = self.begin("key")
        self.addCleanup(self.store.abort_upload, upload)
        self.assertEqual((), self.store.list_page(self.bucket, "").objects)
        with self.assertRaises(ObjectMissing):
            self.store.head(self.ref("key"))

    def test_complete_with_a_part_that_is_not_there(self) -> None:
        """A wrong list of parts is rejected, and no object appears."""
        upload = self.begin("key")
        with self.assertRaises(RequestRejected):
            self.store.complete_upload(upload, ["d41d8cd98f00b204e9800998ecf8427e"])
        with self.assertRaises(ObjectMissing):
            self.store.head(self.ref("key"))

    def test_part_of_a_source_that_changed(self) -> None:
        """A part is only copied from the content that was looked at."""
        if not self.enforces_source_condition:
            self.skipTest("this server does not enforce conditions on the source")
        source = self.seed("large", b"old")
        etag = self.store.head(source).etag
        self.seed("large", b"new")
        upload = self.begin("copied")
        with self.assertRaises(ConditionFailed):
            self.store.copy_part(upload, 1, source, ByteRange(0, 3), etag)


NUMBERS = "SELECT n FROM generate_series(1, %(last)s) AS n"
NOTHING = "SELECT 1 AS n WHERE false"


class DatabaseContract(Case):
    """Assertions over :attr:`client`, which knows the two statements above."""

    client: DatabaseClient

    def test_rows_are_dicts(self) -> None:
        """A query answers with one dict for each row."""
        rows = self.client.execute_query(NUMBERS, {"last": 2})
        self.assertEqual([{"n": 1}, {"n": 2}], rows)

    def test_no_rows(self) -> None:
        """A query without rows answers with an empty list, a stream with nothing."""
        self.assertEqual([], self.client.execute_query(NOTHING))
        self.assertEqual([], list(self.client.stream(NOTHING)))

    def test_stream_is_complete(self) -> None:
        """Every row comes once and in order, however large the batches are."""
        for batch_rows in (1, 3, 10, 2000):
            with self.subTest(batch_rows=batch_rows):
                rows = self.client.stream(NUMBERS, {"last": 10}, batch_rows=batch_rows)
                self.assertEqual(list(range(1, 11)), [row["n"] for row in rows])

    def test_two_streams_in_a_transaction(self) -> None:
        """Streams of one transaction do not disturb each other."""
        with self.client.transaction() as queries:
            first = queries.stream(NUMBERS, {"last": 4}, batch_rows=2)
            second = queries.stream(NUMBERS, {"last": 4}, batch_rows=3)
            pairs = [(a["n"], b["n"]) for a, b in zip(first, second, strict=True)]
        self.assertEqual([(n, n) for n in range(1, 5)], pairs)

    def test_query_beside_a_stream(self) -> None:
        """Within a transaction a query may run while a stream is read."""
        with self.client.transaction() as queries:
            for row in queries.stream(NUMBERS, {"last": 4}, batch_rows=2):
                rows = queries.execute_query(NUMBERS, {"last": row["n"]})
                self.assertEqual(row["n"], len(rows))
