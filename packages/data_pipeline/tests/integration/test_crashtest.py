"""Promise 1: the job is killed at every call it makes, and started again."""

import json
import subprocess
import sys
import unittest

from data_pipeline.tests.integration.place import DISPATCHER

SECONDS = 600


class CrashtestTest(unittest.TestCase):
    """The small world of the job, with one worker and with four."""

    def test_every_call_of_get_s3_files(self) -> None:
        """All moments, some real kills, and no violation; the count is printed."""
        done = subprocess.run(
            [DISPATCHER, "crashtest", "get_s3_files", "--kills", "3", "--json"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        sys.stderr.write(
            "crashtest get_s3_files: {points} deaths, {violations} violations, "
            "{seconds} s\n".format(**result)
        )
        self.assertIsNone(result["first_violation"])
        self.assertEqual({"1", "4"}, set(result["calls"]))
        self.assertLess(25, min(result["calls"].values()))
        expected = 3 * sum(result["calls"].values()) + 2 * 3
        self.assertEqual((expected, 0), (result["points"], result["violations"]))
        # With four workers the number of calls of a start may differ by a few.
        self.assertLess(result["not_reached"], 6)


if __name__ == "__main__":
    unittest.main()
