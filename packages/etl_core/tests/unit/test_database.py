"""Unit tests of :mod:`etl_core.database`, over sessions that fail on command."""

from collections.abc import Callable
import sys
from typing import TypeVar
import unittest
from unittest import mock

from etl_core.calls import Call
from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient, opening, Session
from etl_core.errors import ConfigError, EtlError, TransientError
from etl_core.retry import RetryPolicy
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.testing.database import FakeDatabase

T = TypeVar("T")

ROWS = "SELECT id FROM attachment"
WRITE = "UPDATE attachment SET size = %(size)s"
WITHOUT_WAITING = RetryPolicy(attempts=3, sleep=lambda seconds: None)


class Script:
    """A hook that fails at given calls and keeps the names of all."""

    def __init__(self, *failing: int) -> None:
        """Fail at these calls, counted from 1."""
        self.failing = failing
        self.operations: list[str] = []

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Send, or lose the connection."""
        self.operations.append(call.operation)
        if len(self.operations) in self.failing:
            raise TransientError(f"lost at {len(self.operations)}")
        return send()


class DatabaseClientTest(unittest.TestCase):
    """Five rows and a statement that writes."""

    def client(self, *failing: int) -> FakeDatabase:
        """Return a client that loses its connection at these calls."""
        self.script = Script(*failing)
        return FakeDatabase(
            {ROWS: [{"id": n} for n in range(5)], WRITE: []},
            hook=self.script,
            retry=WITHOUT_WAITING,
        )

    def test_connects_when_first_needed_and_once(self) -> None:
        """Statements share one connection."""
        client = self.client()
        self.assertEqual([], self.script.operations)
        client.execute_query(ROWS)
        self.assertEqual(5, len(client.execute_query(ROWS)))
        self.assertEqual(["connect", "execute", "execute"], self.script.operations)

    def test_calls_name_their_target(self) -> None:
        """A call shows the address or the first words, never a parameter."""
        recorder = CallRecorder()
        client = FakeDatabase({WRITE: []}, hook=recorder)
        client.execute_query(WRITE, {"size": 4711})
        self.assertEqual(
            [
                Call("postgresql", "connect", "fake:5432/fake"),
                Call("postgresql", "execute", "UPDATE attachment SET size = %(size)s"),
            ],
            recorder.calls,
        )

    def test_opening_is_six_words(self) -> None:
        """A long statement is known by its first words, in one line."""
        self.assertEqual(
            "SELECT a, b FROM t WHERE", opening("SELECT a,\n b FROM t WHERE c")
        )

    def test_lost_read_is_repeated_on_a_new_connection(self) -> None:
        """A read does not mind the loss of its connection."""
        client = self.client(2)
        self.assertEqual(5, len(client.execute_query(ROWS)))
        self.assertEqual(
            ["connect", "execute", "connect", "execute"], self.script.operations
        )

    def test_lost_write_is_not_repeated(self) -> None:
        """Nobody knows whether it happened, so it is not sent twice."""
        client = self.client(2)
        with self.assertRaisesRegex(TransientError, "lost at 2"):
            client.execute_query(WRITE, {"size": 1})
        self.assertEqual(["connect", "execute"], self.script.operations)

    def test_failed_connect_of_a_write_is_repeated(self) -> None:
        """Connecting changes nothing, so it is tried again for any statement."""
        client = self.client(1, 2)
        client.execute_query(WRITE, {"size": 1})
        self.assertEqual(
            ["connect", "connect", "connect", "execute"], self.script.operations
        )

    def test_gives_up_after_the_attempts_of_the_policy(self) -> None:
        """A database that stays away is a transient error."""
        with self.assertRaisesRegex(TransientError, "lost at 3"):
            self.client(1, 2, 3).execute_query(ROWS)

    def test_stream_yields_every_batch(self) -> None:
        """The last batch is the one that is short, also when it is empty."""
        for batch_rows, fetches in ((2, 3), (5, 2), (9, 1)):
            with self.subTest(batch_rows=batch_rows):
                client = self.client()
                rows = list(client.stream(ROWS, batch_rows=batch_rows))
                self.assertEqual([{"id": n} for n in range(5)], rows)
                self.assertEqual(
                    ["connect", "execute", "execute", *["fetch"] * fetches, "commit"],
                    self.script.operations,
                )

    def test_stream_reconnects_before_the_first_row(self) -> None:
        """Until a row is out, the stream starts anew."""
        for failing in (1, 2, 3, 4):
            with self.subTest(failing=failing):
                self.assertEqual(5, len(list(self.client(failing).stream(ROWS))))

    def test_stream_is_never_continued(self) -> None:
        """After the first row a loss ends the stream with an error."""
        client = self.client(5)
        rows = client.stream(ROWS, batch_rows=2)
        self.assertEqual([{"id": 0}, {"id": 1}], [next(rows), next(rows)])
        with self.assertRaisesRegex(TransientError, "lost at 5"):
            next(rows)
        self.assertEqual([], self.script.operations[5:])

    def test_abandoned_stream_is_rolled_back(self) -> None:
        """The connection is free again for the next statement."""
        client = self.client()
        rows = client.stream(ROWS, batch_rows=2)
        next(rows)
        rows.close()  # type: ignore[attr-defined]
        self.assertEqual("rollback", self.script.operations[-1])
        self.assertEqual(5, len(client.execute_query(ROWS)))

    def test_transaction_commits(self) -> None:
        """What runs in the block is committed once, at its end."""
        client = self.client()
        with client.transaction() as queries:
            queries.execute_query(WRITE, {"size": 1})
            self.assertEqual(5, len(list(queries.stream(ROWS, batch_rows=2))))
            self.assertEqual(0, client.committed)
        self.assertEqual((1, 0), (client.committed, client.rolled_back))

    def test_transaction_rolls_back(self) -> None:
        """An error in the block undoes it and reaches the caller."""
        client = self.client()
        with self.assertRaises(ZeroDivisionError), client.transaction():
            raise ZeroDivisionError
        self.assertEqual((0, 1), (client.committed, client.rolled_back))

    def test_loss_in_a_transaction_is_final(self) -> None:
        """Whoever swallows the loss still cannot go on, nor commit."""
        client = self.client(3)
        with (
            self.assertRaisesRegex(TransientError, "was lost before"),
            client.transaction() as queries,
        ):
            for message in ("lost at 3", "nothing of its transaction"):
                with self.assertRaisesRegex(TransientError, message):
                    queries.execute_query(WRITE, {"size": 1})
        self.assertEqual(["connect", "execute", "execute"], self.script.operations)
        self.assertEqual(5, len(client.execute_query(ROWS)))

    def test_lost_rollback_does_not_hide_the_error(self) -> None:
        """The server rolls back by itself; what went wrong is what is raised."""
        with self.assertRaises(ZeroDivisionError), self.client(3).transaction():
            raise ZeroDivisionError

    def test_ended_transaction_is_of_no_use(self) -> None:
        """A statement after the block would run outside of it."""
        client = self.client()
        with client.transaction() as queries:
            pass
        with self.assertRaisesRegex(EtlError, "has ended"):
            queries.execute_query(ROWS)

    def test_one_thing_at_a_time(self) -> None:
        """A statement beside an open transaction or stream is refused."""
        client = self.client()
        with client.transaction():
            with self.assertRaisesRegex(EtlError, "a transaction .* still open"):
                client.execute_query(ROWS)
            with self.assertRaisesRegex(EtlError, "a transaction .* still open"):
                next(client.stream(ROWS))
        rows = client.stream(ROWS)
        next(rows)
        with self.assertRaisesRegex(EtlError, "a stream .* still open"):
            client.execute_query(ROWS)

    def test_closed_client_connects_again(self) -> None:
        """Leaving the block closes; the next statement opens."""
        with self.client() as client:
            client.execute_query(ROWS)
        client.execute_query(ROWS)
        self.assertEqual(2, self.script.operations.count("connect"))

    def test_death_is_not_tidied_up(self) -> None:
        """After a crash neither commit nor rollback is sent."""
        hook = CrashAt(3, Moment.AFTER)
        client = FakeDatabase({WRITE: []}, hook=hook)
        with self.assertRaises(Crashed), client.transaction() as queries:
            queries.execute_query(WRITE, {"size": 1})
        self.assertEqual((0, 0), (client.committed, client.rolled_back))
        self.assertEqual(1, len(client.calls))


class DefaultsTest(unittest.TestCase):
    """What a client does when nothing is injected."""

    def test_settings_from_the_environment(self) -> None:
        """The connection goes where the variables say."""
        seen: list[DatabaseSettings] = []

        def connect(settings: DatabaseSettings) -> Session:
            seen.append(settings)
            raise ConfigError("enough")

        variables = {"DATABASE_HOST": "h", "DATABASE_NAME": "n", "DATABASE_USER": "u"}
        with mock.patch.dict("os.environ", variables), self.assertRaises(ConfigError):
            DatabaseClient(connect=connect).execute_query(ROWS)
        self.assertEqual(("h", "n", "u"), (seen[0].host, seen[0].name, seen[0].user))

    def test_driver_is_missing(self) -> None:
        """A plain install says which extra to install."""
        settings = DatabaseSettings.model_validate(
            {"host": "h", "name": "n", "user": "u"}
        )
        hidden = {"psycopg2": None, "etl_core.postgres": None}
        with mock.patch.dict(sys.modules, hidden):
            del sys.modules["etl_core.postgres"]
            with self.assertRaisesRegex(
                ConfigError, r"install the extra etl-core\[db\]"
            ):
                DatabaseClient(settings).execute_query(ROWS)


if __name__ == "__main__":
    unittest.main()
