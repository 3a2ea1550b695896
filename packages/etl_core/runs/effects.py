"""Making effects: what becomes of a unit when the store answers, or does not."""

from collections.abc import Callable, Mapping
import time
from typing import NamedTuple, Protocol

from etl_core.errors import (
    AccessRefused,
    DataError,
    ObjectArchived,
    ObjectMissing,
    TransientError,
)
from etl_core.runs.decisions import Task
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
from etl_core.s3.store import ListedObject, ObjectRef

ATTEMPTS_BEFORE_UNAVAILABLE = 3

REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (ObjectMissing, Reason.SOURCE_MISSING),
    (AccessRefused, Reason.ACCESS_DENIED),
    (ObjectArchived, Reason.ARCHIVED),
    (DataError, Reason.REJECTED),
)


class Made(NamedTuple):
    """What an effect made, or found to be made.

    :param etag: of the destination object.
    :param size: of the destination object, ``None`` if the store did not say.
    :param source: what was read, as far as the store said.
    """

    etag: str
    source: Source
    size: int | None = None


class Effect(Protocol):
    """The write made for a unit; making it twice is harmless."""

    def make(self, unit: Unit, destination: ObjectRef) -> Made:
        """Write the object of a unit.

        :raises AccessRefused: the unit is quarantined, as for any ``DataError``.
        :raises TransientError: the unit is tried again by the next attempt.
        """
        ...

    def recognise(self, unit: Unit, in_place: ListedObject) -> Made | None:
        """Return what lies in place if it is what :meth:`make` would write."""
        ...

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return how many requests of which operation a unit will probably take."""
        ...


class EffectMaker:
    """Turns tasks into lines; safe among threads.

    :param effect: what is made.
    :param bucket: of the destination.
    :param attempt: number of this attempt.
    :param clock: seconds that only rise.
    """

    def __init__(
        self,
        effect: Effect,
        bucket: str,
        attempt: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the settings."""
        self._clock = clock
        self._effect = effect
        self._bucket = bucket
        self._attempt = attempt

    def perform(self, task: Task) -> Line:
        """Make the effect of a task, and say what became of it.

        Errors that concern the run and not the unit pass through.
        """
        began = self._clock()
        line = self._performed(task)
        return line._replace(seconds=round(self._clock() - began, 3))

    def _performed(self, task: Task) -> Line:
        """Make the effect of a task, or find that it is made."""
        unit = task.unit
        try:
            if task.in_place:
                found = self._effect.recognise(unit, task.in_place)
                if found:
                    return self._done(task, found, Reason.RECOVERED)
            made = self._effect.make(unit, ObjectRef(self._bucket, unit.destination))
            return self._done(task, made, Reason.COPIED)
        except (AccessRefused, DataError) as error:
            return self._line(unit, Outcome.QUARANTINED.value, reason_of(error))
        except TransientError:
            if task.failures + 1 >= ATTEMPTS_BEFORE_UNAVAILABLE:
                return self._line(unit, Outcome.QUARANTINED.value, Reason.UNAVAILABLE)
            return self._line(unit, PENDING, Reason.UNAVAILABLE)

    def _done(self, task: Task, made: Made, reason: Reason) -> Line:
        """Return the provisional line of a unit whose object is in place.

        The source has the ETag that the effect saw, or else that of the listing. If
        it was replaced in between, the next check finds another one and acts.
        """
        unit, source = task.unit, made.source
        if source.etag is None and task.source:
            source = source._replace(etag=task.source.etag)
        destination = Destination(self._bucket, unit.destination, made.etag, made.size)
        return self._line(unit, Outcome.DONE.value, reason)._replace(
            source=source, destination=destination
        )

    def _line(self, unit: Unit, outcome: str, reason: Reason) -> Line:
        """Return a line without what the store says."""
        return Line(
            unit.key,
            Source(*unit.source, size=unit.size),
            Destination(self._bucket, unit.destination),
            outcome,
            reason.value,
            self._attempt,
            utc_now(),
            unit.fingerprint,
        )


def reason_of(error: Exception) -> Reason:
    """Return why an error quarantines its unit."""
    return next(reason for kind, reason in REASONS if isinstance(error, kind))
