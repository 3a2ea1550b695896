"""A silver table as its commits see it: files, and a log that says which count."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from etl_core.errors import TransientError

SOURCE = "_source"
RECORD = "_record"


class DataFile(NamedTuple):
    """One Parquet file of a table.

    :param key: below the table, as it stands in the bucket.
    :param partition: its values as text, by column.
    :param lowest: least values by column; a column without one may hold anything.
    """

    key: str
    size: int
    rows: int
    partition: Mapping[str, str | None]
    lowest: Mapping[str, Any] = {}
    highest: Mapping[str, Any] = {}
    nulls: Mapping[str, int] = {}

    def may_hold(self, column: str, low: object, high: object) -> bool:
        """Tell whether a value between two others may be in a column of it."""
        least, greatest = self.lowest.get(column), self.highest.get(column)
        if low is None or high is None:
            return False
        if type(least) is not type(low) or type(greatest) is not type(high):
            return True
        return bool(least <= high and low <= greatest)  # type: ignore[operator]


class Snapshot(NamedTuple):
    """What a table is at one version.

    :param version: rises with every commit; -1 when there is no table.
    :param columns: name and DuckDB type.
    :param tokens: the last commit of each writer.
    """

    version: int
    files: tuple[DataFile, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    partition: tuple[str, ...] = ()
    tokens: Mapping[str, int] = {}


NO_TABLE = Snapshot(-1)


@dataclass(frozen=True)
class Change:
    """What one commit does.

    :param writer: whose commits follow each other.
    :param token: of what was done; a writer that finds it has committed already.
    :param columns: name and DuckDB type of all columns of the files.
    :param rebuild: the columns are others than before, and all files are replaced.
    :param compaction: the rows stay the same.
    :param facts: are kept with the commit, for people.
    """

    writer: str
    token: int
    columns: tuple[tuple[str, str], ...]
    partition: tuple[str, ...]
    removed: Sequence[DataFile] = ()
    added: Sequence[DataFile] = ()
    rebuild: bool = False
    compaction: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


class CommitConflict(TransientError):
    """Another writer changed the same files; the same command does its work anew."""


class TableLog(Protocol):
    """Says which files are the table; a commit is one conditional write."""

    def snapshot(self) -> Snapshot:
        """Return what the table is now."""
        ...

    def commit(self, base: Snapshot, change: Change) -> int:
        """Make a change the table, whole or not at all, and return its version.

        :raises CommitConflict: when another writer changed what it rests on.
        """
        ...

    def tombstones(self) -> Mapping[str, int]:
        """Return when files left the table, in milliseconds, by key."""
        ...

    def shorten(self, commits: int) -> bool:
        """Sum up the log when it has so many commits; return whether it was done."""
        ...


def require_apart(
    change: Change,
    base: Snapshot,
    now: Snapshot,
    removed: set[str],
    added: Iterable[Mapping[str, str | None]],
) -> None:
    """Return when what others committed meanwhile is of no concern to a change.

    :param base: what the change was made for.
    :param now: what others made of it.
    :param removed: keys of the files that they removed.
    :param added: the partitions to which they added rows.
    :raises CommitConflict: when it is of concern.
    """
    ours = {_values(it.partition, change) for it in (*change.removed, *change.added)}
    same_table = (now.columns, now.partition) == (change.columns, change.partition)
    # A compaction changes no row: what others add beside it is of no concern.
    apart = (
        same_table
        and not change.rebuild
        and removed.isdisjoint(it.key for it in change.removed)
        and (change.compaction or ours.isdisjoint(_values(it, change) for it in added))
    )
    if not apart:
        raise CommitConflict(
            f"version {now.version} of the table, which another writer committed "
            f"after version {base.version}, has changes in the same place; nothing "
            "was committed, start the same command again"
        )


def _values(partition: Mapping[str, str | None], change: Change) -> tuple[Any, ...]:
    """Return the values of a partition in the order of the change."""
    return tuple(partition.get(name) for name in change.partition)
