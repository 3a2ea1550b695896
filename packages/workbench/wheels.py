"""Install every wheel with only what it declares, and import all that is in it.

The workspace environment holds every package and every tool, so it hides a
dependency that is not declared, or declared in an extra only. Each wheel is
therefore installed into an environment of its own: plainly, then with each extra
that the table of the policy knows.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import NamedTuple
import venv
from zipfile import ZipFile

from workbench.policy import table
from workbench.policy.tree import Package, Tree

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
IMPORT = """
import importlib, importlib.util, os, sys
if importlib.util.find_spec("django"):
    os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1] + ".settings"
    importlib.import_module("django").setup()
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


class WheelError(Exception):
    """A wheel cannot be built, installed or imported."""


class Case(NamedTuple):
    """One way to install a package; the extra may be empty."""

    package: Package
    extra: str = ""

    def __str__(self) -> str:
        """Write it as pip does."""
        extra = f"[{self.extra}]" if self.extra else ""
        return f"{self.package.distribution}{extra}"

    def modules(self, wheel: Path) -> list[str]:
        """Return the modules that this install must be able to import."""
        with ZipFile(wheel) as archive:
            files = [Path(name) for name in archive.namelist()]
        names = sorted(_module(file) for file in files if _is_module(file))
        return [name for name in names if table.extra_of(name) in {None, self.extra}]


def _is_module(file: Path) -> bool:
    """Tell whether a file of a wheel can be imported without running a command."""
    return file.suffix == ".py" and file.name != "__main__.py"


def _module(file: Path) -> str:
    """Name the module in a file."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def cases(package: Package) -> list[Case]:
    """Return the installs to try, one after the other in one environment."""
    extras = {
        extra
        for module, extra in table.EXTRAS.items()
        if module.startswith(f"{package.name}.")
    }
    return [Case(package), *(Case(package, extra) for extra in sorted(extras))]


class Wheels:
    """The wheels of the packages, built once.

    :param packages: all packages of the repository.
    :param root: the repository.
    :param work: a folder for wheels and environments.
    """

    def __init__(self, packages: Iterable[Package], root: Path, work: Path) -> None:
        """Build nothing yet."""
        self._packages = {str(each.distribution): each for each in packages}
        self._root = root
        self._work = work

    def build(self, package: Package) -> None:
        """Build the wheel of one package."""
        target = self._work / package.distribution
        command = [PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", target]
        _run(command, self._root / package.folder)

    def check(self, package: Package) -> str:
        """Install and import every case of a package; say how much was imported."""
        home = self._work / f"env-{package.name}"
        venv.EnvBuilder(with_pip=False, symlinks=True).create(home)
        counts = [self._check(case, home / "bin" / "python") for case in cases(package)]
        return ", ".join(counts)

    def _check(self, case: Case, python: Path) -> str:
        """Install and import one case."""
        wheel = self._wheel(case.package)
        extra = f"[{case.extra}]" if case.extra else ""
        wanted = [f"{wheel}{extra}", *map(self._wheel, self._needs(case))]
        install = [PYTHON, "-m", "pip", "--python", python, "install", "--quiet"]
        _run([*install, "--no-compile", *wanted], self._work)
        modules = case.modules(wheel)
        _run([python, "-I", "-c", IMPORT, case.package.name, *modules], self._work)
        return f"{case} {len(modules)} modules"

    def _wheel(self, package: Package) -> Path:
        """Return the wheel of a package."""
        return next((self._work / package.distribution).glob("*.whl"))

    def _needs(self, case: Case) -> list[Package]:
        """Return our own packages that one declares; no index has them."""
        declared = case.package.brings(case.extra) - {case.package.distribution}
        return [
            self._packages[name] for name in sorted(declared & self._packages.keys())
        ]


def _run(command: Iterable[object], folder: Path) -> None:
    """Run a command.

    :raises WheelError: with what it printed, when it fails.
    """
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise WheelError(done.stdout)


def outcome(wheels: Wheels, package: Package) -> tuple[bool, str]:
    """Check one package; tell whether it holds, and what to print."""
    try:
        return True, wheels.check(package)
    except WheelError as error:
        mend = "declare what is missing in pyproject.toml, or the extra in the table"
        return False, f"{package.name}: A8 wheel: {error}\nmend: {mend}"


def main() -> int:
    """Check every package of an image, two at a time; 1 when one of them fails."""
    packages = [each for each in Tree(ROOT).packages if each.name != table.WORKBENCH]
    with tempfile.TemporaryDirectory(prefix="etl-wheels-") as work:
        wheels = Wheels(packages, ROOT, Path(work))
        for package in packages:
            wheels.build(package)
        with ThreadPoolExecutor(2) as pool:
            tried = list(pool.map(lambda each: outcome(wheels, each), packages))
    for _, line in tried:
        sys.stdout.write(f"wheels: {line}\n")
    return int(not all(holds for holds, _ in tried))


if __name__ == "__main__":
    sys.exit(main())
