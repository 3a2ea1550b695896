"""Making effects: what becomes of a unit when the store answers, or does not."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
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
from etl_core.stop import StopSignal
from etl_core.support.executor import run_bounded

ATTEMPTS_BEFORE_UNAVAILABLE = 3
WAITING_PER_WORKER = 8

REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (ObjectMissing, Reason.SOURCE_MISSING),
    (AccessRefused, Reason.ACCESS_DENIED),
    (ObjectArchived, Reason.ARCHIVED),
    (DataError, Reason.REJECTED),
)


class Made(NamedTuple):
    """What an effect made, or found to be made.

    :param etag: of the destination object.
    :param source: what was read, as far as the store said.
    :param size: of the destination object, ``None`` if the store did not say.
    :param reason: why the unit is done.
    """

    etag: str
    source: Source
    size: int | None = None
    reason: str = Reason.COPIED.value


class Verdicts:
    """Says what became of a task, as a line; safe among threads.

    :param bucket: of the destination.
    :param attempt: number of this attempt.
    :param clock: seconds that only rise.
    """

    def __init__(
        self, bucket: str, attempt: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep the settings."""
        self.bucket = bucket
        self._attempt = attempt
        self._clock = clock

    def now(self) -> float:
        """Return when a task begins."""
        return self._clock()

    def done(self, task: Task, made: Made, began: float) -> Line:
        """Return the provisional line of a unit whose object is in place.

        The source has the ETag that the effect saw, or else that of the listing. If
        it was replaced in between, the next check finds another one and acts.
        """
        unit, source = task.unit, made.source
        if source.etag is None and task.source:
            source = source._replace(etag=task.source.etag)
        place = Destination(self.bucket, unit.destination, made.etag, made.size)
        return self._line(unit, source, place, Outcome.DONE.value, made.reason, began)

    def failed(self, task: Task, error: Exception, began: float) -> Line:
        """Return the line of a unit whose effect failed: quarantined, or pending.

        :raises Exception: the error itself, when it concerns the run and not the unit.
        """
        if isinstance(error, (AccessRefused, DataError)):
            outcome, reason = Outcome.QUARANTINED.value, reason_of(error)
        elif isinstance(error, TransientError):
            last = task.failures + 1 >= ATTEMPTS_BEFORE_UNAVAILABLE
            outcome = Outcome.QUARANTINED.value if last else PENDING
            reason = Reason.UNAVAILABLE
        else:
            raise error
        unit = task.unit
        source = Source(*unit.source, size=unit.size)
        place = Destination(self.bucket, unit.destination)
        return self._line(unit, source, place, outcome, reason.value, began)

    def _line(
        self,
        unit: Unit,
        source: Source,
        place: Destination,
        outcome: str,
        reason: str,
        began: float,
    ) -> Line:
        """Return a line of this attempt."""
        return Line(
            unit.key,
            source,
            place,
            outcome,
            reason,
            self._attempt,
            utc_now(),
            unit.fingerprint,
            round(self._clock() - began, 3),
        )


class Effect(Protocol):
    """The writes made for units; making one twice is harmless.

    Most derive from :class:`UnitEffect`. An effect of its own kind makes many writes
    at once in a way that threads cannot.
    """

    def perform(
        self, tasks: Iterator[Task], verdicts: Verdicts, workers: int, stop: StopSignal
    ) -> Iterator[Line]:
        """Yield one line for every task, in any order.

        Tasks are taken one by one, and only while there is room for more. After a
        stop is requested no further one is taken; what is under way is finished, or
        given up without a line when the stop is overdue.

        :param workers: how many writes are under way at once.
        """
        ...

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return how many requests of which operation a unit will probably take."""
        ...


class UnitEffect(ABC):
    """An effect that is made for one unit at a time, in threads."""

    @abstractmethod
    def make(self, unit: Unit, destination: ObjectRef) -> Made:
        """Write the object of a unit.

        :raises AccessRefused: the unit is quarantined, as for any ``DataError``.
        :raises TransientError: the unit is tried again by the next attempt.
        """

    @abstractmethod
    def recognise(self, unit: Unit, in_place: ListedObject) -> Made | None:
        """Return what lies in place if it is what :meth:`make` would write."""

    @abstractmethod
    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return how many requests of which operation a unit will probably take."""

    def perform(
        self, tasks: Iterator[Task], verdicts: Verdicts, workers: int, stop: StopSignal
    ) -> Iterator[Line]:
        """Yield one line for every task, made in as many threads as workers."""
        return run_bounded(
            partial(self.perform_one, verdicts),
            tasks,
            workers=workers,
            in_flight=workers * WAITING_PER_WORKER,
            stop=stop,
        )

    def perform_one(self, verdicts: Verdicts, task: Task) -> Line:
        """Make the effect of a task, or find that it is made, and say what became.

        Errors that concern the run and not the unit pass through.
        """
        began = verdicts.now()
        try:
            return verdicts.done(task, self._made(verdicts, task), began)
        except (AccessRefused, DataError, TransientError) as error:
            return verdicts.failed(task, error, began)

    def _made(self, verdicts: Verdicts, task: Task) -> Made:
        """Make the effect of a task, or find that it is made."""
        unit = task.unit
        found = self.recognise(unit, task.in_place) if task.in_place else None
        if found:
            return found._replace(reason=Reason.RECOVERED.value)
        return self.make(unit, ObjectRef(verdicts.bucket, unit.destination))


def reason_of(error: Exception) -> Reason:
    """Return why an error quarantines its unit."""
    return next(reason for kind, reason in REASONS if isinstance(error, kind))
