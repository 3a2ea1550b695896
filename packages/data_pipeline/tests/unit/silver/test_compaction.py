"""Small files become one, and files that left the table are removed in time."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
import tempfile
from typing import Any
import unittest

from data_pipeline.config.compact_silver import CompactSilverConfig
from data_pipeline.silver.assembly import open_table
from data_pipeline.silver.compaction import Compaction, small_files
from data_pipeline.silver.files import DataFile, Snapshot
from data_pipeline.tests.silver_stand import PLACE, SilverPlace
from etl_core.options import RunOptions
from etl_core.s3.store import ObjectRef

LATER = timedelta(days=8)


class CompactionTest(unittest.TestCase):
    """A table of many small files."""

    def setUp(self) -> None:
        """Commit four times into the same partitions."""
        self.place = SilverPlace()
        for number in range(4):
            name = f"{number}.csv"
            self.place.put(name, f"{number},n,1,x", f"{number}0,s,1,x")
            self.place.run()

    def compact(
        self,
        later: timedelta = timedelta(),
        table_format: str = "delta",
        **options: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Run the compaction, some time from now."""
        config = CompactSilverConfig(PLACE, table_format, options=RunOptions(**options))
        with tempfile.TemporaryDirectory() as name:
            store, folder = self.place.store, Path(name)
            log = open_table(store, PLACE, table_format, folder, [])
            now = datetime.now(timezone.utc) + later
            return Compaction(store, config, log, folder, lambda: now).run()

    def files(self) -> set[str]:
        """Return the Parquet files in the bucket, whether of the table or not."""
        bodies = self.place.store.bodies("silver", PLACE.key)
        return {key for key in bodies if key.endswith(".parquet") and "=" in key}

    def test_one_file_for_each_partition(self) -> None:
        """The rows stay the same, in one file for each partition."""
        before = self.place.rows()
        self.assertEqual(8, len(self.place.snapshot().files))
        result = self.compact()
        self.assertEqual((8, 2, 2), _counts(result))
        self.assertEqual(before, self.place.rows())
        self.assertEqual(2, len(self.place.snapshot().files))

    def test_twice(self) -> None:
        """A second compaction finds nothing, and commits nothing."""
        self.compact()
        self.assertEqual((0, 0, 2), _counts(self.compact()))
        self.assertEqual(4, self.place.snapshot().version)

    def test_dry_run(self) -> None:
        """A dry run says what would be done, and changes nothing."""
        before = dict(self.place.store.buckets["silver"])
        self.assertEqual((8, 2, 8), _counts(self.compact(dry_run=True)))
        self.assertEqual(before, self.place.store.buckets["silver"])

    def test_old_files(self) -> None:
        """Replaced and orphaned files stay for the retention and are then removed."""
        orphan = f"{PLACE.key}region=n/part-20260101T000000-orphan.parquet"
        self.place.store.seed(ObjectRef("silver", orphan), b"never committed")
        foreign = f"{PLACE.key}region=n/not ours.parquet"
        self.place.store.seed(ObjectRef("silver", foreign), b"of somebody else")
        self.assertEqual(1, self.compact()["removed_files"])
        self.assertEqual(11, len(self.files()))
        self.assertEqual(8, self.compact(LATER, dry_run=True)["removed_files"])
        self.assertEqual(8, self.compact(LATER)["removed_files"])
        living = {PLACE.key + it.key for it in self.place.snapshot().files}
        self.assertEqual(living | {foreign}, self.files())
        self.assertEqual(8, len(self.place.rows()))

    def test_rows_are_replaced_after_a_compaction(self) -> None:
        """A corrected object still finds its rows."""
        self.compact()
        self.place.put("0.csv", "0,n,1,corrected")
        self.place.run()
        self.assertEqual("corrected", self.place.rows()[0][3])
        self.assertEqual(7, len(self.place.rows()))

    def test_checkpoint(self) -> None:
        """A log of ten commits gets a checkpoint."""
        for number in range(4, 10):
            self.place.put(f"{number}.csv", f"{number},n,1,x")
            self.place.run()
        self.assertTrue(self.compact()["checkpoint"])
        self.assertEqual(14, len(self.place.rows()))


class PackingTest(unittest.TestCase):
    """Which files become one."""

    def test_groups(self) -> None:
        """Groups do not exceed the target, and large files stay."""
        sizes = [40, 40, 40, 80, 10, 10]
        files = tuple(
            DataFile(str(number), size, 1, {}) for number, size in enumerate(sizes)
        )
        groups = small_files(Snapshot(1, files), 100)
        self.assertEqual(
            [("0", "1"), ("2", "4", "5")],
            [tuple(it.key for it in group.files) for group in groups],
        )


def _counts(result: dict[str, Any]) -> tuple[int, int, int]:
    """Return files merged, files made, and files of the table."""
    return result["merged_files"], result["into"], result["files"]


if __name__ == "__main__":
    unittest.main()
