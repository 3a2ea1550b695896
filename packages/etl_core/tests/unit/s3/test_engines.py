"""Unit tests of :mod:`etl_core.s3.engines`."""

import os
import subprocess
import sys
import unittest
from unittest import mock

from etl_core.errors import ConfigError
from etl_core.s3 import client
from etl_core.s3.engines import ENGINES, open_store

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION = {"AWS_REGION": "eu-west-1"}


class OpenStoreTest(unittest.TestCase):
    """Stores by the name of their engine."""

    def setUp(self) -> None:
        """Empty the environment but for the region."""
        environ = mock.patch.dict(os.environ, REGION, clear=True)
        environ.start()
        self.addCleanup(environ.stop)

    def connections(self, concurrency: int) -> int:
        """Return how many connections boto3 may have."""
        with mock.patch.object(client, "create_client") as create_client:
            open_store("boto3", concurrency=concurrency)
        return int(create_client.call_args.args[0].connections)

    def test_every_request_under_way_has_a_connection(self) -> None:
        """The pool is as large as the concurrency, and never smaller than asked."""
        self.assertEqual(300, self.connections(300))
        self.assertEqual(128, self.connections(32))
        with mock.patch.dict(os.environ, {"ETL_S3_CONNECTIONS": "64"}):
            self.assertEqual(64, self.connections(8))

    def test_every_engine_opens(self) -> None:
        """No engine contacts anybody before it is used."""
        for engine in ENGINES:
            with self.subTest(engine):
                self.assertTrue(callable(open_store(engine).copy))

    def test_a_rate_that_boto3_cannot_keep(self) -> None:
        """It is refused rather than ignored."""
        with self.assertRaisesRegex(ConfigError, "--engine curl"):
            open_store("boto3", max_rps=10)

    def test_nothing_of_boto3_is_imported_when_keys_are_given(self) -> None:
        """A start with keys in the environment does not pay for its import."""
        code = (
            "import sys\n"
            "from etl_core.s3.engines import open_store\n"
            "store = open_store()\n"
            "store._addresses\n"
            "print(sorted({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))\n"
        )
        environ = {"PATH": os.defpath, **KEYS, **REGION}
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual("[]", ran.stdout.strip())


if __name__ == "__main__":
    unittest.main()
