"""Tests of the verb ``alive``."""

import os
from pathlib import Path
import tempfile
import time
import unittest

from etl_core.tests.samples import SampleModuleTest


class AliveTest(SampleModuleTest):
    """A heartbeat file of some age."""

    def setUp(self) -> None:
        """Choose a place."""
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "heartbeat"

    def beat(self, seconds_ago: float) -> None:
        """Let the job have made progress at some time."""
        self.file.touch()
        moment = time.time() - seconds_ago
        os.utime(self.file, (moment, moment))

    def test_young_file(self) -> None:
        """The job lives, and nothing is said."""
        self.beat(50)
        self.assertEqual((0, "", ""), self.call("alive", str(self.file)))

    def test_old_file(self) -> None:
        """The job hangs, which a probe sees by the exit code and people in one line."""
        self.beat(130)
        code, out, err = self.call("alive", str(self.file), "--max-age", "2m")
        self.assertEqual((75, ""), (code, out))
        self.assertRegex(err, f"no progress for 13[0-9] s .*{self.file}")

    def test_no_file(self) -> None:
        """A job that has not begun its units, or has none, is not killed."""
        self.assertEqual(0, self.call("alive", str(self.file), "--max-age=1s")[0])


if __name__ == "__main__":
    unittest.main()
