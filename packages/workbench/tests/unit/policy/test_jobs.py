"""What a job is."""

import unittest

from workbench.tests.unit.policy.repository import JOB, RuleTest

LETTERS = "packages/sender/jobs/letters.py"


class JobsTest(RuleTest):
    """The contract and the tests of a job."""

    def test_job_contract(self) -> None:
        """Whatever the dispatcher cannot read without an import is found."""
        for old, new, word in (
            ("\nJOB = ", "\nTASK = ", "no top-level JOB"),
            ('"Send letters")', "TEXT)", "not a literal"),
            ('(entrypoint, "Send letters")', "make()", "not a literal"),
            ('(entrypoint, "Send letters")', '[entrypoint, "Send"]', "not a literal"),
            ('"Send letters")', '" ")', "description in JOB is empty"),
            ("(entrypoint,", "(begin,", "does not define"),
            ("(argv: list[str])", "()", "does not take argv"),
        ):
            with self.subTest(new):
                text = JOB.replace(old, new)
                self.assert_red("A8 job-contract", {LETTERS: text}, word)
        self.assert_green("A8 job-contract", {})

    def test_annotated_job(self) -> None:
        """An annotation on JOB changes nothing."""
        text = JOB.replace("JOB = ", "JOB: Final = ")
        self.assert_green("A8 job-contract", {LETTERS: text})

    def test_no_jobs(self) -> None:
        """The registry and private modules are no jobs."""
        files = {
            "packages/sender/jobs/registry.py": "",
            "packages/sender/jobs/_shared.py": "",
        }
        self.assert_green("A8 job-contract", files)
        self.assert_green("A8 job-tests", files)

    def test_job_tests(self) -> None:
        """A job without one of its tests is found."""
        for path in ("unit/jobs/test_letters.py", "integration/test_letters.py"):
            files = {f"packages/sender/tests/{path}": None}
            self.assert_red("A8 job-tests", files, path)
        self.assert_green("A8 job-tests", {})


if __name__ == "__main__":
    unittest.main()
