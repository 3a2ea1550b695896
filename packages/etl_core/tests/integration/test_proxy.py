"""The fault proxy before an S3 endpoint and before a PostgreSQL server."""

import os
import time
from typing import Any, ClassVar
import unittest
from unittest import mock

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from etl_core.config import S3Settings
from etl_core.database import DatabaseClient
from etl_core.errors import TransientError
from etl_core.retry import NO_RETRY
from etl_core.s3.client import create_client
from etl_core.testing.postgres import postgres_server
from etl_core.testing.proxy import Fault, FaultProxy, Faults
from etl_core.testing.s3 import s3_server, S3Server

BODY = b"0123456789" * 1000


class S3Test(unittest.TestCase):
    """A bucket with one object, behind the proxy."""

    s3: ClassVar[S3Server]
    bucket: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        """Make the bucket."""
        cls.s3 = s3_server()
        cls.bucket = cls.s3.fresh_bucket()
        cls.addClassCleanup(cls.s3.remove_bucket, cls.bucket)

    def setUp(self) -> None:
        """Start the proxy, and connect through it."""
        self.s3.client.put_object(Bucket=self.bucket, Key="key", Body=BODY)
        self.proxy = FaultProxy(self.s3.endpoint_url)
        self.proxy.start()
        self.addCleanup(self.proxy.stop)
        patch = mock.patch.dict(os.environ, self.s3.environment)
        patch.start()
        self.addCleanup(patch.stop)
        self.client = create_client(
            S3Settings.model_validate(
                {"endpoint_url": self.proxy.url, "read_timeout_seconds": 0.5}
            )
        )

    def get(self) -> bytes:
        """Read the object through the proxy."""
        return self.client.get_object(Bucket=self.bucket, Key="key")["Body"].read()

    def put(self, key: str = "key") -> Any:  # noqa: ANN401 (an answer)
        """Write an object through the proxy."""
        return self.client.put_object(Bucket=self.bucket, Key=key, Body=b"new")

    def stored(self, key: str = "key") -> bytes:
        """Read the object past the proxy."""
        return self.s3.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def test_without_faults(self) -> None:
        """Every method passes, and is counted."""
        self.assertEqual(BODY, self.get())
        head = self.client.head_object(Bucket=self.bucket, Key="key")
        self.assertEqual(len(BODY), head["ContentLength"])
        self.put("second")
        listed = self.client.list_objects_v2(Bucket=self.bucket)
        self.assertEqual(["key", "second"], [it["Key"] for it in listed["Contents"]])
        self.client.delete_object(Bucket=self.bucket, Key="second")
        with self.assertRaisesRegex(ClientError, "404"):
            self.client.head_object(Bucket=self.bucket, Key="second")
        self.assertEqual((6, {}), (self.proxy.requests, dict(self.proxy.injected)))

    def test_errors_of_the_server(self) -> None:
        """500 and 503, and the server has not done anything."""
        for fault, words in (
            (Fault.ERROR, "InternalError"),
            (Fault.SLOW_DOWN, "SlowDown"),
        ):
            self.proxy.faults = Faults([fault], share=1)
            with self.subTest(fault), self.assertRaisesRegex(ClientError, words):
                self.put()
        self.assertEqual(BODY, self.stored())

    def test_reset(self) -> None:
        """The connection breaks, and the server has not done anything."""
        self.proxy.faults = Faults([Fault.RESET], share=1)
        with self.assertRaises((ConnectionClosedError, EndpointConnectionError)):
            self.put()
        self.assertEqual(BODY, self.stored())

    def test_half_close(self) -> None:
        """The answer does not come, but the server has done its work."""
        self.proxy.faults = Faults([Fault.HALF_CLOSE], share=1)
        with self.assertRaises(ConnectionClosedError):
            self.put()
        self.assertEqual(b"new", self.stored())

    def test_truncated_body(self) -> None:
        """The answer begins well; what has no body breaks off in the head."""
        self.proxy.faults = Faults([Fault.TRUNCATE], share=1)
        with self.assertRaises(ResponseStreamingError):
            self.get()
        with self.assertRaises(ConnectionClosedError):
            self.put()
        self.assertEqual(b"new", self.stored())

    def test_silence(self) -> None:
        """The client gives up by itself."""
        self.proxy.faults = Faults([Fault.SILENCE], share=1)
        with self.assertRaises(ReadTimeoutError):
            self.get()

    def test_latency(self) -> None:
        """Every request waits."""
        self.proxy.faults = Faults(latency_seconds=0.2)
        began = time.monotonic()
        self.get()
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_who_suffers(self) -> None:
        """By number, from a number on, by text, and by share with a seed."""
        self.proxy.faults = Faults([Fault.ERROR], numbers=[2], first=4, about="GET ")
        self.put()
        self.assertEqual([True, False, True, False, False], self.answers(5))
        drawn = []
        for _ in range(2):
            proxy = FaultProxy(self.s3.endpoint_url, Faults(share=0.3, seed=7))
            drawn.append([proxy.draw("") for _ in range(1000)])
            self.assertAlmostEqual(300, sum(proxy.injected.values()), delta=50)
        self.assertEqual(*drawn)

    def answers(self, count: int) -> list[bool]:
        """Read the object so many times and say which of them went well."""
        found = []
        for _ in range(count):
            try:
                self.get()
                found.append(True)
            except ClientError:
                found.append(False)
        return found


class PostgresTest(unittest.TestCase):
    """A database behind the proxy."""

    def setUp(self) -> None:
        """Start the proxy."""
        self.settings = postgres_server().settings
        self.proxy = FaultProxy(f"tcp://{self.settings.host}:{self.settings.port}")
        self.proxy.start()
        self.addCleanup(self.proxy.stop)

    def ask(self) -> list[dict[str, Any]]:
        """Run a statement through the proxy."""
        update = {"port": self.proxy.port, "connect_timeout_seconds": 1}
        settings = self.settings.model_copy(update=update)
        with DatabaseClient(settings, retry=NO_RETRY) as client:
            return client.execute_query("SELECT 1 AS one")

    def test_without_faults(self) -> None:
        """Statements pass."""
        self.assertEqual([{"one": 1}], self.ask())
        self.assertGreater(self.proxy.requests, 2)

    def test_every_fault_is_a_lost_connection(self) -> None:
        """Whatever breaks, it may come back."""
        for fault in Fault:
            # For connecting the client has a short limit, for statements a long one.
            about = "" if fault is Fault.SILENCE else "SELECT 1"
            self.proxy.faults = Faults([fault], share=1, about=about)
            with self.subTest(fault), self.assertRaises(TransientError):
                self.ask()


if __name__ == "__main__":
    unittest.main()
