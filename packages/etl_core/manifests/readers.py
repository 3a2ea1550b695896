"""Types of the options of ``manifest``: what Kubernetes and AWS would refuse later."""

import argparse
from collections.abc import Callable
import re
from typing import NamedTuple

NAMES = {
    name: str(number)
    for names, first in (
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
        ("sun mon tue wed thu fri sat", 0),
    )
    for number, name in enumerate(names.split(), start=first)
}
CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
CRON_MACROS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")
_CRON_PART = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([1-9][0-9]?))?")


class Each(NamedTuple):
    """The values of one option, each for a Job of its own."""

    name: str
    values: tuple[str, ...]


def matching(pattern: str, example: str) -> Callable[[str], str]:
    """Return a type that takes what a pattern matches.

    :param example: of what is allowed, for the message.
    """

    def read(text: str) -> str:
        """Read one value.

        :raises ArgumentTypeError: with the example.
        """
        if re.fullmatch(pattern, text):
            return text
        raise argparse.ArgumentTypeError(f"{text!r} is not written like {example}")

    return read


dns_name = matching("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", "data-pipeline")
cpu = matching(r"[1-9][0-9]{0,5}m|[1-9][0-9]?(\.[0-9]+)?|0\.[0-9]*[1-9]", "500m or 2")
memory = matching("[1-9][0-9]{0,5}[MG]i", "512Mi or 2Gi")
role_arn = matching(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+", "arn:aws:iam::111122223333:role/name"
)
image = matching(r"\S+", "etl-data-pipeline:1.2.3 or name@sha256:0123")
words = matching(r"[^\s,]+(,[^\s,]+)*", "subnet-1,subnet-2")


def cron(text: str) -> str:
    """Read when something is started: five fields, or one of the short names.

    :raises ArgumentTypeError: saying which field is wrong.
    """
    fields = text.split()
    if text in CRON_MACROS:
        return text
    if len(fields) != len(CRON_BOUNDS):
        raise argparse.ArgumentTypeError(
            f"{text!r} has not the five fields minute, hour, day, month, weekday, as "
            f"in '30 2 * * *', and is none of {', '.join(CRON_MACROS)}"
        )
    for field, (lowest, highest) in zip(fields, CRON_BOUNDS, strict=True):
        if not all(_is_cron(part, lowest, highest) for part in field.split(",")):
            raise argparse.ArgumentTypeError(
                f"{field!r} in {text!r} is nothing from {lowest} to {highest}"
            )
    return " ".join(fields)


def each(text: str) -> Each:
    """Read ``agency_id=10,11,12``.

    :raises ArgumentTypeError: saying what is allowed.
    """
    name, _, listed = text.partition("=")
    values = tuple(value.strip() for value in listed.split(","))
    if not re.fullmatch("[a-z][a-z0-9_-]*", name) or not all(values):
        raise argparse.ArgumentTypeError(
            f"{text!r} names no option and its values, as in agency_id=10,11,12"
        )
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise argparse.ArgumentTypeError(f"{', '.join(twice)} twice in {text!r}")
    return Each(name, values)


def variable(text: str) -> tuple[str, str]:
    """Read ``NAME=value``.

    :raises ArgumentTypeError: saying what is allowed.
    """
    name, found, value = text.partition("=")
    if not found or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not written like NAME=value")
    return name, value


def _is_cron(part: str, lowest: int, highest: int) -> bool:
    """Tell whether a part of a field is within its bounds."""
    found = _CRON_PART.fullmatch(_numbered(part))
    if found is None:
        return False
    bounds = [int(number) for number in found.groups()[:2] if number]
    return bounds == sorted(bounds) and all(lowest <= it <= highest for it in bounds)


def _numbered(part: str) -> str:
    """Write the names of months and days as numbers."""
    return re.sub("[a-z]{3}", lambda it: NAMES.get(it[0], it[0]), part.lower())
