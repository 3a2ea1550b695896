"""DatabaseClient over PostgreSQL: the embedded server, or the genuine one named."""

from collections.abc import Iterator
from contextlib import contextmanager
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any
import unittest

from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.errors import (
    ConfigError,
    DataError,
    EtlError,
    Terminated,
    TransientError,
)
from etl_core.retry import NO_RETRY, RetryPolicy
from etl_core.testing.contracts import DatabaseContract, NUMBERS
from etl_core.testing.crashpoints import CallRecorder
from etl_core.testing.ports import free_port, LOOPBACK
from etl_core.testing.postgres import postgres_server

WITHOUT_WAITING = RetryPolicy(attempts=3, sleep=lambda seconds: None)
OWN_PID = "SELECT pg_backend_pid() AS pid"
KILL = "SELECT pg_terminate_backend(%(pid)s, 5000)"
COUNT = "SELECT count(*) AS n FROM item"
INSERT = "INSERT INTO item (id) VALUES (%(id)s)"


class DatabaseTest(unittest.TestCase):
    """A database with an empty table, a client of it, and a second one."""

    settings: DatabaseSettings

    @classmethod
    def setUpClass(cls) -> None:
        """Make a database for the class."""
        server = postgres_server()
        cls.settings = server.fresh_database()
        cls.addClassCleanup(server.drop_database, cls.settings)

    def setUp(self) -> None:
        """Connect nothing yet, and begin with an empty table."""
        self.recorder = CallRecorder()
        self.client = DatabaseClient(
            self.settings, hook=self.recorder, retry=WITHOUT_WAITING
        )
        self.addCleanup(self.client.close)
        self.other = DatabaseClient(self.settings, retry=NO_RETRY)
        self.addCleanup(self.other.close)
        self.other.execute_query("DROP TABLE IF EXISTS item")
        self.other.execute_query("CREATE TABLE item (id int PRIMARY KEY)")

    def kill_session(self, pid: int) -> None:
        """End the connection of the client on the server."""
        self.other.execute_query(KILL, {"pid": pid})

    def count(self) -> int:
        """Return how many rows others see."""
        return int(self.other.execute_query(COUNT)[0]["n"])

    def changed(self, **changes: Any) -> DatabaseClient:  # noqa: ANN401 (any setting)
        """Return a client with other settings."""
        settings = DatabaseSettings.model_validate(self.settings.model_dump() | changes)
        client = DatabaseClient(settings, retry=NO_RETRY)
        self.addCleanup(client.close)
        return client


class ContractTest(DatabaseContract, DatabaseTest):
    """The server does what every database does."""


class StatementTest(DatabaseTest):
    """Single statements."""

    def test_statement_commits_itself(self) -> None:
        """Others see a write at once; a statement without rows returns none."""
        self.assertEqual([], self.client.execute_query(INSERT, {"id": 1}))
        self.assertEqual(1, self.count())

    def test_values_are_bound(self) -> None:
        """A hostile value is a value; a percent sign without parameters is itself."""
        hostile = "'; DROP TABLE item; --"
        rows = self.client.execute_query("SELECT %s AS v", [hostile])
        self.assertEqual([{"v": hostile}], rows)
        self.assertEqual(
            [{"v": "100 %"}], self.client.execute_query("SELECT '100 %' AS v")
        )

    def test_two_columns_of_one_name(self) -> None:
        """A dict would lose one of them, so the query is refused."""
        with self.assertRaisesRegex(EtlError, "two columns of one name: a, a"):
            self.client.execute_query("SELECT 1 AS a, 2 AS a")

    def test_session_is_named_and_limited(self) -> None:
        """Operators see who it is, and the server knows the time limit."""
        client = self.changed(statement_timeout_seconds=7)
        row = client.execute_query(
            "SELECT current_setting('application_name') AS name,"
            " current_setting('statement_timeout') AS time_limit"
        )[0]
        self.assertEqual({"name": "etl-platform", "time_limit": "7s"}, row)

    def test_large_answer(self) -> None:
        """An answer larger than any socket buffer arrives as a whole."""
        rows = self.client.execute_query("SELECT repeat('x', 50000000) AS v")
        self.assertEqual(50_000_000, len(rows[0]["v"]))


class LossTest(DatabaseTest):
    """The connection is cut on the server."""

    def pid(self) -> int:
        """Return the process of the client's connection."""
        return int(self.client.execute_query(OWN_PID)[0]["pid"])

    def test_idle_loss_is_mended(self) -> None:
        """A read and a write after an idle loss go over a new connection."""
        for sql in (COUNT, "DELETE FROM item"):
            with self.subTest(sql=sql):
                pid = self.pid()
                self.kill_session(pid)
                self.client.execute_query(sql)
                self.assertNotEqual(pid, self.pid())

    def test_idle_loss_before_a_transaction_is_mended(self) -> None:
        """The transaction begins on a new connection."""
        self.kill_session(self.pid())
        with self.client.transaction() as queries:
            queries.execute_query(INSERT, {"id": 1})
        self.assertEqual(1, self.count())

    def test_loss_in_a_transaction(self) -> None:
        """The transaction fails for now, and nothing of it stays."""
        with self.assertRaises(TransientError), self.client.transaction() as queries:
            queries.execute_query(INSERT, {"id": 1})
            self.kill_session(int(queries.execute_query(OWN_PID)[0]["pid"]))
            queries.execute_query(INSERT, {"id": 2})
        self.assertEqual(0, self.count())
        self.client.execute_query(INSERT, {"id": 3})
        self.assertEqual(1, self.count())

    def test_loss_at_the_commit(self) -> None:
        """A commit without an answer is never taken for one."""
        with self.assertRaises(TransientError), self.client.transaction() as queries:
            queries.execute_query(INSERT, {"id": 1})
            self.kill_session(int(queries.execute_query(OWN_PID)[0]["pid"]))
        self.assertEqual(0, self.count())

    def test_loss_in_a_stream(self) -> None:
        """A stream that lost its connection ends with an error, not early."""
        pid = self.pid()
        rows = self.client.stream(NUMBERS, {"last": 1000}, batch_rows=10)
        taken = [next(rows) for _ in range(10)]
        self.kill_session(pid)
        with self.assertRaises(TransientError):
            taken.extend(rows)
        self.assertEqual(10, len(taken))


class TransactionTest(DatabaseTest):
    """Snapshots and their ends."""

    def test_snapshot(self) -> None:
        """What others write meanwhile is not seen, neither by query nor stream."""
        with self.client.transaction(read_only=True) as queries:
            self.assertEqual([{"n": 0}], queries.execute_query(COUNT))
            self.other.execute_query(INSERT, {"id": 1})
            self.assertEqual([{"n": 0}], queries.execute_query(COUNT))
            self.assertEqual([], list(queries.stream("SELECT id FROM item")))
        self.assertEqual([{"n": 1}], self.client.execute_query(COUNT))

    def test_read_only(self) -> None:
        """A read-only transaction refuses to write."""
        with (
            self.assertRaisesRegex(EtlError, "read-only transaction"),
            self.client.transaction(read_only=True) as queries,
        ):
            queries.execute_query(INSERT, {"id": 1})

    def test_rollback(self) -> None:
        """An error in the block undoes what was done."""
        with self.assertRaises(ZeroDivisionError), self.client.transaction() as queries:
            queries.execute_query(INSERT, {"id": 1})
            raise ZeroDivisionError
        self.assertEqual(0, self.count())

    def test_swallowed_error_is_no_commit(self) -> None:
        """A failed statement whose error is swallowed fails the transaction."""
        with (
            self.assertRaisesRegex(EtlError, "was rolled back"),
            self.client.transaction() as queries,
        ):
            queries.execute_query(INSERT, {"id": 1})
            with self.assertRaises(DataError):
                queries.execute_query(INSERT, {"id": 1})
        self.assertEqual(0, self.count())
        self.client.execute_query(INSERT, {"id": 2})
        self.assertEqual(1, self.count())

    def test_serialization_failure_is_transient(self) -> None:
        """A conflict with another transaction passes when the run starts again."""
        self.other.execute_query(INSERT, {"id": 1})
        with self.assertRaises(TransientError), self.client.transaction() as queries:
            queries.execute_query(COUNT)
            self.other.execute_query("UPDATE item SET id = 2")
            queries.execute_query("UPDATE item SET id = 3")

    def test_stream_leaves_no_transaction_open(self) -> None:
        """After a stream, read to its end or not, the session is idle."""
        pid = self.client.execute_query(OWN_PID)[0]["pid"]
        for take in (3, 100):
            with self.subTest(take=take):
                rows = self.client.stream(NUMBERS, {"last": 100}, batch_rows=10)
                for _ in range(take):
                    next(rows)
                list(rows) if take == 100 else rows.close()  # type: ignore[attr-defined]
                state = self.other.execute_query(
                    "SELECT state FROM pg_stat_activity WHERE pid = %(pid)s",
                    {"pid": pid},
                )
                self.assertEqual([{"state": "idle"}], state)


class MessageTest(DatabaseTest):
    """What is wrong, where, and what to do; and nothing secret."""

    def refused(self, client: DatabaseClient, sql: str = "SELECT 1") -> EtlError:
        """Return the error of a statement."""
        with self.assertRaises(EtlError) as caught:
            client.execute_query(sql)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        password = self.settings.password.get_secret_value()
        if password:
            self.assertNotIn(password, message)
        return caught.exception

    def assert_config(self, error: EtlError, *parts: str) -> None:
        """A person has to act, and is told what, where and how."""
        self.assertIsInstance(error, ConfigError, error)
        for part in parts:
            self.assertIn(part, str(error))

    def assert_transient(self, error: EtlError, *parts: str) -> None:
        """It passes by itself."""
        self.assertIsInstance(error, TransientError, error)
        for part in parts:
            self.assertIn(part, str(error))

    def test_wrong_password(self) -> None:
        """The variables to check are named, the password is not."""
        error = self.refused(self.changed(password="hunter2"))
        self.assert_config(error, self.settings.user, "DATABASE_PASSWORD")
        self.assertNotIn("hunter2", f"{error} {error!r} {error.__cause__!r}")

    def test_no_password(self) -> None:
        """A missing password is said to be missing."""
        self.assert_config(self.refused(self.changed(password="")), "DATABASE_PASSWORD")

    def test_unknown_role(self) -> None:
        """The role is named."""
        error = self.refused(self.changed(user="stranger"))
        self.assert_config(error, "as stranger", "DATABASE_USER")

    def test_unknown_database(self) -> None:
        """The database is named."""
        error = self.refused(self.changed(name="nowhere"))
        self.assert_config(error, "/nowhere", "DATABASE_NAME")

    def test_missing_table(self) -> None:
        """The remedy is to migrate."""
        error = self.refused(self.client, "SELECT * FROM attachment_of_nobody")
        self.assert_config(error, "attachment_of_nobody", "etl-database-schema migrate")

    def test_permission_denied(self) -> None:
        """The table is named."""
        with (
            self.assertRaises(ConfigError) as caught,
            self.client.transaction() as queries,
        ):
            queries.execute_query("CREATE ROLE reader")
            queries.execute_query("SET LOCAL ROLE reader")
            queries.execute_query(COUNT)
        self.assert_config(caught.exception, "permission denied", "item", "grant")

    def test_syntax_error_is_a_bug(self) -> None:
        """A statement that no server understands is nobody's configuration."""
        error = self.refused(self.client, "SELEC 1")
        self.assertEqual(1, int(error.exit_code))
        self.assertIn("42601", str(error))

    def test_nobody_listens(self) -> None:
        """A refused connection names the address and passes."""
        port = free_port()
        error = self.refused(self.changed(host=LOOPBACK, port=port))
        self.assert_transient(error, f"{LOOPBACK}:{port}", "DATABASE_HOST")

    def test_no_socket(self) -> None:
        """A folder without a socket is the same."""
        self.assert_transient(self.refused(self.changed(host="/")), "/:")

    def test_unknown_host(self) -> None:
        """A name that does not resolve passes, because name servers fail too."""
        error = self.refused(self.changed(host="database.invalid"))
        self.assert_transient(error, "database.invalid")

    def test_server_without_tls(self) -> None:
        """TLS that the server does not offer is named."""
        with self.fake_server(b"N") as port:
            client = self.changed(host=LOOPBACK, port=port, sslmode="require")
            self.assert_config(self.refused(client), "SSL", "DATABASE_SSLMODE")

    def test_too_many_connections_and_starting_up(self) -> None:
        """A server that is full, or not ready, passes; so does what is not known."""
        for words in (
            "sorry, too many clients already",
            "the database system is starting up",
            "die Datenbank startet gerade",
        ):
            with self.subTest(words=words), self.fake_server(_fatal(words)) as port:
                client = self.changed(host=LOOPBACK, port=port, sslmode="disable")
                self.assert_transient(self.refused(client), words)

    def test_refusals_of_proxies(self) -> None:
        """Poolers refuse in words of their own."""
        for words in (
            "no such user",
            "no such database: app",
            'no pg_hba.conf entry for host "10.0.0.1"',
            "This RDS proxy has no credentials for the role app",
        ):
            with self.subTest(words=words), self.fake_server(_fatal(words)) as port:
                client = self.changed(host=LOOPBACK, port=port, sslmode="disable")
                self.assert_config(self.refused(client), words)

    @contextmanager
    def fake_server(self, answer: bytes) -> Iterator[int]:
        """Answer the first message of every client with these bytes."""
        with socket.create_server((LOOPBACK, free_port())) as server:
            server.settimeout(0.1)
            alive = True

            def serve() -> None:
                while alive:
                    try:
                        peer, _ = server.accept()
                    except TimeoutError:
                        continue
                    with peer:
                        peer.recv(4096)
                        peer.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield server.getsockname()[1]
            finally:
                alive = False
                thread.join()


class LimitTest(DatabaseTest):
    """Nothing waits for ever."""

    def test_silent_server(self) -> None:
        """A server that takes the connection and says nothing is given up."""
        with socket.create_server((LOOPBACK, free_port())) as server:
            port = server.getsockname()[1]
            client = self.changed(host=LOOPBACK, port=port, connect_timeout_seconds=1)
            began = time.monotonic()
            with self.assertRaisesRegex(TransientError, "no answer .* within 1 s"):
                client.execute_query("SELECT 1")
            self.assertLess(time.monotonic() - began, 3)

    def test_statement_limit(self) -> None:
        """The server ends a statement at the limit, and that passes."""
        client = self.changed(statement_timeout_seconds=1)
        with self.assertRaisesRegex(TransientError, "STATEMENT_TIMEOUT_SECONDS"):
            client.execute_query("SELECT pg_sleep(20)")

    def test_signal_interrupts_a_statement(self) -> None:
        """SIGTERM is heard while the server works, and the connection is dropped."""

        def stop(number: int, frame: FrameType | None) -> None:
            raise Terminated

        self.addCleanup(signal.signal, signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, stop)
        self.client.execute_query(COUNT)
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with self.assertRaises(Terminated):
            self.client.execute_query("SELECT pg_sleep(20)")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual([{"n": 0}], self.client.execute_query(COUNT))


def _fatal(words: str) -> bytes:
    """Return an error message of the protocol, as a server sends it."""
    fields = b"SFATAL\0VFATAL\0CXX000\0M" + words.encode() + b"\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


if __name__ == "__main__":
    unittest.main()
