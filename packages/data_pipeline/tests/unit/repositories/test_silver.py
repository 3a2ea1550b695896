"""The rows of a batch and their numbers."""

from pathlib import Path
import tempfile
import unittest

from data_pipeline.contracts.model import Contract
from data_pipeline.repositories.bronze.statement import LONG_LIST
from data_pipeline.repositories.duck import Session
from data_pipeline.repositories.silver import BatchFile, FileCount, Layout, SilverRows
from data_pipeline.silver.contract import ContractBronze
from data_pipeline.silver.loading import BronzeLoad, Fetched
from data_pipeline.tests.reader import contract
from etl_core.runs.units import Unit
from etl_core.s3.store import ObjectRef

COLUMNS = (("id", "INTEGER"), ("colour", "VARCHAR"), ("note", "VARCHAR"))
LAYOUT = Layout(COLUMNS, ("id",), (), ())
FEW = 10
LONG = 2 * LONG_LIST
# More than DuckDB lets one thread read, in one of several files.
MANY = 200_000
PADDING = "x" * 60
UNIT = Unit("unit", ObjectRef("bronze", "object"), "receipt", "")


def rules(colours: int) -> Contract:
    """Return a contract with a list of so many values."""
    listed = ", ".join(f"{{value: '{number}'}}" for number in range(colours))
    return contract(
        "format: csv",
        "[{name: id, logicalType: integer, physicalType: integer, primaryKey: true, "
        "primaryKeyPosition: 1}, {name: note, logicalType: string}, "
        f"{{name: colour, logicalType: string, enum: [{listed}]}}]",
    )


class SilverRowsTest(unittest.TestCase):
    """Files of a contract, in a folder of their own."""

    def setUp(self) -> None:
        """Make one for the files and one for the engine."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder, self.own = Path(scratch.name, "files"), Path(scratch.name, "own")
        self.folder.mkdir()
        self.own.mkdir()

    def test_records_keep_their_numbers(self) -> None:
        """Several threads read several files, and every row knows its record."""
        numbers = range(1, MANY + 1)
        lines = [f"{n if n % 1000 else 'bad'},{n % FEW},{PADDING}" for n in numbers]
        for colours in (FEW, LONG):
            with self.subTest(colours=colours):
                for name in "012":
                    self.put(name, "id,colour,note", *lines)
                self.put("3", "id,colour,note")
                self.put("4", "colour,id,note", "1,1,", "1,bad,")
                self.put("5", "colour,id,note", "1,bad,")
                counts, bad = self.loaded(ContractBronze(rules(colours)))
                found = [FileCount(number, MANY, 0, 200) for number in range(3)]
                found += [FileCount(3, 0, 0, 0), FileCount(4, 2, 0, 1)]
                self.assertEqual([*found, FileCount(5, 1, 0, 1)], counts)
                wanted = [number for number in numbers if number % 1000 == 0]
                all_wanted = {0: wanted, 1: wanted, 2: wanted, 4: [2], 5: [1]}
                self.assertEqual(all_wanted, bad)

    def loaded(
        self, bronze: ContractBronze
    ) -> tuple[list[FileCount], dict[int, list[int]]]:
        """Load all files; return their counts and the records in quarantine."""
        paths = sorted(self.folder.iterdir())
        files = [Fetched(UNIT, bronze.prepare(path), "") for path in paths]
        settings = (*bronze.settings, "SET threads = 8")
        with Session(self.own, None, settings) as session:
            rows = SilverRows(session, LAYOUT)
            load = BronzeLoad(bronze, rows)
            load.load(files)
            found = rows.violations()
            bad = {number: [each.record for each in them] for number, them in found}
            return list(load.counts.values()), bad

    def test_order_of_a_plan(self) -> None:
        """A join with a long list loses it, a few comparisons do not."""
        self.put("0", "id,colour,note", "1,1,")
        for colours, kept in ((FEW, True), (LONG, False)):
            bronze = ContractBronze(rules(colours))
            taken = [bronze.prepare(self.folder / "0")]
            settings = (*bronze.settings, "SET threads = 8")
            with Session(self.own, None, settings) as session:
                rows = SilverRows(session, LAYOUT)
                file = BatchFile(0, taken[0].path, taken[0].path)
                found = rows.keeps_order([file], bronze.in_order(taken))
            self.assertEqual(kept, found)

    def test_rows_that_memory_does_not_hold(self) -> None:
        """They are written in steps, each of them once."""
        many = 2 * MANY
        lines = [f"{number},1,{PADDING}" for number in range(many)]
        self.put("0", "id,colour,note", *lines)
        bronze = ContractBronze(rules(FEW))
        file = Fetched(UNIT, bronze.prepare(self.folder / "0"), "")
        with Session(self.own, "64MB", bronze.settings) as session:
            rows = SilverRows(session, LAYOUT._replace(partition=("colour",)))
            BronzeLoad(bronze, rows).load([file])
            rows.compete()
            self.assertEqual(({0: many}, {}), rows.settle())
            written = rows.write(self.own / "written", "part", [])
            self.assertGreater(session.steps(), 1)
            found = f"read_parquet('{self.own}/written/*/*.parquet')"
            ids = session.all(f"SELECT count(*), count(DISTINCT id) FROM {found}")
        self.assertEqual([(many, many)], ids)
        self.assertGreater(len(written), 1)
        self.assertEqual({"1"}, {it.partition["colour"] for it in written})

    def test_files_that_look_alike_are_read_by_one_call(self) -> None:
        """A thousand small objects are no thousand statements."""
        self.put("0", "id,colour,note", "1,1,")
        self.put("1", "colour,id,note", "3,3,")
        self.put("2", "id,colour,note", "2,2,")
        bronze = ContractBronze(rules(FEW))
        taken = [bronze.prepare(path) for path in sorted(self.folder.iterdir())]
        self.assertEqual(2, bronze.in_order(taken).count("read_csv"))
        self.assertEqual(3, bronze.statement(taken).count("read_csv"))

    def put(self, name: str, *lines: str) -> None:
        """Write a file."""
        text = "".join(f"{line}\n" for line in lines)
        (self.folder / name).write_text(text)


if __name__ == "__main__":
    unittest.main()
