"""The rows of a batch: what the engine cannot do is said in the operator's words."""

from pathlib import Path
import tempfile
import unittest

from data_pipeline.repositories.silver import Layout, SilverRows
from etl_core.errors import ConfigError

LAYOUT = Layout((("id", "INTEGER"),), ("id",), (), ())


class SilverRowsTest(unittest.TestCase):
    """An engine that cannot begin."""

    def setUp(self) -> None:
        """Use a folder of its own."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_memory_that_ends_while_settings_are_made(self) -> None:
        """Also the first statements of a session name the option to raise."""
        greedy = "CREATE TABLE numbers AS SELECT * FROM range(1000000)"
        with self.assertRaisesRegex(ConfigError, "--memory-limit"):
            SilverRows(self.folder, LAYOUT, "1KB", settings=(greedy,))


if __name__ == "__main__":
    unittest.main()
