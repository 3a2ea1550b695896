"""Writes names and values as SQL."""

from collections.abc import Iterable
import re

CONTROL = re.compile("[\x01-\x1f\x7f]")


def name(text: str) -> str:
    """Return a quoted identifier."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def text(value: str) -> str:
    """Return a text literal in which control characters are spelled out."""
    quoted = value.replace("'", "''")
    if not CONTROL.search(quoted):
        return f"'{quoted}'"
    spelled = CONTROL.sub(_spelled, quoted.replace("\\", "\\\\"))
    return f"E'{spelled}'"


def _spelled(found: re.Match[str]) -> str:
    """Return a control character as it stands in an ``E''`` literal."""
    return f"\\x{ord(found[0]):02x}"


def texts(values: Iterable[str]) -> str:
    """Return text literals with commas in between."""
    return ", ".join(text(value) for value in values)


def indented(block: str, by: int = 4) -> str:
    """Return a block of lines moved to the right."""
    margin = " " * by
    return "\n".join(f"{margin}{line}" if line else line for line in block.split("\n"))
