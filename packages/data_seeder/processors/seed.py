"""Fills the tables, then the bucket."""

from functools import partial
from typing import Any, NamedTuple

from data_seeder import __version__
from data_seeder.config.seed import SeederConfig
from data_seeder.generation.tables import ATTACHMENT, Data
from data_seeder.processors.objects import (
    attachment_id_of,
    AttachmentObjects,
    BodyEffect,
    PREFIX,
)
from data_seeder.processors.rows import Rows
from etl_core.processors.manifest import CsvManifest
from etl_core.runs.run import RunSpec
from etl_core.runs.runner import JobParts, PLANNED, RECONCILED, Runner
from etl_core.runs.selection import read_unit_keys
from etl_core.s3.store import ObjectStore

JOB_NAME = "seed"


class Bucket(NamedTuple):
    """Where objects go, and what accounts for them."""

    store: ObjectStore
    runner: Runner


class Seed:
    """The processor of the job.

    :param config: of this start.
    :param data: what is written.
    :param rows: fills the tables.
    :param bucket: where the objects go; ``None`` for rows alone.
    """

    def __init__(
        self, config: SeederConfig, data: Data, rows: Rows, bucket: Bucket | None
    ) -> None:
        """Keep the parts."""
        self._config = config
        self._data = data
        self._rows = rows
        self._bucket = bucket

    def run(self) -> dict[str, Any]:
        """Write what is not there yet, and return what is there now."""
        dry = self._config.options.dry_run
        if self._bucket:
            self._bucket.store.probe(self._config.bucket)
        tables = self._rows.expect() if dry else self._rows.fill()
        result = {"job": JOB_NAME, "status": PLANNED if dry else RECONCILED}
        if self._bucket:
            result = self._write_objects(self._bucket)
        return {**result, "tables": tables}

    def _write_objects(self, bucket: Bucket) -> dict[str, Any]:
        """Write the objects, and return the totals of the run."""
        config = self._config
        spec = RunSpec(
            job=JOB_NAME,
            version=__version__,
            bucket=config.bucket,
            prefix=PREFIX,
            scope={"source_bucket": config.bucket},
            arguments={
                **config.data(),
                "limit": config.options.limit,
                "units": config.options.units,
            },
            partial=config.partial,
        )
        count = partial(self._rows.count, ATTACHMENT)
        if config.options.dry_run:
            count = partial(self._data.rows.__getitem__, ATTACHMENT)
        source = AttachmentObjects(config, self._data, count, self._ids(bucket.store))
        effect = BodyEffect(bucket.store, self._data)
        return bucket.runner.run(spec, JobParts(source, effect, CsvManifest))

    def _ids(self, store: ObjectStore) -> set[int] | None:
        """Return the attachments that were asked for by ``--units``.

        :raises ConfigError: when a key is not of this job.
        """
        units = self._config.options.units
        if units is None:
            return None
        return {attachment_id_of(key) for key in read_unit_keys(store, units)}
