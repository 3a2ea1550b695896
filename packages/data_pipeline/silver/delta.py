"""The log of a Delta Lake table, read and written through our own seam to S3.

The library works on a local mirror of ``_delta_log/``: it replays the log and writes
the file of a commit. The one request that makes a commit count is ours, and so are its
retries, its time limits, its credentials, and what tests do to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import json
from pathlib import Path
import re
import tempfile
import time
from typing import Any
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import (
    AddAction,
    create_table_with_add_actions,
    PostCommitHookProperties,
    RemoveAction,
    Transaction,
)

from data_pipeline.silver.column_types import (
    delta_field,
    duckdb_type,
    partition_text,
    statistic,
)
from data_pipeline.silver.files import (
    Change,
    CommitConflict,
    DataFile,
    NO_TABLE,
    require_apart,
    Snapshot,
)
from etl_core.errors import ConditionFailed
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.support.executor import run_bounded

LOG = "_delta_log/"
LAST_CHECKPOINT = "_last_checkpoint"
COMMIT = re.compile(r"(\d{20})\.json")
CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
REBASES = 20
AT_ONCE = 16


class DeltaLog:
    """The :class:`~data_pipeline.silver.files.TableLog` of a Delta Lake table.

    :param store: where the table is.
    :param table: bucket and prefix, which ends in a slash.
    :param folder: for the mirror.
    :param writers: whose last commits a snapshot tells.
    """

    def __init__(
        self,
        store: ObjectStore,
        table: ObjectRef,
        folder: Path,
        writers: Sequence[str] = (),
    ) -> None:
        """Mirror nothing yet."""
        self._writers = writers
        self._store = store
        self._table = table
        self._mirror = Path(tempfile.mkdtemp(prefix="delta-", dir=folder))
        self._logs = self._mirror / LOG
        self._logs.mkdir()

    def snapshot(self) -> Snapshot:
        """Return what the table is now."""
        self._refresh()
        if not any(self._logs.iterdir()):
            return NO_TABLE
        return _snapshot(DeltaTable(str(self._mirror)), self._writers)

    def commit(self, base: Snapshot, change: Change) -> int:
        """Make a change the table.

        A commit of another writer that touched none of our files, nor added rows to
        the partitions that we write to, is left as it is: ours goes behind it.

        :raises CommitConflict: when another writer changed what it rests on.
        """
        for _ in range(REBASES):
            version = self._write(base, change)
            if self._publish(version):
                return version
            behind, base = base, self.snapshot()
            between = list(self._actions(behind.version + 1, base.version))
            require_apart(change, behind, base, _removed(between), _added(between))
        raise CommitConflict("other writers kept committing; start the command again")

    def tombstones(self) -> dict[str, int]:
        """Return when files were removed from the table, in milliseconds, by key."""
        self._mirror_all()
        versions = [int(it.name[:20]) for it in self._logs.glob("*.json")]
        removed: dict[str, int] = {}
        for action in self._actions(min(versions, default=0), max(versions, default=0)):
            if "remove" in action:
                gone = action["remove"]
                removed[unquote(gone["path"])] = gone["deletionTimestamp"]
        return removed

    def shorten(self, commits: int) -> bool:
        """Store the state of the table as one file when it has so many commits."""
        last = self._checkpoint_version()
        behind = sum(int(it.name[:20]) > last for it in self._logs.glob("*.json"))
        if behind >= commits:
            self._checkpoint()
        return behind >= commits

    def _checkpoint(self) -> None:
        """Store the state of the table as one file."""
        table = DeltaTable(str(self._mirror))
        known = {it.name for it in self._logs.iterdir()}
        table.create_checkpoint()
        made = {it.name for it in self._logs.iterdir()} - known - {LAST_CHECKPOINT}
        # The pointer comes last: a reader must find what it points to.
        for name in (*sorted(made), LAST_CHECKPOINT):
            with (self._logs / name).open("rb") as body:
                self._store.put(self._ref(name), body)

    def _refresh(self) -> None:
        """Fetch what the mirror lacks: the last checkpoint, and the commits since."""
        prefix = self._ref("").key
        listed = [
            it.key.removeprefix(prefix)
            for it in list_objects(self._store, self._table.bucket, prefix)
        ]
        if LAST_CHECKPOINT in listed:
            self._fetch(LAST_CHECKPOINT)
        last = self._checkpoint_version()
        wanted = []
        for name in listed:
            commit, checkpoint = COMMIT.fullmatch(name), CHECKPOINT.fullmatch(name)
            behind = commit and int(commit[1]) > last
            if behind or (checkpoint and int(checkpoint[1]) == last):
                wanted.append(name)
        self._fetch_all(wanted)

    def _mirror_all(self) -> None:
        """Fetch every commit, also those that a checkpoint makes needless."""
        prefix = self._ref("").key
        listed = list_objects(self._store, self._table.bucket, prefix)
        names = (found.key.removeprefix(prefix) for found in listed)
        self._fetch_all([name for name in names if COMMIT.fullmatch(name)])

    def _checkpoint_version(self) -> int:
        """Return the version of the checkpoint that the mirror has."""
        pointer = self._logs / LAST_CHECKPOINT
        if not pointer.exists():
            return -1
        return int(json.loads(pointer.read_bytes())["version"])

    def _write(self, base: Snapshot, change: Change) -> int:
        """Let the library write a commit into the mirror, and return its version."""
        schema = Schema.from_json(
            json.dumps(
                {
                    "type": "struct",
                    "fields": [delta_field(*it) for it in change.columns],
                }
            )
        )
        properties = CommitProperties(
            custom_metadata=dict(change.facts),
            app_transactions=[Transaction(change.writer, change.token)],
        )
        now = int(time.time() * 1000)
        added = [_add(it, change, now) for it in change.added]
        if base.version < 0:
            create_table_with_add_actions(
                str(self._mirror),
                schema,
                added,
                partition_by=list(change.partition),
                commit_properties=properties,
                post_commithook_properties=NO_HOOKS,
            )
            self._name_table(0)
            return 0
        gone = () if change.rebuild else change.removed
        removed = [_remove(it, change, now) for it in gone]
        DeltaTable(str(self._mirror)).create_write_transaction(
            [*removed, *added],
            "overwrite" if change.rebuild else "append",
            schema,
            list(change.partition),
            commit_properties=properties,
            post_commithook_properties=NO_HOOKS,
        )
        return base.version + 1

    def _name_table(self, version: int) -> None:
        """Let a commit say where the table is, not where its mirror was."""
        path = self._commit(version)
        here, there = f"file://{self._mirror}/", self._table.url
        path.write_bytes(path.read_bytes().replace(here.encode(), there.encode()))

    def _publish(self, version: int) -> bool:
        """Store a commit unless there is one; return whether it is ours."""
        path, ref = self._commit(version), self._ref(self._commit(version).name)
        try:
            with path.open("rb") as body:
                self._store.put(ref, body, if_match="")
            return True
        except ConditionFailed:
            # The answer to an earlier try may have been lost on the way.
            ours = path.read_bytes()
            self._fetch(path.name)
            return path.read_bytes() == ours

    def _actions(self, first: int, last: int) -> Iterator[dict[str, Any]]:
        """Yield the actions of some commits in the mirror."""
        for version in range(first, last + 1):
            if self._commit(version).exists():
                for line in self._commit(version).read_text().splitlines():
                    yield json.loads(line)

    def _fetch_all(self, names: Iterable[str]) -> None:
        """Fetch those of some files that the mirror does not have."""
        lacking = [name for name in names if not (self._logs / name).exists()]
        # With few of them a thread costs more than it gains.
        workers = AT_ONCE if len(lacking) > AT_ONCE else 1
        for _ in run_bounded(
            self._fetch, lacking, workers=workers, in_flight=2 * workers
        ):
            pass

    def _fetch(self, name: str) -> None:
        """Fetch a file of the log."""
        with (self._logs / name).open("wb+") as sink:
            self._store.get(self._ref(name), sink)

    def _commit(self, version: int) -> Path:
        """Return the file of a commit in the mirror."""
        return self._logs / f"{version:020d}.json"

    def _ref(self, name: str) -> ObjectRef:
        """Return a file of the log."""
        return ObjectRef(self._table.bucket, f"{self._table.key}{LOG}{name}")


def _snapshot(table: DeltaTable, writers: Iterable[str]) -> Snapshot:
    """Return what the library says of a table."""
    schema = json.loads(table.schema().to_json())
    columns = tuple((it["name"], duckdb_type(it["type"])) for it in schema["fields"])
    rows = table.get_add_actions(flatten=True).to_struct_array().to_pylist()
    tokens = {it: table.transaction_version(it) for it in writers}
    return Snapshot(
        table.version(),
        tuple(_data_file(row) for row in rows),
        columns,
        tuple(table.metadata().partition_columns),
        {it: token for it, token in tokens.items() if token is not None},
    )


def _data_file(row: Mapping[str, Any]) -> DataFile:
    """Return a file as the library describes it."""

    def below(prefix: str) -> dict[str, Any]:
        """Return the members with a prefix."""
        found = (it for it in row.items() if it[0].startswith(prefix))
        return {name.removeprefix(prefix): value for name, value in found}

    partition = below("partition.")
    return DataFile(
        unquote(row["path"]),
        row["size_bytes"],
        row["num_records"] or 0,
        {name: partition_text(value) for name, value in partition.items()},
        below("min."),
        below("max."),
        below("null_count."),
    )


def _add(file: DataFile, change: Change, now: int) -> AddAction:
    """Return the action that makes a file part of the table."""
    kinds = dict(change.columns)

    def bounds(values: Mapping[str, Any], *, greatest: bool) -> dict[str, Any]:
        """Return bounds as JSON."""
        found = {
            name: statistic(kinds[name], text, greatest=greatest)
            for name, text in values.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    statistics = {
        "numRecords": file.rows,
        "minValues": bounds(file.lowest, greatest=False),
        "maxValues": bounds(file.highest, greatest=True),
        "nullCount": dict(file.nulls),
    }
    return AddAction(
        file.key,
        file.size,
        dict(file.partition),
        now,
        not change.compaction,
        json.dumps(statistics, ensure_ascii=False),
    )


def _remove(file: DataFile, change: Change, now: int) -> RemoveAction:
    """Return the action that takes a file out of the table."""
    return RemoveAction(
        file.key, not change.compaction, now, file.size, dict(file.partition)
    )


def _removed(actions: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the keys of the files that some actions took out of the table."""
    return {unquote(it["remove"]["path"]) for it in actions if "remove" in it}


def _added(actions: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, str | None]]:
    """Yield the partitions to which some actions added rows."""
    for action in actions:
        if "add" in action and action["add"]["dataChange"]:
            yield action["add"]["partitionValues"]
