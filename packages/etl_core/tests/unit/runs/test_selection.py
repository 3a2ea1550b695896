"""Unit tests of :mod:`etl_core.runs.selection`."""

import gzip
import unittest

from etl_core.errors import ConfigError, TransientError
from etl_core.runs.selection import read_unit_keys
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import Disturbance, fail, FolderTest, TARGET

LINES = b'"a=1"\n\n{"unit": "a=2", "reason": "archived"}\n{"unit": "a=3"}'
REF = ObjectRef(TARGET, "some/units")


class SelectionTest(FolderTest):
    """Files of unit keys."""

    def setUp(self) -> None:
        """Make the bucket."""
        super().setUp()
        self.store = FakeStore(TARGET)

    def read(self, content: bytes, suffix: str = "") -> list[str]:
        """Read a local file."""
        path = self.folder / "units"
        path.write_bytes(content)
        return list(read_unit_keys(self.store, f"{path}{suffix}"))

    def test_local(self) -> None:
        """Keys and objects with the member ``unit`` may be mixed, plain or packed."""
        for content in (LINES, gzip.compress(LINES)):
            self.assertEqual(["a=1", "a=2", "a=3"], self.read(content))

    def test_in_a_bucket(self) -> None:
        """The same file may lie on S3."""
        self.store.seed(REF, gzip.compress(LINES))
        found = list(read_unit_keys(self.store, REF.url))
        self.assertEqual(["a=1", "a=2", "a=3"], found)

    def test_reason(self) -> None:
        """Only the lines with a reason, when one is given."""
        self.assertEqual(["a=2"], self.read(LINES, "#reason=archived"))
        self.assertEqual([], self.read(LINES, "#reason=rejected"))

    def test_empty(self) -> None:
        """An empty file names no unit."""
        self.assertEqual([], self.read(b""))

    def test_missing(self) -> None:
        """A file that is not there is the user's to mend."""
        for uri in ("/nonexistent/units", REF.url):
            with self.assertRaisesRegex(ConfigError, f"--units {uri}: cannot be read"):
                list(read_unit_keys(self.store, uri))

    def test_store_that_is_down(self) -> None:
        """A store that fails for now is not the user's fault."""
        self.store = FakeStore(TARGET, hook=Disturbance("GetObject", fail))
        with self.assertRaises(TransientError):
            list(read_unit_keys(self.store, REF.url))

    def test_bad_lines(self) -> None:
        """A line that names no unit is told with its number."""
        for line in (b"a=1", b"17", b"{}", b'{"unit": 1}', b"null"):
            with self.assertRaisesRegex(ConfigError, "units:2: "):
                self.read(b'"a=1"\n' + line)


if __name__ == "__main__":
    unittest.main()
