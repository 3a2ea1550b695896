"""The one seam through which S3 is called, on boto3.

Every request goes through :meth:`S3Client._call`: retried only when transient,
shown to the hook, its errors translated once. botocore's own retries are off, so
that one call here is one request on the wire.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO, TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from etl_core.calls import Call, CallHook, direct
from etl_core.config import S3Settings
from etl_core.errors import ConfigError
from etl_core.retry import for_store, RetryPolicy
from etl_core.s3.boto_faults import translate
from etl_core.s3.steps import ThreadedStore
from etl_core.s3.store import (
    ByteRange,
    CopyResult,
    DELETED_AT_ONCE,
    ListedObject,
    ListPage,
    ObjectHead,
    ObjectRef,
    Upload,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as BotoS3Client

T = TypeVar("T")

READ_BYTES = 1024 * 1024


def create_client(settings: S3Settings | None = None) -> "BotoS3Client":
    """Return a boto3 client; credentials come from boto3's provider chain.

    An endpoint of one's own is addressed by path, because few of them resolve
    virtual hosts.
    """
    chosen = settings or S3Settings.from_environment()
    config = Config(
        connect_timeout=chosen.connect_timeout_seconds,
        read_timeout=chosen.read_timeout_seconds,
        max_pool_connections=chosen.connections,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path" if chosen.endpoint_url else "auto"},
        tcp_keepalive=True,
    )
    try:
        return boto3.session.Session().client(
            "s3",
            region_name=chosen.region,
            endpoint_url=chosen.endpoint_url,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise translate(Call("s3", "CreateClient", "the endpoint"), error) from error


class S3Client(ThreadedStore):
    """An :class:`~etl_core.s3.store.ObjectStore` on boto3; safe among threads.

    :param client_factory: makes the boto3 client when it is first needed.
    :param hook: sees every request.
    :param retry: how transient errors are retried; as the environment says by
        default.
    """

    def __init__(
        self,
        client_factory: "Callable[[], BotoS3Client]" = create_client,
        hook: CallHook = direct,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Make the boto3 client, which contacts nothing yet."""
        self._client = client_factory()
        self._hook = hook
        self._retry = retry or for_store(S3Settings.from_environment())

    def _call(self, operation: str, target: str, send: Callable[[], T]) -> T:
        """Send one request, again while it fails for now."""
        call = Call("s3", operation, target)

        def attempt() -> T:
            try:
                return self._hook(call, send)
            except (BotoCoreError, ClientError) as error:
                raise translate(call, error) from error

        return self._retry.call(attempt)

    def probe(self, bucket: str) -> None:
        """Return when the bucket exists and may be listed."""
        self._call(
            "HeadBucket",
            f"s3://{bucket}",
            lambda: self._client.head_bucket(Bucket=bucket),
        )

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Return one page of ``ListObjectsV2``."""
        more: dict[str, Any] = {"ContinuationToken": token} if token else {}
        if start_after and not token:
            more = {"StartAfter": start_after}
        found = self._call(
            "ListObjectsV2",
            f"s3://{bucket}/{prefix}",
            lambda: self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, **more),
        )
        objects = tuple(
            ListedObject(
                item["Key"],
                _etag(item["ETag"]),
                item["Size"],
                f"{item['LastModified']:%Y-%m-%dT%H:%M:%S}",
            )
            for item in found.get("Contents", ())
        )
        return ListPage(
            objects, found["NextContinuationToken"] if found["IsTruncated"] else None
        )

    def head(self, ref: ObjectRef) -> ObjectHead:
        """Return what ``HeadObject`` says."""
        return _head(
            self._call(
                "HeadObject",
                ref.url,
                lambda: self._client.head_object(Bucket=ref.bucket, Key=ref.key),
            )
        )

    def get(self, ref: ObjectRef, sink: BinaryIO) -> ObjectHead:
        """Write the bytes of an object to a seekable file, from its beginning."""

        def download() -> ObjectHead:
            answer = self._client.get_object(Bucket=ref.bucket, Key=ref.key)
            sink.seek(0)
            sink.truncate()
            sink.writelines(answer["Body"].iter_chunks(READ_BYTES))
            return _head(answer)

        return self._call("GetObject", ref.url, download)

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> str:
        """Write an object from a seekable file and return its ETag."""
        condition: dict[str, Any] = {}
        if if_match is not None:
            condition = {"IfMatch": if_match} if if_match else {"IfNoneMatch": "*"}

        def upload() -> str:
            body.seek(0)
            answer = self._client.put_object(
                Bucket=ref.bucket, Key=ref.key, Body=body, **condition
            )
            return _etag(answer["ETag"])

        return self._call("PutObject", ref.url, upload)

    def copy(self, source: ObjectRef, destination: ObjectRef) -> CopyResult:
        """Copy the current source with ``CopyObject``, metadata and tags included."""
        answer = self._call(
            "CopyObject",
            f"{source.url} to {destination.url}",
            lambda: self._client.copy_object(
                Bucket=destination.bucket,
                Key=destination.key,
                CopySource={"Bucket": source.bucket, "Key": source.key},
            ),
        )
        return CopyResult(
            _etag(answer["CopyObjectResult"]["ETag"]), answer.get("CopySourceVersionId")
        )

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects with ``DeleteObjects``."""
        for start in range(0, len(keys), DELETED_AT_ONCE):
            self._delete(bucket, keys[start : start + DELETED_AT_ONCE])

    def _delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove as many objects as one request takes."""

        def remove() -> None:
            answer = self._client.delete_objects(
                Bucket=bucket,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
            for fault in answer.get("Errors", ()):
                raise _as_answer(fault)

        target = f"{len(keys)} objects of s3://{bucket}, the first: {keys[0]}"
        self._call("DeleteObjects", target, remove)

    def tags(self, ref: ObjectRef) -> Mapping[str, str]:
        """Return what ``GetObjectTagging`` says."""
        answer = self._call(
            "GetObjectTagging",
            ref.url,
            lambda: self._client.get_object_tagging(Bucket=ref.bucket, Key=ref.key),
        )
        return {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", ())}

    def create_upload(
        self, ref: ObjectRef, like: ObjectHead, tags: Mapping[str, str]
    ) -> str:
        """Begin a multipart upload with the metadata of another object."""
        more: dict[str, Any] = {"Metadata": dict(like.metadata or {})}
        if like.content_type:
            more["ContentType"] = like.content_type
        if tags:
            more["Tagging"] = urlencode(tags)
        answer = self._call(
            "CreateMultipartUpload",
            ref.url,
            lambda: self._client.create_multipart_upload(
                Bucket=ref.bucket, Key=ref.key, **more
            ),
        )
        return answer["UploadId"]

    def copy_part(
        self, upload: Upload, number: int, source: ObjectRef, part: ByteRange, etag: str
    ) -> str:
        """Copy a range of bytes with ``UploadPartCopy``."""
        answer = self._call(
            "UploadPartCopy",
            upload.ref.url,
            lambda: self._client.upload_part_copy(
                Bucket=upload.ref.bucket,
                Key=upload.ref.key,
                UploadId=upload.upload_id,
                PartNumber=number,
                CopySource={"Bucket": source.bucket, "Key": source.key},
                CopySourceRange=f"bytes={part.start}-{part.stop - 1}",
                CopySourceIfMatch=etag,
            ),
        )
        return _etag(answer["CopyPartResult"]["ETag"])

    def complete_upload(self, upload: Upload, parts: list[str]) -> str:
        """Make the parts, in their order, the object and return its ETag."""
        answer = self._call(
            "CompleteMultipartUpload",
            upload.ref.url,
            lambda: self._client.complete_multipart_upload(
                Bucket=upload.ref.bucket,
                Key=upload.ref.key,
                UploadId=upload.upload_id,
                MultipartUpload={
                    "Parts": [
                        {"ETag": etag, "PartNumber": number}
                        for number, etag in enumerate(parts, start=1)
                    ]
                },
            ),
        )
        return _etag(answer["ETag"])

    def abort_upload(self, upload: Upload) -> None:
        """Throw the parts away with ``AbortMultipartUpload``."""
        self._call(
            "AbortMultipartUpload",
            upload.ref.url,
            lambda: self._client.abort_multipart_upload(
                Bucket=upload.ref.bucket,
                Key=upload.ref.key,
                UploadId=upload.upload_id,
            ),
        )

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """Return the unfinished multipart uploads below a prefix."""
        found: list[Upload] = []
        markers: dict[str, Any] = {}
        while True:
            answer = self._call(
                "ListMultipartUploads",
                f"s3://{bucket}/{prefix}",
                lambda: self._client.list_multipart_uploads(
                    Bucket=bucket,
                    Prefix=prefix,
                    **markers,  # noqa: B023 (called before the next round)
                ),
            )
            found.extend(
                Upload(ObjectRef(bucket, item["Key"]), item["UploadId"])
                for item in answer.get("Uploads", ())
            )
            if not answer["IsTruncated"]:
                return found
            markers = {
                "KeyMarker": answer["NextKeyMarker"],
                "UploadIdMarker": answer["NextUploadIdMarker"],
            }


def open_store(settings: S3Settings, hook: CallHook, max_rps: float | None) -> S3Client:
    """Return the store of the engine ``boto3``.

    :raises ConfigError: when the rate is to be bounded, which only the other can.
    """
    if max_rps is not None:
        raise ConfigError("--max-rps needs --engine curl")
    return S3Client(partial(create_client, settings), hook, for_store(settings))


def _etag(quoted: str) -> str:
    """Return an ETag without its quotes."""
    return quoted.strip('"')


def _as_answer(fault: Mapping[str, Any]) -> ClientError:
    """Return what the store would answer if the object were asked for alone."""
    code = fault.get("Code", "")
    message = f"{fault.get('Key')}: {fault.get('Message', '')}"
    status = 403 if code == "AccessDenied" else 400
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "DeleteObjects",
    )


def _head(answer: Mapping[str, Any]) -> ObjectHead:
    """Return the parts of a GET or HEAD answer that we use."""
    return ObjectHead(
        etag=_etag(answer["ETag"]),
        size=answer["ContentLength"],
        version=answer.get("VersionId"),
        content_type=answer.get("ContentType"),
        metadata=answer.get("Metadata"),
        tag_count=answer.get("TagCount", 0),
    )
