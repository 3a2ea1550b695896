"""The engine: what it cannot do is said in the operator's words."""

from pathlib import Path
import tempfile
import unittest

from data_pipeline.repositories.duck import Session
from etl_core.errors import ConfigError


class SessionTest(unittest.TestCase):
    """A session with little memory."""

    def test_memory_that_ends_while_settings_are_made(self) -> None:
        """Also the first statements of a session name the option to raise."""
        greedy = "CREATE TABLE numbers AS SELECT * FROM range(1000000)"
        with (
            tempfile.TemporaryDirectory() as folder,
            self.assertRaisesRegex(ConfigError, "--memory-limit"),
        ):
            Session(Path(folder), "1KB", (greedy,))


if __name__ == "__main__":
    unittest.main()
