"""Tests of the verb ``run``."""

import unittest

from etl_core.tests.samples import SampleModuleTest


class RunTest(SampleModuleTest):
    """A module with one job."""

    def test_help_shows_the_form_and_the_jobs(self) -> None:
        """``run --help`` is about the verb, not about a job."""
        code, out, _ = self.call("run", "--help")

        self.assertEqual(0, code)
        self.assertIn(f"usage: {self.program} run <job> [--] ", out)
        self.assertIn("  plain  Print the agency\n", out)

    def test_missing_name_lists_the_jobs(self) -> None:
        """One line, exit code 2."""
        answer = self.call("run")

        expected = f"{self.program}: error: name a job; known: plain\n"
        self.assertEqual((2, "", expected), answer)

    def test_options_in_front_of_the_job_are_refused(self) -> None:
        """The message shows where they belong."""
        code, _, err = self.call("run", "--agency-id", "10", "plain")

        self.assertEqual(2, code)
        self.assertIn("run <job> -- --agency-id", err)


if __name__ == "__main__":
    unittest.main()
