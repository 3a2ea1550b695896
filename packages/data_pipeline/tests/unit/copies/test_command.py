"""Tests of the command line of the bench."""

from contextlib import redirect_stderr, redirect_stdout
import io
import json
from pathlib import Path
import tempfile
import unittest

from data_pipeline.tests.performance.copies.__main__ import main, parse, TASKS
from data_pipeline.tests.performance.copies.contestants import (
    COPY,
    entries,
    FULL,
    JOB,
    LARGE,
)
from data_pipeline.tests.unit.copies.samples import document, sample


class ArgumentsTest(unittest.TestCase):
    """What may be asked for."""

    def refused(self, *argv: str) -> str:
        """Return what is said to arguments that are refused."""
        said = io.StringIO()
        with self.assertRaises(SystemExit) as stopped, redirect_stderr(said):
            parse(list(argv))
        self.assertEqual(2, stopped.exception.code)
        return said.getvalue()

    def test_defaults(self) -> None:
        """Without arguments all tasks are measured at 64 and 256, five times."""
        found = parse([])
        self.assertEqual(([64, 256], list(TASKS)), (found.concurrency, found.only))
        self.assertEqual((5, 25.0, False), (found.rounds, found.latency_ms, found.full))

    def test_wrong_arguments_are_named(self) -> None:
        """The message names what is wrong."""
        self.assertIn("--rounds", self.refused("--rounds", "0"))
        self.assertIn("no such file", self.refused("--from", "/nowhere.json"))
        self.assertIn("--study-units", self.refused("--study-units", "10,x"))
        self.assertIn("--only", self.refused("--only", "flying"))

    def test_full_has_the_units_that_are_asked_for(self) -> None:
        """The whole job copies 50,000 units at 64, and 200,000 at 256."""
        found = [
            (it.concurrency, it.objects)
            for it in entries(FULL, (64, 256), (COPY,))
            if it.contestant == JOB
        ]
        self.assertEqual([(64, 50_000), (256, 200_000)], found)

    def test_large_objects_are_16_at_once(self) -> None:
        """200 objects of 8 MiB, whatever the other concurrencies are."""
        found = {it[2:] for it in entries(FULL, (64,), (LARGE,))}
        self.assertEqual({(16, 200, 8 * 2**20)}, found)


class KeptTest(unittest.TestCase):
    """A run that was kept as a file."""

    def told(self, kept: dict[str, object], *argv: str) -> tuple[int, str]:
        """Return the exit code for a kept run, and what was printed."""
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(printed):
            file = Path(folder) / "bench.json"
            file.write_text(json.dumps(kept))
            code = main(["--from", str(file), *argv])
        return code, printed.getvalue()

    def test_last_line_is_json(self) -> None:
        """With --json the figures come last, in one line."""
        code, text = self.told(document(), "--json")
        self.assertEqual(0, code)
        self.assertTrue(json.loads(text.splitlines()[-1])["counts"])

    def test_a_run_that_does_not_count_fails(self) -> None:
        """The exit code says so too."""
        code, text = self.told(document(samples=[sample("C floor", 100)]))
        self.assertEqual(1, code)
        self.assertIn("does not count", text)


if __name__ == "__main__":
    unittest.main()
