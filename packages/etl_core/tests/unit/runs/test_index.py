"""Unit tests of :mod:`etl_core.runs.index`."""

import unittest

from etl_core.errors import DataError
from etl_core.runs.index import download, IndexEntry, StoredFile, upload
from etl_core.runs.units import Destination, Source
from etl_core.s3.store import ListedObject, ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import FolderTest, make_line, TARGET

REF = ObjectRef(TARGET, "stored")


class IndexEntryTest(unittest.TestCase):
    """What the index keeps of a unit."""

    def test_of_a_line(self) -> None:
        """The entry has what the copy said and the row was."""
        line = make_line(1, source=Source("b", "k", "source-etag", "version-1"))
        self.assertEqual(
            IndexEntry(
                "sample/001/file.bin", "v1", "source-etag", "version-1", "etag-1", 7
            ),
            IndexEntry.of(line),
        )

    def test_empty_object(self) -> None:
        """An object without bytes has an entry like any other."""
        line = make_line(1, destination=Destination(TARGET, "key", "etag", 0))
        self.assertEqual(0, IndexEntry.of(line).size)

    def test_listing(self) -> None:
        """ETag and size must both agree."""
        entry = IndexEntry.of(make_line(1))
        for listed, agrees in (
            (ListedObject(entry.key, "etag-1", 7), True),
            (ListedObject(entry.key, "etag-1", 8), False),
            (ListedObject(entry.key, "etag-2", 7), False),
            (None, False),
        ):
            self.assertEqual(agrees, entry.agrees_with(listed), listed)


class StoredFileTest(FolderTest):
    """Files that go to the bucket and come back."""

    def setUp(self) -> None:
        """Store a file."""
        super().setUp()
        self.store = FakeStore(TARGET)
        path = self.folder / "file"
        path.write_bytes(b"content")
        self.stored = upload(self.store, REF, path, 3)

    def test_round_trip(self) -> None:
        """What is fetched is what was stored."""
        self.assertEqual((REF.key, 3), self.stored[:2])
        path = download(self.store, TARGET, self.stored, self.folder / "again")
        self.assertEqual(b"content", path.read_bytes())
        self.assertEqual(self.stored, StoredFile.from_json(self.stored._asdict()))

    def test_changed(self) -> None:
        """What was changed in the bucket is refused, with a way out."""
        self.store.seed(REF, b"CONTENT")
        with self.assertRaisesRegex(DataError, f"{REF.url} was changed .* restore"):
            download(self.store, TARGET, self.stored, self.folder / "again")


if __name__ == "__main__":
    unittest.main()
