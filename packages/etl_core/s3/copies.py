"""Copies inside S3: one request up to 5 GiB, parts above."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice

from etl_core.errors import (
    ConditionFailed,
    ObjectMissing,
    SourceTooLarge,
    TransientError,
)
from etl_core.s3.steps import ask, ask_all
from etl_core.s3.store import (
    ByteRange,
    CopyResult,
    ObjectHead,
    ObjectRef,
    ObjectStore,
    Steps,
    Upload,
)

GIB = 1024**3
# S3 User Guide, "Amazon S3 multipart upload limits": 10,000 parts of up to 5 GiB
MAX_PARTS = 10_000
PARTS_AT_ONCE = 16


@dataclass(frozen=True)
class Copier:
    """Copies objects of any size, content, metadata and tags.

    :param single_bytes: above this size a copy goes in parts.
    :param part_bytes: size of a part, more when there would be too many.
    """

    single_bytes: int = 5 * GIB
    part_bytes: int = GIB

    def copy(
        self, source: ObjectRef, destination: ObjectRef, size: int | None
    ) -> Steps[CopyResult]:
        """Copy the current source, in steps.

        :param size: what the source is thought to have; only a hint.
        """
        if size is None or size <= self.single_bytes:
            try:
                return (yield from ask(lambda store: store.copy(source, destination)))
            except SourceTooLarge:
                pass
        return (yield from self._copy_in_parts(source, destination))

    def requests(self, size: int | None) -> dict[str, int]:
        """Return how many requests of which operation a copy takes."""
        if size is None or size <= self.single_bytes:
            return {"CopyObject": 1}
        return {
            "HeadObject": 1,
            "CreateMultipartUpload": 1,
            "UploadPartCopy": -(-size // self._step(size)),
            "CompleteMultipartUpload": 1,
        }

    def _copy_in_parts(
        self, source: ObjectRef, destination: ObjectRef
    ) -> Steps[CopyResult]:
        """Copy a large object; the parts are thrown away when one fails."""
        head = yield from ask(lambda store: store.head(source))
        if head.size <= self.single_bytes:
            return (yield from ask(lambda store: store.copy(source, destination)))
        tags: Mapping[str, str] = {}
        if head.tag_count:
            tags = yield from ask(lambda store: store.tags(source))
        upload_id = yield from ask(
            lambda store: store.create_upload(destination, head, tags)
        )
        upload = Upload(destination, upload_id)
        try:
            parts = yield from self._copy_parts(upload, source, head)
            etag = yield from self._complete(upload, parts)
        except ConditionFailed as error:
            yield from self._abort(upload)
            raise TransientError(
                f"{source.url} was replaced while it was copied; the next attempt "
                "copies the new one"
            ) from error
        except Exception:
            yield from self._abort(upload)
            raise
        return CopyResult(etag, head.version)

    def _copy_parts(
        self, upload: Upload, source: ObjectRef, head: ObjectHead
    ) -> Steps[list[str]]:
        """Copy all the parts of an object, some at once, and return their ETags."""
        etags: list[str] = []
        parts = enumerate(self._parts(head), start=1)
        while batch := list(islice(parts, PARTS_AT_ONCE)):
            etags += yield from ask_all(
                [
                    partial(_copy_part, upload, number, source, part, head.etag)
                    for number, part in batch
                ]
            )
        return etags

    def _complete(self, upload: Upload, parts: list[str]) -> Steps[str]:
        """Make the parts the object.

        :raises TransientError: when the upload is gone: completed by a request whose
            answer was lost, or aborted by another attempt. It says nothing about
            the source, which is why it is not the store's own error.
        """
        try:
            etag = yield from ask(lambda store: store.complete_upload(upload, parts))
            # Ceph's gateway leaves it out of the answer.
            if etag:
                return etag
            return (yield from ask(lambda store: store.head(upload.ref))).etag
        except ObjectMissing as error:
            raise TransientError(
                f"the upload of {upload.ref.url} is gone; the next attempt finds out "
                "whether it was completed"
            ) from error

    def _abort(self, upload: Upload) -> Steps[None]:
        """Throw the parts of an upload away; none is no error."""
        with suppress(ObjectMissing):
            yield from ask(lambda store: store.abort_upload(upload))

    def _parts(self, head: ObjectHead) -> Iterator[ByteRange]:
        """Cut an object into ranges."""
        step = self._step(head.size)
        for start in range(0, head.size, step):
            yield ByteRange(start, min(start + step, head.size))

    def _step(self, size: int) -> int:
        """Return the size of the parts of an object."""
        return max(self.part_bytes, -(-size // MAX_PARTS))


def _copy_part(
    upload: Upload,
    number: int,
    source: ObjectRef,
    part: ByteRange,
    etag: str,
    store: ObjectStore,
) -> str:
    """Copy one part and return its ETag."""
    return store.copy_part(upload, number, source, part, etag)


def abort_all(store: ObjectStore, uploads: list[Upload]) -> int:
    """Throw away the parts of unfinished uploads and return how many there were."""
    for upload in uploads:
        try:
            store.abort_upload(upload)
        except ObjectMissing:
            continue
    return len(uploads)
