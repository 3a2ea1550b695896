"""Tests of the console script ``data-pipeline``."""

from contextlib import redirect_stderr, redirect_stdout
import io
import json
import os
import subprocess
import sys
import unittest
from unittest import mock

from data_pipeline.cli.main import main

LIST = """
import json, sys
from data_pipeline.cli.main import main
code = main(["list"])
sys.stderr.write(json.dumps(sorted(sys.modules)))
raise SystemExit(code)
"""


class MainTest(unittest.TestCase):
    """The general entry point of the module."""

    def call(self, *argv: str) -> tuple[int, str, str]:
        """Call it; return exit code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        environ = mock.patch.dict("os.environ", {}, clear=True)
        with environ, redirect_stdout(out), redirect_stderr(err):
            code = main(list(argv))
        return code, out.getvalue(), err.getvalue()

    def test_list_shows_the_jobs(self) -> None:
        """With descriptions, and none of them broken."""
        code, out, err = self.call("list")

        self.assertEqual((0, ""), (code, err))
        self.assertRegex(out, r"(?m)^  get_s3_files +\w+")
        self.assertNotIn("broken", out)

    def test_list_imports_no_job(self) -> None:
        """Neither the job nor what it is made of."""
        process = subprocess.run(
            [sys.executable, "-c", LIST],
            capture_output=True,
            check=True,
            env=os.environ,
        )

        imported = set(json.loads(process.stderr))
        heavy = {"boto3", "django", "pydantic", "data_pipeline.jobs.get_s3_files"}
        self.assertEqual(set(), heavy & imported)

    def test_help_of_the_job_is_its_own(self) -> None:
        """``run <job> --help``, with and without the two dashes."""
        for argv in (("--help",), ("--", "--help")):
            with self.subTest(argv):
                code, out, _ = self.call("run", "get_s3_files", *argv)
                self.assertEqual(0, code)
                self.assertIn("--agency-id", out)

    def test_options_alone_are_for_the_default_job(self) -> None:
        """It is the job that refuses them."""
        code, out, err = self.call("--agency-id", "ten")

        self.assertEqual((2, ""), (code, out))
        self.assertEqual("get_s3_files", json.loads(err)["job"])
        self.assertIn("argument --agency-id: 'ten'", err)

    def test_name_of_a_script_starts_its_job(self) -> None:
        """``data-pipeline data-pipeline-get-s3-files`` is the same job."""
        code, out, _ = self.call("data-pipeline-get-s3-files", "--help")

        self.assertEqual(0, code)
        self.assertIn("--agency-id", out)

    def test_module_can_be_run(self) -> None:
        """``python -m data_pipeline.cli.main`` is the script."""
        process = subprocess.run(
            [sys.executable, "-m", "data_pipeline.cli.main", "--version"],
            capture_output=True,
            check=True,
            encoding="utf-8",
        )

        self.assertRegex(process.stdout, r"^data-pipeline \d")


if __name__ == "__main__":
    unittest.main()
