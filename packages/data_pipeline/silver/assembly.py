"""Puts the parts of a silver table together for one start of a job."""

from pathlib import Path
from typing import Any

from data_pipeline.config.bronze_to_silver import (
    BronzeToSilverConfig,
    DELTA,
    HashSettings,
)
from data_pipeline.config.compact_silver import CompactSilverConfig
from data_pipeline.contracts.reading import read_contract
from data_pipeline.repositories.silver import Layout
from data_pipeline.silver.batch import receipts_prefix
from data_pipeline.silver.column_types import normal_type, PARTITION_TYPES
from data_pipeline.silver.compaction import Compaction
from data_pipeline.silver.contract import dataset_of
from data_pipeline.silver.delta import DeltaLog
from data_pipeline.silver.effect import SilverEffect
from data_pipeline.silver.files import TableLog
from data_pipeline.silver.plain import ParquetLog
from data_pipeline.silver.table import Dataset, Limits, Table
from etl_core.errors import ConfigError
from etl_core.runs.spool import local_folder
from etl_core.s3.store import ObjectRef, ObjectStore


class SilverAssembly:
    """The :class:`~data_pipeline.processors.bronze_to_silver.SilverTable`.

    :param store: where bronze and silver are.
    :param config: of this start.
    :param dataset: what the contract says.
    :raises ConfigError: when no such table can be made, or not in shards.
    """

    def __init__(
        self, store: ObjectStore, config: BronzeToSilverConfig, dataset: Dataset
    ) -> None:
        """Make the effect."""
        self.digest = dataset.digest
        shard = config.options.shard
        layout = checked(dataset.layout)
        if shard is not None:
            require_shards(layout)
        table = Table(
            config.destination,
            layout,
            dataset.digest,
            dataset.reject_files,
            dataset.threshold,
            shard,
        )
        whole = not config.partial and shard is None
        limits = Limits(config.memory_limit, config.batch_bytes, whole)
        self.receipts = config.destination.key + receipts_prefix(table)

        def open_log(folder: Path) -> TableLog:
            """Open the log of the table."""
            place, writers = config.destination, [table.writer]
            return open_table(store, place, config.table_format, folder, writers)

        self.effect = SilverEffect(store, dataset.bronze, table, open_log, limits)

    def totals(self) -> dict[str, Any]:
        """Return what the rows of this start add up to."""
        found = self.effect.totals
        return {
            "rows": {
                "in": found.rows,
                "silver": found.silver,
                "duplicates": found.duplicates,
                "quarantined": found.quarantined,
                "elsewhere": found.elsewhere,
            },
            "row_reasons": dict(sorted(found.reasons.items())),
            "table_version": found.version,
        }


def open_silver(store: ObjectStore, config: BronzeToSilverConfig) -> SilverAssembly:
    """Return the table of a contract.

    :raises ConfigError: when the contract cannot be read, or no table made of it.
    """
    contract = read_contract(config.contract, store)
    hash_key = HashSettings.from_environment().key.get_secret_value()
    return SilverAssembly(store, config, dataset_of(contract, hash_key))


def compact(store: ObjectStore, config: CompactSilverConfig) -> dict[str, Any]:
    """Compact a table and return what was done."""
    with local_folder() as folder:
        place, table_format = config.destination, config.table_format
        log = open_table(store, place, table_format, folder, [])
        return Compaction(store, config, log, folder).run()


def open_table(
    store: ObjectStore,
    place: ObjectRef,
    table_format: str,
    folder: Path,
    writers: list[str],
) -> TableLog:
    """Return the log of a table.

    :param folder: for local files.
    :param writers: whose last commits its snapshots tell.
    """
    if table_format == DELTA:
        return DeltaLog(store, place, folder, writers)
    return ParquetLog(store, place)


def checked(layout: Layout) -> Layout:
    """Return a layout whose types are spelled as everywhere.

    :raises ConfigError: when no table can have it.
    """
    columns = tuple((name, normal_type(kind)) for name, kind in layout.columns)
    kinds = dict(columns)
    for name in layout.partition:
        if kinds[name] not in PARTITION_TYPES:
            raise ConfigError(
                f"the contract partitions by {name}, a {kinds[name]}; files are "
                f"divided by columns of type {', '.join(sorted(PARTITION_TYPES))}"
            )
    if len(layout.partition) == len(columns):
        raise ConfigError("the contract partitions by all columns; leave one out")
    return layout._replace(columns=columns)


def require_shards(layout: Layout) -> None:
    """Return when the rows of a table can be divided among shards.

    :raises ConfigError: when merges of two shards would meet in one partition, or in
        one key.
    """
    if not layout.partition:
        raise ConfigError(
            "--shard: the table has no partitions to divide; partition it in the "
            "contract, or start one process with more memory"
        )
    outside = [name for name in layout.partition if name not in layout.key]
    if outside:
        raise ConfigError(
            f"--shard: the key does not have the partition column {outside[0]}, so "
            "that a row may move to the partition of another shard; add it to the "
            "key, or start one process"
        )
