"""The composition root: the one place where production clients are made."""

from functools import partial
from typing import Any

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.processors.get_s3_files import GetS3Files
from data_pipeline.repositories.attachments import AttachmentRepository
from etl_core import stop
from etl_core.calls import CallCounter
from etl_core.config import S3Settings
from etl_core.database import DatabaseClient
from etl_core.metrics import RunMetrics, TimedCalls
from etl_core.options import RunOptions
from etl_core.runs.lease import LeaseTimes
from etl_core.runs.runner import Runner
from etl_core.s3.client import create_client, S3Client
from etl_core.s3.store import ObjectStore


class ServiceHandler:
    """Makes the clients of a job and runs it.

    :param job: its name.
    :param options: what every job is asked for.
    :param store: S3; the real one by default.
    :param database: PostgreSQL; the real one by default.
    :param calls: counts the requests that ``store`` sends.
    :param lease: times of the lease; the usual ones by default.
    """

    def __init__(
        self,
        job: str,
        options: RunOptions,
        store: ObjectStore | None = None,
        database: DatabaseClient | None = None,
        calls: CallCounter | None = None,
        lease: LeaseTimes | None = None,
    ) -> None:
        """Make what was not given; nothing is contacted yet."""
        metrics = RunMetrics(job)
        self._calls = calls or CallCounter(TimedCalls(metrics))
        self._store = store or _store(options, self._calls)
        self._database = database or DatabaseClient(hook=self._calls)
        self._runner = Runner(
            self._store, options, self._calls, stop.current(), lease, metrics
        )

    def get_s3_files(self, config: GetS3FilesConfig) -> dict[str, Any]:
        """Run the job ``get_s3_files``."""
        attachments = AttachmentRepository(self._database)
        return GetS3Files(config, attachments, self._store, self._runner).run()

    def exit_code(self, result: dict[str, Any]) -> int:
        """Return the exit code that a result means."""
        return self._runner.exit_code(result)


def _store(options: RunOptions, calls: CallCounter) -> ObjectStore:
    """Return the real store, with a connection for every unit in progress."""
    found = S3Settings.from_environment()
    wanted = {"connections": max(found.connections, options.concurrency)}
    settings = found.model_copy(update=wanted)
    return S3Client(partial(create_client, settings), hook=calls)
