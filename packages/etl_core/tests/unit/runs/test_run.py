"""Unit tests of :mod:`etl_core.runs.run`: which run a start continues."""

from typing import Any
import unittest

from etl_core.calls import direct
from etl_core.errors import ConfigError, LeaseLost
from etl_core.runs.index import StoredFile
from etl_core.runs.lease import Lease
from etl_core.runs.records import read_record, write_record
from etl_core.runs.run import CLOSED, new_run_id, OPEN, Run, RunOpener, SUPERSEDED
from etl_core.testing.crashpoints import Crashed
from etl_core.tests.worlds import Death, Disturbance, make_scope, make_spec, World

OTHER = make_spec(arguments={"limit": 5})
INDEX: dict[str, Any] = {"key": "index", "lines": 1, "sha256": "0"}


class RunTest(unittest.TestCase):
    """Starts of one scope, each with its own lease."""

    def setUp(self) -> None:
        """Make the world, which needs no units."""
        self.world = World(0)
        self.scope = make_scope()

    def open(self, wanted: str | None = None, **spec: Any) -> Run:  # noqa: ANN401
        """Start once and let go of the lease."""
        lease = Lease(self.world.store, self.scope.lease, self.world.times)
        lease.acquire()
        try:
            opener = RunOpener(self.world.store, self.scope, make_spec(**spec), wanted)
            return opener.open(lease)
        finally:
            lease.release()

    def closed(self, wanted: str | None = None, **spec: Any) -> Run:  # noqa: ANN401
        """Start once and close the run."""
        run = self.open(wanted, **spec)
        run.close({"done": 1}, {"index": INDEX})
        return run

    def status(self, run: Run) -> str:
        """Return the status of a run as it is stored."""
        return str(self.world.record(run.run_id)["status"])

    def peek(self, **spec: Any) -> Run | None:  # noqa: ANN401
        """Return what a dry run finds."""
        return RunOpener(self.world.store, self.scope, make_spec(**spec)).peek()

    def test_first(self) -> None:
        """The first start begins a run without an index."""
        run = self.open()
        self.assertEqual((1, None, None), (run.attempt, run.index, run.result))
        self.assertEqual(OPEN, self.status(run))
        self.assertEqual(run.run_id, self.world.lease()["run"])

    def test_resumed(self) -> None:
        """The same arguments continue the open run as its next attempt."""
        first, second = self.open(), self.open()
        self.assertEqual((first.run_id, 2), (second.run_id, second.attempt))
        attempts = self.world.record(first.run_id)["attempts"]
        self.assertEqual([1, 2], [attempt["epoch"] for attempt in attempts])
        self.assertNotEqual(first.state.url, second.state.url)

    def test_after_a_closed_run(self) -> None:
        """A closed run is not continued: the next one builds on its index."""
        first, second = self.closed(), self.open()
        self.assertNotEqual(first.run_id, second.run_id)
        self.assertEqual(StoredFile(**INDEX), second.index)
        self.assertEqual(CLOSED, self.status(first))

    def test_other_arguments(self) -> None:
        """An open run with other arguments is superseded, and its base handed on."""
        self.closed()
        first = self.open()
        second = self.open(arguments=OTHER.arguments)
        self.assertEqual((SUPERSEDED, OPEN), (self.status(first), self.status(second)))
        self.assertEqual(
            second.run_id, self.world.record(first.run_id)["by"], "who came instead"
        )
        self.assertEqual(first.index, second.index)

    def test_run_id(self) -> None:
        """A run is named by whoever starts it, and continued by that name."""
        self.assertEqual("night", self.open("night").run_id)
        again = self.open("night")
        self.assertEqual(("night", 2), (again.run_id, again.attempt))

    def test_open_run_under_another_id(self) -> None:
        """Another id is another run, also with the same arguments."""
        first, second = self.open("one"), self.open("two")
        self.assertEqual(("two", 1), (second.run_id, second.attempt))
        self.assertEqual(SUPERSEDED, self.status(first))

    def test_closed_run_under_the_same_id(self) -> None:
        """A closed run that is asked for by its id is returned as it is."""
        self.closed("night")
        before = self.world.record("night")
        self.assertEqual({"done": 1}, self.open("night").result)
        self.assertEqual(before, self.world.record("night"))

    def test_run_id_of_other_arguments(self) -> None:
        """An id that names other work is refused, and nothing is superseded."""
        self.closed("one", arguments=OTHER.arguments)
        second = self.open("two")
        for wanted in ("one", "two"):
            with self.assertRaisesRegex(ConfigError, f"--run-id {wanted} names a run"):
                self.open(wanted, arguments={"limit": 9})
        self.assertEqual(OPEN, self.status(second))

    def test_superseded_run_id(self) -> None:
        """A superseded run cannot be continued any more."""
        self.open("one")
        self.open("two")
        with self.assertRaisesRegex(ConfigError, "superseded"):
            self.open("one")

    def test_name_without_a_record(self) -> None:
        """A start that died between naming a run and its record is no run."""
        first = self.closed()
        with self.assertRaises(Crashed):
            self.world.wire.hook = Death("PutObject", "run.json")
            self.open()
        self.world.wire.hook = direct
        self.assertNotEqual(first.run_id, self.world.lease()["run"])
        second = self.open()
        self.assertEqual((1, first.index), (second.attempt, second.index))

    def test_peek(self) -> None:
        """A dry run finds what a start would find, and writes nothing."""
        self.assertIsNone(self.peek())
        run = self.open()
        before = self.world.snapshot()
        found = self.peek()
        self.assertEqual(run.run_id, found.run_id if found else None)
        self.assertTrue(found and found.continued_by(make_spec()))
        self.assertFalse(found and found.continued_by(OTHER))
        self.assertEqual(before, self.world.snapshot())

    def test_fenced_at_the_end(self) -> None:
        """An attempt cannot close the run after another one resumed it."""
        fenced = self.open()
        self.open()
        before = self.world.snapshot()
        with self.assertRaisesRegex(LeaseLost, "wrote nothing more"):
            fenced.close({"done": 1}, {})
        self.assertEqual(before, self.world.snapshot())

    def overtaken(self, wanted: str) -> None:
        """Let another process write the record of a run first."""

        def overtake() -> None:
            """Write it."""
            self.world.wire.hook = direct
            found = read_record(self.world.store, self.scope.record(wanted))
            content = {**found.content, "by": "another"}
            write_record(
                self.world.store, self.scope.record(wanted), content, found.etag
            )

        self.world.wire.hook = Disturbance("PutObject", overtake, "run.json")
        with self.assertRaises(LeaseLost):
            self.open(wanted)
        self.assertEqual("another", self.world.record(wanted)["by"])

    def test_overtaken_before_it_resumes(self) -> None:
        """Who lost the lease while it opened a run gives way as whoever lost it."""
        self.open("night")
        self.overtaken("night")

    def test_overtaken_before_it_begins(self) -> None:
        """The same holds for a run that both begin under one id."""
        self.overtaken("night")

    def test_ids_sort_by_time(self) -> None:
        """New ids differ and begin with the time."""
        ids = {new_run_id() for _ in range(20)}
        self.assertEqual(20, len(ids))
        self.assertRegex(min(ids), r"^\d{8}T\d{6}-[0-9a-f]{8}$")


if __name__ == "__main__":
    unittest.main()
