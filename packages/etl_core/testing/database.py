"""A database in memory: the real client over a session that knows its answers."""

from collections.abc import Callable, Iterator, Mapping
import itertools
from typing import NamedTuple

from etl_core.calls import CallHook, direct
from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient, Isolation, Parameters, Row
from etl_core.errors import TransientError
from etl_core.retry import NO_RETRY, RetryPolicy

Answer = list[Row] | Exception | Callable[[Parameters], list[Row]]

SETTINGS = DatabaseSettings.model_validate(
    {"host": "fake", "name": "fake", "user": "fake"}
)


class Statement(NamedTuple):
    """One statement that the database was asked."""

    sql: str
    params: Parameters


class FakeDatabase(DatabaseClient):
    """A :class:`~etl_core.database.DatabaseClient` that answers by statement.

    Transactions, streams, hook and retry are the real ones; only the server is not.

    :param answers: for each statement its rows, an error to raise, or a function of
        the parameters that returns rows. A statement without an answer is an error.
    :param hook: sees every call before it is done.
    :param retry: how a lost connection is made anew; not at all by default.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        hook: CallHook = direct,
        retry: RetryPolicy = NO_RETRY,
    ) -> None:
        """Know the answers."""
        self.answers = dict(answers or {})
        self.calls: list[Statement] = []
        self.committed = 0
        self.rolled_back = 0
        super().__init__(SETTINGS, lambda settings: FakeSession(self), hook, retry)

    def answer(self, sql: str, params: Parameters) -> list[Row]:
        """Return copies of the rows of a statement and remember that it was asked."""
        self.calls.append(Statement(sql, params))
        if sql not in self.answers:
            raise AssertionError(f"FakeDatabase has no answer for: {sql.strip()}")
        known = self.answers[sql]
        if isinstance(known, Exception):
            raise known
        rows = known(params) if callable(known) else known
        return [dict(row) for row in rows]


class FakeSession:
    """A :class:`~etl_core.database.Session` of a fake database."""

    def __init__(self, database: FakeDatabase) -> None:
        """Stand until it is closed."""
        self._database = database
        self._cursors: dict[str, Iterator[Row]] = {}
        self._closed = False

    def usable(self) -> bool:
        """Return whether the session still stands."""
        return not self._closed

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction, which isolates nothing here."""
        self._require_open()

    def execute(self, sql: str, params: Parameters) -> list[Row]:
        """Return the rows of the answer."""
        self._require_open()
        return self._database.answer(sql, params)

    def declare(self, cursor: str, sql: str, params: Parameters) -> None:
        """Keep the rows of the answer for the fetches."""
        self._cursors[cursor] = iter(self.execute(sql, params))

    def fetch(self, cursor: str, rows: int) -> list[Row]:
        """Return the next rows."""
        self._require_open()
        return list(itertools.islice(self._cursors[cursor], rows))

    def commit(self) -> None:
        """Count the commit."""
        self._require_open()
        self._cursors.clear()
        self._database.committed += 1

    def rollback(self) -> None:
        """Count the rollback; what answers did is not undone."""
        self._require_open()
        self._cursors.clear()
        self._database.rolled_back += 1

    def close(self) -> None:
        """End the session."""
        self._closed = True

    def _require_open(self) -> None:
        """Refuse to work on after the end."""
        if self._closed:
            raise TransientError("the connection to the fake database is lost")
