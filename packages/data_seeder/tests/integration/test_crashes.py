"""Promise 1: the job is killed at every call it makes, and started again."""

import json
import subprocess
import unittest

from data_seeder.processors.rows import Rows
from data_seeder.repositories.tables import TableRepository
from data_seeder.tests.place import data, SCRIPT, SECONDS, SeedTestCase
from etl_core.calls import CallHook
from etl_core.stop import StopSignal
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment

COUNTS = {"agencies": 3, "users": 5, "documents": 11_000, "attachments": 12_000}


class RowsTest(SeedTestCase):
    """The calls to the database: two ranges in each of the larger tables."""

    def fill(self, hook: CallHook) -> None:
        """Fill the tables, in the order of the ranges."""
        tables = TableRepository(self.settings, hook)
        Rows(data(**COUNTS), tables, StopSignal(), workers=1).fill()

    def test_every_call(self) -> None:
        """Whatever call it dies at, a second start ends as a clean one does."""
        recorder = CallRecorder()
        self.fill(recorder)
        expected = self.digests()
        operations = {call.operation for call in recorder.calls}
        self.assertLessEqual({"copy_read", "copy_write", "count"}, operations)
        self.assertGreaterEqual(len(recorder.calls), 20)
        for number in range(1, len(recorder.calls) + 1):
            for moment in (Moment.BEFORE, Moment.AFTER):
                with self.subTest(call=recorder.calls[number - 1], moment=moment):
                    self.settings = self.database()
                    with self.assertRaises(Crashed):
                        self.fill(CrashAt(number, moment))
                    self.fill(CallRecorder())
                    self.assertEqual(expected, self.digests())


class CrashtestTest(unittest.TestCase):
    """The calls to the bucket."""

    def test_every_call_of_seed(self) -> None:
        """All moments, and no violation."""
        done = subprocess.run(
            [SCRIPT, "crashtest", "seed", "--kills", "2", "--json"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertIsNone(result["first_violation"])
        self.assertLess(15, min(result["calls"].values()))
        self.assertEqual(0, result["violations"])


if __name__ == "__main__":
    unittest.main()
