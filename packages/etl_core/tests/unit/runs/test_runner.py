"""Unit tests of :mod:`etl_core.runs.runner`: whole runs in a small world."""

import json
from pathlib import Path
import tempfile
from typing import Any
import unittest
from unittest import mock

from etl_core.calls import CallCounter
from etl_core.errors import ConfigError, DataError, ExitCode, ReconciliationError
from etl_core.metrics import RunMetrics
from etl_core.options import RunOptions
from etl_core.readers import QuarantineLimit
from etl_core.runs.runner import exit_code, Runner
from etl_core.runs.spool import LineWriter, read_lines
from etl_core.s3.store import ObjectRef
from etl_core.testing.crashpoints import Crashed
from etl_core.tests.worlds import (
    counts_of,
    Death,
    Disturbance,
    FolderTest,
    make_spec,
    RUN,
    SOURCE,
    TARGET,
    World,
)

PARTIAL = make_spec(arguments={"limit": 2}, partial=True)


class ReconciliationTest(FolderTest):
    """Promise 2: a run is green because its ledger adds up."""

    def setUp(self) -> None:
        """Make the world."""
        super().setUp()
        self.world = World(3)

    def tamper(self) -> None:
        """Take one line out of the stored part of the ledger."""
        key = next(key for key in self.world.store.bodies(TARGET) if "part=" in key)
        stored = self.folder / "stored"
        stored.write_bytes(self.world.store.bodies(TARGET)[key])
        with LineWriter(self.folder / "shorter") as shorter:
            for line in list(read_lines(stored))[1:]:
                shorter.write(line)
        body = (self.folder / "shorter").read_bytes()
        self.world.store.seed(ObjectRef(TARGET, key), body)

    def test_every_unit_has_one_outcome(self) -> None:
        """The ledger has one line for each unit, in the order of the destinations."""
        self.world.add(4, None)
        self.world.add(5, b"", skip="pending")
        result = self.world.run(run_id=RUN)
        self.assertEqual(
            [
                ("sample=1", "done"),
                ("sample=2", "done"),
                ("sample=3", "done"),
                ("sample=4", "quarantined"),
                ("sample=5", "skipped"),
            ],
            [(it["unit"], it["outcome"]) for it in self.world.lines_of(RUN)],
        )
        self.assertEqual((5, 27), (result["listed"], result["bytes"]))
        self.assertEqual(result, self.world.record()["result"])

    def test_row_lost_or_doubled_on_the_way(self) -> None:
        """A stream that differs from the count fails the run before any effect."""
        for counted in (2, 4):
            with self.subTest(counted):
                self.world.counted = counted
                with self.assertRaisesRegex(ReconciliationError, "nothing was written"):
                    self.world.run(run_id=RUN)
                self.assertEqual({}, self.world.objects())
                self.assertEqual([], self.world.copies())
                self.assertEqual({}, self.world.record())

    def test_line_lost_in_the_bucket(self) -> None:
        """A part that is not what was written fails the run, which stays open."""
        hook = Disturbance("GetObject", self.tamper, "part=1")
        with self.assertRaisesRegex(DataError, "part=1.ndjson.gz was changed"):
            self.world.run(run_id=RUN, hook=hook)
        self.assertEqual("open", self.world.record()["status"])
        self.assertNotIn("index", self.world.record())
        self.assertEqual({"done": 3}, counts_of(self.world.run(run_id=RUN)))

    def test_line_lost_with_a_fitting_checksum(self) -> None:
        """A part that was written too short fails by its count."""
        wrong = mock.patch("etl_core.runs.index.sha256_of", lambda path: "same")
        hook = Disturbance("GetObject", self.tamper, "part=1")
        with wrong, self.assertRaisesRegex(ReconciliationError, "3 .* accounts for 2"):
            self.world.run(run_id=RUN, hook=hook)
        self.assertEqual("open", self.world.record()["status"])


class AgainTest(unittest.TestCase):
    """Promise: a second run does what changed, and nothing else."""

    def setUp(self) -> None:
        """Make the world and a first run."""
        self.world = World(3)
        self.world.run(run_id="first")
        self.world.copies()

    def assert_copied(self, *numbers: int) -> None:
        """Run again and compare what was copied, and that the rest was not."""
        clean = {unit.destination for unit in self.world.units}
        result = self.world.run(run_id=RUN)
        self.assertEqual(
            [self.world.target_of(number).key for number in numbers],
            self.world.copies(),
        )
        self.assertEqual(len(numbers), result["done"])
        self.assertEqual(len(self.world.units) - len(numbers), result["unchanged"])
        self.assertEqual(clean, set(self.world.objects()))

    def test_nothing_changed(self) -> None:
        """Nothing is copied, and one listing is all that is asked."""
        result = self.world.run(run_id=RUN)
        self.assertEqual({"unchanged": 3}, counts_of(result))
        self.assertEqual(1, result["requests"]["ListObjectsV2"])
        self.assertNotIn("HeadObject", result["requests"])
        self.assertEqual(3, len(self.world.index_of(RUN)))

    def test_row_changed(self) -> None:
        """A unit with another fingerprint is copied again."""
        self.world.replace(2, b"content two")
        self.assert_copied(2)
        self.assertEqual(b"content two", self.world.objects()["sample/002/file.bin"])

    def test_row_changed_but_not_its_bytes(self) -> None:
        """The fingerprint counts, also when size and ETag would agree."""
        self.world.replace(2, b"content 2")
        self.assert_copied(2)

    def test_destination_altered(self) -> None:
        """A destination of the same size but another ETag is copied again."""
        self.world.store.seed(self.world.target_of(3), b"CONTENT 3")
        self.assert_copied(3)
        self.assertEqual(b"content 3", self.world.objects()["sample/003/file.bin"])

    def test_destination_deleted(self) -> None:
        """A destination that is gone is copied again."""
        self.world.store.remove(self.world.target_of(1))
        self.assert_copied(1)

    def test_source_replaced_without_its_row(self) -> None:
        """Only a listing of the sources finds it, and then it is copied."""
        self.world.store.seed(self.world.unit(2).source, b"CONTENT 2")
        self.assert_copied()
        self.world.check_source = True
        result = self.world.run()
        self.assertEqual({"done": 1, "unchanged": 2}, counts_of(result))
        self.assertEqual(b"CONTENT 2", self.world.objects()["sample/002/file.bin"])

    def test_unit_gone(self) -> None:
        """A unit that is listed no more leaves the index; its object stays."""
        self.world.units.pop()
        result = self.world.run(run_id=RUN)
        self.assertEqual({"unchanged": 2}, counts_of(result))
        self.assertEqual(["001/file.bin", "002/file.bin"], self.world.indexed(RUN))
        self.assertEqual(3, len(self.world.objects()))

    def test_quarantined_unit(self) -> None:
        """A quarantined unit leaves the index, and is tried again by the next run."""
        self.world.replace(2, b"other")
        self.world.store.remove(self.world.unit(2).source)
        self.assertEqual(
            {"unchanged": 2, "quarantined": 1}, counts_of(self.world.run(run_id=RUN))
        )
        self.assertEqual(["001/file.bin", "003/file.bin"], self.world.indexed(RUN))
        self.world.store.seed(self.world.unit(2).source, b"other")
        self.assertEqual({"done": 1, "unchanged": 2}, counts_of(self.world.run()))


class PartialTest(unittest.TestCase):
    """Runs that leave out some units of their scope."""

    def test_other_units_keep_their_entries(self) -> None:
        """Whichever units a run leaves out, the next full run copies nothing."""
        for name, chosen in {
            "limit": slice(0, 2),
            "units": slice(1, 2),
            "since": slice(2, 4),
            "none": slice(0, 0),
        }.items():
            with self.subTest(name):
                world = World(4)
                world.run(run_id="full")
                every, world.units = world.units, world.units[chosen]
                for number in (int(it.key[-1]) for it in world.units):
                    world.replace(number, b"new")
                    every[number - 1] = world.unit(number)
                result = world.run(PARTIAL, run_id=RUN)
                self.assertEqual(len(world.units), result["done"])
                self.assertEqual(world.index_of(RUN), sorted(world.index_of(RUN)))
                world.units = every
                self.assertEqual({"unchanged": 4}, counts_of(world.run()))

    def test_quarantined_unit(self) -> None:
        """A unit that a partial run quarantines leaves the index too."""
        world = World(3)
        world.run()
        world.replace(2, b"new")
        world.store.remove(world.unit(2).source)
        world.units = [world.unit(2)]
        world.run(PARTIAL, run_id=RUN)
        self.assertEqual(["001/file.bin", "003/file.bin"], world.indexed(RUN))


class QuarantineTest(unittest.TestCase):
    """Promise 6 and the exit codes of bad units."""

    def test_exit_codes(self) -> None:
        """Accepted reasons alone leave the code 0."""
        world = World(1)
        world.add(2, None)
        world.add(3, b"secret")
        world.store.refuse(SOURCE, world.unit(3).source.key)
        result = world.run()
        self.assertEqual("quarantined", result["status"])
        both = frozenset({"source_missing", "access_denied"})
        for accept, code in (
            (frozenset(), ExitCode.QUARANTINED),
            (frozenset({"source_missing"}), ExitCode.QUARANTINED),
            (both, ExitCode.OK),
        ):
            with self.subTest(accept):
                self.assertEqual(code, exit_code(result, accept))

    def test_good_run(self) -> None:
        """A run without a quarantined unit is reconciled, and its code is 0."""
        world = World(1)
        result = world.run()
        self.assertEqual("reconciled", result["status"])
        self.assertEqual(ExitCode.OK, exit_code(result, ()))

    def test_stored_for_a_replay(self) -> None:
        """The quarantined lines, and only those, lie where the result says."""
        world = World(2)
        world.add(3, None)
        result = world.run(run_id=RUN)
        stored = world.record()["quarantine"]
        self.assertTrue(result["quarantine"].endswith(stored["key"]))
        self.assertEqual(1, stored["lines"])

    def test_too_many(self) -> None:
        """More than allowed stop the run, which stays open and can be continued."""
        world = World(1)
        for number in (2, 3, 4):
            world.add(number, None)
        with self.assertRaises(DataError) as caught:
            world.run(run_id=RUN, max_quarantined=QuarantineLimit(None, 1))
        self.assertEqual(ExitCode.DATA, caught.exception.exit_code)
        self.assertEqual("open", world.record()["status"])
        result = world.run(run_id=RUN, max_quarantined=QuarantineLimit(None, 3))
        self.assertEqual({"done": 1, "quarantined": 3}, counts_of(result))

    def test_first_hundred_alike(self) -> None:
        """When the first hundred all fail alike, a person has to mend something."""
        world = World(0)
        for number in range(1, 102):
            world.add(number, None)
        with self.assertRaises(ConfigError) as caught:
            world.run(max_quarantined=QuarantineLimit(1.0))
        self.assertEqual(ExitCode.USAGE, caught.exception.exit_code)
        self.assertEqual(100, len(world.copies()))


class DryRunTest(FolderTest):
    """Promise 7: a dry run says what the next run does, and changes nothing."""

    def setUp(self) -> None:
        """Make a world with every kind of work ahead."""
        super().setUp()
        self.world = World(3)
        self.world.run(run_id="first")
        self.world.replace(2, b"changed")
        self.world.add(4, b"large enough for some parts")
        self.world.add(5, None)
        self.world.add(6, b"elsewhere", skip="other_bucket")

    def forecast(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Make a dry run, and compare everything that is stored."""
        before = self.world.snapshot()
        result = self.world.run(dry_run=True, **options)
        self.assertEqual(before, self.world.snapshot())
        self.assertEqual({}, self.world.store.open_uploads)
        return result

    def assert_foretold(self, forecast: dict[str, Any]) -> None:
        """Run, and compare with what was said before."""
        result = self.world.run(run_id=RUN)
        for name in ("listed", "unchanged", "skipped"):
            self.assertEqual(result[name], forecast[name], name)
        self.assertEqual(result["done"] + result["quarantined"], forecast["to_do"])
        self.assertEqual(result["bytes"], forecast["bytes"])
        for operation, number in forecast["requests"].items():
            self.assertEqual(result["requests"][operation], number, operation)

    def test_next_run(self) -> None:
        """Counts, bytes and requests are those of the run that follows."""
        forecast = self.forecast()
        self.assertEqual(("planned", None), (forecast["status"], forecast["run_id"]))
        self.assertEqual(3, forecast["to_do"])
        self.assert_foretold(forecast)

    def test_empty_state(self) -> None:
        """The same holds before the first run ever."""
        self.world = World(3)
        self.assert_foretold(self.forecast())

    def test_nothing_to_do(self) -> None:
        """The same holds when nothing is to be done."""
        self.world = World(2)
        self.world.run()
        forecast = self.forecast()
        self.assertEqual({"ListObjectsV2": 1}, forecast["requests"])
        self.assert_foretold(forecast)

    def test_open_run(self) -> None:
        """An open run of the same arguments is looked into and not touched."""
        self.world.add(7, b"last")
        with self.assertRaises(Crashed):
            self.world.run(run_id=RUN, hook=Death("CopyObject", "in/007"))
        forecast = self.forecast()
        self.assertEqual(RUN, forecast["run_id"])
        self.assert_foretold(forecast | {"requests": {}})

    def test_superseded_run(self) -> None:
        """An open run of other arguments gives its index only."""
        with self.assertRaises(Crashed):
            self.world.run(PARTIAL, hook=Death("CopyObject"))
        forecast = self.forecast()
        self.assertIsNone(forecast["run_id"])
        self.assertEqual(2, forecast["unchanged"])

    def test_plan_file(self) -> None:
        """The plan file has a line for each unit, the result only the first ones."""
        for number in range(7, 20):
            self.world.add(number, b"more")
        path = self.folder / "plan"
        forecast = self.forecast(plan_file=path)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(19, len(lines))
        self.assertEqual(lines[:10], forecast["first_units"])
        self.assertEqual(
            {
                "unit": "sample=2",
                "action": "make",
                "reason": None,
                "source": "s3://bronze/in/002",
                "destination": "sample/002/file.bin",
                "size": 7,
            },
            lines[1],
        )

    def test_lost_row(self) -> None:
        """A dry run reconciles its plan too."""
        self.world.counted = 9
        with self.assertRaises(ReconciliationError):
            self.forecast()


class RunnerTest(FolderTest):
    """What else a runner does."""

    def test_closed_run(self) -> None:
        """A run that is closed already is told again, without any work."""
        world = World(2)
        first = world.run(run_id=RUN)
        before = world.snapshot()
        world.copies()
        self.assertEqual(first, world.run(run_id=RUN))
        self.assertEqual([], world.copies())
        state = {
            key
            for key, stored in world.store.buckets[TARGET].items()
            if stored != before[TARGET].get(key)
        }
        self.assertEqual({"lease.json"}, {Path(key).name for key in state})

    def test_state_elsewhere(self) -> None:
        """The state goes where it is told, and nothing of it to the destination."""
        world = World(2)
        world.run(state=ObjectRef(SOURCE, "state/"))
        self.assertEqual(world.objects(), world.store.bodies(TARGET))
        self.assertTrue(world.store.bodies(SOURCE, "state/job=copy_samples/scope="))

    def test_one_bucket_for_all(self) -> None:
        """State in the bucket of sources and destination is never taken for a unit."""
        world = World(0)
        unit = world.add(1, b"content", source=ObjectRef(TARGET, "sample/0"))
        spec = make_spec(prefix="")
        self.assertEqual({"done": 1}, counts_of(world.run(spec)))
        self.assertEqual({"unchanged": 1}, counts_of(world.run(spec)))
        self.assertEqual(["sample/0", unit.destination], sorted(world.objects()))

    def test_no_units(self) -> None:
        """A scope without units is a good run with an empty ledger."""
        world = World(0)
        self.assertEqual({}, counts_of(world.run(run_id=RUN)))
        self.assertEqual([], world.lines_of(RUN))

    def test_no_temporary_folder(self) -> None:
        """Where nothing can be written the message says what to set."""
        nowhere = mock.patch.object(tempfile, "tempdir", "/nonexistent")
        with nowhere, self.assertRaisesRegex(ConfigError, "set TMPDIR"):
            World(1).run()

    def test_metrics(self) -> None:
        """Metrics are written when a run succeeds and when it fails."""
        path = self.folder / "metrics"
        for counted in (2, 9):
            world = World(2)
            world.counted = counted
            metrics = RunMetrics("copy_samples")
            runner = Runner(
                world.store,
                RunOptions(concurrency=1),
                CallCounter(),
                lease=world.times,
                metrics=metrics,
            )
            environ = {"ETL_METRICS_FILE": str(path)}
            with self.subTest(counted), mock.patch.dict("os.environ", environ):
                if counted == 2:
                    runner.run(make_spec(), world.parts())
                else:
                    with self.assertRaises(ReconciliationError):
                        runner.run(make_spec(), world.parts())
                text = path.read_text()
                self.assertIn("etl_run_seconds", text)
                self.assertEqual(counted == 2, "etl_last_success" in text)
                self.assertEqual(counted == 2, 'outcome="done"' in text)


if __name__ == "__main__":
    unittest.main()
