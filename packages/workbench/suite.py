"""Run the tests of every package, or of those named, and sum up.

The last line is ``N passed, N failed, N skipped``. With ``ETL_TEST_REQUIRE`` set to
parts such as ``postgresql,s3``, a test skipped for want of one counts as failed.
"""

import argparse
from collections import Counter
from collections.abc import Collection, Iterable
import json
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

from etl_core.config import environment
from workbench.runner import ASKED_FOR, DEFAULT, TIERS

PACKAGES = Path(__file__).resolve().parents[1]
REQUIRE = "ETL_TEST_REQUIRE"


class Counts(NamedTuple):
    """What became of tests; of a skipped one the reason."""

    passed: int = 0
    failed: int = 0
    skipped: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the line that CI reads."""
        return (
            f"{self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped"
        )

    def plus(self, other: "Counts") -> "Counts":
        """Return the sum of both."""
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )

    def requiring(self, parts: list[str]) -> "Counts":
        """Count the tests that were skipped for want of a required part as failed."""
        names = "|".join(map(re.escape, parts))
        wanted = re.compile(rf"\b({names})\b", re.IGNORECASE)
        missed = [why for why in self.skipped if parts and wanted.search(why)]
        rest = tuple(why for why in self.skipped if why not in missed)
        return Counts(self.passed, self.failed + len(missed), rest)


class PackageTests:
    """The tests of one package, run in a process of their own.

    :param folder: the package.
    :param data: where coverage keeps what it measured.
    :param quiet: throw away what the tests print.
    """

    def __init__(self, folder: Path, data: Path, *, quiet: bool = False) -> None:
        """Run nothing yet."""
        self._folder = folder
        self._data = data / f"coverage.{folder.name}"
        self._report = data / f"{folder.name}.json"
        self._output = subprocess.DEVNULL if quiet else None

    def run(self, tier: str) -> Counts:
        """Run one tier, or all that need not be asked for, and count."""
        runner = ["-m", "workbench.runner", str(self._report), f"--tier={tier}"]
        if tier not in ASKED_FOR:
            runner = [*self._coverage("run"), *runner]
        self._report.unlink(missing_ok=True)
        status = self._python(*runner, f"--start={self._start()}")
        if not self._report.exists():
            return Counts(failed=1)
        counts = json.loads(self._report.read_text())
        failed = counts["failed"] or int(status != 0)
        return Counts(counts["passed"], failed, tuple(counts["skipped"]))

    def cover(self, fail_under: float) -> bool:
        """Print the coverage; tell whether it is enough."""
        self._python(*self._coverage("combine"), "--quiet")
        return not self._python(*self._coverage("report"), f"--fail-under={fail_under}")

    def _coverage(self, verb: str) -> list[str]:
        """Return the arguments for a verb of coverage."""
        return ["-m", "coverage", verb, f"--data-file={self._data}"]

    def _start(self) -> str:
        """Start in ``tests``, or at the root when its Django apps have tests too."""
        return "." if any(self._folder.glob("*/tests/__init__.py")) else "tests"

    def _python(self, *arguments: str) -> int:
        """Run Python in the folder of the package and return its status."""
        return subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=self._folder,
            check=False,
            stdout=self._output,
            stderr=self._output,
        ).returncode


class Suite:
    """The tests of several packages.

    :param packages: the folder of the packages.
    :param required: the parts for want of which no test may be skipped.
    :param quiet: throw away what the tests print.
    """

    def __init__(
        self, packages: Path, required: Iterable[str] = (), *, quiet: bool = False
    ) -> None:
        """Run nothing yet."""
        self._packages = packages
        self._required = [part.strip() for part in required if part.strip()]
        self._quiet = quiet

    def names(self, tier: str) -> list[str]:
        """Name the packages with tests; of a later tier, those with its folder."""
        below = "tests" if tier in {DEFAULT, "unit"} else f"tests/{tier}"
        folders = (each for each in self._packages.iterdir() if (each / below).is_dir())
        return sorted(folder.name for folder in folders)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the tests; 1 when any failed, or a package had none to run."""
        total, complaints = Counts(), []
        names = arguments.packages or self.names(arguments.tier)
        if not names:
            write(f"no package has {arguments.tier} tests")
        with tempfile.TemporaryDirectory(prefix="etl-suite-") as data:
            for name in names:
                write(f"\n== {name}: {arguments.tier} tests")
                tests = PackageTests(
                    self._packages / name, Path(data), quiet=self._quiet
                )
                counts, wrong = self._examine(tests, arguments)
                complaints += [f"failed: {name}: {text}" for text in wrong]
                total = total.plus(counts)
        for line in (*complaints, str(total)):
            write(line)
        return int(bool(total.failed or complaints))

    def _examine(
        self, tests: PackageTests, arguments: argparse.Namespace
    ) -> tuple[Counts, list[str]]:
        """Run the tests of one package; return the counts and what is wrong."""
        found = tests.run(arguments.tier)
        explain(found)
        counts = found.requiring(self._required)
        covered = not arguments.coverage or tests.cover(arguments.fail_under)
        faults = {
            f"skipped, though {REQUIRE} names it": counts.failed > found.failed,
            "a test failed": found.failed > 0,
            "no test ran": counts == Counts(),
            "covered too little": not covered,
        }
        return counts, [text for text, applies in faults.items() if applies]


def explain(counts: Counts) -> None:
    """Print each reason for a skip once, with how often it was given."""
    for reason, times in sorted(Counter(counts.skipped).items()):
        write(f"skipped {times}: {reason}")


def write(line: str) -> None:
    """Print a line at once, in order with what the child processes print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parse(argv: list[str], known: Collection[str]) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m workbench.suite", description=__doc__
    )
    parser.add_argument("packages", nargs="*", help="names; all when none is given")
    parser.add_argument("--tier", default=DEFAULT, choices=(*TIERS, DEFAULT))
    parser.add_argument("--coverage", action="store_true", help="print the coverage")
    parser.add_argument("--fail-under", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.packages).difference(known)
    if unknown:
        parser.error(f"no such package with tests: {', '.join(sorted(unknown))}")
    return arguments


def main(argv: list[str], suite: Suite | None = None) -> int:
    """Run the suite of this repository."""
    suite = suite or Suite(PACKAGES, environment().get(REQUIRE, "").split(","))
    return suite.run(parse(argv, suite.names(DEFAULT)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
