"""A module and a job made in a copy of the repository, checked as ours are."""

from contextlib import redirect_stderr
import io
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
from typing import ClassVar
import unittest

from workbench import scaffold
from workbench.policy.tree import Tree

ROOT = scaffold.ROOT
PROGRAMS = Path(sys.executable).parent
MODULE, FIRST, SECOND = "data_exporter", "export_files", "pack_letters"
SECONDS = 600


class ScaffoldTest(unittest.TestCase):
    """A module with a first job, a second job in it, and one in an old module."""

    home: ClassVar[Path]
    package: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        """Copy the repository and make them."""
        folder = tempfile.TemporaryDirectory(prefix="etl-scaffold-")
        cls.addClassCleanup(folder.cleanup)
        cls.home = Path(folder.name)
        for path in Tree(ROOT).files:
            target = cls.home / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target)
        cls.package = cls.home / "packages" / MODULE
        for argv in (
            ["module", MODULE, "--job", FIRST],
            ["job", MODULE, SECOND],
            ["job", "data_pipeline", "send_letters"],
        ):
            assert scaffold.main(argv, cls.home) == 0, argv
        # What `make lock` would write; it needs the index of packages.
        (cls.package / "poetry.lock").touch()
        cls.run_tool("ruff", "check", "--select", "I", "--fix", "packages")
        cls.run_tool("ruff", "format", "packages")
        cls.run_tool("python", "-m", "workbench.reference")

    @classmethod
    def run_tool(cls, name: str, *argv: str, cwd: str = ".") -> str:
        """Run a tool in the copy, to its good end; return what it printed."""
        done = subprocess.run(
            [PROGRAMS / name, *argv],
            cwd=cls.home / cwd,
            env={**os.environ, "PYTHONPATH": str(cls.home / "packages")},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{name} {argv}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_rules_hold(self) -> None:
        """Every rule of the repository holds, and the pages are fresh."""
        self.assertIn("rules hold", self.run_tool("python", "-m", "workbench.policy"))
        self.run_tool("python", "-m", "workbench.reference", "--check")

    def test_lint_and_types(self) -> None:
        """The sources are as the linters and the type checker want them."""
        self.run_tool("ruff", "check", "packages")
        self.run_tool("ruff", "format", "--check", "packages")
        self.run_tool("mypy", f"packages/{MODULE}")

    def test_its_tests_pass(self) -> None:
        """Every job has a unit and an integration test, and they pass."""
        tests = sorted(it.name for it in self.package.rglob("test_*.py"))
        self.assertEqual(sorted([f"test_{FIRST}.py", f"test_{SECOND}.py"] * 2), tests)
        discover = ("discover", "-s", "tests", "-t", "..")
        self.run_tool("python", "-m", "unittest", *discover, cwd=f"packages/{MODULE}")

    def test_it_is_listed(self) -> None:
        """The dispatcher of the module knows its jobs, that of another its own."""
        listed = self.run_tool("python", "-m", f"{MODULE}.cli.main", "list")
        self.assertIn(f"  {FIRST}  ", listed)
        self.assertIn(f"  {SECOND}  ", listed)
        listed = self.run_tool("python", "-m", "data_pipeline.cli.main", "list")
        self.assertIn("  send_letters ", listed)

    def test_nothing_of_the_sibling_is_left(self) -> None:
        """Neither its name nor Django came along."""
        files = [it for it in self.package.rglob("*") if it.is_file()]
        files += [
            it for it in (self.home / "infra" / MODULE).rglob("*") if it.is_file()
        ]
        files.append(self.home / "docker/data-exporter.Dockerfile")
        for file in files:
            if "__pycache__" not in file.parts:
                text = file.read_text().lower()
                for word in ("seeder", "django", "etl_database_schema", "psycopg2"):
                    with self.subTest(file=file.name, word=word):
                        self.assertNotIn(word, text)

    def test_what_is_there_is_kept(self) -> None:
        """A name that is taken, or that Python has, is refused."""
        for argv, words in (
            (["module", MODULE], "is there already"),
            (["module", "json"], "no module of Python"),
            (["module", "Data-Exporter"], "lower-case words"),
            (["job", MODULE, FIRST], "is there already"),
            (["job", "etl_core", "x"], "no job module"),
        ):
            with self.subTest(argv), redirect_stderr(io.StringIO()) as printed:
                self.assertEqual(2, scaffold.main(argv, self.home))
                self.assertIn(words, printed.getvalue())


if __name__ == "__main__":
    unittest.main()
