"""Types of command-line arguments: strict, with messages that say what is allowed.

Each takes the text of an argument or of a variable, returns what it means, and
raises :class:`argparse.ArgumentTypeError` for anything else.
"""

import argparse
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
import math
import re
from typing import NamedTuple

from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard

YES = ("1", "true", "yes")
NO = ("0", "false", "no")
SMALLEST_BASE = 100
_BUCKET = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


class QuarantineLimit(NamedTuple):
    """How many units may be quarantined: a fraction of the listed, or a number.

    :param fraction: of the listed units, or ``None``.
    :param units: a number of units, when there is no fraction.
    """

    fraction: float | None = 0.1
    units: int = 0

    def of(self, listed: int) -> int:
        """Return the number for so many listed units.

        A fraction counts at least a hundred units, so that the one bad unit of a
        small run does not stop it.
        """
        if self.fraction is None:
            return self.units
        # The margin is for fractions that are not exact: 0.29 * 100 is a bit below 29.
        return math.floor(self.fraction * max(listed, SMALLEST_BASE) + 1e-9)


def boolean(text: str) -> bool:
    """Read a switch.

    :raises ArgumentTypeError: saying what is allowed.
    """
    if text.lower() in YES + NO:
        return text.lower() in YES
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither {', '.join(YES)} nor {', '.join(NO)}"
    )


def whole_number(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """Return a type that reads a whole number within bounds, both included."""
    bounds = f"from {lowest} to {highest}" if highest else f"of at least {lowest}"

    def read(text: str) -> int:
        """Read one number.

        :raises ArgumentTypeError: naming the bounds.
        """
        if re.fullmatch(r"-?[0-9]{1,18}", text):
            number = int(text)
            if lowest <= number and (highest is None or number <= highest):
                return number
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number {bounds}")

    return read


def duration(text: str) -> float:
    """Read ``270s``, ``5m``, ``1h30m`` or ``90d`` as seconds.

    :raises ArgumentTypeError: saying what is allowed.
    """
    pattern = (
        r"(?:([0-9]{1,5})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?"
    )
    found = re.fullmatch(pattern, text)
    if not text or found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no duration; write 270s, 5m, 1h30m or 90d"
        )
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def time_limit(text: str) -> float:
    """Read a duration that leaves time to do something.

    :raises ArgumentTypeError: saying what is allowed.
    """
    seconds = duration(text)
    if seconds == 0:
        raise argparse.ArgumentTypeError("the time must be longer than zero")
    return seconds


_TIMESTAMP = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,6}))?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)


def timestamp(text: str) -> datetime:
    """Read a date or a time in ISO 8601; UTC unless it says otherwise.

    :returns: the time in UTC; the beginning of the day for a date.
    :raises ArgumentTypeError: saying what is allowed.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is not None:
        clock = found["time"] or "00:00"
        zone = (found["zone"] or "Z").replace("Z", "+00:00")
        fraction = int((found["fraction"] or "0").ljust(6, "0"))
        try:
            moment = datetime.fromisoformat(f"{found['day']}T{clock}{zone}")
            return moment.astimezone(timezone.utc) + timedelta(microseconds=fraction)
        except (OverflowError, ValueError):
            pass
    raise argparse.ArgumentTypeError(
        f"{text!r} is no time; write 2026-11-21, 2026-11-21T13:45:00Z "
        "or 2026-11-21T13:45:00+02:00"
    )


def time_or_age(text: str) -> datetime | timedelta:
    """Read a time, or a duration before now.

    :raises ArgumentTypeError: saying what is allowed.
    """
    for read in (lambda: timestamp(text), lambda: timedelta(seconds=duration(text))):
        try:
            return read()
        except argparse.ArgumentTypeError:
            continue
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither a time, as in 2026-11-21, nor a duration, as in 7d"
    )


def byte_size(text: str) -> int:
    """Read ``512MB``, ``2GiB`` or a number of bytes.

    :raises ArgumentTypeError: saying what is allowed.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,17}) ?(?:([KMGT])(i?)B)?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 512MB or 2GiB")
    base = 1024 if found[3] else 1000
    power = " KMGT".index(found[2]) if found[2] else 0
    return int(found[1]) * int(base**power)


def memory_limit(text: str) -> str:
    """Read a size, or a share of the memory there is, as in ``60%``.

    :returns: the text itself.
    :raises ArgumentTypeError: saying what is allowed.
    """
    if re.fullmatch(r"[1-9][0-9]?%", text):
        return text
    byte_size(text)
    return text


def quarantine_limit(text: str) -> QuarantineLimit:
    """Read ``10%`` or a count.

    :raises ArgumentTypeError: saying what is allowed.
    """
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%", text)
    if found and float(found[1]) <= 100:
        return QuarantineLimit(float(found[1]) / 100)
    if re.fullmatch(r"[0-9]{1,18}", text):
        return QuarantineLimit(None, int(text))
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither a share, as in 10%, nor a count of units, as in 25"
    )


def shard(text: str) -> Shard:
    """Read ``3/8``.

    :raises ArgumentTypeError: saying what is allowed.
    """
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def s3_prefix(text: str) -> ObjectRef:
    """Read ``s3://bucket/prefix``; the key is empty or ends in a slash.

    :raises ArgumentTypeError: saying what is allowed.
    """
    found = re.fullmatch(rf"s3://({_BUCKET})(?:/(.*))?", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no place on S3; write s3://bucket/prefix"
        )
    prefix = (found[2] or "").rstrip("/")
    return ObjectRef(found[1], f"{prefix}/" if prefix else "")


def s3_object(text: str) -> ObjectRef:
    """Read ``s3://bucket/key``; the key is taken as it is.

    :raises ArgumentTypeError: saying what is allowed.
    """
    found = re.fullmatch(rf"s3://({_BUCKET})/(.+)", text, re.DOTALL)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no object on S3; write s3://bucket/key"
        )
    return ObjectRef(found[1], found[2])


def word(text: str) -> str:
    """Read a name that can be part of an object key.

    :raises ArgumentTypeError: saying what is allowed.
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", text):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is no name of at most 100 letters, digits, dots, dashes "
        "and underscores"
    )
