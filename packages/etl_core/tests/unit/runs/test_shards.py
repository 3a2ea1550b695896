"""Tests of the run that shards make together."""

import io
from typing import Any
import unittest

from etl_core.calls import CallHook, direct
from etl_core.errors import ConfigError, ReconciliationError, TransientError
from etl_core.runs.archive import Archive
from etl_core.runs.lease import Lease
from etl_core.runs.pruning import Pruner
from etl_core.runs.records import read_record, write_record
from etl_core.runs.replay import replay_argv
from etl_core.runs.selection import read_unit_keys
from etl_core.runs.shards import shard_scopes
from etl_core.runs.spool import local_folder
from etl_core.runs.summary import summarize
from etl_core.runs.units import Outcome
from etl_core.runs.verification import Verification
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.tests.worlds import (
    Disturbance,
    make_scope,
    make_spec,
    PREFIX,
    RUN,
    TARGET,
    World,
)

SCOPE = {"to": TARGET, "shard": None}
WHOLE = make_scope().sibling(SCOPE)
COUNT = 3


class Shards:
    """A world whose units are divided.

    Six units; the source of the fifth is missing.
    """

    def __init__(self) -> None:
        """Make the units."""
        self.world = World(4)
        self.world.add(5, None)
        self.world.add(6, b"six")
        self.units = list(self.world.units)

    def start(
        self,
        index: int,
        count: int = COUNT,
        hook: CallHook = direct,
        **options: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Start one shard."""
        shard = Shard(index, count)
        self.world.units = [unit for unit in self.units if shard.holds(unit.key)]
        spec = make_spec(scope={**SCOPE, "shard": str(shard)})
        asked: dict[str, Any] = {"run_id": RUN, "shard": shard, **options}
        return self.world.run(spec, hook, **asked)

    def start_all(self, run_id: str = RUN) -> dict[str, Any]:
        """Start each shard once and return what the last one printed."""
        *_, last = [self.start(index, run_id=run_id) for index in range(COUNT)]
        return last

    def record(self, run_id: str = RUN) -> dict[str, Any]:
        """Return the record of the run of all."""
        return read_record(self.world.store, WHOLE.record(run_id)).content

    def facts(self) -> dict[str, Any]:
        """Return what must not depend on crashes."""
        record = self.record()
        result = record["result"]
        names = (*(it.value for it in Outcome), "listed", "bytes", "status", "reasons")
        bodies = self.world.store.buckets[TARGET]
        return {
            "objects": self.world.store.bodies(TARGET, PREFIX),
            "totals": {name: result[name] for name in names if name != "reasons"},
            "status": record["status"],
            "lines": [part["lines"] for part in record["parts"]],
            "quarantined": record["quarantine"]["lines"],
            "stored": record["quarantine"]["key"] in bodies,
        }


class MergeTest(unittest.TestCase):
    """Three shards of one run."""

    def setUp(self) -> None:
        """Make the world."""
        self.shards = Shards()

    def test_last_shard_closes_the_run_of_all(self) -> None:
        """Its totals are the sums, its parts those of all shards."""
        self.assertIsNone(self.shards.start(2)["all_shards"])
        self.assertIsNone(self.shards.start(0)["all_shards"])
        self.assertEqual("open", self.shards.record()["status"])
        last = self.shards.start(1)
        record = self.shards.record()
        self.assertEqual(WHOLE.record(RUN).url, last["all_shards"])
        self.assertEqual("closed", record["status"])
        result = record["result"]
        self.assertEqual(
            (6, 5, 1), (result["listed"], result["done"], result["quarantined"])
        )
        self.assertEqual("quarantined", result["status"])
        self.assertEqual(
            {"done: copied": 5, "quarantined: source_missing": 1}, result["reasons"]
        )
        self.assertEqual(6, sum(part["lines"] for part in record["parts"]))
        self.assertEqual(COUNT, len(record["manifests"]))

    def test_second_start_of_a_closed_shard_changes_nothing(self) -> None:
        """It prints what it printed, and names the run of all."""
        last = self.shards.start_all()
        before = self.shards.record()
        self.assertEqual(last, self.shards.start(COUNT - 1))
        self.assertEqual(before, self.shards.record())

    def test_run_is_merged_by_whoever_comes_after_the_death(self) -> None:
        """A shard died after its close; its next start finds it closed and merges."""
        self.shards.start(0)
        self.shards.start(1)
        record = WHOLE.record(RUN).key
        died = Disturbance("PutObject", _die, part=record)
        with self.assertRaises(Crashed):
            self.shards.start(2, hook=died)
        self.assertEqual("open", self.shards.record()["status"])
        self.assertEqual(WHOLE.record(RUN).url, self.shards.start(2)["all_shards"])
        self.assertEqual("closed", self.shards.record()["status"])

    def test_two_that_close_at_once_write_one_record(self) -> None:
        """Whoever is second finds the run closed."""
        self.shards.start(0)
        self.shards.start(1)
        records: list[dict[str, Any]] = []

        def other() -> None:
            self.shards.start(1)
            records.append(self.shards.record())

        race = Disturbance("PutObject", other, part="attempt=1/quarantine")
        once = _Once(race, WHOLE.folder)
        last = self.shards.start(2, hook=once)
        self.assertEqual(WHOLE.record(RUN).url, last["all_shards"])
        self.assertEqual([self.shards.record()], records[:1])
        self.assertEqual("closed", self.shards.record()["status"])

    def test_shard_without_an_id_continues_the_run(self) -> None:
        """Started by hand after its Job is gone, it completes the run of all."""
        self.shards.start(0)
        self.shards.start(1)
        fault = Disturbance("CopyObject", _fail)
        with self.assertRaises(TransientError):
            self.shards.start(2, hook=fault)
        last = self.shards.start(2, run_id=None)
        self.assertEqual(RUN, last["run_id"])
        self.assertEqual(WHOLE.record(RUN).url, last["all_shards"])

    def test_next_run_supersedes_one_that_was_never_closed(self) -> None:
        """It stays as it was, and names its successor."""
        self.shards.start(0)
        self.shards.start_all("run-2")
        old = self.shards.record()
        self.assertEqual(("superseded", "run-2"), (old["status"], old["by"]))
        self.assertEqual("closed", self.shards.record("run-2")["status"])

    def test_ledgers_that_do_not_add_up_are_not_merged(self) -> None:
        """The run of all stays open."""
        self.shards.start(0)
        scopes = shard_scopes(WHOLE, SCOPE, COUNT)
        store = self.shards.world.store
        found = read_record(store, scopes[0].record(RUN))
        found.content["parts"][0]["lines"] += 1
        write_record(store, scopes[0].record(RUN), found.content, found.etag)
        self.shards.start(1)
        with self.assertRaises(ReconciliationError):
            self.shards.start(2)
        self.assertEqual("open", self.shards.record()["status"])


class CountTest(unittest.TestCase):
    """How many shards there are is the same for all."""

    def setUp(self) -> None:
        """Make the world."""
        self.shards = Shards()
        self.world = self.shards.world

    def hold(self, index: int, count: int) -> Lease:
        """Be a process elsewhere that works on a shard."""
        scope = shard_scopes(WHOLE, SCOPE, count)[index]
        lease = Lease(self.world.store, scope.lease, self.world.times)
        lease.acquire()
        return lease

    def test_other_number_while_one_lives_is_refused(self) -> None:
        """It is an error of whoever started it, and nothing was copied."""
        self.shards.start(0)
        lease = self.hold(1, COUNT)
        before = self.world.objects()
        with self.assertRaisesRegex(ConfigError, "shard 1/3 .* is at work"):
            self.shards.start(1, count=4, run_id="run-2")
        self.assertEqual(before, self.world.objects())
        lease.release()
        self.shards.start(1, count=4, run_id="run-2")

    def test_other_number_that_comes_at_the_same_time_is_seen(self) -> None:
        """One that began behind our back holds its lease by the time we look again."""
        self.shards.start(0)
        key = WHOLE.shards.key
        late = Disturbance("PutObject", lambda: _ignore(self.hold(2, COUNT)), part=key)
        with self.assertRaisesRegex(ConfigError, "shard 2/3"):
            self.shards.start(0, count=2, hook=late, run_id="run-2")

    def test_run_id_of_another_number_is_refused(self) -> None:
        """Also when nobody is at work any more."""
        self.shards.start(0)
        with self.assertRaisesRegex(ConfigError, "a run of 3 shards"):
            self.shards.start(0, count=4)

    def test_start_without_shard_knows_nothing_of_it(self) -> None:
        """It prints what it always did."""
        self.world.units = self.shards.units
        self.assertNotIn("all_shards", self.world.run())


class OperateTest(unittest.TestCase):
    """What operators see of the run of all."""

    def setUp(self) -> None:
        """Run two of three shards."""
        self.shards = Shards()
        self.shards.start(0)
        self.shards.start(1)
        self.archive = Archive(self.shards.world.store, ObjectRef(TARGET, "_etl/"))

    def test_name_means_the_run_of_all(self) -> None:
        """A shard is found by its scope."""
        found = self.archive.find(RUN)
        self.assertEqual("all 3", found.shard)
        scope = shard_scopes(WHOLE, SCOPE, COUNT)[0]
        path = scope.folder.rpartition("/scope=")[2] + RUN
        self.assertEqual("0/3", self.archive.find(path).shard)

    def test_somebody_works_on_it_while_a_shard_does(self) -> None:
        """The lease of any shard counts."""
        run = self.archive.find(RUN)
        self.assertEqual("dead", self.archive.holder(run)[0])
        scope = run.shards[2]
        lease = Lease(self.archive.store, scope.lease, self.shards.world.times)
        lease.acquire()
        lease.name_run(RUN, None)
        self.assertEqual("alive", self.archive.holder(run)[0])

    def test_show_says_which_shards_are_missing(self) -> None:
        """And how far each is; when all are closed it waits for none."""
        shown = self.shown()
        self.assertEqual("shards 2/3", shown["waits_for"])
        self.assertEqual(
            [("0/3", "closed"), ("1/3", "closed"), ("2/3", "not started")],
            [(it["shard"], it["status"]) for it in shown["shards"]],
        )
        self.shards.start(2)
        shown = self.shown()
        self.assertEqual((None, 6), (shown["waits_for"], shown["listed"]))
        self.assertEqual(6, sum(it["units"] for it in shown["reasons"]))

    def shown(self) -> dict[str, Any]:
        """Return what ``show`` prints."""
        run = self.archive.find(RUN)
        with local_folder() as folder:
            return summarize(self.archive, run, "data-pipeline", folder)

    def test_bucket_is_compared_with_all_ledgers(self) -> None:
        """Which are merged in the order of the listing; what none names is extra."""
        self.shards.start(2)
        self.archive.store.put(ObjectRef(TARGET, f"{PREFIX}9"), io.BytesIO(b"x"))
        with local_folder() as folder:
            verification = Verification(self.archive, self.archive.find(RUN), 1)
            found = verification.compare(folder)
        self.assertEqual(
            (6, 0, 0, 1),
            tuple(found[it] for it in ("units", "missing", "changed", "extra")),
        )

    def test_replay_takes_the_quarantine_of_all(self) -> None:
        """By one start without a shard."""
        options: dict[str, Any] = {
            "run_id": "by-argv",
            "argv": ("--agency-id=10", "--shard=0/3"),
        }
        for index in range(COUNT):
            self.shards.start(index, **options)
        argv = replay_argv(self.archive.find("by-argv"), None)
        self.assertEqual("--agency-id=10", argv[0])
        units = argv[-1].removeprefix("--units=")
        self.assertEqual(["sample=5"], list(read_unit_keys(self.archive.store, units)))
        self.assertNotIn("--shard", [it.partition("=")[0] for it in argv])

    def test_ledgers_of_a_run_that_is_kept_are_kept(self) -> None:
        """Also when a shard has newer runs, and only until the run itself goes."""
        self.shards.start(2)
        self.shards.start(0, run_id="newer")
        later = "9999"
        kept = Pruner(self.archive, later, dry_run=False).prune(None)
        self.assertEqual(0, kept["removed"])
        self.assertEqual(1, kept["kept"]["shard"])
        self.assertEqual(6, self.shown()["listed"])


class CrashTest(unittest.TestCase):
    """The shard that closes last dies at any call."""

    def setUp(self) -> None:
        """Keep the beginning, and learn from a clean run what is to come of it."""
        clean = Shards()
        clean.start(0)
        clean.start(1)
        self.beginning = clean.world.snapshot()
        recorder = CallRecorder()
        clean.start(2, hook=recorder)
        self.expected = clean.facts()
        self.calls = len(recorder.calls)

    def test_every_call(self) -> None:
        """Started again, it leaves what a clean run leaves."""
        for number in range(1, self.calls + 1):
            for moment in Moment:
                with self.subTest(number=number, moment=moment.value):
                    shards = Shards()
                    store = shards.world.store
                    store.buckets = {it: dict(b) for it, b in self.beginning.items()}
                    hook = CrashAt(number, moment)
                    try:
                        shards.start(2, hook=hook)
                    except (Crashed, TransientError):
                        shards.start(2)
                    self.assertIsNotNone(hook.call)
                    self.assertEqual(self.expected, shards.facts(), hook.call)


class FirstCrashTest(unittest.TestCase):
    """The shard that comes first dies at any call."""

    def test_every_call(self) -> None:
        """Started again, and then the others, they leave what clean runs leave."""
        clean = Shards()
        recorder = CallRecorder()
        clean.start(0, hook=recorder)
        clean.start(1)
        clean.start(2)
        for number in range(1, len(recorder.calls) + 1):
            for moment in Moment:
                with self.subTest(number=number, moment=moment.value):
                    shards = Shards()
                    try:
                        shards.start(0, hook=CrashAt(number, moment))
                    except (Crashed, TransientError):
                        shards.start(0)
                    shards.start(1)
                    shards.start(2)
                    self.assertEqual(clean.facts(), shards.facts())


class _Once:
    """Passes the first call of a disturbance on, those below one folder only.

    :param inner: the disturbance.
    :param folder: that the target must be in.
    """

    def __init__(self, inner: Disturbance, folder: str) -> None:
        """Wait."""
        self._inner = inner
        self._folder = folder

    def __call__(self, call: Any, send: Any) -> Any:  # noqa: ANN401
        """Disturb one call."""
        if self._inner.seen or self._folder not in call.target:
            return send()
        return self._inner(call, send)


def _die() -> None:
    """Be killed."""
    raise Crashed


def _fail() -> None:
    """Fail for now."""
    raise TransientError("the store kept failing")


def _ignore(_: object) -> None:
    """Return nothing."""


if __name__ == "__main__":
    unittest.main()
