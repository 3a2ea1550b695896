"""Runs the job twice over a store that makes up its objects instead of keeping them.

It is started by the tests of this folder, as ``python -m <this module>``, among
variables that name a real database and a real endpoint: the latter keeps the state of
the runs, so that all of ours but the client of S3 does what it does in production.
"""

from functools import partial
import hashlib
import sqlite3
import tempfile
import threading

from data_pipeline.jobs.get_s3_files import entrypoint
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.integration.place import STATE
from data_pipeline.tests.seeds import AGENCY
from etl_core.calls import Call, CallCounter
from etl_core.database import DatabaseClient
from etl_core.s3.client import S3Client
from etl_core.s3.store import CopyResult, ListedObject, ListPage, ObjectRef

PAGE = 1000
SOURCES = "SELECT object_key, size_bytes FROM attachment"
TABLES = """
    CREATE TABLE source (key TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
    CREATE TABLE copy (key TEXT PRIMARY KEY, etag TEXT, size INTEGER) WITHOUT ROWID;
"""
COPY = """
    INSERT OR REPLACE INTO copy SELECT ?, ?, size FROM source WHERE key = ?
"""
LIST = """
    SELECT key, etag, size FROM copy
    WHERE key > ? AND substr(key, 1, length(?)) = ? ORDER BY key LIMIT ?
"""


class EndlessStore(S3Client):
    """Copies nothing, and lists what it would have copied, from a file.

    :param path: of the file.
    :param calls: counts the requests.
    """

    def __init__(self, path: str, calls: CallCounter) -> None:
        """Know the sources, and have copied nothing yet."""
        super().__init__(hook=calls)
        self._calls = calls
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False)
        self._file.executescript(TABLES)
        with DatabaseClient() as database:
            rows = (tuple(row.values()) for row in database.stream(SOURCES))
            self._file.executemany("INSERT INTO source VALUES (?, ?)", rows)

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return a page of the copies."""
        if prefix.startswith(STATE):
            return super().list_page(bucket, prefix, token, start_after)
        send = partial(self._page, prefix, token or start_after or "")
        return self._calls(Call("s3", "ListObjectsV2", prefix), send)

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Say what a copy would say."""
        send = partial(self._copy, source.key, destination.key)
        return self._calls(Call("s3", "CopyObject", source.url), send)

    def _copy(self, source: str, destination: str) -> CopyResult:
        """Remember a copy."""
        with self._lock:
            self._file.execute(COPY, (destination, etag(source), source))
        return CopyResult(etag(source))

    def _page(self, prefix: str, after: str) -> ListPage:
        """Read one page."""
        with self._lock:
            rows = self._file.execute(LIST, (after, prefix, prefix, PAGE)).fetchall()
        found = tuple(ListedObject(*row) for row in rows)
        return ListPage(found, found[-1].key if len(found) == PAGE else None)


def etag(key: str) -> str:
    """Return the ETag of an object."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


def main() -> int:
    """Copy everything, then find it unchanged."""
    calls = CallCounter()
    with tempfile.NamedTemporaryFile(prefix="etl-endless-") as file:
        store = EndlessStore(file.name, calls)
        codes = [
            entrypoint(["--agency-id", str(AGENCY)], ServiceHandler(store, calls=calls))
            for _ in range(2)
        ]
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
