"""What a silver table is to be, and how much a batch of it may take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from data_pipeline.repositories.silver import Layout
from data_pipeline.silver.files import RECORD, SOURCE
from data_pipeline.silver.receipts import Receipt
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard

WRITER = "etl-platform/bronze_to_silver"


class BronzeFile(Protocol):
    """A bronze object that can be read."""

    @property
    def path(self) -> str:
        """What the statement returns in ``_file``."""
        ...

    @property
    def data(self) -> str:
        """What is read: the same file, or a clean copy of it."""
        ...

    @property
    def records(self) -> int | None:
        """How many there are, counted without the reader; ``None`` for unknown."""
        ...


class Bronze(Protocol):
    """Knows how the bronze objects of a contract are read."""

    @property
    def settings(self) -> Sequence[str]:
        """What has to hold in the session that runs a statement, as SQL."""
        ...

    def prepare(self, path: Path) -> BronzeFile:
        """Return a downloaded object as a local file that the statement can read.

        :raises FileRefused: with the reason why it cannot be read at all.
        """
        ...

    def mend(self, file: Any) -> BronzeFile:  # noqa: ANN401 (one of its own)
        """Return a file written anew, of which the reader found other records.

        :raises FileRefused: when it cannot be mended.
        """
        ...

    def statement(self, files: Sequence[Any]) -> str:
        """Return the SQL that yields the typed rows of prepared files, numbered."""
        ...

    def in_order(self, files: Sequence[Any]) -> str:
        """Return the SQL that yields the same rows in their order.

        ``_record`` is null where the order says it.
        """
        ...


class Dataset(NamedTuple):
    """What a contract says, as far as it concerns the table.

    :param digest: changes with the contract.
    :param bronze: reads the bronze objects.
    :param reject_files: whether one bad row keeps its whole file out.
    :param threshold: the share of bad rows that stops a run; ``None`` for any.
    """

    digest: str
    layout: Layout
    bronze: Bronze
    reject_files: bool = False
    threshold: float | None = None


@dataclass(frozen=True)
class Table:
    """What a silver table is to be.

    :param place: bucket and prefix, which ends in a slash.
    :param layout: columns, key, order and partition.
    :param digest: of the contract.
    :param reject_files: whether one bad row keeps its whole file out.
    :param threshold: the share of bad rows that stops a run; ``None`` for any.
    :param shard: whose partitions are kept; ``None`` for all.
    """

    place: ObjectRef
    layout: Layout
    digest: str
    reject_files: bool = False
    threshold: float | None = None
    shard: Shard | None = None

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """All columns of the files, with those that say where a row is from."""
        return (*self.layout.columns, (SOURCE, "VARCHAR"), (RECORD, "BIGINT"))

    @property
    def writer(self) -> str:
        """The name under which commits carry their token."""
        if self.shard is None:
            return WRITER
        return f"{WRITER}/{self.shard.index}-of-{self.shard.count}"

    def keeps(self, partition: Mapping[str, str | None]) -> bool:
        """Tell whether a partition is this shard's, as the rows of a batch do."""
        values = (partition.get(name) or "" for name in self.layout.partition)
        return self.shard is None or self.shard.holds("/".join(values))

    def ref(self, key: str) -> ObjectRef:
        """Return an object below the table."""
        return ObjectRef(self.place.bucket, self.place.key + key)


@dataclass(frozen=True)
class Limits:
    """How much a batch may take.

    :param memory: of DuckDB, as it reads it.
    :param batch_bytes: bronze bytes of one commit.
    :param whole: whether the run leaves out no unit, so that it may build anew.
    """

    memory: str = "60%"
    batch_bytes: int = 64 * 1024**3
    whole: bool = True


@dataclass
class RowTotals:
    """What the rows of a start add up to.

    :param version: of the table after the last commit.
    """

    rows: int = 0
    silver: int = 0
    duplicates: int = 0
    quarantined: int = 0
    elsewhere: int = 0
    version: int | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, receipt: Receipt) -> None:
        """Add the rows of one object."""
        self.rows += receipt.rows
        self.silver += receipt.silver
        self.duplicates += receipt.duplicates
        self.quarantined += receipt.quarantined
        self.elsewhere += receipt.elsewhere
        for reason, number in receipt.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + number
