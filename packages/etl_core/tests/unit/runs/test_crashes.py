"""Promise 1 on a small scale: a run that dies at any call is simply started again."""

from typing import Any
import unittest

from etl_core.errors import TransientError
from etl_core.runs.units import Outcome
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.tests.worlds import RUN, TARGET, World

EARLIER = "run-0"


def make_world() -> World:
    """Return a world with a closed run behind it and every kind of work ahead.

    One unit is unchanged, one has a new row, two are new, one of them copied in parts,
    one has no source, one is skipped.
    """
    world = World(2)
    world.run(run_id=EARLIER)
    world.replace(2, b"another content")
    world.add(3, b"new")
    world.add(4, b"large enough for three")
    world.add(5, None)
    world.add(6, b"elsewhere", skip="other_bucket")
    return world


class CrashTest(unittest.TestCase):
    """A world that is put back to its beginning for every crash."""

    def setUp(self) -> None:
        """Keep the beginning, and learn from a clean run what is to come of it."""
        world = make_world()
        self.beginning = world.snapshot()
        recorder = CallRecorder()
        self.clean = world.run(run_id=RUN, hook=recorder)
        self.expected = self.seen_in(world)
        self.calls = len(recorder.calls)

    def seen_in(self, world: World) -> dict[str, Any]:
        """Return what must not depend on crashes."""
        result = world.record()["result"]
        names = (*(it.value for it in Outcome), "listed", "bytes", "status")
        return {
            "objects": world.store.bodies(TARGET, "sample/"),
            "totals": {name: result[name] for name in names},
            "units": [
                (line["unit"], line["outcome"], line["destination"])
                for line in world.lines_of(RUN)
            ],
            "index": [it._replace(source_etag=None) for it in world.index_of(RUN)],
        }

    def crash_and_restart(self, hook: CrashAt, concurrency: int) -> World:
        """Let a start die at a call, and start again until the run is closed."""
        world = World(0)
        world.units = make_world().units
        world.store.buckets = {name: dict(it) for name, it in self.beginning.items()}
        try:
            world.run(run_id=RUN, hook=hook, concurrency=concurrency)
        except (Crashed, TransientError):
            world.run(run_id=RUN, concurrency=concurrency)
        return world

    def sweep(self, concurrency: int) -> None:
        """Die at every call, in every way."""
        for number in range(1, self.calls + 1):
            for moment in Moment:
                hook = CrashAt(number, moment)
                with self.subTest(number=number, moment=moment.value):
                    world = self.crash_and_restart(hook, concurrency)
                    self.assertIsNotNone(hook.call)
                    self.assertEqual(self.expected, self.seen_in(world), hook.call)

    def test_one_worker(self) -> None:
        """Whatever the call, objects, ledger and index are those of a clean run."""
        self.sweep(1)

    def test_four_workers(self) -> None:
        """The same holds when effects are made at once."""
        self.sweep(4)

    def test_world_is_not_trivial(self) -> None:
        """The clean run has every outcome, and copies in parts."""
        self.assertEqual(
            {"done": 3, "unchanged": 1, "skipped": 1, "quarantined": 1},
            {it.value: self.clean[it.value] for it in Outcome},
        )
        self.assertEqual(3, self.clean["requests"]["UploadPartCopy"])


if __name__ == "__main__":
    unittest.main()
