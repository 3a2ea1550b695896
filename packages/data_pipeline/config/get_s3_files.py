"""What the job ``get_s3_files`` is asked for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from etl_core.errors import ConfigError
from etl_core.options import RunOptions

PREFIX_BYTES = 512


@dataclass(frozen=True)
class GetS3FilesConfig:
    """The settings of one start.

    :param agency_id: whose attachments are copied.
    :param source_bucket: where the attachments are.
    :param destination_bucket: where the copies go.
    :param prefix: goes in front of the destination keys, without a slash at its end.
    :param since: only rows changed since then: a time, or a duration before now.
    :param check_source: list the sources to find objects replaced without their row.
    :param options: what every job is asked for.
    """

    agency_id: int
    source_bucket: str
    destination_bucket: str
    prefix: str = ""
    since: datetime | timedelta | None = None
    check_source: bool = False
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        """Refuse values that no run could use."""
        if self.agency_id <= 0:
            raise ConfigError(f"--agency-id {self.agency_id}: must be positive")
        if self.since is not None and self.options.start:
            raise ConfigError("--since and --from both set a beginning; give one")
        if len(self.prefix.encode()) > PREFIX_BYTES:
            raise ConfigError(f"--prefix: at most {PREFIX_BYTES} bytes of UTF-8")
        if self.prefix.startswith("_etl"):
            raise ConfigError("--prefix: _etl is where the state of runs is kept")

    @property
    def start(self) -> datetime | None:
        """From when on rows count, in UTC."""
        if isinstance(self.since, timedelta):
            return datetime.now(timezone.utc) - self.since
        return self.since or self.options.start

    @property
    def partial(self) -> bool:
        """Whether some rows of the agency are left out."""
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
        """Return the arguments that choose the units of the scope."""
        return {
            "agency_id": self.agency_id,
            "destination_bucket": self.destination_bucket,
            "prefix": self.prefix,
            "shard": str(self.options.shard) if self.options.shard else None,
        }

    def arguments(self) -> dict[str, Any]:
        """Return the other arguments that decide what is done.

        A duration stands for itself and not for the time it means now, so that the
        same command continues its run later.
        """
        options = self.options
        return {
            "source_bucket": self.source_bucket,
            "check_source": self.check_source,
            "since": None if self.since is None else str(self.since),
            "from": options.start.isoformat() if options.start else None,
            "to": options.end.isoformat() if options.end else None,
            "limit": options.limit,
            "units": options.units,
        }
