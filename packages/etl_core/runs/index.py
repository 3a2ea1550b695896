"""The index: what lies at the destination of a scope, and from what it was made."""

from pathlib import Path
from typing import Any, NamedTuple

from etl_core.errors import DataError
from etl_core.runs.spool import sha256_of
from etl_core.runs.units import Line
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore


class IndexEntry(NamedTuple):
    """What is known of one destination object.

    :param key: of the destination; the index is sorted by it.
    :param fingerprint: of the unit that it was made from.
    """

    key: str
    fingerprint: str
    source_etag: str | None
    source_version: str | None
    etag: str
    size: int

    @classmethod
    def of(cls, line: Line) -> "IndexEntry":
        """Return the entry of a unit whose object is in place."""
        return cls(
            line.destination.key,
            line.fingerprint,
            line.source.etag,
            line.source.version,
            line.destination.etag or "",
            line.destination.size or 0,
        )

    def agrees_with(self, listed: ListedObject | None) -> bool:
        """Tell whether a listing shows this very object."""
        return (
            listed is not None and listed.etag == self.etag and listed.size == self.size
        )


class StoredFile(NamedTuple):
    """A compressed file of lines in the bucket, and what it must hold.

    :param first: destination key of the first line of a part of the ledger.
    :param last: destination key of its last line.
    """

    key: str
    lines: int
    sha256: str
    first: str = ""
    last: str = ""

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "StoredFile":
        """Return what a record says of a file."""
        return cls(**stored)


def upload(store: ObjectStore, ref: ObjectRef, path: Path, lines: int) -> StoredFile:
    """Store a local file and return what to remember of it."""
    with path.open("rb") as body:
        store.put(ref, body)
    return StoredFile(ref.key, lines, sha256_of(path))


def download(store: ObjectStore, bucket: str, stored: StoredFile, path: Path) -> Path:
    """Fetch a stored file.

    :raises DataError: when it is not the file that was stored.
    """
    ref = ObjectRef(bucket, stored.key)
    with path.open("wb+") as sink:
        store.get(ref, sink)
    if sha256_of(path) != stored.sha256:
        raise DataError(
            f"{ref.url} was changed after it was written; restore it from a version, "
            "or remove the run that names it"
        )
    return path
