"""Run the tests of every package, or of those named, and sum up.

The last line is ``N passed, N failed, N skipped``. With ``ETL_TEST_REQUIRE`` set to
parts such as ``postgresql,s3``, a test skipped for want of one counts as failed.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

from etl_core.config import environment
from workbench.runner import DEFAULT, TIERS

PACKAGES = Path(__file__).resolve().parents[1]
REQUIRE = "ETL_TEST_REQUIRE"


class Counts(NamedTuple):
    """What became of tests."""

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
        wanted = re.compile("|".join(map(re.escape, parts)), re.IGNORECASE)
        missed = [line for line in self.skipped if parts and wanted.search(line)]
        rest = tuple(line for line in self.skipped if line not in missed)
        return Counts(self.passed, self.failed + len(missed), rest)


class PackageTests:
    """The tests of one package, run in a process of their own.

    :param folder: the package.
    :param data: where coverage keeps what it measured.
    """

    def __init__(self, folder: Path, data: Path) -> None:
        """Run nothing yet."""
        self._folder = folder
        self._data = data / f"coverage.{folder.name}"
        self._report = data / f"{folder.name}.json"

    def run(self, tier: str) -> Counts:
        """Run one tier, or all but performance, and count."""
        write(f"\n== {self._folder.name}: {tier} tests")
        runner = ["-m", "workbench.runner", str(self._report), f"--tier={tier}"]
        if tier != "performance":
            runner = [*self._coverage("run"), *runner]
        status = self._python(*runner, f"--start={self._start()}")
        if not self._report.exists():
            write(f"{self._folder.name}: the tests ended with status {status}")
            return Counts(failed=1)
        counts = json.loads(self._report.read_text())
        broken = counts["failed"] or int(status != 0)
        return Counts(counts["passed"], broken, tuple(counts["skipped"]))

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
        """Run Python in the folder of the package, its output passed through."""
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self._folder, check=False).returncode  # noqa: S603


def packages_with(tier: str, packages: Path = PACKAGES) -> Iterator[str]:
    """Name the packages that have tests, or for one tier a folder of that name."""
    for folder in sorted(packages.iterdir()):
        tests = folder / "tests"
        if (tests if tier in {DEFAULT, "unit"} else tests / tier).is_dir():
            yield folder.name


def explain(counts: Counts) -> None:
    """Print each reason for a skip once, with how often it was given."""
    reasons = Counter(line.partition(": ")[2] for line in counts.skipped)
    for reason, times in sorted(reasons.items()):
        write(f"skipped {times}: {reason}")


def write(line: str) -> None:
    """Print a line at once, in order with what the child processes print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def examine(
    tests: PackageTests, arguments: argparse.Namespace, required: list[str]
) -> tuple[Counts, list[str]]:
    """Run the tests of one package; return the counts and what else is wrong."""
    found = tests.run(arguments.tier)
    explain(found)
    counts = found.requiring(required)
    complaints = []
    if counts.failed > found.failed:
        complaints.append(f"skipped, though {REQUIRE} names what was missing")
    if counts == Counts():
        complaints.append("no test ran")
    if arguments.coverage and not tests.cover(arguments.fail_under):
        complaints.append("covered too little")
    return counts, complaints


def main(argv: list[str], environ: Mapping[str, str] | None = None) -> int:
    """Run the tests; 1 when any failed, or a package had none to run."""
    arguments = parse(argv)
    required = (environ or environment()).get(REQUIRE, "").split(",")
    total, complaints = Counts(), []
    with tempfile.TemporaryDirectory(prefix="etl-suite-") as data:
        for name in arguments.packages or packages_with(arguments.tier):
            tests = PackageTests(PACKAGES / name, Path(data))
            counts, wrong = examine(tests, arguments, [*filter(None, required)])
            complaints += [f"{name}: {text}" for text in wrong]
            total = total.plus(counts)
    for complaint in complaints:
        write(f"failed: {complaint}")
    write(str(total))
    return int(bool(total.failed or complaints))


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m workbench.suite", description=__doc__
    )
    parser.add_argument("packages", nargs="*", help="names; all when none is given")
    parser.add_argument("--tier", default=DEFAULT, choices=(*TIERS, DEFAULT))
    parser.add_argument("--coverage", action="store_true", help="print the coverage")
    parser.add_argument("--fail-under", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.packages).difference(packages_with(DEFAULT))
    if unknown:
        parser.error(f"no such package: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
