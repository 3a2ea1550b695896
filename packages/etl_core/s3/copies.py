"""Copies inside S3: one request up to 5 GiB, parts above."""

from collections.abc import Iterator
from dataclasses import dataclass

from etl_core.errors import (
    ConditionFailed,
    ObjectMissing,
    SourceTooLarge,
    TransientError,
)
from etl_core.s3.store import (
    ByteRange,
    CopyResult,
    ObjectHead,
    ObjectRef,
    ObjectStore,
    Upload,
)

GIB = 1024**3
# S3 User Guide, "Amazon S3 multipart upload limits": 10,000 parts of up to 5 GiB
MAX_PARTS = 10_000


@dataclass(frozen=True)
class Copier:
    """Copies objects of any size, content, metadata and tags.

    :param store: where both buckets are.
    :param single_bytes: above this size a copy goes in parts.
    :param part_bytes: size of a part, more when there would be too many.
    """

    store: ObjectStore
    single_bytes: int = 5 * GIB
    part_bytes: int = GIB

    def copy(
        self, source: ObjectRef, destination: ObjectRef, size: int | None
    ) -> CopyResult:
        """Copy the current source.

        :param size: what the source is thought to have; only a hint.
        """
        if size is None or size <= self.single_bytes:
            try:
                return self.store.copy(source, destination)
            except SourceTooLarge:
                pass
        return self._copy_in_parts(source, destination)

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

    def _copy_in_parts(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Copy a large object; the parts are thrown away when one fails."""
        head = self.store.head(source)
        if head.size <= self.single_bytes:
            return self.store.copy(source, destination)
        tags = self.store.tags(source) if head.tag_count else {}
        upload = Upload(destination, self.store.create_upload(destination, head, tags))
        try:
            parts = [
                self.store.copy_part(upload, number, source, part, head.etag)
                for number, part in enumerate(self._parts(head), start=1)
            ]
            etag = self._complete(upload, parts)
        except ConditionFailed as error:
            self._abort(upload)
            raise TransientError(
                f"{source.url} was replaced while it was copied; the next attempt "
                "copies the new one"
            ) from error
        except Exception:
            self._abort(upload)
            raise
        return CopyResult(etag, head.version)

    def _complete(self, upload: Upload, parts: list[str]) -> str:
        """Make the parts the object.

        :raises TransientError: when the upload is gone: completed by a request whose
            answer was lost, or aborted by another attempt. It says nothing about
            the source, which is why it is not the store's own error.
        """
        try:
            etag = self.store.complete_upload(upload, parts)
            # Ceph's gateway leaves it out of the answer.
            return etag or self.store.head(upload.ref).etag
        except ObjectMissing as error:
            raise TransientError(
                f"the upload of {upload.ref.url} is gone; the next attempt finds out "
                "whether it was completed"
            ) from error

    def _parts(self, head: ObjectHead) -> Iterator[ByteRange]:
        """Cut an object into ranges."""
        step = self._step(head.size)
        for start in range(0, head.size, step):
            yield ByteRange(start, min(start + step, head.size))

    def _step(self, size: int) -> int:
        """Return the size of the parts of an object."""
        return max(self.part_bytes, -(-size // MAX_PARTS))

    def _abort(self, upload: Upload) -> None:
        """Throw the parts of an upload away."""
        abort_all(self.store, [upload])


def abort_all(store: ObjectStore, uploads: list[Upload]) -> int:
    """Throw away the parts of unfinished uploads and return how many there were."""
    for upload in uploads:
        try:
            store.abort_upload(upload)
        except ObjectMissing:
            continue
    return len(uploads)
