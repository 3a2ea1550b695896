"""What is to be done for one unit, decided from what is known; no request is made."""

from collections.abc import Sequence
from typing import NamedTuple

from etl_core.runs.index import IndexEntry
from etl_core.runs.units import (
    Destination,
    Line,
    Outcome,
    PENDING,
    Reason,
    Source,
    Unit,
    utc_now,
)
from etl_core.s3.store import ListedObject


class Task(NamedTuple):
    """A unit whose effect is to be made.

    :param in_place: what lies at the destination, made by nobody we know of: it
        counts as recovered when the effect finds that it is what it would make.
    :param failures: how many attempts of this run failed for now.
    :param source: as it was listed, with ``--check-source``.
    """

    unit: Unit
    in_place: ListedObject | None
    failures: int
    source: ListedObject | None = None


class Known(NamedTuple):
    """What is known of a unit before anything is done.

    :param entry: the index of the scope.
    :param listed: the listing of the destination.
    :param earlier: lines of earlier attempts of the same run, oldest first.
    :param source: the listing of the sources, with ``--check-source``.
    """

    entry: IndexEntry | None
    listed: ListedObject | None
    earlier: Sequence[Line] = ()
    source: ListedObject | None = None


class Decider:
    """Decides for the units of one attempt.

    :param bucket: of the destination.
    :param attempt: number of this attempt.
    :param check_source: whether :attr:`Known.source` says what there is.
    """

    def __init__(self, bucket: str, attempt: int, check_source: bool) -> None:
        """Keep the settings."""
        self._bucket = bucket
        self._attempt = attempt
        self._check_source = check_source

    def decide(self, unit: Unit, known: Known) -> Line | Task:
        """Return the line of a unit that needs nothing, or the task."""
        if unit.skip:
            return self._line(unit, Outcome.SKIPPED, unit.skip)
        for line in reversed(known.earlier):
            if known.listed and self._still_holds(line, unit, known.listed):
                place = line.destination._replace(size=known.listed.size)
                return line._replace(destination=place)
        if self._unchanged(unit, known):
            return self._line(unit, Outcome.UNCHANGED, Reason.SAME.value, known.entry)
        failures = sum(line.outcome == PENDING for line in known.earlier)
        in_place = None if known.entry else known.listed
        return Task(unit, in_place, failures, known.source)

    def _still_holds(self, line: Line, unit: Unit, listed: ListedObject | None) -> bool:
        """Tell whether an earlier attempt did this very unit for good."""
        return (
            line.outcome == Outcome.DONE.value
            and line.fingerprint == unit.fingerprint
            and line.destination.agrees_with(listed)
        )

    def _unchanged(self, unit: Unit, known: Known) -> bool:
        """Tell whether row and destination, and source if checked, are as before."""
        entry = known.entry
        if entry is None or entry.fingerprint != unit.fingerprint:
            return False
        if not entry.agrees_with(known.listed):
            return False
        if not self._check_source:
            return True
        # Without a source ETag from an earlier check, that of the copy is the best
        # witness: it is the same for what was copied whole and is not encrypted.
        witness = entry.source_etag or entry.etag
        return known.source is not None and known.source.etag == witness

    def _line(
        self, unit: Unit, outcome: Outcome, reason: str, entry: IndexEntry | None = None
    ) -> Line:
        """Return the final line of a unit for which nothing is done."""
        source = Source(*unit.source, size=unit.size)
        destination = Destination(self._bucket, unit.destination)
        if entry:
            source = source._replace(
                etag=entry.source_etag, version=entry.source_version
            )
            destination = destination._replace(etag=entry.etag, size=entry.size)
        return Line(
            unit.key,
            source,
            destination,
            outcome.value,
            reason,
            self._attempt,
            utc_now(),
            unit.fingerprint,
        )
