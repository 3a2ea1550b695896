"""What boto3 raises, in the words of :mod:`etl_core.errors`."""

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ResponseStreamingError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as Unconnected,
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

TRANSIENT_CODES = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
CREDENTIAL_CODES = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
# No connection, or one that broke: what the store would have said is not known.
SILENCE = (
    Unconnected,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
BUCKET_OPERATIONS = frozenset({"HeadBucket", "ListObjectsV2", "ListMultipartUploads"})


def translate(call: Call, error: Exception) -> EtlError:
    """Return the error to raise: what failed, where, and what to do."""
    if isinstance(error, ClientError):
        return _from_answer(call, error)
    if isinstance(error, ParamValidationError):
        return _from_parameters(call, error)
    if isinstance(error, SILENCE) and not _is_refused_certificate(error):
        return TransientError(
            f"no answer from the store to {call.operation} on {call.target}: {error}; "
            "check the network and AWS_ENDPOINT_URL"
        )
    return _from_setup(call, error)


def _is_refused_certificate(error: Exception) -> bool:
    """Tell whether the connection was given up by us, which no retry mends."""
    return isinstance(error, SSLError) and "CERTIFICATE" in str(error)


def _from_parameters(call: Call, error: ParamValidationError) -> EtlError:
    """A name that no store accepts: of a bucket it is ours to mend."""
    reason = " ".join(str(error).split())
    if call.operation in BUCKET_OPERATIONS or "bucket name" in reason.lower():
        return ConfigError(f"{call.target}: {reason}; correct the bucket name")
    return RequestRejected(f"{call.operation} on {call.target}: {reason}")


def _from_setup(call: Call, error: Exception) -> EtlError:
    """Credentials, profiles and endpoints that boto3 cannot work with."""
    if isinstance(error, NoCredentialsError):
        return ConfigError(
            "no AWS credentials found: set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, choose AWS_PROFILE, or run under a role"
        )
    if isinstance(error, (BotoCoreError, ValueError)):
        return ConfigError(
            f"cannot talk to S3: {error}; check AWS_ENDPOINT_URL, AWS_REGION and "
            "AWS_PROFILE"
        )
    return EtlError(f"{call.operation} on {call.target} failed: {error}")


def _from_answer(call: Call, error: ClientError) -> EtlError:
    """The store answered, and it was an error."""
    answer: dict[str, Any] = dict(error.response)
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(answer.get("Error", {}).get("Code", ""))
    message = str(answer.get("Error", {}).get("Message", ""))
    where = f"{call.operation} on {call.target}"
    if status >= 500 or status == 429 or code in TRANSIENT_CODES:
        return TransientError(f"the store kept failing: {where}: {code} {message}")
    if code in CREDENTIAL_CODES:
        return ConfigError(
            f"the store refused the credentials: {code} on {call.target}; check the "
            "AWS credentials, the clock and AWS_REGION"
        )
    if status in (301, 307, 400) and call.operation == "HeadBucket":
        return ConfigError(
            f"{call.target} answers {status} {code}: check AWS_REGION and the endpoint"
        )
    return _from_refusal(call, status, code, f"{where}: {code} {message}")


def _from_refusal(call: Call, status: int, code: str, text: str) -> EtlError:
    """The store understood and said no."""
    if code == "NoSuchBucket" or (status == 404 and call.operation == "HeadBucket"):
        return BucketMissing(
            f"the bucket does not exist: {call.target}; create it or correct its name"
        )
    if status == 404:
        return ObjectMissing(f"not found: {text}")
    if code == "InvalidObjectState":
        return ObjectArchived(f"archived: {text}; restore it, then replay the unit")
    if status == 403:
        return AccessRefused(
            f"access refused: {text}; check the credentials, or grant this role "
            f"{_permission(call.operation)}"
        )
    if status == 412:
        return ConditionFailed(f"changed by somebody else: {text}")
    if "maximum allowable size" in text or code == "EntityTooLarge":
        return SourceTooLarge(f"too large for one request: {text}")
    return RequestRejected(f"rejected: {text}")


def _permission(operation: str) -> str:
    """Return the IAM actions that an operation needs."""
    return {
        "HeadBucket": "s3:ListBucket",
        "ListObjectsV2": "s3:ListBucket",
        "ListMultipartUploads": "s3:ListBucketMultipartUploads",
        "HeadObject": "s3:GetObject",
        "GetObject": "s3:GetObject",
        "GetObjectTagging": "s3:GetObjectTagging",
        "CopyObject": "s3:GetObject on the source, s3:PutObject on the destination",
        "UploadPartCopy": "s3:GetObject on the source, s3:PutObject on the destination",
        "DeleteObjects": "s3:DeleteObject",
        "AbortMultipartUpload": "s3:AbortMultipartUpload",
    }.get(operation, "s3:PutObject")
