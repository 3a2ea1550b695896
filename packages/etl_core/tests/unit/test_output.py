"""Tests of what goes to stdout and stderr."""

import io
import json
import unittest
from unittest import mock

from etl_core import output
from etl_core.tests.samples import Terminal

RESULT = {
    "status": "closed",
    "listed": 1234567,
    "seconds": 1.5,
    "parent": None,
    "dry_run": False,
    "reasons": {"copied": 1000, "recovered": 2},
    "accepted": ["a", "b"],
    "name": "größe [bold]",
    "first_units": [{"key": "a", "bytes": 1000}, {"key": "b", "outcome": "done"}],
}


class OutputTest(unittest.TestCase):
    """A result in its two forms."""

    def written(self, form: str, stdout: io.StringIO) -> str:
        """Return what is written for the result."""
        with mock.patch("sys.stdout", stdout):
            output.write_result(RESULT, form)
        return stdout.getvalue()

    def test_json_is_one_line(self) -> None:
        """Programs read the last line of stdout."""
        text = self.written("json", io.StringIO())

        self.assertEqual(1, text.count("\n"))
        self.assertTrue(text.endswith("\n"))
        self.assertEqual(RESULT, json.loads(text))

    def test_table_shows_every_fact(self) -> None:
        """As people write numbers, and without reading markup into names."""
        text = self.written("table", io.StringIO())

        for part in (
            *("closed", "1,234,567", "1.5", "copied 1,000, recovered 2", "a, b"),
            *("größe [bold]", "first_units", "1,000", "outcome", "done"),
        ):
            with self.subTest(part):
                self.assertIn(part, text)
        self.assertRegex(text, r"parent +-")
        self.assertRegex(text, r"dry_run +no")
        self.assertNotIn("\x1b", text)

    def test_table_is_coloured_on_a_terminal(self) -> None:
        """There, and only there."""
        with mock.patch.dict("os.environ", {"TERM": "xterm"}):
            text = self.written("table", Terminal())

        self.assertIn("\x1b", text)

    def test_error_is_one_line(self) -> None:
        """Line breaks of a message do not get through."""
        with mock.patch("sys.stderr", io.StringIO()) as err:
            output.write_error("data-pipeline", "it is\n  torn")

        self.assertEqual("data-pipeline: error: it is torn\n", err.getvalue())


if __name__ == "__main__":
    unittest.main()
