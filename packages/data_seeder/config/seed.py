"""What the job ``seed`` is asked for."""

from dataclasses import dataclass, field
from typing import Any

from etl_core.errors import ConfigError
from etl_core.options import RunOptions

BUCKET = "seeded-uploads"
"""What rows name when no bucket is given."""


@dataclass(frozen=True)
class SeederConfig:
    """The settings of one start.

    :param agencies: how many there are.
    :param users: how many there are in all agencies.
    :param documents: how many there are of all users.
    :param attachments: how many there are of all documents.
    :param seed: decides every row and every byte.
    :param clean: leave out what real data has: deleted and pending rows, rows of
        another bucket, rows without their object, hostile file names.
    :param source_bucket: where the objects go, and what the rows name.
    :param rows_only: write no object, though a bucket is named.
    :param options: what every job is asked for.
    """

    agencies: int = 50
    users: int = 2000
    documents: int = 100_000
    attachments: int = 300_000
    seed: int = 7
    clean: bool = False
    source_bucket: str | None = None
    rows_only: bool = False
    options: RunOptions = field(default_factory=RunOptions)

    def __post_init__(self) -> None:
        """Refuse what no data could be made of."""
        if self.agencies > self.users:
            raise ConfigError("--users: every agency has one at least")
        if self.options.start or self.options.end:
            raise ConfigError("seed has no --from and --to: its data has no history")
        if self.options.shard:
            raise ConfigError("seed has no --shard: start it once, it uses every core")

    @property
    def bucket(self) -> str:
        """The bucket that the rows name."""
        return self.source_bucket or BUCKET

    @property
    def writes_objects(self) -> bool:
        """Whether there is a bucket to write to."""
        return self.source_bucket is not None and not self.rows_only

    @property
    def partial(self) -> bool:
        """Whether some objects are left out."""
        return self.options.limit is not None or self.options.units is not None

    def data(self) -> dict[str, Any]:
        """Return the arguments that decide what the data is."""
        return {
            "agencies": self.agencies,
            "users": self.users,
            "documents": self.documents,
            "attachments": self.attachments,
            "seed": self.seed,
            "clean": self.clean,
        }
