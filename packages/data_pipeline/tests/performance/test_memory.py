"""Memory and time of runs over many attachments."""

import json
import sys
from typing import Any
import unittest

from data_pipeline.tests.integration.place import JobTestCase

ENDLESS = "data_pipeline.tests.performance.endless"


class MemoryTest(JobTestCase):
    """Runs over few and many attachments, all copied, and all unchanged afterwards.

    The store makes up its objects, because an emulator would need hours and memory
    of its own. Database, plan, workers, journal, listings, ledger, index, manifest
    and state are the real ones.
    """

    def peak(self, rows: int) -> float:
        """Return the most memory that two runs took, in MiB."""
        self.seed(rows, "--rows-only")
        ended, peak = self.measure([sys.executable, "-m", ENDLESS])
        self.assertEqual(0, ended.code, ended.stderr)
        results: list[dict[str, Any]] = [*map(json.loads, ended.stdout.splitlines())]
        first, second = results
        self.assert_counts(first, done=rows)
        self.assert_counts(second, unchanged=rows)
        return peak

    def test_memory_does_not_grow_with_the_copies(self) -> None:
        """Ten times as many take at most a fifth more."""
        few = self.peak(20_000)
        self.remove_rows()
        self.destination = self.bucket("many")
        many = self.peak(200_000)
        self.assertLess(many, few * 1.2, f"{few:.0f} MiB, then {many:.0f} MiB")


if __name__ == "__main__":
    unittest.main()
