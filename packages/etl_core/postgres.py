"""PostgreSQL through psycopg2: sessions for :mod:`etl_core.database`.

The connection is an asynchronous one that is waited for here, statement by
statement. A blocking one would sit in libpq, deaf to SIGTERM and without a limit
when the server falls silent; this one is woken by signals and gives up.
"""

from collections.abc import Sequence
import re
import selectors
import time

import psycopg2
from psycopg2 import errorcodes, extensions

from etl_core.config import DatabaseSettings
from etl_core.database import Isolation, Parameters, Row
from etl_core.errors import ConfigError, DataError, EtlError, TransientError

APPLICATION = "etl-platform"
# The server's own limit should speak first, because its answer says more.
GRACE_SECONDS = 5.0
EVENTS = {
    extensions.POLL_READ: selectors.EVENT_READ,
    extensions.POLL_WRITE: selectors.EVENT_WRITE,
}

# An error while connecting has no SQLSTATE in psycopg2, and its words are in the
# language of the server. Only these mean that a person must act; whatever is not
# understood counts as passing, so that a busy server never fails a run for good.
SERVER_REFUSALS = (
    (
        re.compile(r"no such database|database .* does not exist", re.IGNORECASE),
        "check DATABASE_NAME, or create the database",
    ),
    (
        re.compile(r"pg_hba\.conf"),
        "allow this host and role in pg_hba.conf, or check DATABASE_SSLMODE",
    ),
    (
        re.compile(
            r"password|authenticat|no such user|credentials|\brole\b", re.IGNORECASE
        ),
        "check DATABASE_USER and DATABASE_PASSWORD",
    ),
    (
        re.compile(r"permission denied|not permitted", re.IGNORECASE),
        "grant the role CONNECT on the database",
    ),
)
LOCAL_REFUSALS = (
    (re.compile(r"no password supplied"), "set DATABASE_PASSWORD"),
    (
        re.compile(r"does not support SSL|\bcertificate\b"),
        "check DATABASE_SSLMODE and the certificates",
    ),
)
# libpq puts two blanks after the severity of what a server said, in any language.
_ANSWERED = re.compile(r"\w:  \S")
_ADDRESS = re.compile(r"^connection to server (at|on socket) .*? failed: ")

SCHEMA_HINT = "run `etl-database-schema migrate`"
MISTAKES = {
    errorcodes.UNDEFINED_TABLE: SCHEMA_HINT,
    errorcodes.UNDEFINED_COLUMN: SCHEMA_HINT,
    errorcodes.INVALID_SCHEMA_NAME: SCHEMA_HINT,
    errorcodes.INSUFFICIENT_PRIVILEGE: "grant the role what the statement needs",
    errorcodes.INVALID_CATALOG_NAME: "check DATABASE_NAME",
    errorcodes.INVALID_PASSWORD: "check DATABASE_USER and DATABASE_PASSWORD",
}
PASSING = {
    errorcodes.QUERY_CANCELED: "raise DATABASE_STATEMENT_TIMEOUT_SECONDS if the "
    "statement may take that long",
    errorcodes.LOCK_NOT_AVAILABLE: "start again",
    errorcodes.IDLE_IN_TRANSACTION_SESSION_TIMEOUT: "start again",
}
# The classes of SQLSTATE that pass by themselves: lost connections, rollbacks for
# the sake of others, a server without resources, an operator at work.
PASSING_CLASSES = ("08", "40", "53", "57", "58")
BROKEN_DATA_CLASSES = ("21", "22", "23")


def connect(settings: DatabaseSettings) -> "PostgresSession":
    """Open a session.

    :raises TransientError: when the server cannot be reached or is not ready.
    :raises ConfigError: when it refuses the role, the password or the database.
    """
    where = describe(settings)
    try:
        connection = psycopg2.connect(
            host=settings.host,
            port=settings.port,
            dbname=settings.name,
            user=settings.user,
            password=settings.password.get_secret_value(),
            sslmode=settings.sslmode,
            application_name=APPLICATION,
            async_=True,
            keepalives=1,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
        _wait(connection, settings.connect_timeout_seconds)
    except SilenceError as error:
        raise TransientError(
            f"no answer from {where} within {settings.connect_timeout_seconds} s; "
            "check DATABASE_HOST, DATABASE_PORT and the network"
        ) from error
    except psycopg2.Error as error:
        raise _refusal(error, where) from error
    session = PostgresSession(connection, where, settings.statement_timeout_seconds)
    session.execute(
        "SELECT set_config('statement_timeout', %s, false)",
        [f"{settings.statement_timeout_seconds}s"],
    )
    return session


def describe(settings: DatabaseSettings) -> str:
    """Return where the database is and as whom; no password."""
    place = f"{settings.host}:{settings.port}/{settings.name}"
    return f"{place} as {settings.user}"


class SilenceError(Exception):
    """The server did not answer in time."""


class PostgresSession:
    """One connection in autocommit mode; see :class:`etl_core.database.Session`.

    :param where: names the server and the role in messages.
    :param limit_seconds: of one statement or fetch, which the server enforces too.
    """

    def __init__(
        self, connection: extensions.connection, where: str, limit_seconds: float
    ) -> None:
        """Take over an established connection."""
        self._connection = connection
        self._where = where
        self._limit = limit_seconds + GRACE_SECONDS

    def usable(self) -> bool:
        """Return whether an idle connection still stands.

        Nobody sends to an idle client but a server that says goodbye.
        """
        if self._connection.closed:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            return not selector.select(0)

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction."""
        mode = "READ ONLY" if read_only else "READ WRITE"
        self._run(f"BEGIN ISOLATION LEVEL {isolation.upper()} {mode}")

    def execute(self, sql: str, params: Parameters) -> list[Row]:
        """Run a statement and return its rows."""
        return self._run(sql, params)

    def declare(self, cursor: str, sql: str, params: Parameters) -> None:
        """Open a cursor on the server."""
        self._run(f"DECLARE {cursor} NO SCROLL CURSOR FOR {sql}", params)

    def fetch(self, cursor: str, rows: int) -> list[Row]:
        """Return the next rows of a cursor."""
        return self._run(f"FETCH FORWARD {rows:d} FROM {cursor}")

    def commit(self) -> None:
        """End the transaction and keep what it did.

        A server that gave the transaction up answers ROLLBACK, and no error.
        """
        cursor = self._finish("COMMIT", None)
        if cursor.statusmessage != "COMMIT":
            raise EtlError(
                f"the transaction was rolled back ({self._where}): a statement in it "
                "failed, and its error was not raised"
            )

    def rollback(self) -> None:
        """End the transaction and undo what it did."""
        self._run("ROLLBACK")

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _run(self, sql: str, params: Parameters = None) -> list[Row]:
        """Send a statement and return its rows."""
        return _rows(self._finish(sql, params))

    def _finish(self, sql: str, params: Parameters) -> extensions.cursor:
        """Send a statement and wait for its end.

        An interruption leaves an unfinished statement behind, and with it a
        connection that is of no more use.
        """
        try:
            cursor = self._connection.cursor()
            cursor.execute(sql, params)
            _wait(self._connection, self._limit)
        except SilenceError as error:
            self.close()
            raise TransientError(
                f"no answer from {self._where} within {self._limit:.0f} s"
            ) from error
        except psycopg2.Error as error:
            raise self._failure(error) from error
        except BaseException:
            if self._connection.isexecuting():
                self.close()
            raise
        return cursor

    def _failure(self, error: psycopg2.Error) -> EtlError:
        """Return what to raise for an error of the driver."""
        if not error.pgcode:
            return self._broken(error)
        said = f"{_line(error.diag.message_primary or error)} ({self._where})"
        return _explain(error.pgcode, said)

    def _broken(self, error: psycopg2.Error) -> EtlError:
        """An error without an answer of the server: mostly a lost connection."""
        said = _line(error)
        if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
            self.close()
            return TransientError(f"lost the connection to {self._where}: {said}")
        return EtlError(f"{said} ({self._where})")


def _wait(connection: extensions.connection, limit_seconds: float) -> None:
    """Wait until the connection has done what was asked of it.

    :raises SilenceError: after the limit.
    """
    deadline = time.monotonic() + limit_seconds
    while (state := connection.poll()) != extensions.POLL_OK:
        with selectors.DefaultSelector() as selector:
            # Registered anew each time: while connecting, libpq changes sockets.
            selector.register(connection, EVENTS[state])
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise SilenceError


def _rows(cursor: extensions.cursor) -> list[Row]:
    """Return the rows of a finished statement as dicts."""
    if cursor.description is None:
        return []
    names = [column.name for column in cursor.description]
    _require_distinct(names)
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _require_distinct(names: Sequence[str]) -> None:
    """Refuse column names of which a dict would lose one."""
    if len(set(names)) < len(names):
        raise EtlError(
            f"a query returns two columns of one name: {', '.join(names)}; "
            "give them aliases"
        )


def _refusal(error: psycopg2.Error, where: str) -> EtlError:
    """Return what to raise when no connection came about."""
    said = _line(error)
    rules = SERVER_REFUSALS if _ANSWERED.search(str(error)) else LOCAL_REFUSALS
    for pattern, remedy in rules:
        if pattern.search(said):
            return ConfigError(f"cannot log in to {where}: {said}; {remedy}")
    return TransientError(
        f"cannot reach {where}: {said}; check DATABASE_HOST and DATABASE_PORT if it "
        "lasts"
    )


def _explain(code: str, said: str) -> EtlError:
    """Return what to raise for a state that the server reported."""
    if code in MISTAKES:
        return ConfigError(f"{said}; {MISTAKES[code]}")
    if code in PASSING:
        return TransientError(f"{said}; {PASSING[code]}")
    if code.startswith(PASSING_CLASSES):
        return TransientError(said)
    if code.startswith(BROKEN_DATA_CLASSES):
        return DataError(said)
    return EtlError(f"{said}, SQLSTATE {code}")


def _line(error: object) -> str:
    """Return a message in one line, without the address that we name ourselves."""
    lines = [_ADDRESS.sub("", line).strip() for line in str(error).splitlines()]
    return " ".join("; ".join(line for line in lines if line).split())
