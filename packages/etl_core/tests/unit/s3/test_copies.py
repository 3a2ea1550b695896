"""Unit tests of :mod:`etl_core.s3.copies`."""

from functools import partial
import unittest

from etl_core.errors import AccessRefused, EtlError, ObjectMissing, TransientError
from etl_core.s3.copies import abort_all, Copier, MAX_PARTS
from etl_core.s3.steps import finish
from etl_core.s3.store import CopyResult, ObjectHead, ObjectRef, Upload
from etl_core.testing.crashpoints import CrashAt, Moment
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import (
    Disturbance,
    fail,
    PART_BYTES,
    PATIENT,
    SINGLE_BYTES,
    SOURCE,
    TARGET,
    Wire,
)

FROM = ObjectRef(SOURCE, "from")
TO = ObjectRef(TARGET, "to")
LARGE = bytes(range(SINGLE_BYTES + 5))


class SilentStore(FakeStore):
    """A store whose answer to a completion names no ETag."""

    def complete_upload(self, upload: Upload, parts: list[str]) -> str:
        """Complete, and say nothing."""
        super().complete_upload(upload, parts)
        return ""


class CopierTest(unittest.TestCase):
    """Objects that are large above twenty bytes, and copied in parts of eight."""

    def setUp(self) -> None:
        """Make the buckets."""
        self.wire = Wire()
        self.store = FakeStore(
            SOURCE,
            TARGET,
            hook=self.wire,
            retry=PATIENT,
            copy_limit=SINGLE_BYTES,
            versioned=True,
        )
        self.copier = Copier(SINGLE_BYTES, PART_BYTES)

    def copy(self, body: bytes, size: int | None) -> CopyResult:
        """Copy an object that is thought to have a size."""
        self.store.seed(
            FROM, body, content_type="text/plain", metadata={"a": "b"}, tags={"x": "1"}
        )
        self.store.requests.clear()
        return finish(self.store, self.copier.copy(FROM, TO, size))

    def operations(self) -> list[str]:
        """Return what was sent."""
        return [call.operation for call in self.store.requests]

    def assert_copied(self, body: bytes) -> None:
        """Compare content and all that is kept beside it."""
        copied = self.store.buckets[TARGET][TO.key]
        self.assertEqual(body, copied.body)
        self.assertEqual(
            ("text/plain", {"a": "b"}, {"x": "1"}),
            (copied.content_type, copied.metadata, copied.tags),
        )
        self.assertEqual({}, self.store.open_uploads)

    def test_small(self) -> None:
        """A small object takes one request, and the answer names its version."""
        for body in (b"", b"small", LARGE[:SINGLE_BYTES]):
            result = self.copy(body, len(body))
            self.assert_copied(body)
            self.assertEqual(["CopyObject"], self.operations())
            self.assertEqual(self.store.head(FROM).version, result.source_version)

    def test_large(self) -> None:
        """A large object goes in parts, with metadata and tags."""
        result = self.copy(LARGE, len(LARGE))
        self.assert_copied(LARGE)
        self.assertTrue(result.etag.endswith("-4"))
        self.assertEqual(self.store.head(FROM).version, result.source_version)

    def test_wrong_size(self) -> None:
        """The size that is thought to be is only a hint."""
        for size in (None, 1, 99):
            self.copy(LARGE, size)
            self.assert_copied(LARGE)
        self.copy(b"small", 99)
        self.assert_copied(b"small")

    def test_small_after_all(self) -> None:
        """A source that is thought large, and is empty, is copied in one request."""
        self.copy(b"", SINGLE_BYTES + 1)
        self.assert_copied(b"")
        self.assertEqual(["HeadObject", "CopyObject"], self.operations())

    def test_no_tags(self) -> None:
        """An object without tags is not asked for them."""
        self.store.seed(FROM, LARGE)
        finish(self.store, self.copier.copy(FROM, TO, len(LARGE)))
        self.assertNotIn("GetObjectTagging", self.operations())

    def test_number_of_parts(self) -> None:
        """Parts grow when there would be too many of them."""
        for size, parts in (
            (SINGLE_BYTES + 1, 3),
            (MAX_PARTS * PART_BYTES, MAX_PARTS),
            (MAX_PARTS * PART_BYTES + 1, MAX_PARTS * PART_BYTES // 9 + 1),
        ):
            self.assertEqual(parts, self.copier.requests(size)["UploadPartCopy"])

    def test_requests(self) -> None:
        """What a copy is said to take is what it takes."""
        self.store.seed(FROM, LARGE)
        for size in (SINGLE_BYTES + 5, SINGLE_BYTES, None):
            self.store.seed(FROM, LARGE[:size] if size else b"")
            self.store.requests.clear()
            finish(self.store, self.copier.copy(FROM, TO, size))
            counted = {it: self.operations().count(it) for it in self.operations()}
            self.assertEqual(counted, self.copier.requests(size))

    def test_replaced_meanwhile(self) -> None:
        """A source that changes between two parts is never mixed."""

        def replace() -> None:
            """Put another object in place."""
            self.store.seed(FROM, LARGE[::-1])

        self.wire.hook = Disturbance("UploadPartCopy", replace, first=2)
        with self.assertRaisesRegex(TransientError, f"{FROM.url} was replaced"):
            self.copy(LARGE, len(LARGE))
        self.assertEqual({}, self.store.open_uploads)
        self.assertEqual({}, self.store.bodies(TARGET))

    def test_failing_part(self) -> None:
        """When a part fails, the others are thrown away and the error is told."""
        for error in (AccessRefused("no"), TransientError("busy"), ObjectMissing()):
            failing = partial(fail, error)
            self.wire.hook = Disturbance("UploadPartCopy", failing, "", 2)
            with self.assertRaises(type(error)):
                self.copy(LARGE, len(LARGE))
            self.assertEqual({}, self.store.open_uploads)

    def test_missing_source(self) -> None:
        """A source that is not there says so, small or large."""
        for size in (1, len(LARGE)):
            with self.assertRaises(ObjectMissing):
                finish(self.store, self.copier.copy(FROM, TO, size))

    def test_completion_without_etag(self) -> None:
        """A store that does not say what it made is asked."""
        silent = SilentStore(SOURCE, TARGET, copy_limit=SINGLE_BYTES)
        silent.seed(FROM, LARGE)
        result = finish(
            silent, Copier(SINGLE_BYTES, PART_BYTES).copy(FROM, TO, len(LARGE))
        )
        self.assertEqual(silent.head(TO).etag, result.etag)

    def test_lost_completion(self) -> None:
        """A completed upload whose answer was lost says nothing about its source."""
        self.copy(LARGE, len(LARGE))
        number = len(self.store.requests)
        self.store.buckets[TARGET].clear()
        self.wire.hook = CrashAt(number, Moment.LOST)
        with self.assertRaisesRegex(TransientError, f"upload of {TO.url} is gone"):
            self.copy(LARGE, len(LARGE))
        self.assert_copied(LARGE)


class AbortTest(unittest.TestCase):
    """Unfinished uploads."""

    def test_all(self) -> None:
        """Those that are gone meanwhile are no error, other failures are."""
        store = FakeStore(TARGET)
        left = Upload(TO, store.create_upload(TO, ObjectHead("e", 1), {}))
        gone = Upload(TO, "gone")
        self.assertEqual(2, abort_all(store, [gone, left]))
        self.assertEqual({}, store.open_uploads)
        store.refuse(TARGET)
        with self.assertRaises(EtlError):
            abort_all(store, [left])


if __name__ == "__main__":
    unittest.main()
