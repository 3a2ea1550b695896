"""The composition root: the one place where the parts of the job are put together."""

from typing import Any

from data_seeder.config.seed import SeederConfig
from data_seeder.generation.tables import Data
from data_seeder.processors.rows import Rows
from data_seeder.processors.seed import Bucket, JOB_NAME, Seed
from data_seeder.repositories.tables import TableRepository
from etl_core import stop
from etl_core.calls import CallCounter
from etl_core.config import DatabaseSettings
from etl_core.runs.lease import LeaseTimes
from etl_core.s3.store import ObjectStore
from etl_core.services import JobServices


class ServiceHandler(JobServices):
    """Makes the clients of the job and runs it; what is given is used instead.

    :param store: S3.
    :param tables: the database.
    :param calls: counts the requests that ``store`` sends.
    :param lease: times of the lease.
    """

    def __init__(
        self,
        store: ObjectStore | None = None,
        tables: TableRepository | None = None,
        calls: CallCounter | None = None,
        lease: LeaseTimes | None = None,
    ) -> None:
        """Keep what is given; nothing is contacted yet."""
        super().__init__(store, None, calls, lease)
        self._tables = tables

    def seed(self, config: SeederConfig) -> dict[str, Any]:
        """Run the job ``seed`` and return its result."""
        bucket, calls, data = None, CallCounter(), Data(config)
        if config.writes_objects:
            store, calls, runner = self.parts(JOB_NAME, config.options)
            bucket = Bucket(store, runner)
        tables = self._tables
        if tables is None:
            tables = TableRepository(DatabaseSettings.from_environment(), calls)
        stopping = stop.current().limited(config.options.deadline_seconds)
        rows = Rows(data, tables, stopping)
        return Seed(config, data, rows, bucket).run()
