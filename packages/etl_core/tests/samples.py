"""A job module made of temporary files, for the tests of the command line."""

from contextlib import redirect_stderr, redirect_stdout
import importlib
from importlib.machinery import ModuleSpec
import io
import itertools
from pathlib import Path
import sys
import tempfile
from types import ModuleType
import unittest

from etl_core import console

PLAIN = '''
"""A plain job."""
import argparse


def entrypoint(argv):
    parser = argparse.ArgumentParser(prog="plain")
    parser.add_argument("--agency-id", type=int, required=True)
    print("agency", parser.parse_args(argv).agency_id)
    return 0


JOB = (entrypoint, "Print the agency")
'''

_numbers = itertools.count()


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


class SampleModuleTest(unittest.TestCase):
    """A module ``sample_<n>`` whose ``jobs`` package holds the job ``plain``."""

    def setUp(self) -> None:
        """Make the module known to the import system, without a folder on its path."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.name = f"sample_{next(_numbers)}"
        self.program = self.name.replace("_", "-")
        self.package = f"{self.name}.jobs"
        self.jobs = Path(folder.name) / "jobs"
        self.jobs.mkdir()
        module = ModuleType(self.name)
        module.__path__ = [folder.name]
        module.__spec__ = ModuleSpec(self.name, None, is_package=True)
        sys.modules[self.name] = module
        self.addCleanup(self._forget)
        self.write_job("__init__", '"""Jobs."""')
        self.write_job("plain", PLAIN)

    def _forget(self) -> None:
        """Remove the module and its jobs from the import system."""
        for name in [each for each in sys.modules if each.startswith(self.name)]:
            del sys.modules[name]

    def write_job(self, name: str, source: str) -> Path:
        """Write the file of a job and return its path."""
        path = self.jobs / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        importlib.invalidate_caches()
        return path

    def write_verb(self, name: str, source: str) -> None:
        """Write the file of a verb that only this module has."""
        folder = self.jobs.parent / "commands"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        importlib.invalidate_caches()

    def write_body(self, name: str, *body: str) -> None:
        """Write a job whose entry point consists of these lines."""
        lines = "\n".join(f"    {line}" for line in body)
        self.write_job(
            name,
            f'"""A job."""\nimport os, sys\n\n\ndef entrypoint(argv):\n{lines}\n\n\n'
            f'JOB = (entrypoint, "Do as the test says")\n',
        )

    def imported(self) -> list[str]:
        """Return the jobs that were imported."""
        prefix = f"{self.package}."
        return [
            name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)
        ]

    def call(self, *argv: str) -> tuple[int, str, str]:
        """Call the console script; return exit code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = console.main(self.package, "plain", list(argv))
        return code, out.getvalue(), err.getvalue()
