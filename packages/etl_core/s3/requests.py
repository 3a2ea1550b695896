"""The requests of S3 without a client: what goes out, and what an answer means.

:class:`Requests` has the calls of :class:`~etl_core.s3.store.ObjectStore` that are one
request each; what they return is to be sent.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
import hashlib
from io import BytesIO
import re
from typing import BinaryIO, Generic, NamedTuple, TypeVar
from urllib.parse import quote, unquote_plus, urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from etl_core.calls import Call
from etl_core.errors import EtlError, TransientError
from etl_core.s3.faults import refused
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

METADATA = "x-amz-meta-"
UNSAFE = re.compile(r"[^A-Za-z0-9_.~/-]")
ENCODED = {chr(code): quote(chr(code)) for code in range(128)}
SECONDS = len("2026-11-21T10:00:00")
ETAG_IN_BODY = re.compile(rb"<ETag>(?:&quot;|&#34;|\")?([^<&\"]*)")
ERROR_IN_BODY = re.compile(rb"<Error>.*?<Code>([^<]*)</Code>", re.DOTALL)
MESSAGE_IN_BODY = re.compile(rb"<Message>([^<]*)</Message>")


class Answer(NamedTuple):
    """What came back.

    :param status: of HTTP.
    :param head: the header lines as they came.
    :param body: empty where it went into a sink.
    """

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header, ``None`` if there is none."""
        # Most headers that are looked for are not there, which this finds out fastest.
        begin = self.head.lower().find(f"\n{name}:".encode())
        if begin < 0:
            return None
        value, _, _ = self.head[begin + len(name) + 2 :].partition(b"\n")
        return value.strip().decode()

    def headers(self, prefix: str) -> dict[str, str]:
        """Return the headers below a prefix, without it and in lower case."""
        pattern = rb"^" + prefix.encode() + rb"([^:]+):[ \t]*(.*?)[ \t]*\r?$"
        found = re.findall(pattern, self.head, re.IGNORECASE | re.MULTILINE)
        return {name.decode().lower(): value.decode() for name, value in found}

    @property
    def code(self) -> str:
        """The error code in the body, or the status as text where there is none."""
        found = ERROR_IN_BODY.search(self.body)
        return found[1].decode() if found else str(self.status)

    @property
    def message(self) -> str:
        """The message beside the error code."""
        found = MESSAGE_IN_BODY.search(self.body)
        return found[1].decode() if found else ""


@dataclass(slots=True)
class Request(Generic[T]):
    """What is to be sent.

    :param call: as hooks and errors name it.
    :param ref: the object, or with an empty key the bucket.
    :param read: makes the result of an answer that is no error.
    :param query: percent-encoded, without the question mark.
    :param headers: lines without their ends, beside those that every request has.
    :param body: a seekable file; it is sent as a whole.
    :param sink: a seekable file that takes the body of the answer.
    """

    call: Call
    method: str
    ref: ObjectRef
    read: Callable[[Answer], T]
    query: str = ""
    headers: tuple[str, ...] = ()
    body: BinaryIO | None = None
    sink: BinaryIO | None = None

    def result(self, answer: Answer) -> T:
        """Return what the answer means.

        :raises EtlError: as :class:`~etl_core.s3.store.ObjectStore` promises.
        """
        if answer.status >= 300:
            raise refused(self.call, answer.status, answer.code, answer.message)
        return self.read(answer)


class Requests:
    """Makes the requests; each method is the call of the store with its name."""

    def probe(self, bucket: str) -> Request[None]:
        """``HeadBucket``."""
        call = Call("s3", "HeadBucket", f"s3://{bucket}")
        return Request(call, "HEAD", ObjectRef(bucket, ""), _nothing)

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
        *,
        encoded: bool = False,
    ) -> Request[ListPage]:
        """``ListObjectsV2``.

        :param encoded: ask for percent-encoded keys, which are slower to read, and
            needed only where a key has characters that XML cannot hold.
        """
        asked = {"list-type": "2", "prefix": prefix}
        if encoded:
            asked["encoding-type"] = "url"
        if token:
            asked["continuation-token"] = token
        elif start_after:
            asked["start-after"] = start_after
        call = Call("s3", "ListObjectsV2", f"s3://{bucket}/{prefix}")
        ref = ObjectRef(bucket, "")
        read = partial(_listed, encoded)
        return Request(call, "GET", ref, read, _encoded(asked))

    def head(self, ref: ObjectRef) -> Request[ObjectHead]:
        """``HeadObject``."""
        return Request(Call("s3", "HeadObject", ref.url), "HEAD", ref, _head)

    def get(self, ref: ObjectRef, sink: BinaryIO) -> Request[ObjectHead]:
        """``GetObject``."""
        call = Call("s3", "GetObject", ref.url)
        return Request(call, "GET", ref, _head, sink=sink)

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> Request[str]:
        """``PutObject``."""
        headers: tuple[str, ...] = ()
        if if_match is not None:
            headers = (f"If-Match: {if_match}" if if_match else "If-None-Match: *",)
        call = Call("s3", "PutObject", ref.url)
        return Request(call, "PUT", ref, _etag_of_header, "", headers, body)

    def copy(self, source: ObjectRef, destination: ObjectRef) -> Request[CopyResult]:
        """``CopyObject``, which keeps metadata and tags unless told otherwise."""
        call = Call("s3", "CopyObject", f"{source.url} to {destination.url}")
        headers = (_copy_source(source),)
        return Request(call, "PUT", destination, _copied(call), "", headers)

    def delete(self, bucket: str, keys: Sequence[str]) -> Request[None]:
        """``DeleteObjects``, at most a thousand."""
        target = f"{len(keys)} objects of s3://{bucket}, the first: {keys[0]}"
        call = Call("s3", "DeleteObjects", target)
        listed = "".join(f"<Object><Key>{_escaped(key)}</Key></Object>" for key in keys)
        body = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
        digest = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        headers = (f"Content-MD5: {digest}", "Content-Type: application/xml")
        return Request(
            call,
            "POST",
            ObjectRef(bucket, ""),
            _deleted(call),
            "delete=",
            headers,
            BytesIO(body),
        )

    def tags(self, ref: ObjectRef) -> Request[Mapping[str, str]]:
        """``GetObjectTagging``."""
        call = Call("s3", "GetObjectTagging", ref.url)
        return Request(call, "GET", ref, _tags, "tagging=")

    def create_upload(
        self, ref: ObjectRef, like: ObjectHead, tags: Mapping[str, str]
    ) -> Request[str]:
        """``CreateMultipartUpload`` with the metadata of another object."""
        headers = [
            f"{METADATA}{name}: {value}"
            for name, value in (like.metadata or {}).items()
        ]
        # Without a value the header is left out, which otherwise libcurl makes up.
        headers.append(f"Content-Type: {like.content_type or ''}".rstrip())
        if tags:
            headers.append(f"x-amz-tagging: {urlencode(tags)}")
        call = Call("s3", "CreateMultipartUpload", ref.url)
        return Request(call, "POST", ref, _upload_id, "uploads=", tuple(headers))

    def copy_part(
        self, upload: Upload, number: int, source: ObjectRef, part: ByteRange, etag: str
    ) -> Request[str]:
        """``UploadPartCopy``."""
        headers = (
            _copy_source(source),
            f"x-amz-copy-source-range: bytes={part.start}-{part.stop - 1}",
            f"x-amz-copy-source-if-match: {etag}",
        )
        call = Call("s3", "UploadPartCopy", upload.ref.url)
        query = _encoded({"partNumber": str(number), "uploadId": upload.upload_id})
        return Request(call, "PUT", upload.ref, _part_copied(call), query, headers)

    def complete_upload(self, upload: Upload, parts: list[str]) -> Request[str]:
        """``CompleteMultipartUpload``."""
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in enumerate(parts, start=1)
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
        call = Call("s3", "CompleteMultipartUpload", upload.ref.url)
        return Request(
            call,
            "POST",
            upload.ref,
            _completed(call),
            _encoded({"uploadId": upload.upload_id}),
            ("Content-Type: application/xml",),
            BytesIO(body.encode()),
        )

    def abort_upload(self, upload: Upload) -> Request[None]:
        """``AbortMultipartUpload``."""
        call = Call("s3", "AbortMultipartUpload", upload.ref.url)
        query = _encoded({"uploadId": upload.upload_id})
        return Request(call, "DELETE", upload.ref, _nothing, query)

    def uploads(
        self, bucket: str, prefix: str, markers: Mapping[str, str]
    ) -> Request["UploadsPage"]:
        """``ListMultipartUploads``, one page.

        :param markers: as the page before gave them.
        """
        asked = {"encoding-type": "url", "prefix": prefix, "uploads": "", **markers}
        call = Call("s3", "ListMultipartUploads", f"s3://{bucket}/{prefix}")
        ref = ObjectRef(bucket, "")
        return Request(call, "GET", ref, _uploads(bucket), _encoded(asked))


class UploadsPage(NamedTuple):
    """Unfinished uploads; ``markers`` continue the listing, ``None`` ends it."""

    uploads: list[Upload]
    markers: dict[str, str] | None


class UnreadableAnswer(EtlError):
    """The answer is no XML: cut off, or with a character that XML cannot hold."""


class _Document:
    """An XML answer, read without its namespace."""

    def __init__(self, body: bytes) -> None:
        """Parse the answer.

        :raises UnreadableAnswer: when it is no XML.
        """
        try:
            # The store is trusted, and expat bounds what entities may expand to.
            self._root = ElementTree.fromstring(body)  # noqa: S314
        except ElementTree.ParseError as error:
            raise UnreadableAnswer(f"the store answered no XML: {error}") from error
        self._space = self._root.tag[: self._root.tag.rfind("}") + 1]

    def text(self, name: str) -> str:
        """Return the text of an element, empty if there is none."""
        return self._root.findtext(self._space + name) or ""

    def rows(self, path: str, *names: str) -> list[tuple[str, ...]]:
        """Return the texts of some elements of each row."""
        space = self._space
        found = [space + name for name in names]
        steps = "/".join(space + step for step in path.split("/"))
        return [
            tuple(row.findtext(name) or "" for name in found)
            for row in self._root.iterfind(steps)
        ]


def _nothing(_answer: Answer) -> None:
    """Read nothing."""


def _listed(encoded: bool, answer: Answer) -> ListPage:
    """Read a page of a listing.

    :raises UnreadableAnswer: when the keys have to come encoded.
    """
    page = _Document(answer.body)
    rows = page.rows("Contents", "Key", "ETag", "Size", "LastModified")
    objects = tuple(
        ListedObject(
            _decoded(key) if encoded else key,
            etag.strip('"'),
            int(size),
            modified[:SECONDS],
        )
        for key, etag, size, modified in rows
    )
    more = page.text("IsTruncated") == "true"
    return ListPage(objects, page.text("NextContinuationToken") if more else None)


def _head(answer: Answer) -> ObjectHead:
    """Read what is known of an object."""
    return ObjectHead(
        etag=_etag_of_header(answer),
        size=int(answer.header("content-length") or 0),
        version=answer.header("x-amz-version-id"),
        content_type=answer.header("content-type"),
        metadata=answer.headers(METADATA),
        tag_count=int(answer.header("x-amz-tagging-count") or 0),
    )


def _etag_of_header(answer: Answer) -> str:
    """Read the ETag of what was written or shown."""
    return (answer.header("etag") or "").strip('"')


def _copied(call: Call) -> Callable[[Answer], CopyResult]:
    """Return what reads the answer to a copy."""

    def read(answer: Answer) -> CopyResult:
        version = answer.header("x-amz-copy-source-version-id")
        return CopyResult(_etag_of_body(call, answer), version)

    return read


def _part_copied(call: Call) -> Callable[[Answer], str]:
    """Return what reads the answer to the copy of a part."""
    return lambda answer: _etag_of_body(call, answer)


def _completed(call: Call) -> Callable[[Answer], str]:
    """Return what reads the answer to a completion; some servers name no ETag."""

    def read(answer: Answer) -> str:
        _check_body(call, answer)
        found = ETAG_IN_BODY.search(answer.body)
        return found[1].decode() if found else ""

    return read


def _etag_of_body(call: Call, answer: Answer) -> str:
    """Read the ETag of what was made by a request that may take long.

    :raises EtlError: what the body says, although the status was 200: S3 sends it
        before it begins, to keep the connection open.
    """
    found = ETAG_IN_BODY.search(answer.body)
    if found is None:
        _check_body(call, answer)
        raise TransientError(
            f"the answer to {call.operation} on {call.target} is empty"
        )
    return found[1].decode()


def _check_body(call: Call, answer: Answer) -> None:
    """Raise what the body says, if it is an error."""
    if b"<Error>" in answer.body:
        raise _late(call, answer)


def _late(call: Call, answer: Answer) -> EtlError:
    """Return the error that came after a status of 200."""
    code = answer.code
    status = 500 if code == "InternalError" else 400
    return refused(call, status, code, answer.message)


def _deleted(call: Call) -> Callable[[Answer], None]:
    """Return what reads the answer to a deletion."""

    def read(answer: Answer) -> None:
        for code, key, message in _Document(answer.body).rows(
            "Error", "Code", "Key", "Message"
        ):
            status = 403 if code == "AccessDenied" else 400
            raise refused(call, status, code, f"{key}: {message}")

    return read


def _tags(answer: Answer) -> Mapping[str, str]:
    """Read the tags of an object."""
    return dict(_Document(answer.body).rows("TagSet/Tag", "Key", "Value"))  # type: ignore[arg-type]


def _upload_id(answer: Answer) -> str:
    """Read the name of an upload."""
    return _Document(answer.body).text("UploadId")


def _uploads(bucket: str) -> Callable[[Answer], UploadsPage]:
    """Return what reads a page of unfinished uploads."""

    def read(answer: Answer) -> UploadsPage:
        page = _Document(answer.body)
        found = [
            Upload(ObjectRef(bucket, _decoded(key)), upload_id)
            for key, upload_id in page.rows("Upload", "Key", "UploadId")
        ]
        if page.text("IsTruncated") != "true":
            return UploadsPage(found, None)
        return UploadsPage(
            found,
            {
                "key-marker": _decoded(page.text("NextKeyMarker")),
                "upload-id-marker": page.text("NextUploadIdMarker"),
            },
        )

    return read


def _copy_source(source: ObjectRef) -> str:
    """Return the header that names what is copied."""
    return f"x-amz-copy-source: /{source.bucket}/{encoded_key(source.key)}"


def encoded_key(key: str) -> str:
    """Return a key as it stands in an address.

    Nearly all keys are ASCII, which a table encodes in a third of the time.
    """
    if key.isascii():
        return UNSAFE.sub(lambda found: ENCODED[found[0]], key)
    return quote(key)


def _encoded(asked: Mapping[str, str]) -> str:
    """Return a query in the order that a signature needs."""
    return "&".join(
        f"{name}={quote(value, safe='')}" for name, value in sorted(asked.items())
    )


def _decoded(key: str) -> str:
    """Return a key that came percent-encoded."""
    return unquote_plus(key) if "%" in key or "+" in key else key


def _escaped(key: str) -> str:
    """Return a key as XML holds it, line ends included."""
    return escape(key, {"\r": "&#13;", "\n": "&#10;"})
