"""The test suite of the workspace, run on small packages."""

from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
import io
from pathlib import Path
import tempfile
import unittest

from workbench.suite import Counts, main, PackageTests, Suite

HEAD = '"""Tests."""\n\nimport unittest\n\n\nclass SmallTest(unittest.TestCase):\n'
MIXED = (
    HEAD
    + '''
    def test_passes(self):
        """It passes."""

    @unittest.expectedFailure
    def test_fails_as_expected(self):
        self.fail()

    @unittest.expectedFailure
    def test_passes_unexpectedly(self):
        pass

    def test_fails_twice(self):
        for number in range(2):
            with self.subTest(number):
                self.fail()

    def test_raises(self):
        raise ValueError

    def test_skips(self):
        self.skipTest("needs postgresql")
'''
)
SKIPPED_CLASS = (
    HEAD
    + """
    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest("needs s3")

    def test_one(self):
        pass

    def test_two(self):
        pass
"""
)
PASSING = HEAD + "\n    def test_passes(self):\n        pass\n"


class Package(unittest.TestCase):
    """A package in a folder of its own, filled by each test."""

    def setUp(self) -> None:
        """Make the folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name, "small")
        self.data = Path(folder.name, "data")
        self.data.mkdir()

    def fill(self, files: Mapping[str, str]) -> None:
        """Write files; each folder on the way becomes a package."""
        for name, text in files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            for folder in path.relative_to(self.home).parents:
                (self.home / folder / "__init__.py").touch()

    def run_tests(self, tier: str = "all") -> Counts:
        """Run the package's tests without what they print."""
        return PackageTests(self.home, self.data, quiet=True).run(tier)


class CountsTest(Package):
    """What is counted, and as what."""

    def test_every_outcome(self) -> None:
        """Errors and unexpected successes fail, subtests count as their test."""
        self.fill({"tests/unit/test_mixed.py": MIXED})
        counts = self.run_tests()
        self.assertEqual("2 passed, 3 failed, 1 skipped", str(counts))
        self.assertEqual(("needs postgresql",), counts.skipped)

    def test_class_that_skips(self) -> None:
        """A class that skips in its set-up is one skip and no pass."""
        self.fill({"tests/unit/test_skipped.py": SKIPPED_CLASS})
        self.assertEqual("0 passed, 0 failed, 1 skipped", str(self.run_tests()))

    def test_module_that_cannot_be_imported(self) -> None:
        """A file of tests that raises on import is a failure."""
        self.fill({"tests/unit/test_broken.py": "raise ValueError\n"})
        self.assertEqual("0 passed, 1 failed, 0 skipped", str(self.run_tests()))

    def test_process_that_dies(self) -> None:
        """Tests that end the process are a failure, not nothing."""
        text = f"import os\n{PASSING}\n    def test_dies(self):\n        os._exit(0)\n"
        self.fill({"tests/unit/test_dying.py": text})
        self.assertEqual("0 passed, 1 failed, 0 skipped", str(self.run_tests()))

    def test_required_part(self) -> None:
        """A test skipped for want of a required part counts as failed."""
        counts = Counts(1, 0, ("needs PostgreSQL", "requires s3: set it"))
        self.assertEqual("1 passed, 1 failed, 1 skipped", str(counts.requiring(["s3"])))
        self.assertEqual(counts, counts.requiring([]))
        self.assertEqual(counts, counts.requiring(["docker", "sql"]))


class TierTest(Package):
    """Which tests belong to a tier."""

    def setUp(self) -> None:
        """Write one test for each tier, and one beside a Django app."""
        super().setUp()
        tiers = ("unit", "integration", "performance", "e2e")
        self.fill({f"tests/{tier}/test_{tier}.py": PASSING for tier in tiers})

    def test_tiers(self) -> None:
        """Each tier has its own test; all of them leave out what is asked for."""
        passed = {
            tier: self.run_tests(tier).passed
            for tier in ("unit", "integration", "performance", "e2e", "all")
        }
        expected = {"unit": 1, "integration": 1, "performance": 1, "e2e": 1, "all": 2}
        self.assertEqual(expected, passed)

    def test_tests_of_an_app(self) -> None:
        """Tests beside a Django app belong to the unit tests."""
        self.fill({"users/tests/test_models.py": PASSING})
        self.assertEqual(2, self.run_tests("unit").passed)
        self.assertEqual(1, self.run_tests("integration").passed)

    def test_packages_with_a_tier(self) -> None:
        """Only packages with a folder for the tier are asked for it."""
        self.fill({"tests/unit/test_unit.py": PASSING})
        (self.home.parent / "other" / "tests").mkdir(parents=True)
        suite = Suite(self.home.parent)
        self.assertEqual(["small"], suite.names("integration"))
        self.assertEqual(["other", "small"], suite.names("unit"))
        self.assertEqual(["other", "small"], suite.names("all"))


class MainTest(Package):
    """The whole suite."""

    def call(self, *arguments: str, require: str = "") -> tuple[int, list[str]]:
        """Run the suite over the folder; return its status and what it printed."""
        with redirect_stdout(io.StringIO()) as printed:
            suite = Suite(self.home.parent, require.split(","), quiet=True)
            status = main([*arguments], suite)
        return status, printed.getvalue().splitlines()

    def setUp(self) -> None:
        """Take the folder for data away, which is no package."""
        super().setUp()
        self.data.rmdir()

    def test_green(self) -> None:
        """The last line of a green suite is the sum, the status 0."""
        self.fill({"tests/unit/test_a.py": PASSING})
        status, lines = self.call()
        self.assertEqual((0, "1 passed, 0 failed, 0 skipped"), (status, lines[-1]))

    def test_no_test(self) -> None:
        """A package whose tests are not found fails the suite."""
        self.fill({"tests/unit/a.py": PASSING})
        status, lines = self.call()
        self.assertEqual(1, status)
        self.assertIn("failed: small: no test ran", lines)

    def test_required_part_missing(self) -> None:
        """A required part that is missing fails the suite and is named."""
        self.fill({"tests/unit/test_a.py": SKIPPED_CLASS})
        self.assertEqual(0, self.call(require="postgresql")[0])
        status, lines = self.call(require="postgresql, s3")
        self.assertEqual((1, "0 passed, 1 failed, 0 skipped"), (status, lines[-1]))
        self.assertIn("skipped 1: needs s3", lines)

    def test_coverage(self) -> None:
        """Too little coverage fails the suite."""
        source = "[tool.coverage.run]\nsource_pkgs = ['small']\nomit = ['*/tests/*']\n"
        self.fill({"tests/unit/test_a.py": PASSING, "pyproject.toml": source})
        self.fill({"untested.py": "A = 1\n"})
        self.assertEqual(0, self.call("--coverage")[0])
        status, lines = self.call("--coverage", "--fail-under=50")
        self.assertEqual(1, status)
        self.assertIn("failed: small: covered too little", lines)

    def test_no_benchmark(self) -> None:
        """A tier that no package has is said to be so, and is no failure."""
        self.fill({"tests/unit/test_a.py": PASSING})
        status, lines = self.call("--tier=performance")
        self.assertEqual(0, status)
        self.assertIn("no package has performance tests", lines)

    def test_unknown_package(self) -> None:
        """A package that does not exist is refused by name."""
        self.fill({"tests/unit/test_a.py": PASSING})
        with self.assertRaises(SystemExit), redirect_stderr(io.StringIO()) as printed:
            self.call("nothing")
        self.assertIn("no such package with tests: nothing", printed.getvalue())


if __name__ == "__main__":
    unittest.main()
