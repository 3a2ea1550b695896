"""State that the first version wrote is recognised, continued and operated.

The buckets below ``fixtures/state`` were written by that version; in each a run was
killed at the moment that the name of its folder gives. The digests are those that it
recorded.
"""

from contextlib import redirect_stdout
from datetime import timedelta
import io
import json
import os
from pathlib import Path
from typing import Any
import unittest
from unittest import mock

from data_pipeline.jobs import bronze_to_silver
from data_pipeline.services import ServiceHandler
from data_pipeline.tests import seeds
from data_pipeline.tests.seeds import (
    attachment,
    BODY,
    CHANGED,
    DESTINATION,
    SOURCE,
    Started,
    World,
)
from data_pipeline.tests.silver_stand import LINES_CONTRACT, table_content
from etl_core.calls import CallCounter
from etl_core.commands import explain, prune, runs, show, verify
from etl_core.registry import Program
from etl_core.runs.archive import Archive
from etl_core.runs.replay import replay_argv
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.testing.worlds import virtual_lease

SAMPLES = Path(__file__).parents[1] / "fixtures" / "state"
PROGRAM = Program("data_pipeline.jobs", "get_s3_files")
BUCKET = f"--destination-bucket={DESTINATION}"
FIRST_COPY = "agency_id=10/user_id=123/document_id=456/attachment_id=1/report.pdf"
DIFFERENCES = ("missing", "changed", "extra")
UNITS = b'{"unit": "attachment_id=1", "reason": "source_missing"}\n'

# The digests of scope and arguments by command line.
ATTACHMENT_DIGESTS = {
    (): ("fff7b6a37a64a3cb", "6f0c69b97c09375d"),
    ("--prefix=in/2026/",): ("daf129a501030da2", "58a63b0c3ad4a5ce"),
    ("--since=7d",): ("fff7b6a37a64a3cb", "a99774ec1d7e2435"),
    ("--since=2026-01-01",): ("fff7b6a37a64a3cb", "c24641c5bb1062d1"),
    ("--since=2026-01-01T00:00:00+02:00",): ("fff7b6a37a64a3cb", "dd70134ecdc850b2"),
    ("--from=2026-01-01", "--to=2026-12-01T12:00:00.5Z"): (
        "fff7b6a37a64a3cb",
        "949095085fcee035",
    ),
    ("--check-source",): ("fff7b6a37a64a3cb", "bd07a02f6fcd748f"),
    ("--limit=3",): ("fff7b6a37a64a3cb", "70cf0db7c21c03f8"),
    ("--shard=1/4",): ("27f6143a528e35a5", "215e9730efde2c31"),
    ("--units=s3://bucket-in/units.ndjson#reason=source_missing",): (
        "fff7b6a37a64a3cb",
        "e88b125537d40904",
    ),
    ("--concurrency=4", "--accept=archived", "--max-quarantined=5%", "--max-rps=9"): (
        "fff7b6a37a64a3cb",
        "6f0c69b97c09375d",
    ),
}
TABLE_DIGESTS = {
    (): ("0cc4778534518957", "ab79eb4e71599f37"),
    ("--since=2d",): ("0cc4778534518957", "2241e38cb50b0072"),
    ("--from=2026-01-01",): ("0cc4778534518957", "2d5c216a233f7a71"),
    ("--limit=1",): ("0cc4778534518957", "500c99ced469bbba"),
    ("--units=s3://bronze/units.ndjson",): ("0cc4778534518957", "c1ae93abc1f242db"),
    ("--table-format=parquet",): ("0cc4778534518957", "ba9adbbd0c233741"),
    ("--batch-bytes=1MB", "--memory-limit=1GB"): (
        "0cc4778534518957",
        "ab79eb4e71599f37",
    ),
    ("--shard=0/2",): ("f15f0161993e973a", "77b127a82f061cef"),
}


def recorded(store: FakeStore, bucket: str) -> tuple[str, str]:
    """Return the digests of scope and arguments that the only run recorded."""
    ((key, body),) = (
        (key, body)
        for key, body in store.bodies(bucket, "_etl/").items()
        if key.endswith("/run.json")
    )
    return key.partition("/scope=")[2].partition("/")[0], json.loads(body)["digest"]


def load(store: FakeStore, sample: str) -> None:
    """Put the objects of a sample into a store."""
    folder = SAMPLES / sample
    for path in filter(Path.is_file, folder.rglob("*")):
        bucket, *key = path.relative_to(folder).parts
        store.seed(ObjectRef(bucket, "/".join(key)), path.read_bytes())


class StoredAttachmentsTest(unittest.TestCase):
    """The table and the source bucket that the samples of ``get_s3_files`` had."""

    def setUp(self) -> None:
        """Give the dead holders of the samples no time."""
        for patch in (
            mock.patch.object(seeds, "AT_ONCE", virtual_lease()),
            mock.patch.dict(os.environ, {}, clear=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def world(self, sample: str) -> World:
        """Return five attachments in place and one without its object.

        The second was changed after the first run, the fourth and fifth added.
        """
        changed = attachment(2, updated_at=CHANGED + timedelta(hours=1))
        world = World(attachment(1), changed, *map(attachment, (3, 4, 5, 6)))
        world.store.remove(ObjectRef(SOURCE, "in/6"))
        load(world.store, sample)
        return world

    def command(self, command: Any, store: FakeStore, *argv: str) -> dict[str, Any]:  # noqa: ANN401
        """Call a command that operates on runs and return what it wrote."""
        with redirect_stdout(io.StringIO()) as written:
            command.command(PROGRAM, [*argv, BUCKET, "--json"], store)
        return dict(json.loads(written.getvalue()))

    def open_run(self, store: FakeStore) -> str:
        """Return the id of the run that was killed."""
        listed = self.command(runs, store)["runs"]
        (run_id,) = (run["run_id"] for run in listed if run["status"] == "open")
        return str(run_id)

    def assert_continued(self, started: Started, run_id: str, **expected: int) -> None:
        """A start was the second attempt of a run, with these outcomes."""
        _, result = started
        self.assertEqual((run_id, 2), (result["run_id"], result["attempt"]))
        outcomes = {name: result[name] for name in expected}
        self.assertEqual(expected, outcomes)

    def test_digests(self) -> None:
        """Scope and arguments have the digests that they always had."""
        for argv, digests in ATTACHMENT_DIGESTS.items():
            with self.subTest(argv=argv):
                world = World(*map(attachment, (1, 2, 3, 4, 5)))
                world.store.seed(ObjectRef(SOURCE, "units.ndjson"), UNITS)
                world.start(*argv)
                self.assertEqual(digests, recorded(world.store, DESTINATION))

    def test_run_killed_before_its_ledger(self) -> None:
        """The journal counts: only what was missing is asked for again."""
        world = self.world("killed_before_ledger")
        run_id = self.open_run(world.store)
        started = world.start()
        self.assertEqual(1, world.calls.totals("s3")["CopyObject"])
        self.assert_continued(started, run_id, done=3, unchanged=2, quarantined=1)

    def test_run_killed_between_copies(self) -> None:
        """A copy without a line is recovered, and the rest is copied."""
        world = self.world("killed_between_copies")
        run_id = self.open_run(world.store)
        started = world.start()
        self.assert_continued(started, run_id, done=3, unchanged=2, quarantined=1)
        self.assertEqual({BODY}, set(world.copied().values()))
        self.assertEqual(5, len(world.copied()))

    def test_killed_shard(self) -> None:
        """The shard is continued, and the run of all shards is closed."""
        world = World(*map(attachment, range(1, 9)))
        load(world.store, "killed_shard")
        _, result = world.start("--shard=1/2", "--run-id=nightly-1")
        self.assertEqual(2, result["attempt"])
        whole = self.command(show, world.store, "nightly-1")
        self.assertEqual((8, 8), (whole["listed"], whole["done"]))
        self.assertEqual(8, len(world.copied()))

    def test_commands(self) -> None:
        """The runs are shown, explained, verified, replayed and pruned."""
        world = self.world("killed_before_ledger")
        open_run = self.open_run(world.store)
        closed = next(
            run["run_id"]
            for run in self.command(runs, world.store)["runs"]
            if run["run_id"] != open_run
        )
        shown = self.command(show, world.store, closed)
        reasons = {row["reason"]: row["units"] for row in shown["reasons"]}
        self.assertEqual({"done: copied": 3, "quarantined: source_missing": 1}, reasons)
        url = f"s3://{DESTINATION}/{FIRST_COPY}"
        explained = self.command(explain, world.store, url)
        self.assertEqual((closed, "done"), (explained["run_id"], explained["outcome"]))
        verified = self.command(verify, world.store, closed)
        self.assertEqual((0, 0, 2), tuple(verified[it] for it in DIFFERENCES))
        archive = Archive(world.store, ObjectRef(DESTINATION, "_etl/"))
        replayed = world.start(*replay_argv(archive.find(closed), None)[3:])
        self.assertEqual(1, replayed.result["listed"])
        world.start()
        pruned = self.command(prune, world.store, "--keep=0s")
        removed = {run["run_id"] for run in pruned["runs"]}
        self.assertLessEqual({closed, open_run}, removed)


class StoredTableTest(unittest.TestCase):
    """A store for bronze and silver."""

    def setUp(self) -> None:
        """Make the buckets."""
        self.calls = CallCounter()
        self.store = FakeStore("bronze", "silver", hook=self.calls)

    def start(self, *argv: str) -> dict[str, Any]:
        """Run the job and return its result."""
        arguments = (
            f"--contract={LINES_CONTRACT}",
            "--source=s3://bronze/in/",
            "--destination=s3://silver/table/",
        )
        services = ServiceHandler(self.store, None, self.calls, virtual_lease())
        with (
            mock.patch.dict(os.environ, {}, clear=True),
            redirect_stdout(io.StringIO()) as printed,
        ):
            bronze_to_silver.entrypoint([*arguments, *argv], services)
        return dict(json.loads(printed.getvalue()))

    def test_digests(self) -> None:
        """Scope and arguments, the contract among them, have the digests they had."""
        for argv, digests in TABLE_DIGESTS.items():
            with self.subTest(argv=argv):
                self.setUp()
                self.store.seed(ObjectRef("bronze", "in/a.csv"), b"1,n,1,old\n")
                unit = b'{"unit": "s3://bronze/in/a.csv"}\n'
                self.store.seed(ObjectRef("bronze", "units.ndjson"), unit)
                self.start(*argv)
                self.assertEqual(digests, recorded(self.store, "silver"))

    def test_run_killed_after_its_commit(self) -> None:
        """The commit is recognised: the table stays as it is, and the run is closed."""
        load(self.store, "killed_after_commit")
        before = table_content(self.store, "silver", "table/")
        result = self.start()
        self.assertEqual((2, 3), (result["attempt"], result["listed"]))
        self.assertEqual((2, 1), (result["done"], result["unchanged"]))
        self.assertEqual(before, table_content(self.store, "silver", "table/"))
        commits = self.store.bodies("silver", "table/_delta_log/")
        self.assertEqual(2, len(commits))


if __name__ == "__main__":
    unittest.main()
