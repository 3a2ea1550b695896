"""A small world for the tests of runs: two buckets, a few units, and their clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
import tempfile
import threading
from typing import Any, TypeVar
import unittest

from etl_core.calls import Call, CallCounter, CallHook, direct
from etl_core.errors import TransientError
from etl_core.options import RunOptions
from etl_core.processors.copies import CopyEffect
from etl_core.processors.manifest import CsvManifest
from etl_core.retry import RetryPolicy
from etl_core.runs.decisions import Task
from etl_core.runs.index import IndexEntry
from etl_core.runs.lease import Lease, LeaseTimes
from etl_core.runs.ledger import Totals
from etl_core.runs.plan import Plan, spool_plan
from etl_core.runs.records import read_record
from etl_core.runs.run import Run, RunOpener, RunSpec
from etl_core.runs.runner import JobParts, Runner
from etl_core.runs.spool import read_lines
from etl_core.runs.state import ScopeState
from etl_core.runs.units import Destination, Line, Source, Unit
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectRef
from etl_core.stop import StopSignal
from etl_core.testing.crashpoints import Crashed
from etl_core.testing.store import FakeStore

T = TypeVar("T")

JOB = "copy_samples"
SOURCE = "bronze"
TARGET = "silver"
PREFIX = "sample/"
RUN = "run-1"
# Objects above twenty bytes are copied in parts of eight.
SINGLE_BYTES = 20
PART_BYTES = 8
PATIENT = RetryPolicy(sleep=lambda seconds: None)
OUTCOMES = ("done", "unchanged", "skipped", "quarantined")


class FakeClock:
    """A monotonic clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        """Begin at a time that is not zero."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now += seconds


class FakeUnits:
    """A source of units that can lie about how many there are.

    :param units: in the order of their destinations.
    :param counted: what the independent count says; the truth by default.
    """

    def __init__(self, units: list[Unit], counted: int | None = None) -> None:
        """Keep the units."""
        self._units = units
        self._counted = len(units) if counted is None else counted

    @contextmanager
    def snapshot(self) -> Iterator["FakeUnits"]:
        """Open a view, which is of this moment anyway."""
        yield self

    def count(self) -> int:
        """Return the independent count."""
        return self._counted

    def units(self) -> Iterator[Unit]:
        """Yield the units."""
        return iter(self._units)


class Wire:
    """A hook that can be another one for each start."""

    def __init__(self) -> None:
        """Send only."""
        self.hook: CallHook = direct

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Pass the call on."""
        return self.hook(call, send)


class Disturbance:
    """A hook that does something at some calls of one operation.

    :param operation: for example ``ListObjectsV2``.
    :param act: is done instead of the call, or before it if it returns.
    :param part: of the target of the calls that count; all by default.
    :param first: number of the first of these calls that is disturbed, from 1.
    """

    def __init__(
        self, operation: str, act: Callable[[], None], part: str = "", first: int = 1
    ) -> None:
        """Wait for the call."""
        self._operation = operation
        self._act = act
        self._part = part
        self._first = first
        self.seen = 0

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Disturb the call or send it."""
        if call.operation == self._operation and self._part in call.target:
            self.seen += 1
            if self.seen >= self._first:
                self._act()
        return send()


class Death(Disturbance):
    """A hook that ends the process, as far as it can tell, before some call.

    :param operation: for example ``ListObjectsV2``.
    :param part: of the target of the calls that count; all by default.
    :param first: number of the call at which it dies, from 1.
    """

    def __init__(self, operation: str, part: str = "", first: int = 1) -> None:
        """Live."""
        super().__init__(operation, self._die, part, first)
        self._dead = False

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send the call unless the process is dead."""
        if self._dead:
            raise Crashed
        return super().__call__(call, send)

    def _die(self) -> None:
        """Be dead."""
        self._dead = True
        raise Crashed


def fail(error: Exception | None = None) -> None:
    """Raise the error, a transient one by default."""
    raise error or TransientError("the store kept failing")


def make_unit(number: int, **overrides: Any) -> Unit:  # noqa: ANN401
    """Return a unit; the numbers, up to 999, give the order."""
    values: dict[str, Any] = {
        "key": f"sample={number}",
        "source": ObjectRef(SOURCE, f"in/{number:03d}"),
        "destination": f"{PREFIX}{number:03d}/file.bin",
        "fingerprint": "v1",
        "size": None,
    }
    return Unit(**values | overrides)


def make_line(number: int, **overrides: Any) -> Line:  # noqa: ANN401
    """Return the line of a unit that is done."""
    unit = make_unit(number)
    values: dict[str, Any] = {
        "unit": unit.key,
        "source": Source(*unit.source),
        "destination": Destination(TARGET, unit.destination, f"etag-{number}", 7),
        "outcome": "done",
        "reason": "copied",
        "attempt": 1,
        "at": "2026-11-21T00:00:00.000+00:00",
        "fingerprint": unit.fingerprint,
    }
    return Line(**values | overrides)


def make_task(number: int, **overrides: Any) -> Task:  # noqa: ANN401
    """Return the task of a unit of which nothing is known."""
    values: dict[str, Any] = {
        "unit": make_unit(number),
        "in_place": None,
        "failures": 0,
    }
    return Task(**values | overrides)


def make_spec(**overrides: Any) -> RunSpec:  # noqa: ANN401
    """Return what the small world's job is to do."""
    values: dict[str, Any] = {
        "job": JOB,
        "version": "1.0",
        "bucket": TARGET,
        "prefix": PREFIX,
        "scope": {"to": TARGET},
        "arguments": {"limit": None},
        "partial": False,
    }
    return RunSpec(**values | overrides)


def make_scope() -> ScopeState:
    """Return the state of the small world's scope."""
    return ScopeState.of(None, TARGET, JOB, make_spec().scope)


class World:
    """Two buckets behind one store, the units, and starts of the job on them.

    A start is a process of its own only as far as the store can tell; the lease of
    a dead one expires on :attr:`clock`, which moves when somebody waits.

    :param count: how many units there are, each with its source.
    """

    def __init__(self, count: int = 3) -> None:
        """Fill the source bucket."""
        self.wire = Wire()
        self.clock = FakeClock()
        self.store = FakeStore(SOURCE, TARGET, hook=self.wire, retry=PATIENT)
        self.units: list[Unit] = []
        self.counted: int | None = None
        self.check_source = False
        self.stop: StopSignal | None = None
        self.wait = LeaseTimes().wait
        for number in range(1, count + 1):
            self.add(number, f"content {number}".encode())

    @property
    def times(self) -> LeaseTimes:
        """The times of a lease that renews itself when it is checked."""
        return LeaseTimes(
            wait=self.wait,
            clock=self.clock,
            sleep=self.clock.sleep,
            background=False,
        )

    def add(self, number: int, body: bytes | None, **overrides: Any) -> Unit:  # noqa: ANN401
        """Add a unit at the end, and its source unless there is none."""
        unit = make_unit(number, size=None if body is None else len(body))
        unit = make_unit(number, **{"size": unit.size} | overrides)
        if body is not None:
            self.store.seed(unit.source, body)
        self.units.append(unit)
        return unit

    def replace(self, number: int, body: bytes, fingerprint: str = "v2") -> None:
        """Put another source in place, and say so in the row of the unit."""
        at = next(i for i, it in enumerate(self.units) if it == self.unit(number))
        self.store.seed(self.units[at].source, body)
        self.units[at] = make_unit(number, fingerprint=fingerprint, size=len(body))

    def unit(self, number: int) -> Unit:
        """Return the unit with a number."""
        return next(it for it in self.units if it.key == f"sample={number}")

    def target_of(self, number: int) -> ObjectRef:
        """Return the destination of a unit."""
        return ObjectRef(TARGET, self.unit(number).destination)

    def runner(self, calls: CallCounter | None = None, **options: Any) -> Runner:  # noqa: ANN401
        """Return a runner, as another process would make one."""
        asked = RunOptions(**{"concurrency": 1, **options})
        counter = calls or CallCounter()
        return Runner(self.store, asked, counter, self.stop, self.times)

    def run(
        self,
        spec: RunSpec | None = None,
        hook: CallHook = direct,
        **options: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Start the job, and return what it would print.

        :param hook: sees the calls of this start.
        :param options: of :class:`RunOptions`.
        """
        calls, before = CallCounter(hook), self.wire.hook
        self.wire.hook = calls
        try:
            return self.runner(calls, **options).run(spec or make_spec(), self.parts())
        finally:
            self.wire.hook = before

    def parts(self) -> JobParts:
        """Return what the job brings."""
        return JobParts(
            FakeUnits(self.units, self.counted),
            CopyEffect(self.store, Copier(SINGLE_BYTES, PART_BYTES)),
            partial(CsvManifest, attributes=()),
            self.check_source,
        )

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return everything that is stored, to compare it with later."""
        return {name: dict(objects) for name, objects in self.store.buckets.items()}

    def objects(self) -> dict[str, bytes]:
        """Return the destination objects, without the state of runs."""
        return self.store.bodies(TARGET, PREFIX)

    def copies(self) -> list[str]:
        """Return the targets of the copies that were sent, and forget all calls."""
        sent = [it.target for it in self.store.requests if it.operation == "CopyObject"]
        self.store.requests.clear()
        return [target.rpartition(f"{TARGET}/")[2] for target in sent]

    def record(self, run_id: str = RUN) -> dict[str, Any]:
        """Return the record of a run."""
        return read_record(self.store, make_scope().record(run_id)).content

    def lease(self) -> dict[str, Any]:
        """Return the record of the lease."""
        return read_record(self.store, make_scope().lease).content

    def lines_of(self, run_id: str) -> list[dict[str, Any]]:
        """Return the ledger of a run."""
        parts = self.record(run_id)["parts"]
        return [line for part in parts for line in self._rows(part["key"])]

    def index_of(self, run_id: str) -> list[IndexEntry]:
        """Return the index that a run left."""
        rows = self._rows(self.record(run_id)["index"]["key"])
        return [IndexEntry(*row) for row in rows]

    def indexed(self, run_id: str) -> list[str]:
        """Return the keys in the index that a run left, without what all share."""
        return [it.key.removeprefix(PREFIX) for it in self.index_of(run_id)]

    def _rows(self, key: str) -> list[Any]:
        """Return the values of a stored file of lines."""
        with tempfile.TemporaryFile() as file:
            file.write(self.store.buckets[TARGET][key].body)
            file.seek(0)
            return list(read_lines(file))


class OtherProcess:
    """Takes over a scope, as a second process does when the first seems dead.

    :param world: whose scope it is.
    :param spec: what the other process is started for.
    """

    def __init__(self, world: World, spec: RunSpec | None = None) -> None:
        """Do nothing yet."""
        self._world = world
        self._spec = spec or make_spec()
        # It waits on its own clock; the first one finds out when its own has moved.
        clock = FakeClock()
        times = replace(world.times, clock=clock, sleep=clock.sleep)
        self.lease = Lease(world.store, make_scope().lease, times)
        self._lock = threading.Lock()
        self.run: Run | None = None
        self.left: dict[str, dict[str, Any]] = {}

    def take_over(self) -> None:
        """Wait until the lease expires, open the run, and note what is stored then."""
        with self._lock:
            if self.run is None:
                hook, self._world.wire.hook = self._world.wire.hook, direct
                self.lease.acquire()
                opener = RunOpener(self._world.store, make_scope(), self._spec)
                self.run = opener.open(self.lease)
                self.left = self._world.snapshot()
                self._world.clock.sleep(self._world.times.to_live)
                self._world.wire.hook = hook


def counts_of(result: dict[str, Any]) -> dict[str, int]:
    """Return the outcomes of a result that are not zero."""
    return {name: result[name] for name in OUTCOMES if result[name]}


def make_totals(**outcomes: int) -> Totals:
    """Return totals of some outcomes."""
    return Totals(dict.fromkeys(OUTCOMES, 0) | outcomes, {}, 0)


class FolderTest(unittest.TestCase):
    """A test with a folder for local files."""

    def setUp(self) -> None:
        """Make the folder."""
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def plan_of(self, units: list[Unit], counted: int | None = None) -> Plan:
        """Spool a plan."""
        return spool_plan(FakeUnits(units, counted), self.folder / "plan.ndjson.gz")
