"""Unit tests of :mod:`etl_core.s3.boto_faults`."""

from typing import Any
import unittest

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
    ResponseStreamingError,
)

from etl_core.calls import Call
from etl_core.errors import (
    AccessRefused,
    BucketMissing,
    ConditionFailed,
    ConfigError,
    EtlError,
    ObjectArchived,
    ObjectMissing,
    RequestRejected,
    SourceTooLarge,
    TransientError,
)
from etl_core.s3.boto_faults import translate

TARGET = "s3://bucket/key"

ANSWERS: tuple[tuple[str, int, str, type[EtlError]], ...] = (
    # the store is in trouble, or asks to slow down
    ("GetObject", 500, "InternalError", TransientError),
    ("GetObject", 503, "SlowDown", TransientError),
    ("GetObject", 502, "", TransientError),
    ("GetObject", 429, "", TransientError),
    ("PutObject", 400, "RequestTimeout", TransientError),
    ("PutObject", 409, "OperationAborted", TransientError),
    ("PutObject", 409, "ConditionalRequestConflict", TransientError),
    ("CopyObject", 200, "InternalError", TransientError),
    ("HeadObject", 400, "Throttling", TransientError),
    # who we are
    ("PutObject", 403, "InvalidAccessKeyId", ConfigError),
    ("PutObject", 403, "SignatureDoesNotMatch", ConfigError),
    ("PutObject", 400, "ExpiredToken", ConfigError),
    ("PutObject", 403, "RequestTimeTooSkewed", ConfigError),
    ("ListObjectsV2", 400, "AuthorizationHeaderMalformed", ConfigError),
    # what is not there
    ("HeadBucket", 404, "404", BucketMissing),
    ("ListObjectsV2", 404, "NoSuchBucket", BucketMissing),
    ("PutObject", 404, "NoSuchBucket", BucketMissing),
    ("GetObject", 404, "NoSuchKey", ObjectMissing),
    ("HeadObject", 404, "404", ObjectMissing),
    ("CopyObject", 404, "NoSuchKey", ObjectMissing),
    ("AbortMultipartUpload", 404, "NoSuchUpload", ObjectMissing),
    # what we may not
    ("HeadBucket", 403, "403", AccessRefused),
    ("CopyObject", 403, "AccessDenied", AccessRefused),
    ("GetObject", 403, "AllAccessDisabled", AccessRefused),
    ("GetObject", 403, "InvalidObjectState", ObjectArchived),
    # another region or endpoint
    ("HeadBucket", 301, "301", ConfigError),
    ("HeadBucket", 400, "400", ConfigError),
    # conditions and requests
    ("PutObject", 412, "PreconditionFailed", ConditionFailed),
    ("CopyObject", 400, "EntityTooLarge", SourceTooLarge),
    ("PutObject", 400, "KeyTooLongError", RequestRejected),
    ("CompleteMultipartUpload", 400, "InvalidPart", RequestRejected),
)


def answer(operation: str, status: int, code: str, message: str = "") -> ClientError:
    """Return what boto3 raises for an answer."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


def translated(error: Exception, operation: str = "GetObject") -> EtlError:
    """Translate what a call raised."""
    return translate(Call("s3", operation, TARGET), error)


class AnswerTest(unittest.TestCase):
    """The store answered with an error."""

    def test_table(self) -> None:
        """Each answer becomes exactly the error that says how to react."""
        for operation, status, code, expected in ANSWERS:
            with self.subTest(operation=operation, status=status, code=code):
                error = translated(answer(operation, status, code), operation)
                self.assertIs(expected, type(error))
                self.assertIn(TARGET, str(error))

    def test_too_large(self) -> None:
        """A copy that is too large for one request is told by its message too."""
        text = "The specified copy source is larger than the maximum allowable size"
        error = translated(answer("CopyObject", 400, "InvalidRequest", text))
        self.assertIs(SourceTooLarge, type(error))

    def test_missing_permission(self) -> None:
        """The message names the permission to grant."""
        for operation, permission in (
            ("ListObjectsV2", "s3:ListBucket"),
            ("HeadBucket", "s3:ListBucket"),
            ("CopyObject", "s3:GetObject on the source, s3:PutObject on the"),
            ("GetObjectTagging", "s3:GetObjectTagging"),
            ("PutObject", "s3:PutObject"),
            ("CreateMultipartUpload", "s3:PutObject"),
        ):
            error = translated(answer(operation, 403, "AccessDenied"), operation)
            self.assertRegex(str(error), f"grant this role {permission}")

    def test_answer_without_anything(self) -> None:
        """An answer that says nothing at all is still an error of ours."""
        self.assertIs(RequestRejected, type(translated(ClientError({}, "GetObject"))))


class NoAnswerTest(unittest.TestCase):
    """No answer came, or none was asked for."""

    def test_network(self) -> None:
        """What the network did may be over soon."""
        url = "http://localhost:1"
        for error in (
            EndpointConnectionError(endpoint_url=url),
            ConnectTimeoutError(endpoint_url=url),
            ReadTimeoutError(endpoint_url=url),
            IncompleteReadError(actual_bytes=1, expected_bytes=2),
            ResponseStreamingError(error="reset"),
        ):
            found = translated(error)
            self.assertIs(TransientError, type(found), error)
            self.assertRegex(str(found), "GetObject on .* check the network")

    def test_setup(self) -> None:
        """What boto3 cannot even send is for a person to mend."""
        for error, text in (
            (NoCredentialsError(), "set AWS_ACCESS_KEY_ID"),
            (ProfileNotFound(profile="none"), "AWS_PROFILE"),
            (
                ValueError("Invalid endpoint"),
                "Invalid endpoint; check AWS_ENDPOINT_URL",
            ),
        ):
            found = translated(error)
            self.assertIs(ConfigError, type(found))
            self.assertIn(text, str(found))

    def test_names(self) -> None:
        """A bucket name that cannot be is configuration, a key is of its unit."""
        for operation, report, expected in (
            ("CopyObject", 'Invalid bucket name "A B"', ConfigError),
            ("ListObjectsV2", "Invalid type", ConfigError),
            ("GetObject", "Invalid length for parameter Key", RequestRejected),
        ):
            error = translated(ParamValidationError(report=report), operation)
            self.assertIs(expected, type(error), report)
            self.assertNotIn("\n", str(error))

    def test_anything_else(self) -> None:
        """What nobody foresaw is a bug, and says where."""
        error = translated(RuntimeError("odd"))
        self.assertIs(EtlError, type(error))
        self.assertRegex(str(error), f"GetObject on {TARGET} failed: odd")


if __name__ == "__main__":
    unittest.main()
