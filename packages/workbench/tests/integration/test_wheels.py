"""Wheels in environments of their own; nothing is fetched from an index."""

from pathlib import Path
import tempfile
import unittest

from workbench.policy.tree import Tree
from workbench.wheels import outcome, Wheels

MANIFEST = """
[project]
name = "NAME"
version = "0.1.0"
dependencies = [DEPENDENCIES]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
include = ["*.py"]
exclude = ["/tests"]

[tool.hatch.build.targets.wheel.sources]
"" = "NAME"
"""
DOCSTRING = '"""A module."""\n'


class WheelsTest(unittest.TestCase):
    """Two small packages, of which one imports the other."""

    def setUp(self) -> None:
        """Write both packages; ``letters`` declares nothing yet."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name, "repository")
        self.work = Path(folder.name, "work")
        self.write("stamps", "", {"__init__.py": DOCSTRING})
        self.files = {
            "__init__.py": DOCSTRING,
            "post.py": f"{DOCSTRING}import stamps\n",
        }

    def write(self, name: str, dependencies: str, files: dict[str, str]) -> None:
        """Write one package."""
        home = self.root / "packages" / name
        home.mkdir(parents=True)
        manifest = MANIFEST.replace("NAME", name).replace("DEPENDENCIES", dependencies)
        for path, text in {"pyproject.toml": manifest, **files}.items():
            (home / path).write_text(text)

    def check(self) -> tuple[bool, str]:
        """Build both and check ``letters``."""
        packages = Tree(self.root).packages
        wheels = Wheels(packages, self.root, self.work)
        for package in packages:
            wheels.build(package)
        return outcome(wheels, packages[0])

    def test_declared(self) -> None:
        """A package that declares its sibling is installed with it and imported."""
        self.write("letters", '"stamps>=0.1"', self.files)
        self.assertEqual((True, "letters 2 modules"), self.check())

    def test_undeclared(self) -> None:
        """An import that nothing declares fails, whatever the workspace holds."""
        self.write("letters", "", self.files)
        holds, line = self.check()
        self.assertFalse(holds)
        self.assertIn("No module named 'stamps'", line)
        self.assertIn("A8 wheel", line)
        self.assertIn("mend: declare", line)

    def test_left_out_of_the_wheel(self) -> None:
        """A module in a place that the wheel leaves out is missed."""
        text = f"{DOCSTRING}from letters.tests import helper\n"
        self.write("letters", "", {"__init__.py": DOCSTRING, "post.py": text})
        tests = self.root / "packages/letters/tests"
        tests.mkdir()
        for name in ("__init__.py", "helper.py"):
            (tests / name).write_text(DOCSTRING)
        holds, line = self.check()
        self.assertFalse(holds)
        self.assertIn("letters.tests", line)


if __name__ == "__main__":
    unittest.main()
