"""Unit tests of :mod:`etl_core.config`."""

import os
from typing import ClassVar
import unittest
from unittest import mock

from etl_core.config import (
    DatabaseSettings,
    MetricsSettings,
    RunSettings,
    S3Settings,
    Settings,
)
from etl_core.errors import ConfigError

DATABASE = {
    "DATABASE_HOST": "db.example",
    "DATABASE_NAME": "app",
    "DATABASE_USER": "etl",
    "DATABASE_PASSWORD": "hunter2",
}


class DatabaseSettingsTest(unittest.TestCase):
    """The variables that every module reads."""

    def test_defaults(self) -> None:
        """What is not set has the documented default."""
        settings = DatabaseSettings.from_environment(DATABASE)
        self.assertEqual("db.example", settings.host)
        self.assertEqual(5432, settings.port)
        self.assertEqual("prefer", settings.sslmode)
        self.assertEqual(10, settings.connect_timeout_seconds)
        self.assertEqual(300, settings.statement_timeout_seconds)

    def test_every_variable(self) -> None:
        """Each variable reaches the field it is named for."""
        settings = DatabaseSettings.from_environment(
            {
                **DATABASE,
                "DATABASE_PORT": "15432",
                "DATABASE_SSLMODE": "verify-full",
                "DATABASE_CONNECT_TIMEOUT_SECONDS": "3",
                "DATABASE_STATEMENT_TIMEOUT_SECONDS": "4",
            }
        )
        self.assertEqual(
            (15432, "verify-full", 3, 4, "hunter2"),
            (
                settings.port,
                settings.sslmode,
                settings.connect_timeout_seconds,
                settings.statement_timeout_seconds,
                settings.password.get_secret_value(),
            ),
        )

    def test_password_is_not_shown(self) -> None:
        """Neither the repr nor the text of the settings holds the password."""
        settings = DatabaseSettings.from_environment(DATABASE)
        self.assertNotIn("hunter2", f"{settings!r} {settings}")

    def test_missing_variables(self) -> None:
        """All missing variables are named at once; an empty one is missing."""
        with self.assertRaises(ConfigError) as caught:
            DatabaseSettings.from_environment({"DATABASE_HOST": ""})
        self.assertEqual(
            "set in the environment: DATABASE_HOST: required; "
            "DATABASE_NAME: required; DATABASE_USER: required",
            str(caught.exception),
        )

    def test_malformed_variable(self) -> None:
        """A malformed variable is named with the reason, without its value."""
        with self.assertRaises(ConfigError) as caught:
            DatabaseSettings.from_environment({**DATABASE, "DATABASE_PORT": "99999"})
        message = str(caught.exception)
        self.assertIn("DATABASE_PORT: ", message)
        self.assertIn("65535", message)
        self.assertNotIn("99999", message)

    def test_unknown_sslmode(self) -> None:
        """Only the modes of libpq are accepted."""
        with self.assertRaisesRegex(ConfigError, "DATABASE_SSLMODE"):
            DatabaseSettings.from_environment({**DATABASE, "DATABASE_SSLMODE": "yes"})

    def test_frozen(self) -> None:
        """Settings cannot be changed once read."""
        settings = DatabaseSettings.from_environment(DATABASE)
        with self.assertRaisesRegex(ValueError, "frozen"):
            settings.host = "elsewhere"


class SettingsTest(unittest.TestCase):
    """What all settings share."""

    def test_variables_cover_all_fields(self) -> None:
        """Each field has its variable and says what it is for."""
        for kind in (DatabaseSettings, MetricsSettings, RunSettings, S3Settings):
            with self.subTest(kind=kind.__name__):
                self.assertEqual(set(kind.model_fields), set(kind.VARIABLES))
                self.assertTrue(
                    all(field.description for field in kind.model_fields.values())
                )

    def test_reads_the_process(self) -> None:
        """Without a mapping the variables of the process are read."""
        with mock.patch.dict(os.environ, {"ETL_METRICS_FILE": "etl.prom"}):
            self.assertEqual("etl.prom", MetricsSettings.from_environment().file)

    def test_own_settings(self) -> None:
        """A class of one's own needs no more than fields and variables."""

        class Batch(Settings):
            """One number."""

            VARIABLES: ClassVar[dict[str, str]] = {"size": "BATCH_SIZE"}
            size: int = 5

        self.assertEqual(5, Batch.from_environment({}).size)
        self.assertEqual(7, Batch.from_environment({"BATCH_SIZE": "7"}).size)


if __name__ == "__main__":
    unittest.main()
