"""The logs of tables: Delta Lake, and plain Parquet files with a manifest."""

from collections.abc import Callable
import json
from pathlib import Path
import tempfile
from typing import TypeVar
import unittest

from deltalake import DeltaTable

from data_pipeline.silver.assembly import open_table
from data_pipeline.silver.delta import DeltaLog
from data_pipeline.silver.files import (
    Change,
    CommitConflict,
    DataFile,
    NO_TABLE,
    Snapshot,
    TableLog,
)
from etl_core.calls import Call
from etl_core.errors import TransientError
from etl_core.retry import RetryPolicy
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore

T = TypeVar("T")

PLACE = ObjectRef("silver", "a table/")
COLUMNS = (
    ("id", "VARCHAR"),
    ("day", "DATE"),
    ("n", "INTEGER"),
    ("seen", "TIMESTAMP WITH TIME ZONE"),
    ("price", "DECIMAL(12,2)"),
)
LOW = {"id": "a", "n": "1", "seen": "2026-01-01 00:00:00.1234+00", "price": "1.50"}
HIGH = {"id": "z", "n": "9", "seen": "2026-01-01 00:00:00.1234+00", "price": "7.50"}


def file_of(name: str, day: str | None = "2026-01-01") -> DataFile:
    """Return a file of one day."""
    key = f"day={day}/{name}"
    return DataFile(key, 10, 3, {"day": day}, LOW, HIGH, {"id": 0})


def change_of(
    *added: DataFile,
    removed: tuple[DataFile, ...] = (),
    writer: str = "one",
    token: int = 1,
    compaction: bool = False,
) -> Change:
    """Return a change of the table."""
    return Change(
        writer, token, COLUMNS, ("day",), removed, added, compaction=compaction
    )


def keys(snapshot: Snapshot) -> list[str]:
    """Return the keys of the files of a table."""
    return sorted(it.key for it in snapshot.files)


class LosesAnswer:
    """Sends the first conditional write, and loses its answer."""

    def __init__(self) -> None:
        """Have lost none."""
        self._lost = False

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send, and lose."""
        answer = send()
        if call.operation == "PutObject" and not self._lost:
            self._lost = True
            raise TransientError("lost on the way")
        return answer


class LogContract:
    """What both logs promise; derived classes name the format."""

    table_format: str

    def setUp(self) -> None:
        """Make an empty bucket."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)  # type: ignore[attr-defined]
        self.folder = Path(folder.name)
        self.store = FakeStore("silver")

    def log(self) -> TableLog:
        """Open the log as another process would."""
        writers = ["one", "two"]
        return open_table(self.store, PLACE, self.table_format, self.folder, writers)

    def committed(self, *changes: Change) -> TableLog:
        """Return a log after some commits."""
        log = self.log()
        for change in changes:
            log.commit(log.snapshot(), change)
        return log


class SharedTests(LogContract, unittest.TestCase):
    """The tests of Delta Lake, and by derivation of plain files."""

    table_format = "delta"

    def test_no_table(self) -> None:
        """Where nothing is, the version is -1."""
        self.assertEqual(NO_TABLE, self.log().snapshot())

    def test_commits(self) -> None:
        """Another process finds files, columns, partition and the last token."""
        first = file_of("a b%20é.parquet")
        log = self.committed(change_of(first))
        found = log.snapshot()
        self.assertEqual((0, COLUMNS, ("day",)), (found.version, *found[2:4]))
        self.assertEqual([first.key], keys(found))
        self.assertEqual({"day": "2026-01-01"}, dict(found.files[0].partition))
        log.commit(found, change_of(file_of("b"), removed=found.files, token=2))
        found = self.log().snapshot()
        self.assertEqual((1, [file_of("b").key]), (found.version, keys(found)))
        self.assertEqual(2, found.tokens["one"])

    def test_partition_without_a_value(self) -> None:
        """A partition whose value is null stays null."""
        found = self.committed(change_of(file_of("a", None))).snapshot()
        self.assertEqual({"day": None}, dict(found.files[0].partition))

    def test_other_writer_in_another_partition(self) -> None:
        """A commit that touches other partitions goes behind that of another writer."""
        self.committed(change_of(file_of("a")))
        slow, base = self.log(), None
        base = slow.snapshot()
        self.committed(change_of(file_of("b", "2026-01-02"), writer="two"))
        third = change_of(file_of("c"), removed=base.files, token=2)
        self.assertEqual(2, slow.commit(base, third))
        wanted = [file_of("c").key, file_of("b", "2026-01-02").key]
        self.assertEqual(sorted(wanted), keys(self.log().snapshot()))

    def test_other_writer_in_the_same_partition(self) -> None:
        """A commit is refused when another writer changed the partition meanwhile."""
        self.committed(change_of(file_of("a")))
        slow = self.log()
        base = slow.snapshot()
        self.committed(change_of(file_of("b"), writer="two"))
        with self.assertRaises(CommitConflict):
            slow.commit(base, change_of(file_of("c"), removed=base.files))
        self.assertEqual(2, len(self.log().snapshot().files))

    def test_first_commits_of_two_writers(self) -> None:
        """Two that make the table at once both get in, when they agree on it."""
        slow = self.log()
        base = slow.snapshot()
        self.committed(change_of(file_of("a")))
        other = change_of(file_of("b", "2026-01-02"), writer="two")
        self.assertEqual(1, slow.commit(base, other))
        self.assertEqual(2, len(self.log().snapshot().files))

    def test_compaction_beside_a_writer(self) -> None:
        """A compaction lets rows that were added meanwhile stand."""
        first = change_of(file_of("a"), file_of("b"))
        self.committed(first)
        slow = self.log()
        base = slow.snapshot()
        self.committed(change_of(file_of("c"), writer="two"))
        small = change_of(file_of("ab"), removed=base.files, token=3, compaction=True)
        slow.commit(base, small)
        self.assertEqual(
            sorted([file_of("ab").key, file_of("c").key]), keys(self.log().snapshot())
        )

    def test_answer_that_is_lost(self) -> None:
        """A commit whose answer was lost is recognised when it is sent again."""
        retry = RetryPolicy(sleep=lambda _seconds: None)
        self.store = FakeStore("silver", hook=LosesAnswer(), retry=retry)
        log = self.log()
        self.assertEqual(0, log.commit(log.snapshot(), change_of(file_of("a"))))
        self.assertEqual([file_of("a").key], keys(self.log().snapshot()))


class PlainTests(SharedTests):
    """The same of plain Parquet files."""

    table_format = "parquet"

    def test_files_that_left_are_removed(self) -> None:
        """Who lists the folder finds no file that the manifest does not name."""
        first = file_of("a")
        self.store.seed(ObjectRef("silver", PLACE.key + first.key), b"x")
        self.committed(change_of(first), change_of(file_of("b"), removed=(first,)))
        self.assertEqual(["a table/_manifest.json"], [*self.store.buckets["silver"]])


class DeltaTests(LogContract, unittest.TestCase):
    """What only a Delta table has."""

    table_format = "delta"

    def delta(self) -> DeltaLog:
        """Return a log after three commits."""
        a, b = file_of("a"), file_of("b")
        log = self.committed(
            change_of(a), change_of(b), change_of(file_of("c"), removed=(a,), token=7)
        )
        assert isinstance(log, DeltaLog)
        return log

    def test_statistics(self) -> None:
        """Bounds let files be passed over; times are cut to milliseconds outwards."""
        (found,) = self.committed(change_of(file_of("a"))).snapshot().files
        self.assertTrue(found.may_hold("id", "b", "b"))
        self.assertFalse(found.may_hold("id", "zz", "zzz"))
        self.assertFalse(found.may_hold("id", None, None))
        self.assertTrue(found.may_hold("unknown", "b", "b"))
        self.assertEqual(
            (123000, 124000),
            (found.lowest["seen"].microsecond, found.highest["seen"].microsecond),
        )

    def test_commit_names_its_facts(self) -> None:
        """The file of a commit has the facts, the token, and no local path."""
        log = self.log()
        facts = {"etl.run": "r1"}
        change = Change("one", 5, COLUMNS, ("day",), added=[file_of("a")], facts=facts)
        log.commit(log.snapshot(), change)
        key = f"{PLACE.key}_delta_log/{0:020d}.json"
        body = self.store.buckets["silver"][key].body.decode()
        actions = [json.loads(line) for line in body.splitlines()]
        info = next(it["commitInfo"] for it in actions if "commitInfo" in it)
        self.assertEqual("r1", info["etl.run"])
        self.assertIn({"txn": {"appId": "one", "version": 5}}, actions)
        self.assertNotIn(str(self.folder), body)

    def test_checkpoint(self) -> None:
        """A checkpoint shortens what a reader fetches, and says the same."""
        log = self.delta()
        before = log.snapshot()
        self.assertFalse(log.shorten(4))
        self.assertTrue(log.shorten(3))
        self.assertFalse(log.shorten(1))
        self.store.requests.clear()
        after = self.log().snapshot()
        fetched = [it for it in self.store.requests if it.operation == "GetObject"]
        self.assertEqual((before, 2), (after, len(fetched)))
        self.assertEqual(7, after.tokens["one"])

    def test_tombstones(self) -> None:
        """Files that left the table are known with their time, checkpoint or not."""
        self.delta().shorten(1)
        log = self.log()
        log.snapshot()
        self.assertEqual([file_of("a").key], list(log.tombstones()))

    def test_another_reader(self) -> None:
        """Delta's own library reads the table from the bucket's objects."""
        self.delta()
        target = self.folder / "copy"
        for key, body in self.store.bodies("silver", PLACE.key).items():
            path = target / key.removeprefix(PLACE.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        self.assertEqual(2, DeltaTable(str(target)).version())


if __name__ == "__main__":
    unittest.main()
