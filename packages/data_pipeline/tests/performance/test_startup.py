"""How long the console script takes to start, beside a bare interpreter."""

from pathlib import Path
import statistics
import subprocess
import sys
import time
import unittest

ROUNDS = 15
LIMIT_MS = 70.0
SCRIPT = Path(sys.executable).parent / "data-pipeline"


def milliseconds(command: list[str]) -> float:
    """Return the wall time of one start."""
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000


class StartupTest(unittest.TestCase):
    """Starts in turn, so that a change of the machine's speed meets both."""

    def test_help_and_list_start_at_once(self) -> None:
        """Help and list come within 70 ms of a bare interpreter, in the median."""
        for verb in ("--help", "list"):
            over = [
                milliseconds([str(SCRIPT), verb])
                - milliseconds([sys.executable, "-c", ""])
                for _ in range(ROUNDS)
            ]
            median = statistics.median(over)
            sys.stderr.write(f"data-pipeline {verb}: {median:.0f} ms over python\n")
            with self.subTest(verb):
                self.assertLess(median, LIMIT_MS)


if __name__ == "__main__":
    unittest.main()
