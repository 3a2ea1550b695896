"""Unit tests of :mod:`etl_core.runs.archive`: runs found and read."""

from datetime import datetime, timedelta, timezone
import unittest

from etl_core.errors import ConfigError
from etl_core.runs.archive import Archive, now, StoredRun
from etl_core.runs.lease import this_process
from etl_core.runs.state import STATE_FOLDER
from etl_core.s3.store import ObjectRef
from etl_core.tests.worlds import make_scope, make_spec, TARGET, World


class FindTest(unittest.TestCase):
    """Runs that are found by what people type."""

    def setUp(self) -> None:
        """Make two runs in one scope and one with the name of the first in another."""
        self.world = World(1)
        self.archive = Archive(self.world.store, ObjectRef(TARGET, STATE_FOLDER))
        for name in ("monday", "morning"):
            self.world.run(run_id=name)
        self.other = make_spec(scope={"to": "other"})
        self.world.run(self.other, run_id="sunday")

    def test_name_or_its_beginning(self) -> None:
        """As long as only one run has it."""
        for text in ("monday", "mond"):
            self.assertEqual("monday", self.archive.find(text).run_id)

    def test_exact_name_wins(self) -> None:
        """Although another run begins with it."""
        self.world.run(run_id="mon")
        self.assertEqual("mon", self.archive.find("mon").run_id)

    def test_several(self) -> None:
        """The error names them, with their scopes."""
        with self.assertRaisesRegex(ConfigError, "'mo' names 2 .*/monday, .*/morning"):
            self.archive.find("mo")

    def test_one_name_in_two_scopes(self) -> None:
        """The shards of a run share its name; the digest of the scope decides."""
        self.world.run(self.other, run_id="monday")
        with self.assertRaisesRegex(ConfigError, "names 2 runs") as caught:
            self.archive.find("monday")
        shown = str(caught.exception).partition(": ")[2].split(", ")
        found = {self.archive.find(text).scope.folder for text in shown}
        self.assertEqual(2, len(found))

    def test_unknown(self) -> None:
        """The error names close ones."""
        with self.assertRaisesRegex(ConfigError, "did you mean monday") as caught:
            self.archive.find("mondya")
        self.assertNotIn("morning", str(caught.exception))
        with self.assertRaisesRegex(ConfigError, "no run is called 'x'"):
            self.archive.find("x")

    def test_other_objects_are_no_runs(self) -> None:
        """Only records are, also where a key looks much like one."""
        self.world.store.seed(ObjectRef(TARGET, "_etl/job=a/scope=b/c/run=d/run.json"))
        names = {name.run_id for name in self.archive.names()}
        self.assertEqual({"monday", "morning", "sunday"}, names)

    def test_no_more_records_than_needed_are_read(self) -> None:
        """Names that sort by time show which are the newest."""
        for number in range(5):
            name = f"20261121T00000{number}-00000000"
            self.world.run(make_spec(scope={"n": number}), run_id=name)
        self.world.store.requests.clear()
        self.assertEqual(2, len(self.archive.newest("copy_samples", 2)))
        sent = [it.target for it in self.world.store.requests]
        read = [target for target in sent if "run=2026" in target]
        self.assertLess(len(read), 4)


class LeaseStateTest(unittest.TestCase):
    """Whether somebody works on an open run."""

    def setUp(self) -> None:
        """Make a run and the lease of somebody on another machine."""
        self.now = datetime(2026, 11, 21, tzinfo=timezone.utc)
        self.lease = {
            "run": "r",
            "released": False,
            "renewed": (self.now - timedelta(seconds=14)).isoformat(),
            "to_live_seconds": 15.0,
            "holder": {**this_process(), "host": "elsewhere"},
        }

    def state(self, status: str = "open", **changes: object) -> str | None:
        """Return the state of a run whose lease has some facts changed."""
        run = StoredRun(make_scope(), {"run": "r", "status": status})
        return run.lease_state({**self.lease, **changes}, self.now)

    def test_alive(self) -> None:
        """It was renewed within its time to live."""
        self.assertEqual("alive", self.state())

    def test_dead(self) -> None:
        """Silent for longer, let go, provably dead, or about another run."""
        late = (self.now - timedelta(seconds=16)).isoformat()
        gone = {**this_process(), "pid": 2**22 + 1}
        self.assertEqual("dead", self.state(renewed=late))
        self.assertEqual("dead", self.state(released=True))
        self.assertEqual("dead", self.state(holder=gone))
        self.assertEqual("dead", self.state(run="another"))

    def test_no_lease_yet(self) -> None:
        """A scope without a lease has nobody who works on it."""
        run = StoredRun(make_scope(), {"run": "r", "status": "open"})
        self.assertEqual("dead", run.lease_state({}, now()))

    def test_closed(self) -> None:
        """Nobody works on what is closed."""
        self.assertIsNone(self.state("closed"))


if __name__ == "__main__":
    unittest.main()
