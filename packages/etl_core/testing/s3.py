"""An S3 endpoint for tests and the demo: an emulator of ours, or the genuine one named.

The emulator is moto in a child process, reached over a real socket. It does not
enforce conditions on the source of a copy; a promise that rests on those is tested
on a server that does.
"""

import atexit
from collections.abc import Mapping
import functools
import itertools
import os
import secrets
import subprocess
import sys
from types import TracebackType
from typing import NamedTuple, TYPE_CHECKING
from urllib.request import urlopen

import boto3
from botocore.config import Config
from typing_extensions import Self

from etl_core.config import environment, S3Settings
from etl_core.testing.ports import LOOPBACK

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as BotoS3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

EMULATOR = "etl_core.testing.emulator"
COUNT_PATH = "/_requests"
STOP_SECONDS = 10
REGION = "us-east-1"
CONNECTIONS = 64
# A key id of exactly this form is what moto maps to its one account.
EMULATOR_KEYS = ("AKIAETLPLATFORMTESTS", "no-secret")


class Endpoint(NamedTuple):
    """Where an S3 endpoint is, and with which keys it is used."""

    url: str
    access_key: str
    secret_key: str


class S3Server:
    """An endpoint with as many buckets as tests want; a context manager.

    :param environ: names a genuine endpoint by ``ETL_TEST_S3_ENDPOINT``,
        ``ETL_TEST_S3_ACCESS_KEY`` and ``ETL_TEST_S3_SECRET_KEY``; without them it
        is the emulator. The variables of the process by default.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Decide which endpoint it is; start nothing yet."""
        self._endpoint = _genuine(environment() if environ is None else environ)
        self.is_genuine = self._endpoint is not None
        self._process: subprocess.Popen[str] | None = None
        self._numbers = itertools.count(1)
        self._created: list[str] = []

    @property
    def endpoint_url(self) -> str:
        """The address of the running endpoint."""
        return self._running().url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a child process here."""
        endpoint = self._running()
        return {
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
            "AWS_REGION": REGION,
        }

    @property
    def settings(self) -> S3Settings:
        """The settings of a client in this process."""
        return S3Settings.from_environment(self.environment)

    @functools.cached_property
    def client(self) -> "BotoS3Client":
        """A client of this endpoint; making one takes longer than most requests."""
        return self.create_client()

    def create_client(self) -> "BotoS3Client":
        """Return a boto3 client of this endpoint, which retries nothing."""
        endpoint = self._running()
        session = boto3.session.Session(
            aws_access_key_id=endpoint.access_key,
            aws_secret_access_key=endpoint.secret_key,
            region_name=REGION,
        )
        config = Config(
            max_pool_connections=CONNECTIONS,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        return session.client("s3", endpoint_url=endpoint.url, config=config)

    def create_bucket(self, name: str, *, versioned: bool = False) -> str:
        """Create a bucket and return its name."""
        self.client.create_bucket(Bucket=name)
        self._created.append(name)
        if versioned:
            self.client.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )
        return name

    def fresh_bucket(self, prefix: str = "etl-test", *, versioned: bool = False) -> str:
        """Create a bucket under a name of its own."""
        number = f"{os.getpid()}-{next(self._numbers)}-{secrets.token_hex(3)}"
        return self.create_bucket(f"{prefix}-{number}", versioned=versioned)

    def remove_bucket(self, name: str) -> None:
        """Remove a bucket that was created here, with all that is in it."""
        _empty(self.client, name)
        self.client.delete_bucket(Bucket=name)
        self._created.remove(name)

    def take_request_count(self) -> int:
        """Return how many requests the emulator had since the last time."""
        with urlopen(f"{self.endpoint_url}{COUNT_PATH}") as answer:  # noqa: S310 (ours)
            return int(answer.read())

    def start(self) -> None:
        """Start the emulator; a genuine endpoint is there already."""
        if self.is_genuine:
            return
        self._process = subprocess.Popen(  # noqa: S603 (our own arguments)
            [sys.executable, "-m", EMULATOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C on a terminal is for us, who then stop it in order.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            self.stop()
            raise RuntimeError("the S3 emulator did not start; its words are above")
        self._endpoint = Endpoint(f"http://{LOOPBACK}:{port}", *EMULATOR_KEYS)

    def stop(self) -> None:
        """Leave nothing behind: no process, no bucket."""
        if self.is_genuine:
            for name in list(self._created):
                self.remove_bucket(name)
            return
        self.__dict__.pop("client", None)
        if self._process is not None:
            process, self._process = self._process, None
            self._endpoint = None
            _end(process)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _running(self) -> Endpoint:
        """Return the endpoint once there is one."""
        if self._endpoint is None:
            raise RuntimeError("start the server first, or use it in a with block")
        return self._endpoint


@functools.cache
def s3_server() -> S3Server:
    """Return the one endpoint of this process, started now and stopped at its exit."""
    server = S3Server()
    atexit.register(server.stop)
    server.start()
    return server


def _empty(client: "BotoS3Client", name: str) -> None:
    """Remove what a bucket holds: versions, delete markers, unfinished uploads."""
    # All pages first: who removes while listing may miss what moves up meanwhile.
    pages = list(client.get_paginator("list_object_versions").paginate(Bucket=name))
    for page in pages:
        versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        doomed: list[ObjectIdentifierTypeDef] = [
            {"Key": it["Key"], "VersionId": it["VersionId"]} for it in versions
        ]
        if doomed:
            client.delete_objects(Bucket=name, Delete={"Objects": doomed})
    found = client.get_paginator("list_multipart_uploads").paginate(Bucket=name)
    for upload in (each for page in found for each in page.get("Uploads", ())):
        client.abort_multipart_upload(
            Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"]
        )


def _genuine(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the genuine endpoint that the variables name."""
    url = environ.get("ETL_TEST_S3_ENDPOINT")
    if not url:
        return None
    return Endpoint(
        url,
        environ.get("ETL_TEST_S3_ACCESS_KEY", ""),
        environ.get("ETL_TEST_S3_SECRET_KEY", ""),
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Let the emulator see the end of its input, and kill it if it will not end."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
