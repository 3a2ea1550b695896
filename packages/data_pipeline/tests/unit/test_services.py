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
from etl_core.errors import ConfigError
from etl_core.s3.copies import Copier

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_NAME": "application",
    "DATABASE_USER": "reader",
    "AWS_REGION": "us-east-1",
}


class ServiceHandlerTest(unittest.TestCase):
    """The clients of one start."""

    def test_making_the_services_needs_nothing(self) -> None:
        """No variable is read, and nobody contacted, before a job is run."""
        with mock.patch.dict(os.environ, {}, clear=True):
            ServiceHandler()

    def test_missing_settings_are_named(self) -> None:
        """Each variable that has to be set, in one line."""
        config = GetS3FilesConfig(AGENCY, SOURCE, DESTINATION)
        with (
            mock.patch.dict(os.environ, {}, clear=True),
            self.assertRaisesRegex(ConfigError, "DATABASE_HOST.*DATABASE_USER"),
        ):
            ServiceHandler().get_s3_files(config)

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
