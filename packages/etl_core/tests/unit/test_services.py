"""What every composition root is built on."""

import os
import unittest
from unittest import mock

from etl_core.calls import CallCounter
from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.s3.client import S3Client
from etl_core.s3.curl import CurlStore
from etl_core.services import JobServices
from etl_core.testing.database import FakeDatabase
from etl_core.testing.store import FakeStore


class JobServicesTest(unittest.TestCase):
    """Services without any variable."""

    def setUp(self) -> None:
        """Empty the environment."""
        environ = mock.patch.dict(os.environ, {"AWS_REGION": "eu-west-1"}, clear=True)
        environ.start()
        self.addCleanup(environ.stop)

    def test_what_is_given_is_used(self) -> None:
        """Neither store, nor counter, nor database is made anew."""
        calls = CallCounter()
        store, database = FakeStore(hook=calls), FakeDatabase({})
        services = JobServices(store, database, calls)
        parts = services.parts("some_job", RunOptions())
        self.assertIs(store, parts.store)
        self.assertIs(calls, parts.calls)
        self.assertIs(database, services.database(calls))

    def test_a_store_is_made_when_none_is_given(self) -> None:
        """It is the real one, of the engine that was asked for."""
        parts = JobServices().parts("some_job", RunOptions())
        self.assertIsInstance(parts.store, CurlStore)
        parts = JobServices().parts("some_job", RunOptions(engine="boto3"))
        self.assertIsInstance(parts.store, S3Client)

    def test_a_job_without_a_database_needs_none(self) -> None:
        """Only who asks for a database hears that the variables name none."""
        services = JobServices()
        parts = services.parts("some_job", RunOptions())
        with self.assertRaisesRegex(ConfigError, "DATABASE_HOST"):
            services.database(parts.calls)


if __name__ == "__main__":
    unittest.main()
