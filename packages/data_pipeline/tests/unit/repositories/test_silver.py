"""The rows of a batch and their numbers."""

from pathlib import Path
import tempfile
import unittest

from data_pipeline.repositories.duck import Session
from data_pipeline.repositories.silver import BatchFile, FileCount, Layout, SilverRows
from data_pipeline.silver.contract import ContractBronze
from data_pipeline.tests.reader import contract

LAYOUT = Layout((("id", "INTEGER"), ("note", "VARCHAR")), ("id",), (), ())
RULES = contract(
    "format: csv",
    "[{name: id, logicalType: integer, physicalType: integer, primaryKey: true, "
    "primaryKeyPosition: 1}, {name: note, logicalType: string}]",
)
# More than DuckDB lets one thread read.
MANY = 500_000
PADDING = "x" * 60


class SilverRowsTest(unittest.TestCase):
    """Files of a contract, in a folder of their own."""

    def setUp(self) -> None:
        """Make the folder."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_records_keep_their_numbers(self) -> None:
        """Several threads read several files, and every row knows its record."""
        numbers = range(1, MANY + 1)
        lines = [f"{it if it % 1000 else 'bad'},{it} {PADDING}" for it in numbers]
        self.put("0", "id,note", *lines)
        self.put("1", "id,note")
        self.put("2", "note,id", "1,1", "2,bad")
        self.put("3", "note,id", "1,bad")
        bronze = ContractBronze(RULES)
        taken = [bronze.prepare(path) for path in sorted(self.folder.iterdir())]
        files = [BatchFile(10 * at, it.path, it.path) for at, it in enumerate(taken)]
        settings = (*bronze.settings, "SET threads = 8")
        with Session(self.folder, None, settings) as session:
            rows = SilverRows(session, LAYOUT)
            counts = rows.load(files, bronze.in_order(taken))
            bad = {it.number: list(rows.violations(it.number)) for it in files}
        found = [FileCount(0, MANY, 0, 500), FileCount(10, 0, 0, 0)]
        found += [FileCount(20, 2, 0, 1), FileCount(30, 1, 0, 1)]
        self.assertEqual(found, counts)
        wanted = [number for number in numbers if number % 1000 == 0]
        self.assertEqual(wanted, [it.record for it in bad[0]])
        records = {number: [it.record for it in bad[number]] for number in (10, 20, 30)}
        self.assertEqual({10: [], 20: [2], 30: [1]}, records)

    def test_files_that_look_alike_are_read_by_one_call(self) -> None:
        """A thousand small objects are no thousand statements."""
        self.put("0", "id,note", "1,a")
        self.put("1", "id,note", "2,b")
        self.put("2", "note,id", "c,3")
        bronze = ContractBronze(RULES)
        taken = [bronze.prepare(path) for path in sorted(self.folder.iterdir())]
        self.assertEqual(2, bronze.in_order(taken).count("read_csv"))
        self.assertEqual(3, bronze.statement(taken).count("read_csv"))

    def put(self, name: str, *lines: str) -> None:
        """Write a file."""
        text = "".join(f"{line}\n" for line in lines)
        (self.folder / name).write_text(text)


if __name__ == "__main__":
    unittest.main()
