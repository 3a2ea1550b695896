"""Tests of the console script: its forms, its help, its speed."""

import io
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from etl_core import console
from etl_core.tests.samples import SampleModuleTest

HEAVY = {"boto3", "django", "prometheus_client", "pydantic", "rich", "structlog"}
HEAVY |= {"tenacity", "etl_core.config", "etl_core.dispatch", "etl_core.logs"}

REPORT = """
import json, sys
from etl_core import console
code = console.main({package!r}, "plain", sys.argv[1:])
sys.stderr.write(json.dumps(sorted(sys.modules)))
raise SystemExit(code)
"""


class ConsoleTest(SampleModuleTest):
    """A console script over one module with a plain job."""

    def test_run_starts_the_job(self) -> None:
        """With and without the two dashes, the rest belongs to the job."""
        for argv in (["run", "plain", "--"], ["run", "plain"]):
            with self.subTest(argv):
                answer = self.call(*argv, "--agency-id", "10")
                self.assertEqual((0, "agency 10\n", ""), answer)

    def test_options_alone_start_the_default_job(self) -> None:
        """A manifest may pass nothing but the options of the job."""
        self.assertEqual((0, "agency 10\n", ""), self.call("--agency-id", "10"))

    def test_name_of_a_script_starts_its_job(self) -> None:
        """``<program>-<job>`` as an argument does what the script would do."""
        self.write_body("two_words", "print(argv)", "return 0")

        answer = self.call(f"{self.program}-two-words", "--agency-id", "10")

        self.assertEqual((0, "['--agency-id', '10']\n", ""), answer)

    def test_only_the_first_dashes_are_taken_away(self) -> None:
        """A job may use two dashes of its own."""
        self.write_body("show", "print(argv)", "return 0")

        self.assertEqual(
            "['a', '--', 'b']\n", self.call("run", "show", "a", "--", "b")[1]
        )
        self.assertEqual("['--', 'b']\n", self.call("run", "show", "--", "--", "b")[1])

    def test_script_of_a_job_hands_everything_to_the_job(self) -> None:
        """Its ``--help`` is that of the job, and nothing means no arguments."""
        self.write_body("show", "print(argv)", "return 0")
        for argv in ([], ["--help"], ["list"]):
            with self.subTest(argv), mock.patch("sys.stdout", new=io.StringIO()) as out:
                self.assertEqual(0, console.run_script(self.package, "show", argv))
                self.assertEqual(f"{argv}\n", out.getvalue())

    def test_arguments_of_the_process_are_the_default(self) -> None:
        """Without arguments given, those of the command line are used."""
        self.write_body("show", "print(argv)", "return 0")
        argv = ["script", "run", "show", "x"]
        with (
            mock.patch("sys.argv", argv),
            mock.patch("sys.stdout", new=io.StringIO()) as out,
        ):
            self.assertEqual(0, console.main(self.package, "plain"))
            self.assertEqual(0, console.run_script(self.package, "show"))

        self.assertEqual("['x']\n['run', 'show', 'x']\n", out.getvalue())

    def test_help_of_a_job_is_its_own(self) -> None:
        """``run <job> --help`` reaches the parser of the job."""
        code, out, err = self.call("run", "plain", "--help")

        self.assertEqual((0, ""), (code, err))
        self.assertIn("--agency-id", out)

    def test_help_begins_with_two_commands(self) -> None:
        """Then come all verbs and all jobs, each with what it does."""
        code, out, err = self.call("--help")

        lines = out.splitlines()
        self.assertEqual((0, ""), (code, err))
        self.assertEqual(
            [f"  {self.program} list", f"  {self.program} run plain --help"], lines[:2]
        )
        self.assertRegex(out, "(?m)^  list +List the jobs with their descriptions")
        self.assertRegex(out, "(?m)^  run +Run one job")
        self.assertRegex(out, "(?m)^  plain +Print the agency")
        self.assertEqual([], self.imported())

    def test_commands_in_the_help_work(self) -> None:
        """Both can be copied as they stand."""
        for line in self.call("-h")[1].splitlines()[:2]:
            with self.subTest(line):
                self.assertEqual(0, self.call(*line.split()[1:])[0])

    def test_no_argument_is_a_mistake(self) -> None:
        """The help goes to stderr and the exit code is 2."""
        code, out, err = self.call()

        self.assertEqual((2, ""), (code, out))
        self.assertIn("usage: ", err)

    def test_broken_job_is_shown_in_the_help(self) -> None:
        """It hides none of the others."""
        self.write_job("bad", "JOB = (")

        out = self.call("--help")[1]

        self.assertRegex(out, r"(?m)^  bad +\(broken: ")
        self.assertRegex(out, "(?m)^  plain +Print the agency")

    def test_unknown_command_is_answered_with_the_close_one(self) -> None:
        """One line on stderr, exit code 2."""
        code, out, err = self.call("lst")

        self.assertEqual((2, ""), (code, out))
        message = (
            f"{self.program}: error: no command 'lst'; did you mean 'list'? known:"
        )
        self.assertTrue(err.startswith(message), err)
        self.assertEqual(1, err.count("\n"))

    def test_own_verb_stands_beside_those_of_all(self) -> None:
        """A module with a room ``commands`` has its verbs in its program alone."""
        verb = (
            "def command(program, argv):\n    print(program.name, argv)\n    return 3\n"
        )
        self.write_verb("measure", f'"""Measure something."""\n{verb}')
        with mock.patch("sys.stdout", new=io.StringIO()) as out:
            self.assertEqual(3, console.main(self.package, "plain", ["measure", "x"]))

        self.assertEqual(f"{self.program} ['x']\n", out.getvalue())
        self.assertRegex(self.call("--help")[1], "(?m)^  measure +Measure something")
        self.assertIn("measure", self.call("mesure")[2])

    def test_job_without_run_is_answered_with_the_command(self) -> None:
        """Whoever forgets ``run`` is told the whole command."""
        err = self.call("plain", "--agency-id", "10")[2]

        self.assertIn(f"start it by: {self.program} run plain\n", err)

    def test_unknown_job_by_script_name_is_a_mistake(self) -> None:
        """The name of a script that does not exist starts nothing."""
        code, _, err = self.call(f"{self.program}-nothing-here")

        self.assertEqual(2, code)
        self.assertIn("no job is called 'nothing_here'", err)

    def test_version_is_that_of_the_distribution(self) -> None:
        """A module that is not installed says so."""
        out = io.StringIO()
        with mock.patch("sys.stdout", out):
            self.assertEqual(0, console.main("etl_core.jobs", "plain", ["--version"]))

        self.assertRegex(out.getvalue(), r"^etl-core \d+\.\d+\.\d+\n$")
        self.assertIn("(not installed)", self.call("--version")[1])

    def test_interrupted_verb_leaves_without_a_traceback(self) -> None:
        """Ctrl-C while a list is made is one line and exit code 143."""
        with mock.patch("etl_core.registry.jobs", side_effect=KeyboardInterrupt):
            code, _, err = self.call("list")

        self.assertEqual((143, f"{self.program}: error: interrupted\n"), (code, err))


class ProcessTest(unittest.TestCase):
    """The console script in a process of its own."""

    def setUp(self) -> None:
        """Write a module with a job that must not be imported."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        jobs = Path(folder.name, "lonely", "jobs")
        jobs.mkdir(parents=True)
        text = '"""M."""\ndef run(argv): return 0\nJOB = (run, "Plain")\n'
        for name in ("../__init__", "__init__", "plain"):
            (jobs / f"{name}.py").write_text(text, encoding="utf-8")
        self.environ = {**os.environ, "PYTHONPATH": folder.name}

    def start(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        """Call the script; its stderr holds the names of all modules at the end."""
        return subprocess.run(
            [sys.executable, "-c", REPORT.format(package="lonely.jobs"), *argv],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env=self.environ,
        )

    def test_help_and_list_import_nothing_heavy(self) -> None:
        """No client, no model, no log pipeline and no job."""
        for argv in (["--help"], ["list"], ["list", "--json"]):
            with self.subTest(argv):
                process = self.start(*argv)
                imported = set(json.loads(process.stderr))
                self.assertEqual(0, process.returncode)
                self.assertEqual(set(), (HEAVY | {"lonely.jobs.plain"}) & imported)
                self.assertIn("Plain", process.stdout)

    def test_reader_that_went_away_is_no_error(self) -> None:
        """``list | head`` ends quietly."""
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run(
            [sys.executable, "-c", REPORT.format(package="lonely.jobs"), "list"],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            env=self.environ,
        )
        os.close(writer)

        self.assertEqual(0, process.returncode)
        self.assertNotIn(b"BrokenPipe", process.stderr)


if __name__ == "__main__":
    unittest.main()
