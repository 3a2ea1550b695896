"""Tests of the verb ``prune``."""

from typing import Any
import unittest

from etl_core.errors import ConfigError
from etl_core.runs.archive import StoredRun
from etl_core.runs.pruning import choose, needed
from etl_core.testing.crashpoints import CrashAt, Crashed, Moment
from etl_core.tests.verbs import VerbTest
from etl_core.tests.worlds import Disturbance, fail, make_scope, make_spec, TARGET


class PruneTest(VerbTest):
    """Runs of one scope, all of which are older than what is kept."""

    def prune(self, *argv: str) -> dict[str, Any]:
        """Keep only what ended from now on."""
        return self.result("prune", "--keep", "0s", *argv)

    def left(self) -> set[str]:
        """Return the runs of which anything is left."""
        keys = self.world.store.bodies(TARGET, "_etl/")
        return {key.partition("/run=")[2].partition("/")[0] for key in keys} - {""}

    def complete(self, *run_ids: str) -> None:
        """Make runs that judge every unit."""
        for run_id in run_ids:
            self.world.run(run_id=run_id)

    def test_old_runs_go(self) -> None:
        """Every object of theirs, and the next run still finds nothing to copy."""
        self.complete("first", "second", "third")
        found = self.prune()
        self.assertEqual({"third"}, self.left())
        self.assertEqual((2, {"newest": 1}), (found["removed"], found["kept"]))
        self.assertEqual(["first", "second"], [row["run_id"] for row in found["runs"]])
        self.assertGreater(found["bytes"], found["objects"])
        self.assertEqual(3, self.world.run(run_id="fourth")["unchanged"])

    def test_dry_run_changes_nothing(self) -> None:
        """It says the same."""
        self.complete("first", "second")
        before = self.world.snapshot()
        planned = self.prune("--dry-run")
        self.assertEqual(before, self.world.snapshot())
        removed = self.prune()
        for name in ("removed", "objects", "bytes", "kept", "runs"):
            self.assertEqual(planned[name], removed[name], name)

    def test_recent_runs_stay(self) -> None:
        """The time counts from their end."""
        self.complete("first", "second")
        found = self.result("prune", "--keep", "1h")
        self.assertEqual({"recent": 1, "newest": 1}, found["kept"])
        self.assertEqual({"first", "second"}, self.left())

    def test_time_to_keep_is_required(self) -> None:
        """Nobody prunes by accident."""
        with self.assertRaisesRegex(ConfigError, "--keep"):
            self.call("prune")

    def test_open_run_stays(self) -> None:
        """With the run whose index it works from."""
        self.complete("first", "second")
        self.world.replace(2, b"newer")
        self.left_open("third")
        found = self.prune()
        self.assertEqual({"second", "third"}, self.left())
        self.assertEqual({"open": 1, "newest": 1}, found["kept"])
        self.assertEqual(2, self.world.run(run_id="third")["unchanged"])

    def test_superseded_run_goes(self) -> None:
        """A later run has taken its place."""
        self.left_open("first")
        self.world.run(make_spec(arguments={"limit": 7}), run_id="second")
        self.complete("third")
        self.prune()
        self.assertEqual({"third"}, {it for it in self.left() if it != "second"})

    def test_run_behind_a_start_that_died_stays(self) -> None:
        """The lease names a run that got no record, so the one before it counts."""
        self.complete("first")
        self.world.replace(2, b"newer")
        self.left_open("second")
        spec = make_spec(arguments={"limit": 7})
        died = Disturbance("PutObject", lambda: fail(KeyError()), "run=third/run.json")
        with self.assertRaises(KeyError):
            self.world.run(spec, run_id="third", hook=died)
        self.assertEqual("third", self.world.lease()["run"])
        self.assertEqual({"newest": 2}, self.prune()["kept"])
        self.assertEqual(2, self.world.run(run_id="fourth")["unchanged"])

    def test_quarantine_that_nobody_judged_again_stays(self) -> None:
        """Partial runs of other units do not help."""
        self.complete("first")
        units, self.world.units = self.world.units, self.world.units[:1]
        for number in (2, 3):
            spec = make_spec(arguments={"limit": number}, partial=True)
            self.world.run(spec, run_id=f"run-{number}")
        self.world.units = units
        found = self.prune()
        self.assertEqual({"quarantine": 1, "newest": 1}, found["kept"])
        self.assertEqual({"first", "run-3"}, self.left())

    def test_quarantine_that_was_replayed_goes(self) -> None:
        """What the replay quarantined again is in its own quarantine."""
        self.complete("first")
        self.replayed("second", "first")
        self.replayed("third", "second")
        found = self.prune()
        self.assertEqual({"third"}, self.left())
        self.assertEqual(2, found["removed"])

    def test_replay_of_another_reason_does_not_count(self) -> None:
        """Every reason has to be replayed."""
        self.complete("first")
        self.replayed("second", "first", "#reason=access_denied")
        self.replayed("third", "second")
        self.assertEqual({"quarantine": 1, "newest": 1}, self.prune()["kept"])
        self.replayed("fourth", "first", "#reason=source_missing")
        self.prune()
        self.assertNotIn("first", self.left())

    def test_run_whose_index_is_used_stays(self) -> None:
        """Although it is not the newest one that closed."""
        old, new, opened = (
            StoredRun(make_scope(), {"run": name, "partial": False, **facts})
            for name, facts in (
                ("a", {"status": "closed", "closed": "1", "index": {"key": "i"}}),
                ("b", {"status": "closed", "closed": "2", "index": {"key": "j"}}),
                ("c", {"status": "open", "base_index": {"key": "i"}}),
            )
        )
        chosen = choose([old, new, opened], {"run": "c"}, "9")
        self.assertEqual(["index", "newest", "open"], [it.kept for it in chosen])
        chosen = choose([old, new], {"run": "b"}, "9")
        self.assertEqual(["", "newest"], [it.kept for it in chosen])

    def test_replay_of_fewer_units_does_not_count(self) -> None:
        """Further arguments may have left some of them out."""
        facts = {"status": "closed", "parent": "a", "partial": True, "closed": "2"}
        reasons = {"quarantined: source_missing": 2, "done: copied": 1}
        first = StoredRun(
            make_scope(), {"run": "a", "closed": "1", "result": {"reasons": reasons}}
        )
        for narrowed, left in (
            (["--units=x"], False),
            (["--units=x#reason=source_missing"], False),
            (["--units=x#reason=archived"], True),
            (["--units=x", "--limit=1"], True),
        ):
            with self.subTest(narrowed):
                replay = StoredRun(
                    make_scope(), {**facts, "run": "b", "narrowed_by": narrowed}
                )
                self.assertEqual(left, needed(first, [replay]))

    def test_killed_prune_continues(self) -> None:
        """Wherever it dies, what is left is found the next time."""
        self.complete("first", "second", "third")
        for moment in (Moment.BEFORE, Moment.AFTER):
            for number in range(1, 12):
                self.world.wire.hook = CrashAt(number, moment)
                try:
                    self.prune()
                except Crashed:
                    records = self.world.store.bodies(TARGET, "_etl/")
                    for run_id in self.left():
                        ours = [key for key in records if f"run={run_id}/" in key]
                        self.assertTrue(ours[-1].endswith("run.json"), ours)
        self.world.wire.hook = lambda call, send: send()
        self.prune()
        self.assertEqual({"third"}, self.left())

    def test_one_job(self) -> None:
        """The runs of others stay."""
        self.complete("first", "second")
        for run_id in ("third", "fourth"):
            self.world.run(make_spec(job="other"), run_id=run_id)
        self.prune("--job", "other")
        self.assertEqual({"first", "second", "fourth"}, self.left())

    def test_objects_are_never_touched(self) -> None:
        """Nor is the lease."""
        self.complete("first", "second")
        before = self.world.objects(), self.world.lease()
        self.prune()
        self.assertEqual(before, (self.world.objects(), self.world.lease()))


if __name__ == "__main__":
    unittest.main()
