"""Promise 4: an attempt whose lease was taken over writes nothing that counts."""

import unittest
from unittest import mock

from etl_core.errors import LeaseHeld, LeaseLost
from etl_core.tests.worlds import (
    counts_of,
    Disturbance,
    make_scope,
    make_spec,
    OtherProcess,
    RUN,
    TARGET,
    World,
)

STATE = make_scope().folder
OTHER = make_spec(arguments={"limit": 2})


class FencingTest(unittest.TestCase):
    """A start that is overtaken by another at some call."""

    def overtaken_at(
        self, operation: str, part: str = "", first: int = 1, concurrency: int = 1
    ) -> tuple[World, OtherProcess]:
        """Let another process take over before a call, and expect the first to stop."""
        world = World(5)
        other = OtherProcess(world)
        hook = Disturbance(operation, other.take_over, part, first)
        with self.assertRaises(LeaseLost):
            world.run(run_id=RUN, hook=hook, concurrency=concurrency)
        return world, other

    def assert_state_untouched(self, world: World, other: OtherProcess) -> None:
        """Compare the state of the scope with what the other process left."""
        self.assertIsNotNone(other.run)
        left = {
            key: stored.body
            for key, stored in other.left[TARGET].items()
            if key.startswith(STATE)
        }
        self.assertEqual(left, world.store.bodies(TARGET, STATE))

    def test_during_the_effects(self) -> None:
        """From the first effect after the loss on, nothing of the state is written."""
        for concurrency in (1, 4):
            with self.subTest(concurrency):
                world, other = self.overtaken_at("CopyObject", "", 2, concurrency)
                self.assert_state_untouched(world, other)

    def test_effects_end(self) -> None:
        """After the effect during which the lease was lost no further one is made."""
        world, _ = self.overtaken_at("CopyObject", "", 2)
        self.assertEqual(2, len(world.copies()))

    def test_before_the_journal(self) -> None:
        """A listing that took too long is followed by no journal part."""
        world, other = self.overtaken_at("ListObjectsV2")
        self.assert_state_untouched(world, other)

    def test_before_the_ledger(self) -> None:
        """A closing listing that took too long is followed by no ledger part."""
        world, other = self.overtaken_at("ListObjectsV2", "", 2)
        self.assert_state_untouched(world, other)

    def test_between_journal_and_ledger(self) -> None:
        """Not even the first part of a ledger of many is written."""
        with mock.patch("etl_core.runs.ledger.PART_LINES", 1):
            world, other = self.overtaken_at("ListMultipartUploads")
        self.assert_state_untouched(world, other)

    def test_before_the_close(self) -> None:
        """An attempt that lost the lease while it stored its files does not close."""
        for part in ("part=1", "manifest", "quarantine", "index", "run.json"):
            with self.subTest(part):
                first = 2 if part == "run.json" else 1
                world, _ = self.overtaken_at("PutObject", part, first)
                self.assertEqual("open", world.record()["status"])
                self.assertEqual(2, len(world.record()["attempts"]))
                self.assertNotIn("index", world.record())

    def test_the_other_process_finishes(self) -> None:
        """Whatever the fenced attempt left, the next closes with every unit."""
        world, other = self.overtaken_at("PutObject", "manifest")
        other.lease.release()
        self.assertEqual({"done": 5}, counts_of(world.run(run_id=RUN)))
        self.assertEqual(5, len(world.lines_of(RUN)))

    def test_superseded_meanwhile(self) -> None:
        """A run that another one replaced is not closed by its old attempt."""
        world = World(3)
        other = OtherProcess(world, OTHER)
        hook = Disturbance("PutObject", other.take_over, "index")
        with self.assertRaises(LeaseLost):
            world.run(run_id=RUN, hook=hook)
        self.assertEqual("superseded", world.record()["status"])

    def test_second_start(self) -> None:
        """A start beside one that lives gives up; the first ends as if alone."""
        world = World(3)
        world.wait = 3.0

        def start_again() -> None:
            """Start the same command while the first one works."""
            with self.assertRaises(LeaseHeld):
                world.run(run_id=RUN)
            self.assertEqual(1, len(world.record()["attempts"]))

        holder = Disturbance("CopyObject", start_again)
        self.assertEqual({"done": 3}, counts_of(world.run(run_id=RUN, hook=holder)))


if __name__ == "__main__":
    unittest.main()
