"""Bring the application database to the state that the models describe.

Examples::

    etl-database-schema migrate
    etl-database-schema migrate documents zero --plan
"""

import argparse
from collections.abc import Callable, Sequence
import sys
from typing import TextIO

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, EtlError, ExitCode
from etl_database_schema.migrate import differences, migrate, show

Verb = Callable[[argparse.Namespace, TextIO], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; an error is one line on stderr."""
    arguments = _parse(argv)
    verb: Verb = arguments.verb
    try:
        verb(arguments, sys.stdout)
    except EtlError as error:
        sys.stderr.write(f"etl-database-schema: {error}\n")
        return int(error.exit_code)
    return int(ExitCode.OK)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="etl-database-schema",
        description=__doc__,
        epilog="The database is named by the variables "
        f"{', '.join(DatabaseSettings.VARIABLES.values())}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    migrating = verbs.add_parser("migrate", help="apply the migrations")
    migrating.add_argument(
        "--plan", action="store_true", help="only tell what would be done"
    )
    migrating.add_argument("app", nargs="?", metavar="APP", help="only this app")
    migrating.add_argument(
        "migration",
        nargs="?",
        metavar="MIGRATION",
        help="go forwards or backwards to this one; zero takes all back",
    )
    migrating.set_defaults(verb=_migrate)
    showing = verbs.add_parser("show", help="list the migrations, applied or not")
    showing.set_defaults(verb=_show)
    checking = verbs.add_parser(
        "check", help="fail when a model has changed without a migration"
    )
    checking.set_defaults(verb=_check)
    return parser.parse_args(argv)


def _migrate(arguments: argparse.Namespace, out: TextIO) -> None:
    """Apply the migrations, or show the plan."""
    target = [part for part in (arguments.app, arguments.migration) if part]
    migrate(DatabaseSettings.from_environment(), target, arguments.plan, out)


def _show(arguments: argparse.Namespace, out: TextIO) -> None:
    """List the migrations."""
    show(DatabaseSettings.from_environment(), out)


def _check(arguments: argparse.Namespace, out: TextIO) -> None:
    """Compare the models with the migrations."""
    found = differences()
    if found:
        raise ConfigError(f"make a migration for: {'; '.join(found)}")
    out.write("every model has its migrations\n")


if __name__ == "__main__":
    sys.exit(main())
