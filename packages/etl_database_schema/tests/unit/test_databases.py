"""Django's database settings, made from the variables."""

import os
import unittest
from unittest import mock

from etl_core.config import DatabaseSettings
from etl_database_schema.databases import configured, describe, UNSET

VARIABLES = {
    "DATABASE_HOST": "db.example.com",
    "DATABASE_PORT": "6543",
    "DATABASE_NAME": "app",
    "DATABASE_USER": "etl",
    "DATABASE_PASSWORD": "secret",
    "DATABASE_SSLMODE": "verify-full",
    "DATABASE_CONNECT_TIMEOUT_SECONDS": "3",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "60",
}


class DatabasesTest(unittest.TestCase):
    """Every variable set."""

    def test_every_variable_arrives(self) -> None:
        """Nothing that the variables say is lost on the way to Django."""
        expected = {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "db.example.com",
            "PORT": "6543",
            "NAME": "app",
            "USER": "etl",
            "PASSWORD": "secret",
            "OPTIONS": {
                "sslmode": "verify-full",
                "connect_timeout": 3,
                "options": "-c statement_timeout=60000",
            },
        }
        self.assertEqual(
            expected, describe(DatabaseSettings.from_environment(VARIABLES))
        )

    def test_the_environment_is_read(self) -> None:
        """The variables of the process name the database."""
        with mock.patch.dict(os.environ, VARIABLES):
            self.assertEqual("db.example.com", configured()["HOST"])

    def test_without_variables_there_is_no_database(self) -> None:
        """Nothing is guessed: a query would raise, an import does not."""
        with mock.patch.dict(os.environ, {**VARIABLES, "DATABASE_HOST": ""}):
            self.assertEqual(UNSET, configured())


if __name__ == "__main__":
    unittest.main()
