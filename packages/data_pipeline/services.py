"""The composition root: the one place where the parts of the jobs are put together."""

import importlib
from types import ModuleType
from typing import Any

from data_pipeline.config.bronze_to_silver import BronzeToSilverConfig
from data_pipeline.config.compact_silver import CompactSilverConfig
from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.processors import bronze_to_silver, get_s3_files
from data_pipeline.repositories.attachments import AttachmentRepository
from etl_core.calls import CallCounter
from etl_core.database import DatabaseClient
from etl_core.errors import ConfigError
from etl_core.runs.lease import LeaseTimes
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectStore
from etl_core.services import JobServices


def _silver() -> ModuleType:
    """Load what a plain install cannot import.

    :raises ConfigError: when the extra is not installed.
    """
    try:
        return importlib.import_module("data_pipeline.silver.assembly")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the engine of silver tables is missing ({error.name}): install the "
            "extra data-pipeline[silver]"
        ) from error


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
        store, calls, runner = self.parts(get_s3_files.JOB_NAME, config.options)
        attachments = AttachmentRepository(self.database(calls))
        return get_s3_files.GetS3Files(
            config, attachments, store, runner, self._copier
        ).run()

    def bronze_to_silver(self, config: BronzeToSilverConfig) -> dict[str, Any]:
        """Run the job ``bronze_to_silver`` and return its result."""
        store, _, runner = self.parts(bronze_to_silver.JOB_NAME, config.options)
        table = _silver().open_silver(store, config)
        return bronze_to_silver.BronzeToSilver(config, table, store, runner).run()

    def compact_silver(self, config: CompactSilverConfig) -> dict[str, Any]:
        """Run the job ``compact_silver`` and return its result."""
        store, calls, _ = self.parts("compact_silver", config.options)
        result: dict[str, Any] = _silver().compact(store, config)
        return {**result, "requests": calls.totals("s3")}
