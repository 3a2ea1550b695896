"""Bronze files are loaded while others arrive."""

from collections.abc import Iterator
from pathlib import Path
import tempfile
import unittest

from data_pipeline.repositories.duck import Session
from data_pipeline.repositories.silver import SilverRows
from data_pipeline.silver.loading import BronzeLoad, Fetched, RECORDS_DIFFER
from data_pipeline.tests.silver_stand import dataset, LineFile, Lines
from etl_core.runs.units import Unit
from etl_core.s3.store import ObjectRef

LINE = "1,n,1,one\n"


class LoadingTest(unittest.TestCase):
    """A load that makes a statement of every file."""

    def setUp(self) -> None:
        """Open a session."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        session = Session(self.folder, None)
        self.addCleanup(session.__exit__)
        self.rows = SilverRows(session, dataset(key=()).layout)
        self.loaded = BronzeLoad(Lines(), self.rows, load_bytes=1)

    def fetched(self, name: str, lines: int, records: int | None = None) -> Fetched:
        """Return a file with so many lines, of which so many are said to be records."""
        path = self.folder / name
        path.write_text(LINE * lines)
        known = lines if records is None else records
        unit = Unit(name, ObjectRef("bronze", name), f"receipts/{name}", "")
        return Fetched(unit, LineFile(str(path), known), f"etag-{name}")

    def test_disk_holds_what_is_not_loaded_yet(self) -> None:
        """A file is loaded and gone before the next one is asked for."""
        left = []

        def arriving() -> Iterator[Fetched]:
            for number in range(3):
                left.append(len(list(self.folder.glob("file-*"))))
                yield self.fetched(f"file-{number}", lines=number + 1)

        self.loaded.load(arriving())
        self.assertEqual([0, 0, 0], left)
        counted = [count.rows for count in self.loaded.counts.values()]
        self.assertEqual([1, 2, 3], counted)

    def test_file_that_is_read_again(self) -> None:
        """The rows of its first reading are taken back, and no others."""
        odd = self.fetched("odd", lines=3, records=2)
        files = [self.fetched("a", 2), odd, self.fetched("b", 1)]
        self.loaded.load(files)
        rows = {number: it.rows for number, it in self.loaded.counts.items()}
        self.assertEqual({0: 2, 1: 3, 2: 1}, rows)
        self.rows.compete()
        self.assertEqual(rows, self.rows.settle()[0])

    def test_file_that_stays_odd(self) -> None:
        """It is refused, and none of its rows is in the batch."""

        class Stubborn(Lines):
            """Counts what is not there, again and again."""

            def mend(self, file: LineFile) -> LineFile:
                """Return the file as it is."""
                return file

        loaded = BronzeLoad(Stubborn(), self.rows)
        loaded.load([self.fetched("odd", 3, 2), self.fetched("a", 1)])
        self.assertEqual(
            [RECORDS_DIFFER], [it.reason for it in loaded.refused.values()]
        )
        self.assertEqual([1], list(loaded.counts))
        self.rows.compete()
        self.assertEqual({1: 1}, self.rows.settle()[0])


if __name__ == "__main__":
    unittest.main()
