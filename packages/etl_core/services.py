"""The production clients of a job, made in one place; what is given is used instead."""

from typing import NamedTuple

from etl_core import stop
from etl_core.calls import CallCounter, CallHook
from etl_core.database import DatabaseClient
from etl_core.metrics import RunMetrics, TimedCalls
from etl_core.options import RunOptions
from etl_core.runs.lease import LeaseTimes
from etl_core.runs.runner import Runner
from etl_core.s3.engines import open_store
from etl_core.s3.store import ObjectStore


class Parts(NamedTuple):
    """What one start of a job works with.

    :param calls: sees the requests of the store, and whatever else is to be seen.
    """

    store: ObjectStore
    calls: CallCounter
    runner: Runner


class JobServices:
    """What a module's ``ServiceHandler``, the composition root, is built on.

    :param store: S3.
    :param database: PostgreSQL.
    :param calls: counts the requests that ``store`` sends.
    :param lease: times of the lease.
    """

    def __init__(
        self,
        store: ObjectStore | None = None,
        database: DatabaseClient | None = None,
        calls: CallCounter | None = None,
        lease: LeaseTimes | None = None,
    ) -> None:
        """Keep what is given; nothing is contacted yet."""
        self._store = store
        self._database = database
        self._calls = calls
        self._lease = lease

    def parts(self, job: str, options: RunOptions) -> Parts:
        """Return the parts of one start.

        :param job: its name, for the metrics.
        """
        metrics = RunMetrics(job)
        calls = self._calls or CallCounter(TimedCalls(metrics))
        store = self._store or open_store(
            options.engine,
            calls,
            concurrency=options.concurrency,
            max_rps=options.max_rps,
        )
        runner = Runner(store, options, calls, stop.current(), self._lease, metrics)
        return Parts(store, calls, runner)

    def database(self, hook: CallHook) -> DatabaseClient:
        """Return the client of the database.

        :raises ConfigError: when the variables do not name one.
        """
        return self._database or DatabaseClient(hook=hook)
