"""What the platform needs of an object store; every engine and fake offers it."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeVar

from etl_core.stop import StopSignal

DELETED_AT_ONCE = 1000  # S3 API Reference, DeleteObjects

T = TypeVar("T")
R = TypeVar("R")

Steps = Generator[tuple[Callable[["ObjectStore"], Any], ...], list[Any], T]
"""Work on a store in steps, as :mod:`etl_core.s3.steps` makes it."""


class ObjectRef(NamedTuple):
    """The name of an object."""

    bucket: str
    key: str

    @property
    def url(self) -> str:
        """The name as people write it."""
        return f"s3://{self.bucket}/{self.key}"


class ListedObject(NamedTuple):
    """One object as a listing shows it; the ETag has no quotes, the size is bytes.

    :param modified: when it was written, in UTC as in ``2026-11-21T10:00:00``, which
        compares as text; empty if the store does not say.
    """

    key: str
    etag: str
    size: int
    modified: str = ""


class ListPage(NamedTuple):
    """One page of a listing; ``token`` continues it, ``None`` ends it."""

    objects: tuple[ListedObject, ...]
    token: str | None


class ObjectHead(NamedTuple):
    """What the store knows about an object without sending its bytes."""

    etag: str
    size: int
    version: str | None = None
    content_type: str | None = None
    metadata: Mapping[str, str] | None = None
    tag_count: int = 0


class CopyResult(NamedTuple):
    """What the store answered to a copy.

    :param etag: of the new object.
    :param source_version: the version that was copied, where the source has them.
    """

    etag: str
    source_version: str | None = None


class Upload(NamedTuple):
    """A multipart upload that is neither completed nor aborted."""

    ref: ObjectRef
    upload_id: str


class ByteRange(NamedTuple):
    """A half-open range of bytes."""

    start: int
    stop: int


class ObjectStore(Protocol):
    """The calls, one request each, that copies, listings and run state are made of.

    All of them raise :class:`~etl_core.errors.TransientError` when the store kept
    failing, :class:`~etl_core.errors.AccessRefused` on 403,
    :class:`~etl_core.errors.BucketMissing` and
    :class:`~etl_core.errors.ObjectMissing` on 404 and
    :class:`~etl_core.errors.ConditionFailed` when a condition does not hold.
    """

    def probe(self, bucket: str) -> None:
        """Return when the bucket exists and may be listed."""
        ...

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return a page of at most 1,000 objects in the order of their UTF-8 keys.

        :param token: continues a listing.
        :param start_after: begins one behind this key.
        """
        ...

    def head(self, ref: ObjectRef) -> ObjectHead:
        """Return what is known of an object."""
        ...

    def get(self, ref: ObjectRef, sink: BinaryIO) -> ObjectHead:
        """Write the bytes of an object to a seekable file, from its beginning."""
        ...

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> str:
        """Write an object from a seekable file and return its ETag.

        :param if_match: the ETag that must still be there; ``""`` when no object
            may be there yet; ``None`` for no condition.
        """
        ...

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Copy the current source with its metadata, at most 5 GiB."""
        ...

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects, a thousand with one request; one that is gone is no error.

        :raises AccessRefused: when one may not be removed; others are gone then.
        """
        ...

    def tags(self, ref: ObjectRef) -> Mapping[str, str]:
        """Return the tags of an object."""
        ...

    def create_upload(
        self, ref: ObjectRef, like: ObjectHead, tags: Mapping[str, str]
    ) -> str:
        """Begin a multipart upload with the metadata of another object."""
        ...

    def copy_part(
        self, upload: Upload, number: int, source: ObjectRef, part: ByteRange, etag: str
    ) -> str:
        """Copy a range of bytes as one part and return the ETag of the part.

        :param etag: the source must still have it, or
            :class:`~etl_core.errors.ConditionFailed` is raised; not every server
            enforces this.
        """
        ...

    def complete_upload(self, upload: Upload, parts: list[str]) -> str:
        """Make the parts, in their order, the object and return its ETag."""
        ...

    def abort_upload(self, upload: Upload) -> None:
        """Throw the parts away.

        :raises ObjectMissing: when they are gone.
        """
        ...

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """Return the unfinished multipart uploads below a prefix."""
        ...

    def run_steps(
        self,
        steps: Callable[[T], Steps[R]],
        items: Iterable[T],
        *,
        workers: int,
        stop: StopSignal,
    ) -> Iterator[R]:
        """Yield the results of the work on many items as it ends, in any order.

        The items are taken in the thread of the caller, and only while there is room.
        When work or the items raise, or a stop is requested, no more is taken; what
        is under way is finished and yielded, and then the first error is raised.
        What is under way is given up when the stop is overdue.

        :param steps: makes the work on one item.
        :param workers: how many items are worked on at once.
        """
        ...
