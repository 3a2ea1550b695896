"""Writes names and values as SQL."""

from collections.abc import Iterable


def name(text: str) -> str:
    """Return a quoted identifier."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def text(value: str) -> str:
    """Return a text literal; control characters are spelled out, one to one."""
    quoted = value.replace("'", "''")
    if quoted.isprintable():
        return f"'{quoted}'"
    escaped = "".join(_escaped(character) for character in quoted)
    return f"E'{escaped}'"


def _escaped(character: str) -> str:
    """Return a character as it stands in an ``E''`` literal."""
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def texts(values: Iterable[str]) -> str:
    """Return text literals with commas in between."""
    return ", ".join(text(value) for value in values)


def indented(block: str, by: int = 4) -> str:
    """Return a block of lines moved to the right."""
    return "\n".join(
        f"{' ' * by}{line}" if line else line for line in block.split("\n")
    )
