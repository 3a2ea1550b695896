"""Settings from the environment: the one reader of ``os.environ``.

Each settings class lists its variables in :attr:`VARIABLES`, so that documentation
and error messages name what the code reads.
"""

from collections.abc import Mapping
import os
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from typing_extensions import Self

from etl_core.errors import ConfigError


def environment() -> Mapping[str, str]:
    """Return the variables of this process."""
    return os.environ


class Settings(BaseModel):
    """Frozen settings, each field read from one variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    VARIABLES: ClassVar[dict[str, str]] = {}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the variables; an empty one counts as not set.

        :raises ConfigError: naming each variable that is missing or malformed,
            never its value.
        """
        found = environment() if environ is None else environ
        values = {
            field: found[variable]
            for field, variable in cls.VARIABLES.items()
            if found.get(variable)
        }
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(cls._explain(error)) from None

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        """Say in one line which variables to set, and how."""
        faults = [
            f"{cls.VARIABLES[str(fault['loc'][0])]}: "
            + _reason(fault["type"], fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        ]
        return "set in the environment: " + "; ".join(faults)


def _reason(kind: str, message: str) -> str:
    """Put the reason of a fault into the words of an operator."""
    if kind == "missing":
        return "required"
    return message[:1].lower() + message[1:]


class DatabaseSettings(Settings):
    """Where the application database is; every module uses these names."""

    VARIABLES: ClassVar[dict[str, str]] = {
        "host": "DATABASE_HOST",
        "port": "DATABASE_PORT",
        "name": "DATABASE_NAME",
        "user": "DATABASE_USER",
        "password": "DATABASE_PASSWORD",
        "sslmode": "DATABASE_SSLMODE",
        "connect_timeout_seconds": "DATABASE_CONNECT_TIMEOUT_SECONDS",
        "statement_timeout_seconds": "DATABASE_STATEMENT_TIMEOUT_SECONDS",
    }

    host: str = Field(description="host name, or the folder of a Unix socket")
    port: int = Field(5432, ge=1, le=65535, description="TCP port")
    name: str = Field(description="database name")
    user: str = Field(description="role to log in as")
    password: SecretStr = Field(SecretStr(""), description="password of the role")
    sslmode: str = Field(
        "prefer",
        pattern="^(disable|allow|prefer|require|verify-ca|verify-full)$",
        description="libpq's sslmode; use verify-full in production",
    )
    connect_timeout_seconds: int = Field(
        10, ge=1, le=600, description="time limit for one attempt to connect"
    )
    statement_timeout_seconds: int = Field(
        300, ge=1, le=86400, description="time limit of one statement or fetch"
    )


class S3Settings(Settings):
    """How S3 is reached; without a key here botocore's provider chain is asked."""

    VARIABLES: ClassVar[dict[str, str]] = {
        "endpoint_url": "AWS_ENDPOINT_URL",
        "region": "AWS_REGION",
        "default_region": "AWS_DEFAULT_REGION",
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
        "ca_bundle": "AWS_CA_BUNDLE",
        "use_dualstack": "AWS_USE_DUALSTACK_ENDPOINT",
        "use_fips": "AWS_USE_FIPS_ENDPOINT",
        "connections": "ETL_S3_CONNECTIONS",
        "connect_timeout_seconds": "ETL_S3_CONNECT_TIMEOUT_SECONDS",
        "read_timeout_seconds": "ETL_S3_READ_TIMEOUT_SECONDS",
        "retry_attempts": "ETL_S3_RETRY_ATTEMPTS",
        "retry_seconds": "ETL_S3_RETRY_SECONDS",
    }

    endpoint_url: str | None = Field(None, description="an S3 endpoint of one's own")
    region: str | None = Field(None, description="region of the buckets")
    default_region: str | None = Field(None, description="region if there is no other")
    access_key: str | None = Field(None, description="id of an access key")
    secret_key: SecretStr | None = Field(None, description="secret of that key")
    session_token: SecretStr = Field(
        SecretStr(""), description="token of a key that expires"
    )
    ca_bundle: str | None = Field(None, description="file of trusted certificates")
    use_dualstack: bool = Field(False, description="endpoints that also speak IPv6")
    use_fips: bool = Field(False, description="endpoints with validated cryptography")
    connections: int = Field(128, ge=1, le=4096, description="pooled connections")
    connect_timeout_seconds: float = Field(
        5.0, gt=0, description="time limit for one attempt to connect"
    )
    read_timeout_seconds: float = Field(
        60.0, gt=0, description="time limit for waiting on an answer"
    )
    retry_attempts: int = Field(
        6, ge=1, le=100, description="how often a request is sent while it fails"
    )
    retry_seconds: float = Field(
        60.0, ge=0, description="no request is sent again after this time"
    )


class RunSettings(Settings):
    """How long a process keeps what others wait for."""

    VARIABLES: ClassVar[dict[str, str]] = {
        "lease_seconds": "ETL_LEASE_SECONDS",
        "grace_seconds": "ETL_GRACE_SECONDS",
    }

    lease_seconds: float = Field(
        15.0,
        gt=0,
        description="how long a lease lives that nobody renews; the same for all",
    )
    grace_seconds: float = Field(
        25.0,
        gt=0,
        description="after SIGTERM the process is gone in this time; units in "
        "progress get three fifths of it",
    )


class MetricsSettings(Settings):
    """Where the metrics of a run go when it ends; nowhere by default."""

    VARIABLES: ClassVar[dict[str, str]] = {
        "file": "ETL_METRICS_FILE",
        "pushgateway": "ETL_METRICS_PUSHGATEWAY",
    }

    file: str | None = Field(None, description="text file for a node exporter")
    pushgateway: str | None = Field(None, description="address of a pushgateway")
