"""An object store in memory, behind the same seam as the real client."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
import hashlib
import itertools
import threading
from typing import BinaryIO, TypeVar

from etl_core.calls import Call, CallHook, direct
from etl_core.errors import (
    AccessRefused,
    BucketMissing,
    ConditionFailed,
    ObjectMissing,
    RequestRejected,
    SourceTooLarge,
)
from etl_core.retry import NO_RETRY, RetryPolicy
from etl_core.s3.steps import ThreadedStore
from etl_core.s3.store import (
    ByteRange,
    CopyResult,
    ListedObject,
    ListPage,
    ObjectHead,
    ObjectRef,
    Upload,
)

T = TypeVar("T")

PAGE_OBJECTS = 1000
DELETED_AT_ONCE = 1000
COPY_LIMIT = 5 * 1024**3
KEY_BYTES = 1024


@dataclass(frozen=True)
class StoredObject:
    """One object: its bytes and what the store keeps beside them."""

    body: bytes
    etag: str
    content_type: str | None = "binary/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None
    modified: str = "2026-01-01T00:00:00"

    def head(self) -> ObjectHead:
        """Return what ``HeadObject`` says of it."""
        return ObjectHead(
            etag=self.etag,
            size=len(self.body),
            version=self.version,
            content_type=self.content_type,
            metadata=dict(self.metadata),
            tag_count=len(self.tags),
        )


@dataclass
class StoredUpload:
    """A multipart upload that is neither completed nor aborted."""

    like: StoredObject
    parts: dict[int, bytes] = field(default_factory=dict)


class FakeStore(ThreadedStore):
    """An :class:`~etl_core.s3.store.ObjectStore` in memory; safe among threads.

    It enforces every condition, as S3 does. Tests fill it with :meth:`seed` and may
    read :attr:`buckets`, :attr:`open_uploads` and :attr:`requests`.

    :param buckets: the buckets that exist.
    :param hook: sees every call before it is done.
    :param retry: how transient errors are retried; not at all by default.
    :param versioned: give each object a version id.
    :param copy_limit: the largest source of one copy request.
    """

    def __init__(
        self,
        *buckets: str,
        hook: CallHook = direct,
        retry: RetryPolicy = NO_RETRY,
        versioned: bool = False,
        copy_limit: int = COPY_LIMIT,
    ) -> None:
        """Start with empty buckets."""
        self._hook = hook
        self._retry = retry
        self._versioned = versioned
        self._copy_limit = copy_limit
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.buckets: dict[str, dict[str, StoredObject]] = {b: {} for b in buckets}
        self.open_uploads: dict[Upload, StoredUpload] = {}
        self.refused: set[str] = set()
        self.requests: list[Call] = []

    def seed(
        self,
        ref: ObjectRef,
        body: bytes = b"",
        *,
        content_type: str = "binary/octet-stream",
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        modified: str = "2026-01-01T00:00:00",
    ) -> str:
        """Put an object there unseen by the hook and return its ETag."""
        stored = StoredObject(
            body,
            _md5(body),
            content_type,
            metadata or {},
            tags or {},
            modified=modified,
        )
        return self._keep(ref, stored)

    def remove(self, ref: ObjectRef) -> None:
        """Take an object away unseen by the hook."""
        del self.buckets[ref.bucket][ref.key]

    def refuse(self, bucket: str, key: str = "") -> None:
        """Answer 403 to every call about an object, or about a whole bucket."""
        self.refused.add(ObjectRef(bucket, key).url)

    def bodies(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Return the bytes of the objects below a prefix, by key."""
        return {
            key: stored.body
            for key, stored in sorted(self.buckets[bucket].items())
            if key.startswith(prefix)
        }

    def probe(self, bucket: str) -> None:
        """Return when the bucket exists and may be listed."""
        self._call(
            "HeadBucket",
            f"s3://{bucket}",
            lambda: self._probed(bucket),
            ObjectRef(bucket, ""),
        )

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return a page of at most 1,000 objects in the order of their UTF-8 keys."""

        def answer() -> ListPage:
            objects = self._bucket(bucket)
            after = (token or start_after or "").encode()
            keys = sorted(
                key.encode()
                for key in objects
                if key.startswith(prefix) and (not after or key.encode() > after)
            )
            page = [key.decode() for key in keys[:PAGE_OBJECTS]]
            return ListPage(
                tuple(_listed(key, objects[key]) for key in page),
                page[-1] if len(keys) > PAGE_OBJECTS else None,
            )

        return self._call(
            "ListObjectsV2", f"s3://{bucket}/{prefix}", answer, ObjectRef(bucket, "")
        )

    def head(self, ref: ObjectRef) -> ObjectHead:
        """Return what is known of an object."""
        return self._call("HeadObject", ref.url, lambda: self._found(ref).head(), ref)

    def get(self, ref: ObjectRef, sink: BinaryIO) -> ObjectHead:
        """Write the bytes of an object to a seekable file, from its beginning."""

        def answer() -> ObjectHead:
            stored = self._found(ref)
            sink.seek(0)
            sink.truncate()
            sink.write(stored.body)
            return stored.head()

        return self._call("GetObject", ref.url, answer, ref)

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> str:
        """Write an object from a seekable file and return its ETag."""

        def answer() -> str:
            self._require(ref, if_match)
            body.seek(0)
            content = body.read()
            return self._keep(ref, StoredObject(content, _md5(content)))

        return self._call("PutObject", ref.url, answer, ref)

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Copy the current source with its metadata."""

        def answer() -> CopyResult:
            found = self._found(source)
            if source == destination:
                raise RequestRejected(
                    f"{source.url}: a copy onto itself changes nothing"
                )
            if len(found.body) > self._copy_limit:
                raise SourceTooLarge(f"too large for one request: {source.url}")
            copied = replace(found, etag=_md5(found.body), version=None)
            return CopyResult(self._keep(destination, copied), found.version)

        return self._call(
            "CopyObject",
            f"{source.url} to {destination.url}",
            answer,
            source,
            destination,
        )

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects, a thousand with one request."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            self._delete(bucket, keys[start : start + DELETED_AT_ONCE])

    def _delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove as many objects as one request takes."""

        def answer() -> None:
            objects = self._bucket(bucket)
            refused = [key for key in keys if self._refuses(ObjectRef(bucket, key))]
            for key in set(keys).difference(refused):
                objects.pop(key, None)
            if refused:
                raise AccessRefused(f"access refused: DeleteObjects on {refused[0]}")

        target = f"{len(keys)} objects of s3://{bucket}, the first: {keys[0]}"
        self._call("DeleteObjects", target, answer, ObjectRef(bucket, ""))

    def tags(self, ref: ObjectRef) -> Mapping[str, str]:
        """Return the tags of an object."""
        return self._call(
            "GetObjectTagging", ref.url, lambda: dict(self._found(ref).tags), ref
        )

    def create_upload(
        self, ref: ObjectRef, like: ObjectHead, tags: Mapping[str, str]
    ) -> str:
        """Begin a multipart upload with the metadata of another object."""

        def answer() -> str:
            self._bucket(ref.bucket)
            stored = StoredObject(
                b"", "", like.content_type, dict(like.metadata or {}), dict(tags)
            )
            upload_id = f"upload-{next(self._numbers)}"
            self.open_uploads[Upload(ref, upload_id)] = StoredUpload(stored)
            return upload_id

        return self._call("CreateMultipartUpload", ref.url, answer, ref)

    def copy_part(
        self, upload: Upload, number: int, source: ObjectRef, part: ByteRange, etag: str
    ) -> str:
        """Copy a range of bytes as one part and return the ETag of the part."""

        def answer() -> str:
            found = self._found(source)
            if found.etag != etag:
                raise ConditionFailed(f"changed by somebody else: {source.url}")
            if not part.start < part.stop <= len(found.body):
                raise RequestRejected(f"{source.url} does not have the range {part}")
            content = found.body[part.start : part.stop]
            self._upload(upload).parts[number] = content
            return _md5(content)

        return self._call("UploadPartCopy", upload.ref.url, answer, source, upload.ref)

    def complete_upload(self, upload: Upload, parts: list[str]) -> str:
        """Make the parts, in their order, the object and return its ETag."""

        def answer() -> str:
            found = self._upload(upload)
            stored = [found.parts[number] for number in sorted(found.parts)]
            if not parts or parts != [_md5(content) for content in stored]:
                raise RequestRejected(f"{upload.ref.url}: a part is missing or another")
            del self.open_uploads[upload]
            etag = _md5(b"".join(bytes.fromhex(part) for part in parts))
            whole = replace(
                found.like, body=b"".join(stored), etag=f"{etag}-{len(parts)}"
            )
            return self._keep(upload.ref, whole)

        return self._call("CompleteMultipartUpload", upload.ref.url, answer, upload.ref)

    def abort_upload(self, upload: Upload) -> None:
        """Throw the parts away."""

        def answer() -> None:
            self._upload(upload)
            del self.open_uploads[upload]

        self._call("AbortMultipartUpload", upload.ref.url, answer, upload.ref)

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """Return the unfinished multipart uploads below a prefix."""

        def answer() -> list[Upload]:
            self._bucket(bucket)
            return sorted(
                upload
                for upload in self.open_uploads
                if upload.ref.bucket == bucket and upload.ref.key.startswith(prefix)
            )

        return self._call(
            "ListMultipartUploads",
            f"s3://{bucket}/{prefix}",
            answer,
            ObjectRef(bucket, ""),
        )

    def _call(
        self, operation: str, target: str, answer: Callable[[], T], *refs: ObjectRef
    ) -> T:
        """Pass one call through the hook, again while it fails for now."""
        call = Call("s3", operation, target)

        def send() -> T:
            with self._lock:
                self.requests.append(call)
                self._require_access(call, refs)
                return answer()

        return self._retry.call(lambda: self._hook(call, send))

    def _require_access(self, call: Call, refs: tuple[ObjectRef, ...]) -> None:
        """Refuse what :meth:`refuse` named."""
        for ref in refs:
            if self._refuses(ref):
                raise AccessRefused(f"access refused: {call.operation} on {ref.url}")

    def _refuses(self, ref: ObjectRef) -> bool:
        """Tell whether :meth:`refuse` named an object or its bucket."""
        return not self.refused.isdisjoint((ref.url, ObjectRef(ref.bucket, "").url))

    def _require(self, ref: ObjectRef, if_match: str | None) -> None:
        """Check the condition of a write."""
        stored = self._bucket(ref.bucket).get(ref.key)
        if if_match is None:
            return
        if if_match and stored is None:
            raise ObjectMissing(f"not found: {ref.url}")
        if (stored.etag if stored else "") != if_match:
            raise ConditionFailed(f"changed by somebody else: {ref.url}")

    def _probed(self, bucket: str) -> None:
        """Return when the bucket exists."""
        self._bucket(bucket)

    def _bucket(self, name: str) -> dict[str, StoredObject]:
        """Return the objects of a bucket."""
        if name not in self.buckets:
            raise BucketMissing(f"the bucket does not exist: s3://{name}")
        return self.buckets[name]

    def _found(self, ref: ObjectRef) -> StoredObject:
        """Return an object that is there."""
        stored = self._bucket(ref.bucket).get(ref.key)
        if stored is None:
            raise ObjectMissing(f"not found: {ref.url}")
        return stored

    def _upload(self, upload: Upload) -> StoredUpload:
        """Return an upload that is still open."""
        if upload not in self.open_uploads:
            raise ObjectMissing(f"no such upload: {upload.ref.url}")
        return self.open_uploads[upload]

    def _keep(self, ref: ObjectRef, stored: StoredObject) -> str:
        """Write an object, whatever was there."""
        if len(ref.key.encode()) > KEY_BYTES:
            raise RequestRejected(f"the key is too long: {ref.url}")
        version = f"version-{next(self._numbers)}" if self._versioned else None
        self._bucket(ref.bucket)[ref.key] = replace(stored, version=version)
        return stored.etag


def _listed(key: str, stored: StoredObject) -> ListedObject:
    """Return an object as a listing shows it."""
    return ListedObject(key, stored.etag, len(stored.body), stored.modified)


def _md5(content: bytes) -> str:
    """Return the ETag of an object written in one request."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
