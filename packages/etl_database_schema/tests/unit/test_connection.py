"""What errors of the database mean, told from their text and code."""

import unittest

from django.db import Error, IntegrityError, OperationalError, ProgrammingError

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, DataError, TransientError
from etl_database_schema.connection import explain

SETTINGS = DatabaseSettings.from_environment(
    {
        "DATABASE_HOST": "db",
        "DATABASE_NAME": "app",
        "DATABASE_USER": "etl",
        "DATABASE_PASSWORD": "a-password-nobody-may-see",
    }
)
SERVER = 'connection to server at "db" (127.0.0.1), port 5432 failed: '
MISTAKES = (
    'FATAL:  password authentication failed for user "etl"\n',
    "fe_sendauth: no password supplied\n",
    'FATAL:  database "app" does not exist\n',
    'FATAL:  role "etl" is not permitted to log in\n',
    'FATAL:  no pg_hba.conf entry for host "127.0.0.1", user "etl"\n',
    'FATAL:  permission denied for database "app"\n',
    "server does not support SSL, but SSL was required\n",
    "SSL error: certificate verify failed\n",
)
MATTERS_OF_TIME = (
    "Connection refused\n\tIs the server running on that host?\n",
    "timeout expired\n",
    "FATAL:  the database system is starting up\n",
    "FATAL:  sorry, too many clients already\n",
    "server closed the connection unexpectedly\n",
)


class Reported(Exception):
    """The driver's error about a statement, with the code that the server gave."""

    pgcode = "57014"


def raised(error: Error, cause: Exception) -> Error:
    """Return an error of Django's, as it comes from one of the driver's."""
    error.__cause__ = cause
    return error


class ExplainTest(unittest.TestCase):
    """Errors as PostgreSQL words them."""

    def test_a_mistake_of_the_configuration_is_for_a_person(self) -> None:
        """What would fail again in the same way is no matter of time."""
        for text in MISTAKES:
            with self.subTest(text=text):
                found = explain(OperationalError(SERVER + text), SETTINGS)
                self.assertIsInstance(found, ConfigError)
                self.assertIn(text.strip(), str(found))

    def test_a_failure_of_the_server_is_a_matter_of_time(self) -> None:
        """What may pass by itself is worth another attempt."""
        for text in MATTERS_OF_TIME:
            with self.subTest(text=text):
                found = explain(OperationalError(SERVER + text), SETTINGS)
                self.assertIsInstance(found, TransientError)

    def test_a_statement_out_of_time_is_a_matter_of_time(self) -> None:
        """A code that came with the error outweighs its words."""
        error = raised(OperationalError("permission denied, or so"), Reported())
        self.assertIsInstance(explain(error, SETTINGS), TransientError)

    def test_a_refused_statement_is_for_a_person(self) -> None:
        """A role without the privilege does not get it by waiting."""
        error = raised(
            ProgrammingError("permission denied for schema public"), Reported()
        )
        self.assertIsInstance(explain(error, SETTINGS), ConfigError)

    def test_broken_rows_are_bad_data(self) -> None:
        """Rows that break a constraint have to be mended."""
        self.assertIsInstance(explain(IntegrityError("broken"), SETTINGS), DataError)

    def test_the_message_is_one_line_without_a_secret(self) -> None:
        """It names the place, and never the password."""
        found = str(explain(OperationalError(SERVER + MATTERS_OF_TIME[0]), SETTINGS))
        self.assertTrue(found.startswith("database app at db:5432: "))
        self.assertNotIn("\n", found)
        self.assertNotIn(SETTINGS.password.get_secret_value(), found)


if __name__ == "__main__":
    unittest.main()
