"""Units, their outcomes, and the line that the ledger keeps of each."""

from collections.abc import Mapping
from datetime import datetime, timezone
from enum import Enum
from typing import Any, NamedTuple

from etl_core.s3.store import ListedObject, ObjectRef


class Outcome(str, Enum):
    """What became of a unit; every unit of a closed run has exactly one."""

    DONE = "done"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    QUARANTINED = "quarantined"


PENDING = "pending"
"""Not an outcome: the effect failed for now, and the run stays open."""


class Reason(str, Enum):
    """Why a unit has its outcome; jobs add their own for what they skip."""

    COPIED = "copied"
    RECOVERED = "recovered"
    SAME = "same"
    SOURCE_MISSING = "source_missing"
    ACCESS_DENIED = "access_denied"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    SIZE_MISMATCH = "size_mismatch"
    ETAG_MISMATCH = "etag_mismatch"
    DESTINATION_MISSING = "destination_missing"
    UNAVAILABLE = "unavailable"


class Unit(NamedTuple):
    """One thing to be processed, and the object that it becomes.

    :param key: stable name of the unit, unique in its job.
    :param source: the object it is read from.
    :param destination: key of the object that its effect writes.
    :param fingerprint: changes when the unit is to be processed again.
    :param size: bytes of the object that its effect writes, ``None`` if unknown; a
        unit whose object comes out otherwise is quarantined.
    :param skip: why it is not to be processed, ``None`` if it is.
    :param attributes: further columns of the manifest.
    """

    key: str
    source: ObjectRef
    destination: str
    fingerprint: str
    size: int | None = None
    skip: str | None = None
    attributes: Mapping[str, Any] | None = None


class Source(NamedTuple):
    """The source as the effect saw it; what it did not see is ``None``."""

    bucket: str
    key: str
    etag: str | None = None
    version: str | None = None
    size: int | None = None


class Destination(NamedTuple):
    """The object that the unit became; ``None`` where there is none."""

    bucket: str
    key: str
    etag: str | None = None
    size: int | None = None

    def agrees_with(self, listed: ListedObject | None) -> bool:
        """Tell whether a listing shows this very object."""
        return (
            listed is not None
            and listed.etag == self.etag
            and self.size in (None, listed.size)
        )


class Line(NamedTuple):
    """What the ledger says of one unit.

    :param outcome: an :class:`Outcome`, or :data:`PENDING` in a journal.
    :param fingerprint: of the unit when it was processed.
    :param at: when it was processed, ISO 8601 in UTC.
    :param seconds: how long its effect took; ``None`` when none was needed.
    """

    unit: str
    source: Source
    destination: Destination
    outcome: str
    reason: str
    attempt: int
    at: str
    fingerprint: str
    seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the line as the ledger holds it."""
        source, place = self.source, self.destination
        return {
            "unit": self.unit,
            "source": {
                "bucket": source.bucket,
                "key": source.key,
                "etag": source.etag,
                "version": source.version,
                "size": source.size,
            },
            "destination": {
                "bucket": place.bucket,
                "key": place.key,
                "etag": place.etag,
                "size": place.size,
            },
            "outcome": self.outcome,
            "reason": self.reason,
            "attempt": self.attempt,
            "at": self.at,
            "fingerprint": self.fingerprint,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Line":
        """Return the line that a ledger holds."""
        return cls(
            **{
                **stored,
                "source": Source(**stored["source"]),
                "destination": Destination(**stored["destination"]),
            }
        )


def utc_now() -> str:
    """Return the time as ledgers and records keep it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
