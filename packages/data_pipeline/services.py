"""The composition root: the one place where production clients are made."""

from collections.abc import Callable
from functools import partial
from typing import Any

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.processors.get_s3_files import GetS3Files, JOB_NAME
from data_pipeline.repositories.attachments import AttachmentRepository
from etl_core import stop
from etl_core.calls import CallCounter
from etl_core.config import S3Settings
from etl_core.database import DatabaseClient
from etl_core.metrics import RunMetrics, TimedCalls
from etl_core.runs.lease import LeaseTimes
from etl_core.runs.runner import Runner
from etl_core.s3.client import create_client, S3Client
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectStore


class ServiceHandler:
    """Makes the clients of a job and runs it; what is given is used instead.

    :param store: S3.
    :param database: PostgreSQL.
    :param calls: counts the requests that ``store`` sends.
    :param lease: times of the lease.
    :param copier: makes the copies.
    """

    def __init__(
        self,
        store: ObjectStore | None = None,
        database: DatabaseClient | None = None,
        calls: CallCounter | None = None,
        lease: LeaseTimes | None = None,
        copier: Callable[[ObjectStore], Copier] = Copier,
    ) -> None:
        """Keep what is given; nothing is contacted yet."""
        self._store = store
        self._database = database
        self._calls = calls
        self._lease = lease
        self._copier = copier

    def get_s3_files(self, config: GetS3FilesConfig) -> dict[str, Any]:
        """Run the job ``get_s3_files`` and return its result."""
        metrics = RunMetrics(JOB_NAME)
        calls = self._calls or CallCounter(TimedCalls(metrics))
        store = self._store or _store(config.options.concurrency, calls)
        database = self._database or DatabaseClient(hook=calls)
        runner = Runner(
            store, config.options, calls, stop.current(), self._lease, metrics
        )
        attachments = AttachmentRepository(database)
        return GetS3Files(config, attachments, self._copier(store), runner).run()


def _store(concurrency: int, calls: CallCounter) -> ObjectStore:
    """Return the real store, with a connection for every unit in progress."""
    found = S3Settings.from_environment()
    wanted = {"connections": max(found.connections, concurrency)}
    settings = found.model_copy(update=wanted)
    return S3Client(partial(create_client, settings), hook=calls)
