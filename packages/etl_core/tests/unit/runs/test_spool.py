"""Unit tests of :mod:`etl_core.runs.spool`."""

from pathlib import Path
import random
import sqlite3
import unittest
from unittest import mock

from etl_core.errors import ConfigError
from etl_core.runs.spool import (
    LineWriter,
    local_folder,
    read_lines,
    sha256_of,
    SortedSpool,
)
from etl_core.tests.worlds import FolderTest

FULL = Path("/dev/full")
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class LineWriterTest(FolderTest):
    """Files of lines."""

    def write(self, name: str, *values: object) -> bytes:
        """Write a file and return its bytes."""
        path = self.folder / name
        with LineWriter(path) as lines:
            for value in values:
                lines.write(value)
            self.assertEqual(len(values), lines.lines)
        lines.close()
        return path.read_bytes()

    def test_round_trip(self) -> None:
        """Values come back one by one, whatever characters they have."""
        values = [{"a": "Ä\u2028\n"}, ["b", None], "c"]
        self.write("one", *values)
        self.assertEqual(values, list(read_lines(self.folder / "one")))

    def test_equal_bytes(self) -> None:
        """Neither name nor time of a file is in it."""
        self.assertEqual(self.write("one", 1, 2), self.write("two", 1, 2))

    def test_checksum(self) -> None:
        """The checksum is that of the bytes."""
        path = self.folder / "empty"
        path.touch()
        self.assertEqual(EMPTY_SHA256, sha256_of(path))
        path.write_bytes(b"x")
        self.assertNotEqual(EMPTY_SHA256, sha256_of(path))


class LocalFolderTest(unittest.TestCase):
    """A folder for local files, and what can be wrong with it."""

    def test_it_is_gone_afterwards(self) -> None:
        """Also when the work in it fails, whose error passes through."""
        with self.assertRaises(FileNotFoundError), local_folder() as folder:
            (folder / "missing").read_bytes()
        self.assertFalse(folder.exists())

    @unittest.skipUnless(FULL.exists(), "requires /dev/full")
    def test_a_full_disk(self) -> None:
        """One line says where, and what to do."""
        with (
            self.assertRaisesRegex(ConfigError, "No space left .*TMPDIR.*to continue"),
            local_folder(),
            LineWriter(FULL) as lines,
        ):
            lines.write("something")

    def test_a_full_disk_under_a_database(self) -> None:
        """The local database has words of its own for it."""
        with (
            self.assertRaisesRegex(ConfigError, "no room .*disk is full"),
            local_folder(),
        ):
            raise sqlite3.OperationalError("database or disk is full")

    def test_a_folder_that_cannot_be_written(self) -> None:
        """The message names the variable."""
        with (
            mock.patch.dict("os.environ", {"TMPDIR": "/proc/nowhere"}),
            self.assertRaisesRegex(ConfigError, "no temporary folder .*set TMPDIR"),
            local_folder(),
        ):
            self.fail("made a folder")


class SortedSpoolTest(FolderTest):
    """A spool that sorts three values at once."""

    def setUp(self) -> None:
        """Start empty."""
        super().setUp()
        self.spool = SortedSpool(self.folder, lambda value: value, chunk_lines=3)

    def test_empty(self) -> None:
        """Nothing in, nothing out, and no file."""
        self.assertIsNone(self.spool.flush())
        self.assertEqual([], list(self.spool))

    def test_sorted(self) -> None:
        """Values come back in order, also those that are in no chunk yet."""
        values = list(range(100))
        random.Random(1).shuffle(values)  # noqa: S311
        for value in values:
            self.spool.add(value)
        self.assertEqual(list(range(100)), list(self.spool))
        self.assertEqual(list(range(100)), list(self.spool))

    def test_chunks(self) -> None:
        """Every full chunk is shown once, sorted."""
        shown = [self.spool.add(value) for value in (3, 2, 1, 9)]
        self.assertEqual([None, None], shown[:2])
        self.assertIsNone(shown[3])
        assert shown[2] is not None
        self.assertEqual([1, 2, 3], list(read_lines(shown[2])))

    def test_many_chunks(self) -> None:
        """Chunks are merged before they are too many, the newest stays readable."""
        with mock.patch("etl_core.runs.spool.MERGED_FILES", 4):
            shown = [self.spool.add(value) for value in range(60, 0, -1)]
            newest = [chunk for chunk in shown if chunk][-1]
            self.assertEqual([1, 2, 3], list(read_lines(newest)))
            self.assertEqual(list(range(1, 61)), list(self.spool))

    def test_adopted(self) -> None:
        """A sorted file of somebody else is merged in."""
        path = self.folder / "adopted"
        with LineWriter(path) as lines:
            lines.write(1)
            lines.write(5)
        self.spool.adopt(path)
        self.spool.add(3)
        self.assertEqual([1, 3, 5], list(self.spool))


if __name__ == "__main__":
    unittest.main()
