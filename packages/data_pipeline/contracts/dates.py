"""Formats of dates: from the words of the standard to those of strptime."""

import re

RUN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
WORDS = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MM": "%m",
    "M": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "d": "%d",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "a": "%p",
    "EEE": "%a",
    "EEEE": "%A",
    "XX": "%z",
    "XXX": "%z",
    "Z": "%z",
    "xx": "%z",
    "xxx": "%z",
    "DDD": "%j",
}


def strptime_format(pattern: str) -> str:
    """Return the format of strptime for a pattern of Java's DateTimeFormatter.

    :raises ValueError: naming the part that has no counterpart.
    """
    found: list[str] = []
    end = 0
    for run in RUN.finditer(pattern):
        if run.start() != end:
            break
        found.append(_word(run))
        end = run.end()
    if end != len(pattern):
        raise ValueError(f"the quote in {pattern[end:]!r} is not closed")
    return "".join(found)


def _word(run: re.Match[str]) -> str:
    """Return one part of a format.

    :raises ValueError: when strptime has none for it.
    """
    text = run[0]
    if run[1] is not None:
        text = run[1].replace("''", "'") or "'"
    elif run[2]:
        if text not in WORDS:
            raise ValueError(f"{text!r} is no part of a date that is known here")
        return WORDS[text]
    return text.replace("%", "%%")
