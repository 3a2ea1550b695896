"""The composition root: the one place where the parts of the jobs are put together."""

from typing import Any

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.processors.get_s3_files import GetS3Files, JOB_NAME
from data_pipeline.repositories.attachments import AttachmentRepository
from etl_core.calls import CallCounter
from etl_core.database import DatabaseClient
from etl_core.runs.lease import LeaseTimes
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectStore
from etl_core.services import JobServices


class ServiceHandler(JobServices):
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
        copier: Copier | None = None,
    ) -> None:
        """Keep what is given; nothing is contacted yet."""
        super().__init__(store, database, calls, lease)
        self._copier = copier

    def get_s3_files(self, config: GetS3FilesConfig) -> dict[str, Any]:
        """Run the job ``get_s3_files`` and return its result."""
        store, calls, runner = self.parts(JOB_NAME, config.options)
        attachments = AttachmentRepository(self.database(calls))
        return GetS3Files(config, attachments, store, runner, self._copier).run()
