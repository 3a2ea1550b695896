"""Tests of running one job: errors and signals become exit codes."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from etl_core.tests.samples import SampleModuleTest, Terminal

SLEEPER = '''
"""A job that waits to be stopped."""
import sys
import time

from etl_core import stop


def entrypoint(argv):
    signal = stop.current() if "--poll" in argv else None
    print("ready", flush=True)
    while signal is None or "--deaf" in argv or not signal.requested:
        time.sleep(0.01)
    print("tidied up", signal.reason, flush=True)
    signal.check()


JOB = (entrypoint, "Wait")
'''


class DispatchTest(SampleModuleTest):
    """A module whose job does as the test says."""

    def run_job(self, *body: str) -> tuple[int, str, dict[str, object]]:
        """Run a job of these lines; return exit code, stdout and the log line."""
        self.write_body("job", *body)
        code, out, err = self.call("run", "job")
        self.assertLessEqual(err.count("\n"), 1)
        return code, out, json.loads(err or "{}")

    def test_exit_code_of_the_job_is_passed_on(self) -> None:
        """Also when it is an enumeration."""
        self.assertEqual((3, "", {}), self.run_job("return 3"))
        line = "from etl_core.errors import ExitCode"
        self.write_body("other", line, "return ExitCode.DATA")

        self.assertEqual(65, self.call("run", "other")[0])

    def test_each_error_has_its_exit_code(self) -> None:
        """The branch of the error decides, and stderr gets one line."""
        for name, code in (
            ("EtlError", 1),
            ("ConfigError", 2),
            ("DataError", 65),
            ("TransientError", 75),
            ("LeaseHeld", 75),
            ("Terminated", 143),
        ):
            with self.subTest(name):
                self.write_body(
                    name.lower(),
                    f"from etl_core.errors import {name}",
                    f'raise {name}("it is\\nso", bucket="b")',
                )
                found, out, err = self.call("run", name.lower())
                line = json.loads(err)
                self.assertEqual((code, ""), (found, out))
                self.assertEqual("it is so", line["event"])
                self.assertEqual(code, line["exit_code"])
                self.assertEqual({"bucket": "b"}, line["context"])
                self.assertEqual(name.lower(), line["job"])

    def test_error_on_a_terminal_is_a_plain_line(self) -> None:
        """People see program, word and message, no JSON and no traceback."""
        self.write_body(
            "job", "from etl_core.errors import DataError", 'raise DataError("torn")'
        )
        with mock.patch("etl_core.tests.samples.io.StringIO", Terminal):
            code, _, err = self.call("run", "job")

        self.assertEqual((65, f"{self.program}: error: torn\n"), (code, err))

    def test_unexpected_error_is_a_bug(self) -> None:
        """The log has the traceback, the exit code is 1."""
        code, out, line = self.run_job("return {}['missing']")

        self.assertEqual((1, ""), (code, out))
        self.assertIn("KeyError: 'missing'", str(line["exception"]))

    def test_secrets_in_an_error_are_masked(self) -> None:
        """A driver may put the password into its message."""
        for error in ("ValueError", "__import__('etl_core.errors').errors.DataError"):
            with self.subTest(error):
                self.write_body(
                    "job", f'raise {error}("postgresql://app:hunter2@db/x")'
                )
                sys.modules.pop(f"{self.package}.job", None)
                err = self.call("run", "job")[2]
                self.assertIn("postgresql://***@db/x", err)
                self.assertNotIn('hunter2\\"', err.replace("raise", ""))

    def test_wrong_return_values_are_errors(self) -> None:
        """Only an int that a process can return is an exit code."""
        for value in ("None", "'done'", "True", "256", "-1"):
            with self.subTest(value):
                sys.modules.pop(f"{self.package}.job", None)
                code, _, line = self.run_job(f"return {value}")
                self.assertEqual(1, code)
                self.assertIn(f"returned {value}; an entry point", str(line["event"]))

    def test_leaving_the_process_passes_its_code(self) -> None:
        """``sys.exit`` and argparse mean what they mean in a script."""
        for argument, code in (("", 0), ("2", 2), ("256", 0), ("None", 0)):
            with self.subTest(argument):
                sys.modules.pop(f"{self.package}.job", None)
                self.assertEqual((code, "", {}), self.run_job(f"sys.exit({argument})"))

    def test_leaving_with_a_text_prints_it(self) -> None:
        """It goes to stderr and the exit code is 1."""
        self.write_body("job", 'sys.exit("no such thing")')

        self.assertEqual((1, "", "no such thing\n"), self.call("run", "job"))

    def test_wrong_arguments_of_a_plain_job_are_2(self) -> None:
        """Argparse prints its usage and leaves with its own code."""
        code, _, err = self.call("run", "plain")

        self.assertEqual(2, code)
        self.assertIn("the following arguments are required: --agency-id", err)

    def test_level_that_is_none_is_2(self) -> None:
        """The message names the variable and what it may be."""
        with mock.patch.dict("os.environ", {"ETL_LOG_LEVEL": "loud"}):
            code, _, err = self.call("--agency-id", "1")

        self.assertEqual(2, code)
        self.assertIn("ETL_LOG_LEVEL", err)
        self.assertIn("debug, info, warning, error", err)

    def test_facts_of_one_job_do_not_reach_the_next(self) -> None:
        """What a job bound to its log lines is forgotten at its end."""
        self.write_body(
            "first", "from etl_core import logs", 'logs.bind(run_id="r1")', "return 0"
        )
        self.assertEqual(0, self.call("run", "first")[0])

        _, _, line = self.run_job("return None")

        self.assertNotIn("run_id", line)

    def test_run_id_is_on_the_line_of_an_error(self) -> None:
        """What the job bound is still there when its error is reported."""
        _, _, line = self.run_job(
            "from etl_core import errors, logs",
            'logs.bind(run_id="r1")',
            "raise errors.DataError()",
        )

        self.assertEqual("r1", line["run_id"])


class SignalTest(unittest.TestCase):
    """A job in a process of its own, which is sent signals."""

    def setUp(self) -> None:
        """Write the job that waits."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        jobs = Path(folder.name, "patient", "jobs")
        jobs.mkdir(parents=True)
        for name, text in (("../__init__", ""), ("__init__", ""), ("wait", SLEEPER)):
            (jobs / f"{name}.py").write_text(text, encoding="utf-8")
        self.environ = {**os.environ, "PYTHONPATH": folder.name}

    def start(self, *argv: str) -> "subprocess.Popen[str]":
        """Start the job and wait until it works."""
        script = (
            "import sys; from etl_core import console;"
            "sys.exit(console.main('patient.jobs', 'wait'))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", script, "run", "wait", *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.environ,
        )
        self.addCleanup(self.end, process)
        assert process.stdout is not None
        self.assertEqual("ready\n", process.stdout.readline())
        return process

    def end(self, process: "subprocess.Popen[str]") -> None:
        """End the process, if it still runs, and close its pipes."""
        process.kill()
        process.communicate()

    def test_job_that_polls_ends_in_its_own_way(self) -> None:
        """It sees the stop, tidies up and leaves with 143; so with Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                process = self.start("--poll")
                process.send_signal(number)
                out, err = process.communicate(timeout=20)
                self.assertEqual(143, process.returncode)
                self.assertEqual(f"tidied up {number.name}\n", out)
                self.assertIn(f"asked to stop by {number.name}", err)
                self.assertNotIn("Traceback", err)

    def test_job_that_does_not_poll_is_interrupted(self) -> None:
        """A plain job ends at once with 143."""
        process = self.start()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)

        self.assertEqual((143, ""), (process.returncode, out))
        self.assertEqual("asked to stop", json.loads(err)["event"][:13])

    def test_second_signal_ends_the_process_at_once(self) -> None:
        """Also a job that polls but never ends."""
        process = self.start("--poll", "--deaf")
        process.send_signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)

        self.assertEqual(143, process.returncode)

    def test_reader_that_went_away_does_not_hide_the_exit_code(self) -> None:
        """A plain job whose print fails is a failed job without a traceback."""
        process = self.start("--poll")
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)

        self.assertEqual(1, process.wait(timeout=20))
        self.assertIn("the reader of the output went away", err)
        self.assertNotIn("Traceback", err)


if __name__ == "__main__":
    unittest.main()
