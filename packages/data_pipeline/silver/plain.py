"""Plain Parquet files, with a manifest that says which of them are the table.

Who reads through the manifest sees whole commits, as with Delta Lake. Who lists the
folder sees a commit while it happens: new files beside those that they replace.
"""

from collections.abc import Mapping
import io
import json
from typing import Any

from data_pipeline.silver.files import (
    Change,
    CommitConflict,
    DataFile,
    NO_TABLE,
    require_apart,
    Snapshot,
)
from etl_core.errors import ConditionFailed, ObjectMissing
from etl_core.s3.store import ObjectRef, ObjectStore

MANIFEST = "_manifest.json"
REBASES = 20


class ParquetLog:
    """The :class:`~data_pipeline.silver.files.TableLog` of plain Parquet files.

    :param store: where the table is.
    :param table: bucket and prefix, which ends in a slash.
    """

    def __init__(self, store: ObjectStore, table: ObjectRef) -> None:
        """Read nothing yet."""
        self._store = store
        self._table = table
        self._manifest = ObjectRef(table.bucket, table.key + MANIFEST)
        self._etag = ""
        self._content = b""

    def snapshot(self) -> Snapshot:
        """Return what the manifest says."""
        sink = io.BytesIO()
        try:
            self._etag = self._store.get(self._manifest, sink).etag
        except ObjectMissing:
            self._etag, self._content = "", b""
            return NO_TABLE
        self._content = sink.getvalue()
        return _snapshot(json.loads(self._content))

    def commit(self, base: Snapshot, change: Change) -> int:
        """Replace the manifest, then remove the files that it no longer names.

        :raises CommitConflict: when another writer changed what it rests on.
        """
        for _ in range(REBASES):
            content = json.dumps(_manifest(base, change), ensure_ascii=False).encode()
            if self._publish(content):
                gone = [self._table.key + it.key for it in _removed(base, change)]
                self._store.delete(self._table.bucket, gone)
                return base.version + 1
            behind, base = base, self.snapshot()
            before, after = _by_key(behind), _by_key(base)
            added = [after[key].partition for key in after.keys() - before.keys()]
            removed = before.keys() - after.keys()
            require_apart(change, behind, base, set(removed), added)
        raise CommitConflict("other writers kept committing; start the command again")

    def tombstones(self) -> Mapping[str, int]:
        """Return nothing: files are removed when they leave the table."""
        return {}

    def shorten(self, commits: int) -> bool:
        """Do nothing: the manifest is whole."""
        return False

    def _publish(self, content: bytes) -> bool:
        """Store a manifest unless another one was stored; return whether it is ours."""
        try:
            self._store.put(self._manifest, io.BytesIO(content), if_match=self._etag)
            return True
        except ConditionFailed:
            # The answer to an earlier try may have been lost on the way.
            self.snapshot()
            return self._content == content


def _by_key(snapshot: Snapshot) -> dict[str, DataFile]:
    """Return the files of a snapshot by key."""
    return {it.key: it for it in snapshot.files}


def _removed(base: Snapshot, change: Change) -> list[DataFile]:
    """Return the files that a change takes out of a table."""
    return list(base.files if change.rebuild else change.removed)


def _manifest(base: Snapshot, change: Change) -> dict[str, Any]:
    """Return the content of the manifest after a change."""
    gone = {it.key for it in _removed(base, change)}
    files = [it for it in base.files if it.key not in gone] + list(change.added)
    return {
        "version": base.version + 1,
        "columns": [list(it) for it in change.columns],
        "partition": list(change.partition),
        "tokens": {**base.tokens, change.writer: change.token},
        "facts": dict(change.facts),
        "files": [
            {"key": it.key, "size": it.size, "rows": it.rows, "partition": it.partition}
            for it in sorted(files)
        ],
    }


def _snapshot(content: Mapping[str, Any]) -> Snapshot:
    """Return what a manifest says."""
    return Snapshot(
        content["version"],
        tuple(DataFile(**it) for it in content["files"]),
        tuple((name, kind) for name, kind in content["columns"]),
        tuple(content["partition"]),
        content["tokens"],
    )
