"""Tests of the verb ``replay``."""

from contextlib import redirect_stderr, redirect_stdout
import io
import json
from typing import Any, ClassVar
import unittest
from unittest import mock

from etl_core.commands.replay import command
from etl_core.errors import ConfigError
from etl_core.registry import Program
from etl_core.tests.samples import SampleModuleTest
from etl_core.tests.verbs import PLACE, started
from etl_core.tests.worlds import TARGET, World

JOB = """
'''Copy samples.'''
from etl_core.tests.unit.commands.test_replay import ReplayTest


def entrypoint(argv):
    return ReplayTest.start(argv)


JOB = (entrypoint, "Copy samples")
"""


class ReplayTest(SampleModuleTest):
    """A run of five units, of which two have no source and one is refused."""

    worlds: ClassVar[list[World]] = []

    def setUp(self) -> None:
        """Make the world and the run."""
        super().setUp()
        patch = mock.patch.dict("os.environ", {}, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.world = World(2)
        for number, body in ((3, None), (4, None), (5, b"refused")):
            self.world.add(number, body)
        self.world.store.refuse("bronze", "in/005")
        self.worlds[:] = [self.world]
        self.write_job("copy_samples", JOB)
        argv = ["--agency-id", "10", "--run-id", "first", "--output=table"]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            self.assertEqual(3, self.start(argv))
        self.world.copies()

    @classmethod
    def start(cls, argv: list[str]) -> int:
        """Be the job."""
        return started(cls.worlds[0], argv)

    def replay(self, *argv: str) -> tuple[int, dict[str, Any]]:
        """Call the verb; return the exit code and what the job printed."""
        code, out, err = self.written("first", *PLACE, "--json", *argv)
        self.assertTrue(out, err)
        return code, json.loads(out.splitlines()[-1])

    def written(self, *argv: str) -> tuple[int, str, str]:
        """Call the verb; return exit code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        program = Program(self.package, "copy_samples")
        with redirect_stdout(out), redirect_stderr(err):
            code = command(program, list(argv), self.world.store)
        return code, out.getvalue(), err.getvalue()

    def mend(self) -> None:
        """Put the missing sources in place."""
        for number in (3, 4):
            self.world.store.seed(self.world.unit(number).source, b"mended")

    def test_only_quarantined_units_are_processed(self) -> None:
        """No request is made for a unit that is done."""
        self.mend()
        code, result = self.replay()
        self.assertEqual(
            (3, 3, 2, 1),
            (code, result["listed"], result["done"], result["quarantined"]),
        )
        self.assertEqual(
            [f"sample/00{number}/file.bin" for number in (3, 4, 5)], self.world.copies()
        )

    def test_replay_names_its_parent(self) -> None:
        """In its record; the arguments are those of the first run."""
        record = self.world.record(self.replay()[1]["run_id"])
        self.assertEqual(("first", True), (record["parent"], record["partial"]))
        self.assertEqual("--agency-id=10", record["argv"][0])
        self.assertEqual(1, len(record["narrowed_by"]))

    def test_one_reason(self) -> None:
        """The units with other reasons stay as they are."""
        self.mend()
        code, result = self.replay("--reason", "source_missing")
        self.assertEqual((0, 2, 2), (code, result["listed"], result["done"]))

    def test_dry_run_changes_nothing(self) -> None:
        """It says what would be done."""
        self.mend()
        before = self.world.snapshot()
        code, result = self.replay("--dry-run")
        self.assertEqual((0, "planned", 3), (code, result["status"], result["listed"]))
        self.assertEqual(before, self.world.snapshot())

    def test_replay_of_a_replay(self) -> None:
        """It has the units that are still quarantined, of its own parent."""
        self.mend()
        second = self.replay()[1]["run_id"]
        code, out, _ = self.written(second, *PLACE, "--json")
        third = json.loads(out.splitlines()[-1])
        self.assertEqual((3, 1), (code, third["listed"]))
        self.assertEqual(second, self.world.record(third["run_id"])["parent"])

    def test_killed_replay_is_resumed(self) -> None:
        """The same command is the next attempt of the same run."""
        self.world.store.seed(self.world.unit(3).source, b"mended")
        self.world.store.refuse("bronze", "in/004")
        with mock.patch("etl_core.runs.run.Run.close", side_effect=ConfigError("x")):
            self.assertEqual(2, self.written("first", *PLACE)[0])
        result = self.replay()[1]
        self.assertEqual(2, len(self.world.record(result["run_id"])["attempts"]))

    def test_what_narrowed_the_run_is_left_out(self) -> None:
        """A unit that was quarantined is replayed whenever that is."""
        argv = ["--agency-id", "10", "--run-id", "second", "--limit", "5"]
        with redirect_stdout(io.StringIO()):
            self.start([*argv, "--since", "1d", "--to", "2026-11-22"])
        _, out, _ = self.written("second", *PLACE, "--json")
        record = self.world.record(json.loads(out.splitlines()[-1])["run_id"])
        flags = [each.partition("=")[0] for each in record["argv"]]
        self.assertEqual(
            [
                *("--agency-id", "--max-quarantined", "--units"),
                *("--state", "--output"),
            ],
            flags,
        )

    def test_further_arguments_are_for_the_job(self) -> None:
        """They come last, and so they win."""
        record = self.world.record(
            self.replay("--", "--run-id", "mine", "--max-quarantined", "3")[1]["run_id"]
        )
        self.assertEqual("mine", record["run"])
        self.assertEqual("--max-quarantined=3", record["argv"][-1])

    def test_unknown_reason(self) -> None:
        """The error says which there are."""
        with self.assertRaisesRegex(
            ConfigError, r"it has: access_denied \(1\), source_missing \(2\)"
        ):
            self.replay("--reason", "archived")

    def test_nothing_quarantined(self) -> None:
        """There is nothing to do, and no run."""
        self.mend()
        run_id = self.replay("--reason", "source_missing")[1]["run_id"]
        with self.assertRaisesRegex(ConfigError, "no quarantined units"):
            self.written(run_id, *PLACE)

    def test_open_run(self) -> None:
        """It has no quarantine yet; the command that started it continues it."""
        record = self.world.record()
        self.assertEqual({}, record)
        with mock.patch("etl_core.runs.run.Run.close", side_effect=ConfigError("x")):
            self.written("first", *PLACE, "--", "--run-id", "second")
        with self.assertRaisesRegex(ConfigError, "second is open"):
            self.written("second", *PLACE)

    def test_error_of_the_job_is_its_exit_code(self) -> None:
        """As if it had been started by ``run``."""
        code, _, err = self.written("first", *PLACE, "--", "--concurrency", "0")
        self.assertEqual(2, code)
        self.assertIn("--concurrency", err)

    def test_state_of_its_own(self) -> None:
        """The replay is recorded where the run is."""
        state = ("--state", f"s3://{TARGET}/_etl")
        self.assertEqual(3, self.written("first", *state)[0])


if __name__ == "__main__":
    unittest.main()
