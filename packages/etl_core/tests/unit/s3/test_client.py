"""Unit tests of :mod:`etl_core.s3.client`, on answers that are written down."""

from datetime import datetime, timezone
import io
from typing import Any, ClassVar
import unittest

from botocore.response import StreamingBody
from botocore.stub import Stubber

from etl_core.config import S3Settings
from etl_core.errors import (
    BucketMissing,
    ConditionFailed,
    ConfigError,
    ObjectMissing,
    TransientError,
)
from etl_core.s3.client import create_client, S3Client
from etl_core.s3.store import ByteRange, ObjectHead, ObjectRef, Upload
from etl_core.testing.crashpoints import CallRecorder
from etl_core.tests.worlds import PATIENT

SETTINGS = S3Settings.from_environment(
    {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_REGION": "us-east-1"}
)
REF = ObjectRef("here", "a/key")
SOURCE = ObjectRef("there", "source")
NAME = {"Bucket": "here", "Key": "a/key"}
COPY_SOURCE = {"Bucket": "there", "Key": "source"}
UPLOAD = Upload(REF, "upload-1")
UPLOAD_NAME = {**NAME, "UploadId": "upload-1"}


class ClientTest(unittest.TestCase):
    """A client whose every request and answer is stated by the test."""

    boto: ClassVar[Any]

    @classmethod
    def setUpClass(cls) -> None:
        """Make the boto3 client, which takes its time."""
        cls.boto = create_client(SETTINGS)

    def setUp(self) -> None:
        """Make the client."""
        self.answers = Stubber(self.boto)
        self.answers.activate()
        self.addCleanup(self.answers.deactivate)
        self.addCleanup(self.answers.assert_no_pending_responses)
        self.recorder = CallRecorder()
        self.store = S3Client(lambda: self.boto, self.recorder, PATIENT)

    def answer(self, method: str, request: dict[str, Any], answer: Any) -> None:  # noqa: ANN401
        """Expect a request and say what is answered."""
        self.answers.add_response(method, answer, request)

    def refuse(self, method: str, status: int, code: str) -> None:
        """Expect a request and say that it fails."""
        self.answers.add_client_error(method, code, "no", status)

    def sent(self) -> list[tuple[str, str]]:
        """Return operation and target of the calls that passed the seam."""
        return [(call.operation, call.target) for call in self.recorder.calls]


class SeamTest(ClientTest):
    """What every request goes through."""

    def test_hook(self) -> None:
        """The hook sees the operation and what it is about."""
        self.answer("head_bucket", {"Bucket": "here"}, {})
        self.store.probe("here")
        self.assertEqual([("HeadBucket", "s3://here")], self.sent())

    def test_retry(self) -> None:
        """A request that fails for now is sent again, and each time seen."""
        self.refuse("head_object", 503, "SlowDown")
        self.refuse("head_object", 500, "InternalError")
        self.answer("head_object", NAME, {"ETag": '"e"', "ContentLength": 1})
        self.assertEqual("e", self.store.head(REF).etag)
        self.assertEqual(3, len(self.sent()))

    def test_bounded(self) -> None:
        """A store that keeps failing is not asked for ever."""
        for _ in range(PATIENT.attempts):
            self.refuse("head_object", 503, "SlowDown")
        with self.assertRaises(TransientError):
            self.store.head(REF)

    def test_no_retry(self) -> None:
        """What will not be better the next time is asked once."""
        self.refuse("head_object", 404, "404")
        with self.assertRaises(ObjectMissing):
            self.store.head(REF)
        self.refuse("head_bucket", 404, "404")
        with self.assertRaises(BucketMissing):
            self.store.probe("here")
        self.assertEqual(2, len(self.sent()))

    def test_endpoint_that_is_none(self) -> None:
        """An address that cannot be one is told before anything is sent."""
        settings = S3Settings.from_environment({"AWS_ENDPOINT_URL": "nonsense"})
        with self.assertRaisesRegex(ConfigError, "check AWS_ENDPOINT_URL"):
            create_client(settings)

    def test_addressing(self) -> None:
        """An endpoint of one's own is addressed by path, AWS as boto3 likes."""
        aws = S3Settings.from_environment({"AWS_REGION": "us-east-1"})
        for settings, style in ((SETTINGS, "path"), (aws, "auto")):
            config: Any = create_client(settings).meta.config
            self.assertEqual(style, config.s3["addressing_style"])
            self.assertEqual(1, config.retries["total_max_attempts"])


class ListingTest(ClientTest):
    """Pages."""

    def test_pages(self) -> None:
        """A page names the next one until the store says that it was the last."""
        written = datetime(2026, 11, 21, 10, 0, 7, tzinfo=timezone.utc)
        item = {"Key": "a/1", "ETag": '"e"', "Size": 3, "LastModified": written}
        request = {"Bucket": "here", "Prefix": "a/"}
        more = {"IsTruncated": True, "NextContinuationToken": "next"}
        self.answer("list_objects_v2", request, {**more, "Contents": [item]})
        page = self.store.list_page("here", "a/")
        self.assertEqual((("a/1", "e", 3, "2026-11-21T10:00:07"),), page.objects)
        self.assertEqual("next", page.token)
        request = {**request, "ContinuationToken": "next"}
        self.answer("list_objects_v2", request, {"IsTruncated": False})
        self.assertEqual(((), None), self.store.list_page("here", "a/", page.token))

    def test_uploads(self) -> None:
        """Unfinished uploads are listed to the end."""
        request = {"Bucket": "here", "Prefix": "a/"}
        markers = {"NextKeyMarker": "a/key", "NextUploadIdMarker": "upload-1"}
        found = {"Key": "a/key", "UploadId": "upload-1"}
        answer = {"IsTruncated": True, "Uploads": [found], **markers}
        self.answer("list_multipart_uploads", request, answer)
        request = {**request, "KeyMarker": "a/key", "UploadIdMarker": "upload-1"}
        self.answer("list_multipart_uploads", request, {"IsTruncated": False})
        self.assertEqual([UPLOAD], self.store.uploads("here", "a/"))


class ObjectTest(ClientTest):
    """Reading and writing objects."""

    def test_head(self) -> None:
        """What the store says of an object is kept, the quotes of the ETag are not."""
        answer = {
            "ETag": '"e"',
            "ContentLength": 3,
            "VersionId": "v",
            "ContentType": "text/plain",
            "Metadata": {"a": "b"},
        }
        self.answer("head_object", NAME, answer)
        expected = ObjectHead("e", 3, "v", "text/plain", {"a": "b"})
        self.assertEqual(expected, self.store.head(REF))

    def test_get_again(self) -> None:
        """A body that breaks off is fetched again from its beginning."""
        for body in (b"hel", b"hello"):
            stream = StreamingBody(io.BytesIO(body), 5)
            answer = {"ETag": '"e"', "ContentLength": 5, "Body": stream}
            self.answer("get_object", NAME, answer)
        sink = io.BytesIO(b"longer than the object")
        self.assertEqual(5, self.store.get(REF, sink).size)
        self.assertEqual(b"hello", sink.getvalue())

    def test_put_again(self) -> None:
        """A body that was sent half is sent again from its beginning."""
        body = io.BytesIO(b"hello")
        body.seek(3)
        self.refuse("put_object", 500, "InternalError")
        self.answer("put_object", {**NAME, "Body": body}, {"ETag": '"e"'})
        self.assertEqual("e", self.store.put(REF, body))
        self.assertEqual(0, body.tell())

    def test_conditions(self) -> None:
        """An ETag must be there still, an empty one stands for no object."""
        body = io.BytesIO()
        for if_match, condition in (
            (None, {}),
            ("e", {"IfMatch": "e"}),
            ("", {"IfNoneMatch": "*"}),
        ):
            request = {**NAME, "Body": body, **condition}
            self.answer("put_object", request, {"ETag": '"f"'})
            self.assertEqual("f", self.store.put(REF, body, if_match=if_match))

    def test_condition_that_fails(self) -> None:
        """A condition that does not hold is told, not tried again."""
        self.refuse("put_object", 412, "PreconditionFailed")
        with self.assertRaises(ConditionFailed):
            self.store.put(REF, io.BytesIO(), if_match="e")

    def test_tags(self) -> None:
        """Tags are a mapping."""
        self.answer(
            "get_object_tagging", NAME, {"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        self.assertEqual({"a": "b"}, self.store.tags(REF))


class CopyTest(ClientTest):
    """Copies in one request and in parts."""

    def test_copy(self) -> None:
        """The answer names the new ETag, and the version that was copied."""
        request = {**NAME, "CopySource": COPY_SOURCE}
        result = {"CopyObjectResult": {"ETag": '"e"'}}
        self.answer("copy_object", request, result)
        self.assertEqual(("e", None), self.store.copy(SOURCE, REF))
        self.answer("copy_object", request, {**result, "CopySourceVersionId": "v"})
        self.assertEqual(("e", "v"), self.store.copy(SOURCE, REF))
        self.assertEqual(
            ("CopyObject", "s3://there/source to s3://here/a/key"), self.sent()[0]
        )

    def test_upload_keeps_metadata(self) -> None:
        """A multipart upload begins with metadata, type and tags of the source."""
        like = ObjectHead("e", 1, None, "text/plain", {"a": "b"})
        request = {
            **NAME,
            "Metadata": {"a": "b"},
            "ContentType": "text/plain",
            "Tagging": "x=1&y=a+b",
        }
        answer = {"UploadId": "upload-1"}
        self.answer("create_multipart_upload", request, answer)
        tags = {"x": "1", "y": "a b"}
        self.assertEqual("upload-1", self.store.create_upload(REF, like, tags))
        self.answer("create_multipart_upload", {**NAME, "Metadata": {}}, answer)
        self.store.create_upload(REF, ObjectHead("e", 1), {})

    def test_part(self) -> None:
        """A half-open range becomes an inclusive one; the source must be the same."""
        request = {
            **UPLOAD_NAME,
            "PartNumber": 2,
            "CopySource": COPY_SOURCE,
            "CopySourceRange": "bytes=5-9",
            "CopySourceIfMatch": "e",
        }
        self.answer("upload_part_copy", request, {"CopyPartResult": {"ETag": '"p"'}})
        part = self.store.copy_part(UPLOAD, 2, SOURCE, ByteRange(5, 10), "e")
        self.assertEqual("p", part)

    def test_complete(self) -> None:
        """The parts are numbered from 1, in their order."""
        parts = [{"ETag": "p", "PartNumber": 1}, {"ETag": "q", "PartNumber": 2}]
        request = {**UPLOAD_NAME, "MultipartUpload": {"Parts": parts}}
        self.answer("complete_multipart_upload", request, {"ETag": '"e-2"'})
        self.assertEqual("e-2", self.store.complete_upload(UPLOAD, ["p", "q"]))

    def test_abort(self) -> None:
        """An upload is named by its key and id."""
        self.answer("abort_multipart_upload", UPLOAD_NAME, {})
        self.store.abort_upload(UPLOAD)


if __name__ == "__main__":
    unittest.main()
