"""The console script as a process of its own, on a real PostgreSQL."""

import os
import subprocess
import sys
import unittest

from etl_core.config import DatabaseSettings
from etl_core.errors import ExitCode
from etl_core.testing.postgres import variables
from etl_database_schema.migrate import migrate
from etl_database_schema.tests.database import empty_database

SECRET = "a-password-nobody-may-see"


class CommandTest(unittest.TestCase):
    """A database without tables, named by the variables."""

    def setUp(self) -> None:
        """Make the database."""
        database = empty_database()
        self.settings: DatabaseSettings = database.__enter__()
        self.addCleanup(database.__exit__, None, None, None)

    def run_command(
        self, *arguments: str, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the module with the variables of the database, some changed."""
        return subprocess.run(
            [sys.executable, "-m", "etl_database_schema.cli.main", *arguments],
            env={
                **os.environ,
                **variables(self.settings),
                "DJANGO_SETTINGS_MODULE": "",
                **changes,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def assert_refused(
        self, code: ExitCode, reason: str, done: subprocess.CompletedProcess[str]
    ) -> None:
        """One line says why, and holds neither a traceback nor the password."""
        self.assertEqual(code, done.returncode, done.stderr)
        self.assertRegex(done.stderr, reason)
        self.assertEqual(1, done.stderr.count("\n"), done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)

    def test_migrate_applies_and_takes_back(self) -> None:
        """Forwards tells each migration, backwards too."""
        forwards = self.run_command("migrate")
        self.assertEqual((0, ""), (forwards.returncode, forwards.stderr))
        self.assertIn("Applying documents.0002_composite_keys... OK", forwards.stdout)
        backwards = self.run_command("migrate", "agencies", "zero")
        self.assertEqual((0, ""), (backwards.returncode, backwards.stderr))
        self.assertIn("Unapplying agencies.0001_initial... OK", backwards.stdout)

    def test_plan_tells_and_changes_nothing(self) -> None:
        """After a plan everything is still to be applied."""
        self.assertIn("agencies.0001", self.run_command("migrate", "--plan").stdout)
        self.assertNotIn("[X]", self.run_command("show").stdout)

    def test_show_lists_the_migrations(self) -> None:
        """Nothing is left open after a migration."""
        migrate(self.settings)
        shown = self.run_command("show").stdout
        self.assertEqual((4, 0), (shown.count("[X]"), shown.count("[ ]")))

    def test_check_needs_no_database(self) -> None:
        """The models agree with the migrations, whatever the variables say."""
        done = self.run_command("check", DATABASE_HOST="", DATABASE_NAME="")
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_a_missing_variable_is_named(self) -> None:
        """The line tells which variable to set."""
        done = self.run_command("migrate", DATABASE_NAME="")
        self.assert_refused(ExitCode.USAGE, "DATABASE_NAME: required", done)

    def test_nobody_answers(self) -> None:
        """An unreachable database is a matter of time."""
        for verb in ("migrate", "show"):
            done = self.run_command(
                verb,
                DATABASE_HOST="127.0.0.1",
                DATABASE_PORT="1",
                DATABASE_PASSWORD=SECRET,
            )
            self.assert_refused(ExitCode.TRANSIENT, "refused", done)

    def test_a_wrong_password_is_a_mistake(self) -> None:
        """The line says what to check, and does not repeat the password."""
        done = self.run_command("migrate", DATABASE_PASSWORD=SECRET)
        self.assert_refused(ExitCode.USAGE, "check DATABASE_USER and DATABASE_P", done)

    def test_an_unknown_role_is_a_mistake(self) -> None:
        """Trying again would not help, so the exit code says so."""
        done = self.run_command(
            "migrate", DATABASE_USER="nobody_here", DATABASE_PASSWORD=SECRET
        )
        self.assert_refused(ExitCode.USAGE, "nobody_here", done)

    def test_an_unknown_database_is_a_mistake(self) -> None:
        """The line names the database that is not there."""
        done = self.run_command("show", DATABASE_NAME="no_such_database")
        self.assert_refused(ExitCode.USAGE, "no_such_database", done)

    def test_an_unknown_app_is_a_mistake(self) -> None:
        """The line names the app that is not there."""
        done = self.run_command("migrate", "invoices")
        self.assert_refused(ExitCode.USAGE, "invoices", done)


if __name__ == "__main__":
    unittest.main()
