"""Tests of the argument parser."""

import unittest

from etl_core.arguments import examples, Parser
from etl_core.errors import ConfigError

DOCSTRING = """Move files.

Examples::

    mover run --fast

    mover run --slow

Something else.
"""


class ParserTest(unittest.TestCase):
    """A parser made from a docstring."""

    def setUp(self) -> None:
        """Make it."""
        self.parser = Parser("mover run", DOCSTRING)
        self.parser.add_argument("--speed", type=int, help="how fast")

    def test_help_begins_with_the_examples(self) -> None:
        """Then come usage, description and options."""
        lines = self.parser.format_help().splitlines()

        self.assertEqual(["  mover run --fast", "  mover run --slow", ""], lines[:3])
        self.assertEqual("usage: mover run [options]", lines[3])
        self.assertIn("Move files.", lines)

    def test_wrong_argument_is_one_line(self) -> None:
        """It is raised, and points to the help."""
        with self.assertRaises(ConfigError) as caught:
            self.parser.parse_args(["--speed", "high"])

        self.assertEqual(
            "argument --speed: invalid int value: 'high' (see mover run --help)",
            str(caught.exception),
        )

    def test_options_are_not_abbreviated(self) -> None:
        """A manifest keeps its meaning when an option is added."""
        with self.assertRaisesRegex(ConfigError, "unrecognized arguments: --spe 3"):
            self.parser.parse_args(["--spe", "3"])

    def test_docstring_without_examples_has_none(self) -> None:
        """Nor has a module without a docstring."""
        self.assertEqual([], examples("Move files."))
        self.assertTrue(Parser("mover", None).format_help().startswith("usage: mover"))


if __name__ == "__main__":
    unittest.main()
