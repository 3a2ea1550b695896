"""The composition root: production clients by default, whatever is given instead."""

import os
import unittest
from unittest import mock

from data_pipeline.config.get_s3_files import GetS3FilesConfig
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.seeds import (
    AGENCY,
    AT_ONCE,
    attachment,
    BODY,
    DESTINATION,
    SOURCE,
    World,
)
from etl_core import services
from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.s3.copies import Copier

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_NAME": "application",
    "DATABASE_USER": "reader",
    "AWS_REGION": "us-east-1",
}


class Reached(Exception):
    """The clients are made, and are about to be used."""


class ServiceHandlerTest(unittest.TestCase):
    """The clients of one start."""

    def run_with(self, concurrency: int = 32, **environ: str) -> mock.Mock:
        """Run on production clients until S3 is about to be reached."""
        options = RunOptions(concurrency=concurrency)
        config = GetS3FilesConfig(AGENCY, SOURCE, DESTINATION, options=options)
        with (
            mock.patch.dict(os.environ, environ, clear=True),
            mock.patch.object(services, "create_client") as create_client,
        ):
            create_client.return_value.head_bucket.side_effect = Reached
            with self.assertRaises(Reached):
                ServiceHandler().get_s3_files(config)
        return create_client

    def connections(self, concurrency: int, **environ: str) -> int:
        """Return how many connections S3 may have."""
        made = self.run_with(concurrency, **ENVIRONMENT, **environ)
        return int(made.call_args.args[0].connections)

    def test_every_unit_in_progress_has_a_connection(self) -> None:
        """The pool is as large as the concurrency, and never smaller than asked."""
        self.assertEqual(300, self.connections(300))
        self.assertEqual(128, self.connections(32))
        self.assertEqual(64, self.connections(8, ETL_S3_CONNECTIONS="64"))

    def test_making_the_services_needs_nothing(self) -> None:
        """No variable is read, and nobody contacted, before a job is run."""
        with mock.patch.dict(os.environ, {}, clear=True):
            ServiceHandler()

    def test_missing_settings_are_named(self) -> None:
        """Each variable that has to be set, in one line."""
        with self.assertRaisesRegex(ConfigError, "DATABASE_HOST.*DATABASE_USER"):
            self.run_with(AWS_REGION="us-east-1")

    def test_given_clients_are_used(self) -> None:
        """The job runs on fakes, and no variable is read for them."""
        world = World(attachment())
        handler = ServiceHandler(world.store, world.database, world.calls, AT_ONCE)
        with mock.patch.dict(os.environ, {}, clear=True):
            result = handler.get_s3_files(GetS3FilesConfig(AGENCY, SOURCE, DESTINATION))
        self.assertEqual(1, result["done"])
        self.assertEqual(1, result["requests"]["CopyObject"])

    def test_the_copies_may_be_made_otherwise(self) -> None:
        """A copier with a lower limit copies the same file in parts."""
        world = World(attachment())
        handler = ServiceHandler(
            world.store,
            world.database,
            world.calls,
            AT_ONCE,
            Copier(single_bytes=10, part_bytes=10),
        )
        result = handler.get_s3_files(GetS3FilesConfig(AGENCY, SOURCE, DESTINATION))
        self.assertEqual(1, result["done"])
        self.assertEqual(3, result["requests"]["UploadPartCopy"])
        self.assertEqual([BODY], list(world.copied().values()))


if __name__ == "__main__":
    unittest.main()
