"""What errors of the database mean for whoever started the command."""

import unittest

from django import db

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, DataError, EtlError, TransientError
from etl_database_schema.connection import connected, explain

SECRET = "a-password-nobody-may-see"
SETTINGS = DatabaseSettings.from_environment(
    {
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": "1",
        "DATABASE_NAME": "app",
        "DATABASE_USER": "etl",
        "DATABASE_PASSWORD": SECRET,
    }
)
MEANINGS: tuple[tuple[db.Error, type[EtlError]], ...] = (
    (db.OperationalError("server closed the connection"), TransientError),
    (
        db.OperationalError("canceling statement due to statement timeout"),
        TransientError,
    ),
    (db.ProgrammingError("permission denied for schema public"), ConfigError),
    (db.InternalError("cannot execute in a read-only transaction"), ConfigError),
    (db.IntegrityError("violates check constraint"), DataError),
    (db.DataError("value too long"), DataError),
)


class ConnectionTest(unittest.TestCase):
    """Errors as Django passes them on, and a place where nobody listens."""

    def test_each_kind_of_error_names_who_has_to_act(self) -> None:
        """Time mends what the server could not do, people mend the rest."""
        for error, meaning in MEANINGS:
            with self.subTest(error=error):
                self.assertIs(meaning, type(explain(error, SETTINGS)))

    def test_the_message_is_one_line_without_a_secret(self) -> None:
        """It names the place and the role, and never the password."""
        found = str(explain(db.OperationalError("gone\n\tReally?\n"), SETTINGS))
        self.assertTrue(found.startswith("gone (127.0.0.1:1/app as etl); "), found)
        self.assertNotIn("\n", found)
        self.assertNotIn(SECRET, found)

    def test_nobody_listens(self) -> None:
        """The block is not entered without a connection."""
        with self.assertRaisesRegex(TransientError, "refused"), connected(SETTINGS):
            self.fail("entered")


if __name__ == "__main__":
    unittest.main()
