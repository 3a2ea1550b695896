"""What the job ``compact_silver`` is asked for."""

from dataclasses import dataclass, field
from datetime import timedelta

from data_pipeline.config.bronze_to_silver import DELTA, MEMORY_LIMIT
from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.s3.store import ObjectRef

TARGET_BYTES = 128 * 1024**2
RETENTION = timedelta(days=7)
SHORTEST = timedelta(hours=1)


@dataclass(frozen=True)
class CompactSilverConfig:
    """The settings of one start.

    :param destination: bucket and prefix of the silver table.
    :param table_format: ``delta`` or ``parquet``.
    :param target_bytes: how large files become.
    :param retention: for how long files stay that the table no longer has.
    :param memory_limit: of the engine, as it reads it.
    :param options: what every job is asked for.
    """

    destination: ObjectRef
    table_format: str = DELTA
    target_bytes: int = TARGET_BYTES
    retention: timedelta = RETENTION
    memory_limit: str = MEMORY_LIMIT
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        """Refuse values that would take files away from who uses them."""
        if self.retention < SHORTEST:
            raise ConfigError(
                "--retention: at least 1h; a run may have files that it has not "
                "committed yet, and a reader may still read an older version"
            )
        if not self.destination.key:
            raise ConfigError(f"--destination {self.destination.url}: names no table")
