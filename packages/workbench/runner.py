"""Run the tests of one package and write what became of them as JSON.

Discovery is unittest's own: by hand, ``coverage run -m unittest discover -s tests
-t ..`` in the folder of a package runs the same tests. This adds the choice of a
tier, and counts that are exact where unittest's summary line is not: a class whose
set-up fails or skips counts once.
"""

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import sys
import unittest

TIERS = ("unit", "integration", "performance", "e2e")
# Run only when it is asked for: they need much time, or built images.
ASKED_FOR = ("performance", "e2e")
DEFAULT = "all"


class Outcome(unittest.TextTestResult):
    """Counts each test once, whatever its subtests did."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Count a test that passed."""
        super().addSuccess(test)
        self.passed += 1

    def report(self) -> dict[str, int | list[str]]:
        """Return the counts, and the reason of each skip."""
        broken = [test for test, _ in [*self.failures, *self.errors]]
        broken += self.unexpectedSuccesses
        whole = {str(getattr(test, "test_case", test)) for test in broken}
        return {
            "passed": self.passed + len(self.expectedFailures),
            "failed": len(whole),
            "skipped": [reason for _, reason in self.skipped],
        }


def tier_of(test: unittest.TestCase) -> str:
    """Tell the tier of a test by its folder; one in no such folder is a unit test."""
    parts = test.id().split(".")
    return next((tier for tier in TIERS if tier in parts), "unit")


def is_chosen(test: unittest.TestCase, tier: str) -> bool:
    """Tell whether a test is run; all tiers are those that need not be asked for."""
    own = tier_of(test)
    return own == tier or (tier == DEFAULT and own not in ASKED_FOR)


def tests_in(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests of a suite and of those in it."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def main(argv: list[str]) -> int:
    """Run the tests below a folder, seen from the folder above this one."""
    parser = argparse.ArgumentParser(prog="python -m workbench.runner")
    parser.add_argument("report", type=Path, help="the file for the counts")
    parser.add_argument("--start", default="tests", help="where discovery starts")
    parser.add_argument("--tier", default=DEFAULT, choices=(*TIERS, DEFAULT))
    arguments = parser.parse_args(argv)
    found = unittest.TestLoader().discover(arguments.start, top_level_dir="..")
    chosen = [test for test in tests_in(found) if is_chosen(test, arguments.tier)]
    # typeshed gives the stream of a result another type than that of the runner
    runner = unittest.TextTestRunner(resultclass=Outcome)  # type: ignore[arg-type]
    outcome = runner.run(unittest.TestSuite(chosen))
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the runner made a {type(outcome).__name__}")
    arguments.report.write_text(json.dumps(outcome.report()))
    return 0 if outcome.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
