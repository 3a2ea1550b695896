"""The command line, without a database."""

from contextlib import redirect_stderr, redirect_stdout
import io
import os
import unittest
from unittest import mock

from etl_core.errors import ExitCode
from etl_database_schema.agencies.models import Agency
from etl_database_schema.cli.main import main

NOWHERE = {
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "1",
    "DATABASE_NAME": "app",
    "DATABASE_USER": "etl",
    "DATABASE_PASSWORD": "a-password-nobody-may-see",
}
UNSET = dict.fromkeys(NOWHERE, "")


class MainTest(unittest.TestCase):
    """The verbs, called in this process."""

    def run_main(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Return the exit code and what was written to both streams."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, {**UNSET, **variables}),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            return main(arguments), out.getvalue(), err.getvalue()

    def test_check_is_satisfied(self) -> None:
        """No variable has to be set to compare models with migrations."""
        self.assertEqual(
            (ExitCode.OK, "every model has its migrations\n", ""),
            self.run_main("check"),
        )

    def test_check_names_what_has_no_migration(self) -> None:
        """A change of a model is told with its app."""
        with mock.patch.dict(Agency._meta.original_attrs, db_table_comment="Other."):
            code, _, err = self.run_main("check")
        self.assertEqual(ExitCode.USAGE, code)
        self.assertIn("agencies: Alter agency table comment", err)

    def test_what_needs_a_database_names_the_missing_variables(self) -> None:
        """Each missing variable is in the one line."""
        for verb in ("migrate", "show"):
            with self.subTest(verb=verb):
                code, out, err = self.run_main(verb)
                self.assertEqual((ExitCode.USAGE, ""), (code, out))
                for name in ("DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER"):
                    self.assertIn(f"{name}: required", err)

    def test_an_unreachable_database_is_a_matter_of_time(self) -> None:
        """The exit code invites another attempt, and no secret is shown."""
        code, _, err = self.run_main("migrate", **NOWHERE)
        self.assertEqual(ExitCode.TRANSIENT, code)
        self.assertIn("127.0.0.1:1/app as etl", err)
        self.assertNotIn(NOWHERE["DATABASE_PASSWORD"], err)

    def test_without_a_verb_the_usage_is_shown(self) -> None:
        """The exit code is argparse's own."""
        with self.assertRaises(SystemExit) as raised:
            self.run_main()
        self.assertEqual(ExitCode.USAGE, raised.exception.code)

    def test_help_begins_with_examples_and_names_the_variables(self) -> None:
        """What to type and what to set are both in the help."""
        out = io.StringIO()
        with redirect_stdout(out), self.assertRaises(SystemExit):
            main(["--help"])
        self.assertIn("etl-database-schema migrate documents zero", out.getvalue())
        self.assertIn("DATABASE_SSLMODE", out.getvalue())


if __name__ == "__main__":
    unittest.main()
