"""Promise 1: the job is killed at every call it makes, and started again."""

import json
import subprocess
import sys
import unittest

from data_pipeline.tests.integration.place import DISPATCHER

SECONDS = 600


class CrashtestTest(unittest.TestCase):
    """The small worlds of the jobs, with one worker and with more."""

    def test_every_call_of_get_s3_files(self) -> None:
        """All moments, some real kills, and no violation; the count is printed."""
        self.prove("get_s3_files", 25, (1, 4))

    def test_every_call_of_bronze_to_silver(self) -> None:
        """The same for a job whose effect is one commit for many units."""
        self.prove("bronze_to_silver", 35, (1,))

    def test_every_call_of_compact_silver(self) -> None:
        """The same for a job that replaces files and removes old ones."""
        self.prove("compact_silver", 10, (1,))

    def prove(self, job: str, fewest: int, concurrency: tuple[int, ...]) -> None:
        """Kill a job at every call; it makes at least so many."""
        workers = [f"--concurrency={each}" for each in concurrency]
        done = subprocess.run(
            [DISPATCHER, "crashtest", job, "--kills", "3", "--json", *workers],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        sys.stderr.write(
            f"crashtest {job}: "
            "{points} deaths, {violations} violations, {seconds} s\n".format(**result)
        )
        self.assertIsNone(result["first_violation"])
        self.assertEqual({str(each) for each in concurrency}, set(result["calls"]))
        self.assertLess(fewest, min(result["calls"].values()))
        expected = 3 * sum(result["calls"].values()) + 2 * 3
        self.assertEqual((expected, 0), (result["points"], result["violations"]))
        # With more workers the number of calls of a start may differ by a few.
        self.assertLess(result["not_reached"], 6)


if __name__ == "__main__":
    unittest.main()
