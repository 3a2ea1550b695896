"""Tests of the console script ``data-pipeline-get-s3-files``."""

from contextlib import redirect_stderr, redirect_stdout
import io
import subprocess
import sys
import unittest
from unittest import mock

from data_pipeline.cli.get_s3_files import main


class GetS3FilesTest(unittest.TestCase):
    """The script that is one job."""

    def call(self, *argv: str) -> tuple[int, str, str]:
        """Call it; return exit code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        environ = mock.patch.dict("os.environ", {}, clear=True)
        with environ, redirect_stdout(out), redirect_stderr(err):
            code = main(list(argv))
        return code, out.getvalue(), err.getvalue()

    def test_help_is_that_of_the_job(self) -> None:
        """It begins with commands to copy."""
        code, out, err = self.call("--help")

        self.assertEqual((0, ""), (code, err))
        self.assertTrue(out.startswith("  data-pipeline run get_s3_files "))
        self.assertIn("--agency-id", out)

    def test_without_arguments_the_job_says_what_is_missing(self) -> None:
        """It does not print the help of the dispatcher."""
        code, out, err = self.call()

        self.assertEqual((2, ""), (code, out))
        self.assertIn("required: --agency-id", err)

    def test_a_verb_is_no_argument_of_the_job(self) -> None:
        """The script has no verbs."""
        code, _, err = self.call("list", "--agency-id", "1")

        self.assertEqual(2, code)
        self.assertNotIn("list   ", err)

    def test_module_can_be_run(self) -> None:
        """``python -m data_pipeline.cli.get_s3_files --help`` is the script."""
        process = subprocess.run(
            [sys.executable, "-m", "data_pipeline.cli.get_s3_files", "--help"],
            capture_output=True,
            check=True,
            encoding="utf-8",
        )

        self.assertIn("--agency-id", process.stdout)


if __name__ == "__main__":
    unittest.main()
