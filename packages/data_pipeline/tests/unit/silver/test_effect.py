"""What becomes of bronze objects: rows, receipts, quarantine, commits."""

from collections.abc import Sequence
import gzip
import json
from pathlib import Path
import unittest

from data_pipeline.silver.loading import RECORDS_DIFFER
from data_pipeline.tests.silver_stand import (
    dataset,
    LineFile,
    Lines,
    PLACE,
    SilverPlace,
)
from etl_core.errors import ConfigError, DataError, ReconciliationError
from etl_core.support.shards import Shard

FIRST = ("1,n,1,one", "2,n,1,two", "3,s,1,three")


class LosingLines(Lines):
    """Counts one record more than the reader finds, and cannot mend it."""

    def prepare(self, path: Path) -> LineFile:
        """Count one more."""
        file = super().prepare(path)
        return file._replace(records=(file.records or 0) + 1)

    def mend(self, file: LineFile) -> LineFile:
        """Change nothing."""
        return file


class SkippingLines(Lines):
    """Leaves the second record out, and does not say so."""

    def statement(self, files: Sequence[LineFile]) -> str:
        """Return the rows but one."""
        return f"SELECT * FROM ({super().statement(files)}) WHERE _record <> 2"


class BlobLines(Lines):
    """Reads a column as bytes."""

    def statement(self, files: Sequence[LineFile]) -> str:
        """Return the rows with another type."""
        rows = super().statement(files)
        return f"SELECT * REPLACE (v::BLOB AS v) FROM ({rows})"


class RowsTest(unittest.TestCase):
    """One table, and bronze objects that change."""

    def setUp(self) -> None:
        """Start with one object."""
        self.place = SilverPlace()
        self.place.put("a.csv", *FIRST)

    def test_newest_row_of_a_key(self) -> None:
        """The greatest value of the order wins, whichever object it is from."""
        self.place.put("b.csv", "1,n,2,newer", "2,n,0,older")
        result = self.place.run()
        self.assertEqual(
            [
                ("1", "n", 2, "newer", "b.csv", 1),
                ("2", "n", 1, "two", "a.csv", 2),
                ("3", "s", 1, "three", "a.csv", 3),
            ],
            self.place.rows(),
        )
        self.assertEqual(
            {"in": 5, "silver": 3, "duplicates": 2, "quarantined": 0, "elsewhere": 0},
            result["rows"],
        )

    def test_ties(self) -> None:
        """Equal orders go to the last name, and within it to the last record."""
        self.place.put("b.csv", "1,n,1,first", "1,n,1,last")
        self.place.run()
        self.assertIn(("1", "n", 1, "last", "b.csv", 2), self.place.rows())

    def test_second_run_changes_nothing(self) -> None:
        """A run over the same objects writes to nothing but its state."""
        self.place.run()
        before = self.place.store.bodies("silver", PLACE.key)
        result = self.place.run()
        self.assertEqual(1, result["unchanged"])
        self.assertEqual(before, self.place.store.bodies("silver", PLACE.key))

    def test_corrected_object_replaces_its_rows(self) -> None:
        """Rows that a new version does not have any more are gone."""
        self.place.run()
        self.place.put("a.csv", "1,n,1,corrected")
        self.place.run()
        self.assertEqual([("1", "n", 1, "corrected", "a.csv", 1)], self.place.rows())

    def test_corrected_object_without_a_key(self) -> None:
        """Without a key every row is kept, and a correction replaces all of them."""
        self.place = SilverPlace(dataset(key=()))
        self.place.put("a.csv", "1,n,2,old", "1,n,2,old")
        self.place.run()
        self.place.put("a.csv", "1,n,1,new", "1,n,1,new")
        self.place.run()
        self.assertEqual(["new", "new"], [row[3] for row in self.place.rows()])

    def test_row_that_moves_to_another_partition(self) -> None:
        """With a key that lacks the partition, a newer row takes its key along."""
        self.place = SilverPlace(dataset(key=("id",)))
        self.place.put("a.csv", *FIRST)
        self.place.run()
        self.place.put("b.csv", "1,s,2,moved")
        self.place.run()
        self.assertEqual(
            ["moved", "two", "three"], [row[3] for row in self.place.rows()]
        )

    def test_row_returns(self) -> None:
        """A row that lost returns when the one that beat it is corrected away."""
        self.place.put("b.csv", "1,n,2,newer")
        self.place.run()
        self.place.put("b.csv", "9,n,1,other")
        self.place.run()
        self.assertIn(("1", "n", 1, "one", "a.csv", 1), self.place.rows())

    def test_bad_row_does_not_return(self) -> None:
        """A row in quarantine stays there when others of its key return."""
        self.place.put("a.csv", "1,n,1,one", "1,n,bad,none")
        self.place.put("b.csv", "1,n,2,newer")
        self.place.run()
        before = self.place.store.bodies("silver", "table/_quarantine/")
        self.place.put("b.csv", "9,n,1,other")
        self.place.run()
        self.assertIn(("1", "n", 1, "one", "a.csv", 1), self.place.rows())
        after = self.place.store.bodies("silver", "table/_quarantine/")
        self.assertEqual((1, before), (len(before), after))

    def test_untouched_files_stay(self) -> None:
        """A commit replaces the files that lose rows, and no others."""
        self.place.run()
        kept = {it.key for it in self.place.snapshot().files if "=s/" in it.key}
        self.place.put("b.csv", "1,n,2,newer")
        self.place.run()
        now = {it.key for it in self.place.snapshot().files}
        self.assertLessEqual(kept, now)
        self.assertEqual(2, len(now))

    def test_quarantine(self) -> None:
        """Bad rows are named with record, column, value and reason; good ones stay."""
        self.place.put("b.csv", "7,n,1,good", "8,n,bad,x")
        result = self.place.run()
        receipt = self.place.receipt("b.csv")
        self.assertEqual((2, 1, 0, 1), tuple(receipt[it] for it in COUNTS))
        key = PLACE.key + receipt["quarantine"]
        body = gzip.decompress(self.place.store.buckets["silver"][key].body)
        self.assertEqual(
            {
                "source": "s3://bronze/in/b.csv",
                "record": 2,
                "column": "seq",
                "value": "bad",
                "reason": "not a whole number",
            },
            json.loads(body),
        )
        self.assertEqual({"seq: not a whole number": 1}, result["row_reasons"])
        self.assertEqual(2, result["done"])

    def test_file_that_is_rejected_as_a_whole(self) -> None:
        """With ``reject_file`` one bad row keeps its file out, and is still named."""
        self.place = SilverPlace(dataset(reject_files=True))
        self.place.put("a.csv", *FIRST)
        self.place.put("b.csv", "7,n,1,good", "8,n,bad,x")
        result = self.place.run()
        self.assertEqual(1, result["quarantined"])
        self.assertIn("quarantined: rows_broke_contract", result["reasons"])
        self.assertEqual(3, len(self.place.rows()))
        bodies = self.place.store.bodies("silver", f"{PLACE.key}_quarantine/")
        self.assertEqual(1, len(bodies))

    def test_file_that_is_refused(self) -> None:
        """A file that is no text is quarantined; its last good rows stay."""
        self.place.run()
        self.place.put("a.csv", "\0")
        self.place.put("b.csv", "7,n,1,good")
        result = self.place.run()
        self.assertEqual(["quarantined: binary"], _quarantined(result))
        self.assertEqual(4, len(self.place.rows()))

    def test_threshold(self) -> None:
        """Too many bad rows fail the run, and nothing is committed."""
        self.place = SilverPlace(dataset(threshold=0.25))
        self.place.put("a.csv", "1,n,1,x", "2,n,bad,y", "3,n,bad,z")
        with self.assertRaisesRegex(DataError, "2 of 3 rows broke the contract"):
            self.place.run()
        self.assertEqual(-1, self.place.snapshot().version)
        self.place.put("a.csv", "1,n,1,x", "2,n,bad,y", "3,n,1,z", "4,n,1,z")
        self.assertEqual(1, self.place.run()["rows"]["quarantined"])

    def test_rows_that_vanish_in_the_reader(self) -> None:
        """A file with other records than were counted is refused, not half read."""
        made = dataset()._replace(bronze=LosingLines())
        self.place = SilverPlace(made)
        self.place.put("a.csv", *FIRST)
        self.assertEqual(
            [f"quarantined: {RECORDS_DIFFER}"], _quarantined(self.place.run())
        )

    def test_records_numbered_with_a_gap(self) -> None:
        """Numbers of records that leave one out stop the run."""
        self.place = SilverPlace(dataset()._replace(bronze=SkippingLines()))
        self.place.put("a.csv", *FIRST)
        with self.assertRaises(ReconciliationError):
            self.place.run()
        self.assertEqual(-1, self.place.snapshot().version)

    def test_nothing_but_bad_rows(self) -> None:
        """Objects without one good row make no table, and are done."""
        self.place.put("a.csv", "1,n,bad,x")
        self.assertEqual(1, self.place.run()["done"])
        self.assertEqual(-1, self.place.snapshot().version)

    def test_several_batches(self) -> None:
        """A bound on the bytes of a batch makes one commit of each."""
        self.place.batch_bytes = 1
        self.place.put("b.csv", "1,n,2,newer")
        self.assertEqual(1, self.place.run()["table_version"])
        self.assertEqual(3, len(self.place.rows()))

    def test_other_columns(self) -> None:
        """A contract with other columns builds the table anew, in one commit."""
        self.place.run()
        columns = (*self.place.dataset.layout.columns[:3], ("v", "BLOB"))
        layout = self.place.dataset.layout._replace(columns=columns)
        other = self.place.dataset._replace(layout=layout, digest="other")
        self.place.dataset = other._replace(bronze=BlobLines())
        with self.assertRaisesRegex(ConfigError, "built anew"):
            self.place.run(limit=1)
        self.place.run()
        self.assertEqual("BLOB", dict(self.place.snapshot().columns)["v"])
        self.assertEqual(1, self.place.snapshot().version)
        self.assertEqual(3, len(self.place.rows()))


class SelectionTest(unittest.TestCase):
    """Which objects are units."""

    def setUp(self) -> None:
        """Write an old and a new object."""
        self.place = SilverPlace()
        self.place.put("old.csv", "1,n,1,x", modified="2026-01-01T00:00:00")
        self.place.put("new.csv", "2,n,1,x", modified="2026-02-01T00:00:00")

    def test_dry_run(self) -> None:
        """A dry run plans every object and writes nothing."""
        before = dict(self.place.store.buckets["silver"])
        result = self.place.run(dry_run=True)
        self.assertEqual((2, "planned"), (result["listed"], result["status"]))
        self.assertEqual(before, self.place.store.buckets["silver"])

    def test_shards(self) -> None:
        """Shards keep their own partitions, and together every row once."""
        self.place.put("b.csv", *(f"{n},r{n % 5},1,x" for n in range(20)), "x,n,bad,x")
        results = [self.place.run(shard=Shard(index, 3)) for index in range(3)]
        self.assertEqual(22, len(self.place.rows()))
        sums = {name: sum(it["rows"][name] for it in results) for name in COUNTS_ALL}
        self.assertEqual((69, 22, 0, 1, 46), tuple(sums.values()))

    def test_shards_of_an_undivided_table(self) -> None:
        """Without partitions, or with a key that can leave one, there are no shards."""
        for made in (dataset((), ("id",)), dataset(key=("id",))):
            with self.subTest(made.layout), self.assertRaises(ConfigError):
                SilverPlace(made).run(shard=Shard(0, 2))


COUNTS = ("rows", "silver", "duplicates", "quarantined")
COUNTS_ALL = ("in", "silver", "duplicates", "quarantined", "elsewhere")


def _quarantined(result: dict[str, object]) -> list[str]:
    """Return the reasons for quarantine in a result."""
    reasons = result["reasons"]
    assert isinstance(reasons, dict)
    return [reason for reason in reasons if reason.startswith("quarantined")]


if __name__ == "__main__":
    unittest.main()
