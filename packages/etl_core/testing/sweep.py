"""The crash proof: a job dies at every call it makes, and is started again.

One clean run shows the calls and the world it leaves. Then, for each call and each
moment of dying, a new place is seeded, the job dies there, is started again until it
is through, and what is left is compared with the clean run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
import signal
from typing import Any, NamedTuple

from etl_core.calls import Call
from etl_core.errors import EtlError, ExitCode
from etl_core.support.executor import run_bounded
from etl_core.testing import victim
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.testing.observation import Observation, Observer
from etl_core.testing.postgres import PostgresServer
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Place, Starter, World

STARTS = 4
# Each in a place of its own: while one waits for the servers, another works.
DEATHS_AT_ONCE = 3
KILLED = (Moment.BEFORE, Moment.AFTER)
FINISHED = (ExitCode.OK, ExitCode.QUARANTINED)


class Point(NamedTuple):
    """One death.

    :param concurrency: units in progress at once.
    :param number: of the call, counted from 1.
    :param moment: when it died: before, after or lost.
    :param killed: whether a process of its own was killed.
    :param call: what it was; ``None`` when this start made fewer calls.
    :param starts: how many starts it took until the job was through.
    :param difference: from the clean run; empty when there is none.
    """

    concurrency: int
    number: int
    moment: Moment
    killed: bool
    call: Call | None
    starts: int
    difference: str


class Stage:
    """Makes places for a world on running servers.

    :param world: what is put there.
    :param s3: where the buckets are made.
    :param postgres: where the database is made; ``None`` for a world without one.
    """

    def __init__(
        self, world: World, s3: S3Server, postgres: PostgresServer | None
    ) -> None:
        """Fill what is kept."""
        self.world = world
        self.s3 = s3
        self._postgres = postgres
        kept = {name: s3.fresh_bucket() for name in world.kept}
        self._kept = Place(kept, postgres.fresh_database() if postgres else None)
        world.prepare(self._kept, s3)
        if postgres and self._kept.database:
            postgres.log_statements(self._kept.database)

    def take_counts(self) -> dict[str, int]:
        """Return how many calls each server had since the last time.

        A genuine server, which others may use too, is left out.
        """
        counts = {}
        if not self.s3.is_genuine:
            counts["s3"] = self.s3.take_request_count()
        database, postgres = self._kept.database, self._postgres
        if database and postgres and not postgres.is_genuine:
            counts["postgresql"] = postgres.take_statement_count(database)
        return counts

    def place(self) -> Place:
        """Return a new place, as the world is before the first start."""
        fresh = {name: self.s3.fresh_bucket() for name in self.world.changed}
        place = self._kept._replace(buckets={**self._kept.buckets, **fresh})
        self.world.seed(place, self.s3)
        return place

    def clear(self, place: Place) -> None:
        """Remove what a place had to itself."""
        for name in self.world.changed:
            self.s3.remove_bucket(place.buckets[name])

    def close(self) -> None:
        """Remove what was kept."""
        for bucket in self._kept.buckets.values():
            self.s3.remove_bucket(bucket)
        if self._kept.database and self._postgres:
            self._postgres.drop_database(self._kept.database)


class Sweep:
    """Kills the job of a world everywhere.

    :param stage: makes the places.
    :param concurrency: units in progress at once.
    """

    def __init__(self, stage: Stage, concurrency: int) -> None:
        """Connect, and run once without dying.

        :raises EtlError: when the run fails, or sent calls past the seam.
        """
        self._stage = stage
        self.concurrency = concurrency
        options = ["--concurrency", str(concurrency)]
        self._starter = Starter(stage.world, stage.s3.settings, options)
        self._observer = Observer(stage.s3, stage.world)
        self.calls, self._clean = self._clean_run()

    def count_deaths(self, moments: Sequence[Moment]) -> int:
        """Return how often :meth:`deaths` kills."""
        return len(self.calls) * len(moments)

    def count_kills(self, count: int) -> int:
        """Return how often :meth:`kills` kills."""
        return len(spread(count, len(self.calls))) * len(KILLED)

    def deaths(self, moments: Sequence[Moment]) -> Iterator[Point]:
        """Die at every call, at each of the moments; in no particular order."""
        return self._all(self._die_at, range(1, len(self.calls) + 1), moments)

    def kills(self, count: int, world_name: str) -> Iterator[Point]:
        """Kill a process of its own, at calls spread over the run.

        :param world_name: ``module:attribute`` of the world, for the process.
        """

        def kill(number: int, moment: Moment) -> Point:
            return self._kill_at(number, moment, world_name)

        return self._all(kill, spread(count, len(self.calls)), KILLED)

    def _all(
        self,
        die: Callable[[int, Moment], Point],
        numbers: Sequence[int],
        moments: Sequence[Moment],
    ) -> Iterator[Point]:
        """Die at each call and moment, several at once."""
        return run_bounded(
            lambda each: die(*each),
            product(numbers, moments),
            workers=DEATHS_AT_ONCE,
            in_flight=DEATHS_AT_ONCE,
        )

    def _clean_run(self) -> tuple[list[Call], Observation]:
        """Run once and return the calls and what is left."""
        recorder = CallRecorder()
        place = self._stage.place()
        self._stage.take_counts()
        code = self._starter.start(place, recorder)
        if code not in FINISHED:
            raise EtlError(f"the clean run of the small world ended with {code}")
        check_counts(recorder.calls, self._stage.take_counts())
        seen = self._observe(place)
        self._stage.clear(place)
        return recorder.calls, seen

    def _die_at(self, number: int, moment: Moment) -> Point:
        """Die once in this process."""
        place = self._stage.place()
        crash = CrashAt(number, moment)
        try:
            code: int | None = self._starter.start(place, crash)
        except Crashed:
            code = None
        died = Point(self.concurrency, number, moment, False, crash.call, 1, "")
        return self._recovered(place, code, died)

    def _kill_at(self, number: int, moment: Moment, world_name: str) -> Point:
        """Kill a process once."""
        place = self._stage.place()
        s3 = self._stage.s3
        code = victim.run(world_name, place, s3, self.concurrency, number, moment)
        # The calls of another process are not seen; with one worker they are the same.
        call = self.calls[number - 1] if code == -signal.SIGKILL else None
        died = Point(self.concurrency, number, moment, True, call, 1, "")
        return self._recovered(place, code, died)

    def _recovered(self, place: Place, code: int | None, died: Point) -> Point:
        """Start again until the job is through, and compare."""
        starts = 1
        while code not in FINISHED and starts < STARTS:
            starts += 1
            code = self._starter.start(place)
        difference = f"ended with {code} after {starts} starts"
        if code in FINISHED:
            difference = "; ".join(differences(self._clean, self._observe(place)))
        self._stage.clear(place)
        return died._replace(starts=starts, difference=difference)

    def _observe(self, place: Place) -> Observation:
        """Look at what the job may have changed."""
        return self._observer.observe(place)


def check_counts(calls: Sequence[Call], served: Mapping[str, int]) -> None:
    """Compare the calls that were seen with those that the servers had.

    :raises EtlError: when they are not the same.
    """
    seen = Counter(call.system for call in calls)
    for system, count in served.items():
        if seen[system] != count:
            raise EtlError(
                f"the job made {count} calls to {system} but {seen[system]} passed "
                "the seam: a client of its own would die unseen; let it use those "
                "that its world is given"
            )


def spread(count: int, calls: int) -> list[int]:
    """Return so many numbers, evenly from the first call to the last."""
    wanted = min(count, calls)
    if wanted < 2:
        return list(range(1, wanted + 1))
    return [1 + round(step * (calls - 1) / (wanted - 1)) for step in range(wanted)]


def differences(clean: Observation, seen: Observation) -> Iterator[str]:
    """Say in which way a world is not that of the clean run."""
    for key in sorted(clean.objects.keys() | seen.objects.keys()):
        expected, found = clean.objects.get(key), seen.objects.get(key)
        if expected != found:
            yield f"{'/'.join(key)}: {_change(expected, found)}"
    yield from (f"{upload}: unfinished upload" for upload in seen.uploads)
    yield from (f"{key}: named by no run" for key in seen.orphans)
    for number, ledger in enumerate(seen.ledgers, start=1):
        units = [line[0] for line in ledger]
        if len(units) != len(set(units)):
            yield f"ledger {number}: a unit has two outcomes"
    # A death after the close is followed by a run in which all is unchanged.
    if seen.ledgers[:1] != clean.ledgers[:1]:
        yield "the first closed ledger differs"


def _change(expected: Any, found: Any) -> str:  # noqa: ANN401 (objects or None)
    """Say what became of an object."""
    if found is None:
        return "missing"
    return "not in the clean run" if expected is None else "different"
