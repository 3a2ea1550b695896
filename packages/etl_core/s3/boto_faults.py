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
from etl_core.errors import ConfigError, EtlError, RequestRejected
from etl_core.s3.faults import no_answer, no_credentials, refused, unusable

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
        return no_answer(call, error)
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
        return no_credentials()
    if isinstance(error, (BotoCoreError, ValueError)):
        return unusable(error)
    return EtlError(f"{call.operation} on {call.target} failed: {error}")


def _from_answer(call: Call, error: ClientError) -> EtlError:
    """The store answered, and it was an error."""
    answer: dict[str, Any] = dict(error.response)
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    fault = answer.get("Error", {})
    return refused(
        call, status, str(fault.get("Code", "")), str(fault.get("Message", ""))
    )
