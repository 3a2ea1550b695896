"""Tests of reading configuration files."""

from pathlib import Path
import tempfile
import unittest
from unittest import mock

from pydantic import BaseModel

from etl_core.errors import ConfigError
from etl_core.support.loader import load_config


class Table(BaseModel):
    """A table in the example."""

    name: str
    rows: int = 10


class Example(BaseModel):
    """The example."""

    tables: list[Table]


class LoaderTest(unittest.TestCase):
    """A file that the test writes."""

    def setUp(self) -> None:
        """Make a folder for it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def load(self, name: str, text: str | bytes) -> Example:
        """Write a file and load it."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path, Example)

    def refusal(self, name: str, text: str | bytes) -> str:
        """Return why a file is refused."""
        with self.assertRaises(ConfigError) as caught:
            self.load(name, text)
        return str(caught.exception)

    def test_json_and_yaml_mean_the_same(self) -> None:
        """The ending of the name decides."""
        expected = Example(tables=[Table(name="a", rows=3)])

        found = self.load("x.json", '{"tables": [{"name": "a", "rows": 3}]}')
        self.assertEqual(expected, found)
        for name in ("x.yaml", "x.yml"):
            with self.subTest(name):
                text = "tables:\n  - name: a\n    rows: 3\n"
                self.assertEqual(expected, self.load(name, text))

    def test_wrong_value_names_the_field(self) -> None:
        """All of them at once, and never the value."""
        message = self.refusal("x.json", '{"tables": [{"rows": "hunter2"}]}')

        self.assertIn("x.json: tables.0.name: Field required; ", message)
        self.assertIn("tables.0.rows: Input should be a valid integer", message)
        self.assertNotIn("hunter2", message)

    def test_file_of_another_kind_is_refused(self) -> None:
        """A list where an object should be."""
        self.assertIn("file: Input should be", self.refusal("x.json", "[]"))

    def test_malformed_file_names_the_line(self) -> None:
        """In both formats."""
        self.assertIn("x.json, line 2: ", self.refusal("x.json", '{\n"tables" 1}'))
        self.assertIn("x.yaml, line 2: ", self.refusal("x.yaml", "a: 1\nb: ]\n"))
        self.assertIn("x.yaml: not YAML", self.refusal("x.yaml", "a: \0"))

    def test_file_of_other_bytes_is_refused(self) -> None:
        """Configuration is UTF-8."""
        self.assertIn("not encoded as UTF-8", self.refusal("x.json", b"\xff"))

    def test_missing_file_is_named(self) -> None:
        """With the reason of the system."""
        with self.assertRaisesRegex(ConfigError, "nowhere.json: No such file"):
            load_config(self.folder / "nowhere.json", Example)

    def test_missing_package_is_named(self) -> None:
        """YAML is read by a package that not everybody needs."""
        with mock.patch.dict("sys.modules", {"yaml": None}):
            message = self.refusal("x.yaml", "a: 1")

        self.assertIn("needs the package PyYAML", message)


if __name__ == "__main__":
    unittest.main()
