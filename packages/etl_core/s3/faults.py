"""What a store answers when it does not do as asked, in the words of ours."""

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


def no_answer(call: Call, reason: object) -> TransientError:
    """Return the error of a request to which nobody answered."""
    return TransientError(
        f"no answer from the store to {call.operation} on {call.target}: {reason}; "
        "check the network and AWS_ENDPOINT_URL"
    )


def unusable(reason: object) -> ConfigError:
    """Return the error of settings that no request can be sent with."""
    return ConfigError(
        f"cannot talk to S3: {reason}; check AWS_ENDPOINT_URL, AWS_REGION and "
        "AWS_PROFILE"
    )


def no_credentials() -> ConfigError:
    """Return the error of a process that was given no credentials."""
    return ConfigError(
        "no AWS credentials found: set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, choose AWS_PROFILE, or run under a role"
    )


def is_transient(status: int, code: str) -> bool:
    """Tell whether the same request may succeed later."""
    return status >= 500 or status == 429 or code in TRANSIENT_CODES


def refused(call: Call, status: int, code: str, message: str) -> EtlError:
    """Return the error to raise for an answer: what failed, where, and what to do."""
    where = f"{call.operation} on {call.target}"
    if is_transient(status, code):
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
    return _refusal(call, status, code, f"{where}: {code} {message}")


def _refusal(call: Call, status: int, code: str, text: str) -> EtlError:
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
