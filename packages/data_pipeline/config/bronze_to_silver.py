"""What the job ``bronze_to_silver`` is asked for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from etl_core.config import Settings
from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.runs.state import STATE_FOLDER
from etl_core.s3.store import ObjectRef

DELTA, PARQUET = "delta", "parquet"
TABLE_FORMATS = (DELTA, PARQUET)
BATCH_BYTES = 64 * 1024**3
MEMORY_LIMIT = "60%"


class HashSettings(Settings):
    """What keeps the hashes of sensitive values from being guessed."""

    VARIABLES: ClassVar[dict[str, str]] = {"key": "ETL_HASH_KEY"}

    key: SecretStr = Field(SecretStr(""), description="goes in front of a value")


@dataclass(frozen=True)
class BronzeToSilverConfig:
    """The settings of one start.

    :param contract: where the contract is: a local file or a URL of S3.
    :param source: bucket and prefix of the bronze objects; the prefix ends in a slash
        or is empty.
    :param destination: bucket and prefix of the silver table.
    :param since: only objects written since then: a time, or a duration before now.
    :param table_format: ``delta`` or ``parquet``.
    :param memory_limit: of the engine, as it reads it.
    :param batch_bytes: how many bronze bytes one commit takes.
    :param options: what every job is asked for.
    """

    contract: str
    source: ObjectRef
    destination: ObjectRef
    since: datetime | timedelta | None = None
    table_format: str = DELTA
    memory_limit: str = MEMORY_LIMIT
    batch_bytes: int = BATCH_BYTES
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if not self.destination.key:
            raise ConfigError(
                f"--destination {self.destination.url}: a table needs a prefix of its "
                "own, as in s3://silver/orders/"
            )
        if self.destination.key.startswith(STATE_FOLDER):
            raise ConfigError("--destination: _etl is where the state of runs is kept")
        if self.since is not None and self.options.start:
            raise ConfigError("--since and --from both set a beginning; give one")

    @property
    def start(self) -> datetime | None:
        """From when on objects count, in UTC."""
        if isinstance(self.since, timedelta):
            return datetime.now(timezone.utc) - self.since
        return self.since or self.options.start

    @property
    def partial(self) -> bool:
        """Whether some objects of the source are left out."""
        options = self.options
        narrowing = (
            self.since,
            options.start,
            options.end,
            options.limit,
            options.units,
        )
        return any(given is not None for given in narrowing)

    def scope(self) -> dict[str, Any]:
        """Return the arguments that choose the units of the scope.

        The source is none of them: a table has one writer at a time, whatever it
        reads.
        """
        return {
            "destination": self.destination.url,
            "shard": str(self.options.shard) if self.options.shard else None,
        }

    def arguments(self, contract_digest: str) -> dict[str, Any]:
        """Return the other arguments that decide what is done.

        A duration stands for itself and not for the time it means now, so that the
        same command continues its run later.

        :param contract_digest: of the contract as it is now.
        """
        options = self.options
        return {
            "source": self.source.url,
            "contract": contract_digest,
            "table_format": self.table_format,
            "since": None if self.since is None else str(self.since),
            "from": options.start.isoformat() if options.start else None,
            "to": options.end.isoformat() if options.end else None,
            "limit": options.limit,
            "units": options.units,
        }
