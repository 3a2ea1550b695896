"""The small world of a job: what it needs around it to be killed and started again.

A job declares its world in ``tests/worlds/<job>.py`` as ``WORLD``. Everything in it is
real: buckets behind a socket, a database behind another.
"""

from collections.abc import Callable, Mapping, Sequence
import contextlib
from dataclasses import dataclass
import importlib
from typing import Any, NamedTuple

from etl_core import logs
from etl_core.calls import CallCounter, CallHook, direct
from etl_core.config import DatabaseSettings, S3Settings
from etl_core.database import DatabaseClient
from etl_core.errors import ConfigError, EtlError
from etl_core.retry import RetryPolicy
from etl_core.runs.lease import LeaseTimes
from etl_core.s3.curl import CurlStore
from etl_core.s3.store import ObjectStore
from etl_core.testing.s3 import S3Server

logger = logs.get_logger()


class Place(NamedTuple):
    """Where a world is.

    :param buckets: by the names that the world gives them.
    :param database: ``None`` when the world has none.
    """

    buckets: Mapping[str, str]
    database: DatabaseSettings | None


class Clients(NamedTuple):
    """What one start of a job reaches the outside with.

    :param calls: the hook that ``store`` and ``database`` pass their calls through.
    :param lease: times of the lease, on a clock that the sweep moves.
    """

    store: ObjectStore
    database: DatabaseClient | None
    calls: CallCounter
    lease: LeaseTimes


def nothing(_place: Place, _s3: S3Server) -> None:
    """Leave a place as it is."""


def nothing_else(_place: Place, _s3: S3Server) -> Mapping[str, bytes]:
    """See nothing but the objects themselves."""
    return {}


def everything(_key: str) -> bool:
    """Compare every object byte by byte."""
    return True


@dataclass(frozen=True)
class World:
    """What a job is surrounded by.

    :param entrypoint: of the job; takes arguments and services.
    :param arguments: what it is started with, for a place.
    :param services: what it is given instead of its production services.
    :param changed: names of the buckets that the job may change; each death finds
        them new.
    :param kept: names of the buckets that it only reads.
    :param prepare: fills what is kept, and the database, once.
    :param seed: fills new buckets, before each first start.
    :param has_database: whether there is one, which the job only reads.
    :param compared: tells of a key outside the state whether its object must come out
        byte by byte; a table's files, named at random, need not.
    :param contents: what a reader finds in the objects that are not compared, by name.
    """

    entrypoint: Callable[[list[str], Any], int]
    arguments: Callable[[Place], Sequence[str]]
    services: Callable[[Clients], Any]
    changed: Sequence[str]
    kept: Sequence[str] = ()
    prepare: Callable[[Place, S3Server], None] = nothing
    seed: Callable[[Place, S3Server], None] = nothing
    has_database: bool = False
    compared: Callable[[str], bool] = everything
    contents: Callable[[Place, S3Server], Mapping[str, bytes]] = nothing_else


class VirtualClock:
    """A clock that only moves when somebody sleeps on it."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now += seconds


def virtual_lease() -> LeaseTimes:
    """Return lease times in which waiting for a dead holder takes no time."""
    clock = VirtualClock()
    usual = LeaseTimes()
    return LeaseTimes(
        clock=clock, sleep=clock.sleep, poll=usual.to_live, background=False
    )


class Starter:
    """Starts the job of a world, again and again.

    :param world: what the job is surrounded by.
    :param s3: the endpoint.
    :param options: are added to the arguments of the world.
    """

    def __init__(
        self, world: World, s3: S3Settings, options: Sequence[str] = ()
    ) -> None:
        """Keep the parts."""
        self._world = world
        self._s3 = s3
        self._options = options

    def start(
        self, place: Place, hook: CallHook = direct, lease: LeaseTimes | None = None
    ) -> int:
        """Start the job once in this process and return its exit code.

        What a hook raises that is no :class:`Exception` passes through, as death.

        :param hook: sees every call of the job.
        :param lease: times of its lease; by default nobody has to wait.
        """
        made = self._clients(place, hook, lease or virtual_lease())
        arguments = [*self._world.arguments(place), *self._options]
        with contextlib.ExitStack() as ends:
            if made.database:
                ends.callback(made.database.close)
            try:
                services = self._world.services(made)
                return self._world.entrypoint(arguments, services)
            except EtlError as error:
                logger.debug("the start failed", exc_info=error)
                return int(error.exit_code)

    def _clients(self, place: Place, hook: CallHook, lease: LeaseTimes) -> Clients:
        """Return clients that do not wait before they try again."""
        calls = CallCounter(hook)
        retry = RetryPolicy(base_seconds=0.001, sleep=lambda _seconds: None)
        store = CurlStore(self._s3, calls, retry)
        database = (
            DatabaseClient(place.database, hook=calls, retry=retry)
            if place.database
            else None
        )
        return Clients(store, database, calls, lease)


def load_world(name: str) -> World:
    """Return the world that ``module:attribute`` names.

    :raises ConfigError: when there is none.
    """
    module, _, attribute = name.partition(":")
    try:
        world = getattr(importlib.import_module(module), attribute or "WORLD")
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"no world at {name}: {error}; declare the small world of the job as "
            "WORLD in tests/worlds/<job>.py, or name one by --world module:attribute"
        ) from error
    if not isinstance(world, World):
        raise ConfigError(f"{name} is no etl_core.testing.worlds.World")
    return world
