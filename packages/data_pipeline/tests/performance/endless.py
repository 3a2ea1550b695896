"""Runs the job twice over a store that makes up its objects instead of keeping them.

It is started by the tests of this folder, as ``python -m <this module> ROWS``, among
variables that name a real database and a real endpoint: the latter keeps the state of
the runs, so that all of ours but the client of S3 does what it does in production.
"""

from collections.abc import Callable
from functools import partial
import hashlib
import sys

from data_pipeline.jobs.get_s3_files import entrypoint
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.integration.place import DOCUMENTS, STATE
from data_pipeline.tests.seeds import AGENCY
from etl_core.calls import Call, CallCounter
from etl_core.s3.client import S3Client
from etl_core.s3.store import CopyResult, ListedObject, ListPage, ObjectRef

FOLDERS = sorted(map(str, range(DOCUMENTS)))


class EndlessStore(S3Client):
    """Copies nothing, and lists what it would have copied.

    :param rows: how many attachments there are.
    :param calls: counts the requests.
    """

    def __init__(self, rows: int, calls: CallCounter) -> None:
        """Have copied nothing yet."""
        super().__init__(hook=calls)
        self._rows = rows
        self._calls = calls
        self.copied = False

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return the copies of one document."""
        if prefix.startswith(STATE):
            return super().list_page(bucket, prefix, token)
        page = int(token or 0)
        send = partial(self._page, page)
        return self._calls(Call("s3", "ListObjectsV2", prefix), send)

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Say what a copy would say."""
        self.copied = True
        number = source.key.rpartition("/")[2]
        send: Callable[[], CopyResult] = partial(CopyResult, etag(number))
        return self._calls(Call("s3", "CopyObject", source.url), send)

    def _page(self, page: int) -> ListPage:
        """Make up one page."""
        if not self.copied:
            return ListPage((), None)
        document = FOLDERS[page]
        first = int(document) or DOCUMENTS
        numbers = sorted(map(str, range(first, self._rows + 1, DOCUMENTS)))
        folder = f"agency_id={AGENCY}/user_id={document}/document_id={document}/"
        return ListPage(
            tuple(
                ListedObject(
                    f"{folder}attachment_id={number}/file {number}.txt",
                    etag(number),
                    len(number),
                )
                for number in numbers
            ),
            str(page + 1) if page + 1 < len(FOLDERS) else None,
        )


def etag(number: str) -> str:
    """Return the ETag of an object."""
    return hashlib.md5(number.encode(), usedforsecurity=False).hexdigest()


def main(rows: int) -> int:
    """Copy everything, then find it unchanged."""
    calls = CallCounter()
    store = EndlessStore(rows, calls)
    codes = [
        entrypoint(["--agency-id", str(AGENCY)], ServiceHandler(store, calls=calls))
        for _ in range(2)
    ]
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
