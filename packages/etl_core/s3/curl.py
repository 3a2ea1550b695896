"""An object store on libcurl: little work for each request, many of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
import threading
from typing import Any, BinaryIO, TypeVar

from etl_core.calls import CallHook, direct
from etl_core.config import S3Settings
from etl_core.errors import EtlError
from etl_core.retry import for_store, RetryPolicy
from etl_core.s3.addresses import Addresses
from etl_core.s3.credentials import identify, Identity
from etl_core.s3.exchange import Exchange
from etl_core.s3.requests import Request, Requests, UnreadableAnswer
from etl_core.s3.store import (
    ByteRange,
    CopyResult,
    DELETED_AT_ONCE,
    ListPage,
    ObjectHead,
    ObjectRef,
    Steps,
    Upload,
)
from etl_core.s3.throttle import Throttle
from etl_core.s3.wire import Handle, result_of, Wire
from etl_core.stop import POLL_SECONDS, StopSignal

T = TypeVar("T")
R = TypeVar("R")

REGION_HEADER = "x-amz-bucket-region"
MOVED = frozenset({301, 307, 400})


class CurlStore:
    """An :class:`~etl_core.s3.store.ObjectStore` on libcurl; safe among threads.

    Every request is shown to the hook, and sent again only while it fails for now.

    :param settings: as the environment says by default.
    :param hook: sees every request.
    :param retry: how transient errors are retried; as the settings say by default.
    :param identity: signs; found in the environment or by botocore by default.
    :param max_rps: how many requests :meth:`run_steps` sends each second.
    """

    def __init__(
        self,
        settings: S3Settings | None = None,
        hook: CallHook = direct,
        retry: RetryPolicy | None = None,
        identity: Identity | None = None,
        max_rps: float | None = None,
    ) -> None:
        """Contact nothing yet; credentials are looked for with the first request."""
        self._settings = settings or S3Settings.from_environment()
        self._hook = hook
        self._retry = retry or for_store(self._settings)
        self._identity = identity
        self._max_rps = max_rps
        self._requests = Requests()
        self._local = threading.local()

    def run_steps(
        self,
        steps: Callable[[T], Steps[R]],
        items: Iterable[T],
        *,
        workers: int,
        stop: StopSignal,
    ) -> Iterator[R]:
        """Yield the results of the work on many items, all in this thread."""
        exchange: Exchange[T, R] = Exchange(
            self._new_handle,
            Wire(workers),
            self._hook,
            self._retry,
            Throttle(workers, self._max_rps, float(workers * self._retry.attempts)),
            self._moved,
        )
        return exchange.run(steps, items, stop)

    def probe(self, bucket: str) -> None:
        """Return when the bucket exists and may be listed."""
        self._send(self._requests.probe(bucket))

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return one page of ``ListObjectsV2``."""
        asked = partial(self._requests.list_page, bucket, prefix, token, start_after)
        try:
            return self._send(asked())
        except UnreadableAnswer:
            return self._send(asked(encoded=True))

    def head(self, ref: ObjectRef) -> ObjectHead:
        """Return what ``HeadObject`` says."""
        return self._send(self._requests.head(ref))

    def get(self, ref: ObjectRef, sink: BinaryIO) -> ObjectHead:
        """Write the bytes of an object to a seekable file, from its beginning."""
        sink.seek(0, 2)
        return self._send(self._requests.get(ref, sink))

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> str:
        """Write an object from a seekable file and return its ETag."""
        return self._send(self._requests.put(ref, body, if_match=if_match))

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Copy the current source with ``CopyObject``, metadata and tags included."""
        return self._send(self._requests.copy(source, destination))

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects with ``DeleteObjects``."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            some = keys[start : start + DELETED_AT_ONCE]
            self._send(self._requests.delete(bucket, some))

    def tags(self, ref: ObjectRef) -> Mapping[str, str]:
        """Return what ``GetObjectTagging`` says."""
        return self._send(self._requests.tags(ref))

    def create_upload(
        self, ref: ObjectRef, like: ObjectHead, tags: Mapping[str, str]
    ) -> str:
        """Begin a multipart upload with the metadata of another object."""
        return self._send(self._requests.create_upload(ref, like, tags))

    def copy_part(
        self, upload: Upload, number: int, source: ObjectRef, part: ByteRange, etag: str
    ) -> str:
        """Copy a range of bytes with ``UploadPartCopy``."""
        request = self._requests.copy_part(upload, number, source, part, etag)
        return self._send(request)

    def complete_upload(self, upload: Upload, parts: list[str]) -> str:
        """Make the parts, in their order, the object and return its ETag."""
        return self._send(self._requests.complete_upload(upload, parts))

    def abort_upload(self, upload: Upload) -> None:
        """Throw the parts away with ``AbortMultipartUpload``."""
        self._send(self._requests.abort_upload(upload))

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """Return the unfinished multipart uploads below a prefix."""
        found: list[Upload] = []
        markers: dict[str, str] | None = {}
        while markers is not None:
            page = self._send(self._requests.uploads(bucket, prefix, markers))
            found += page.uploads
            markers = page.markers
        return found

    def _send(self, request: Request[T]) -> T:
        """Send one request and wait for its answer, again while it fails for now."""

        def attempt() -> T:
            return self._hook(request.call, lambda: self._sent(request))

        return self._retry.call(attempt)

    def _sent(self, request: Request[T]) -> T:
        """Send one request, and once more where its bucket is."""
        wire, handle = self._own()
        try:
            return self._once(wire, handle, request)
        except EtlError:
            if not self._moved(request, handle):
                raise
        return self._once(wire, handle, request)

    def _once(self, wire: Wire, handle: Handle, request: Request[T]) -> T:
        """Send one request; the thread is ours in between, so that signals arrive."""
        handle.prepare(request)
        wire.send(handle)
        try:
            while not (ended := wire.wait(POLL_SECONDS)):
                pass
        except BaseException:
            # Interrupted by a signal: what is under way must not disturb the next.
            self._local.own = None
            wire.close()
            raise
        return result_of(handle, request, ended[0][1])

    def _own(self) -> tuple[Wire, Handle]:
        """Return the wire and the handle of this thread."""
        found: tuple[Wire, Handle] | None = getattr(self._local, "own", None)
        if found is None:
            found = self._local.own = Wire(1), self._new_handle()
        return found

    def _new_handle(self) -> Handle:
        """Return one more handle."""
        return Handle(self._settings, self._addresses)

    @cached_property
    def _addresses(self) -> Addresses:
        """Where buckets answer, and who asks."""
        identity = self._identity or identify(self._settings)
        return Addresses(self._settings.endpoint_url, identity)

    def _moved(self, request: Request[Any], handle: Handle) -> bool:
        """Tell whether an answer named another region for a bucket."""
        answer = handle.answer()
        if answer.status not in MOVED:
            return False
        region = answer.header(REGION_HEADER)
        return self._addresses.moved(request.ref.bucket, region)


def open_store(
    settings: S3Settings, hook: CallHook, max_rps: float | None
) -> CurlStore:
    """Return the store of the engine ``curl``."""
    return CurlStore(settings, hook, max_rps=max_rps)
