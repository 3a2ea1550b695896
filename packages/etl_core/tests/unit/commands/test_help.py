"""Tests of the help of the verbs that operate on runs."""

from collections.abc import Callable
from contextlib import redirect_stdout
import importlib
import io
import unittest

from etl_core import registry
from etl_core.console import COMMANDS
from etl_core.registry import Program
from etl_core.tests.samples import SampleModuleTest

VERBS = ("explain", "prune", "replay", "runs", "show", "verify")


def command_of(verb: str) -> Callable[[Program, list[str]], int]:
    """Return what the dispatcher calls."""
    command: Callable[[Program, list[str]], int]
    command = importlib.import_module(f"{COMMANDS}.{verb}").command
    return command


class HelpTest(SampleModuleTest):
    """Each verb, called by name as people do."""

    def test_help_begins_with_two_commands(self) -> None:
        """Then it says what the verb does and shows its options with their twins."""
        described = {verb.name: verb.description for verb in registry.verbs(COMMANDS)}
        for verb in VERBS:
            with self.subTest(verb):
                printed = io.StringIO()
                with redirect_stdout(printed), self.assertRaises(SystemExit) as left:
                    command_of(verb)(Program(self.package, "plain"), ["--help"])
                out = printed.getvalue()
                self.assertEqual(0, left.exception.code)
                first, second, blank = out.splitlines()[:3]
                for line in (first, second):
                    self.assertTrue(line.startswith(f"  data-pipeline {verb} "), line)
                self.assertEqual("", blank)
                self.assertIn(described[verb].partition(":")[0], " ".join(out.split()))
                self.assertIn("env: ETL_STATE", " ".join(out.split()))

    def test_missing_place_is_one_line(self) -> None:
        """With exit code 2, and nothing on stdout."""
        for argv in (("runs",), ("show", "x"), ("verify", "x"), ("prune", "--keep=1d")):
            with self.subTest(argv):
                code, out, err = self.call(*argv)
                self.assertEqual((2, ""), (code, out))
                self.assertEqual(1, err.count("\n"))


if __name__ == "__main__":
    unittest.main()
