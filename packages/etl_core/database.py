"""The database as a repository sees it: statements in, rows as dicts out.

No driver is imported here. The default one is :mod:`etl_core.postgres`, loaded by
name when the first statement needs it, so that a plain install without the extra
``db`` still shows every ``--help``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
import importlib
import itertools
from types import TracebackType
from typing import Any, cast, Literal, Protocol, TypeVar

from typing_extensions import Self

from etl_core.calls import Call, CallHook, direct
from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError, EtlError, TransientError
from etl_core.retry import RetryPolicy

T = TypeVar("T")
Row = dict[str, Any]
Parameters = Mapping[str, Any] | Sequence[Any] | None
Isolation = Literal["read committed", "repeatable read", "serializable"]

SYSTEM = "postgresql"
DRIVER = "etl_core.postgres"
BATCH_ROWS = 2000
READS = frozenset({"select", "show", "table", "values"})


class Queries(Protocol):
    """What a repository needs of a database, inside a transaction and outside."""

    def execute_query(self, sql: str, params: Parameters = None) -> list[Row]:
        """Run a statement and return its rows; none for one that returns none."""
        ...

    def stream(
        self, sql: str, params: Parameters = None, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[Row]:
        """Yield the rows of a query, holding one batch of them in memory."""
        ...


class Session(Protocol):
    """One connection, as a driver module offers it; each method is a round trip.

    All of them raise the errors of :mod:`etl_core.errors`, and
    :class:`~etl_core.errors.TransientError` when the connection is lost.
    """

    def usable(self) -> bool:
        """Return whether an idle connection still stands; asks nobody."""
        ...

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction."""
        ...

    def execute(self, sql: str, params: Parameters) -> list[Row]:
        """Run a statement; outside a transaction it commits itself."""
        ...

    def declare(self, cursor: str, sql: str, params: Parameters) -> None:
        """Open a cursor of this name on the server, inside a transaction."""
        ...

    def fetch(self, cursor: str, rows: int) -> list[Row]:
        """Return the next rows of a cursor; fewer than asked for are the last."""
        ...

    def commit(self) -> None:
        """End the transaction and keep what it did."""
        ...

    def rollback(self) -> None:
        """End the transaction and undo what it did."""
        ...

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        ...


Connect = Callable[[DatabaseSettings], Session]


class ShownSession:
    """A session that shows every call to the hook before it is sent.

    The first transient failure ends it, whatever the hook or the server meant:
    nobody knows any more what the server did, and its transaction is over.
    """

    def __init__(self, session: Session, hook: CallHook, address: str) -> None:
        """Stand before a session.

        :param address: names the database in calls that carry no statement.
        """
        self._session = session
        self._hook = hook
        self._address = address
        self._targets: dict[str, str] = {}
        self._lost = False

    def usable(self) -> bool:
        """Return whether the next statement may be sent here."""
        return not self._lost and self._session.usable()

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction."""
        self._show(
            "execute", "BEGIN", lambda: self._session.begin(isolation, read_only)
        )

    def execute(self, sql: str, params: Parameters) -> list[Row]:
        """Run a statement."""
        return self._show(
            "execute", opening(sql), lambda: self._session.execute(sql, params)
        )

    def declare(self, cursor: str, sql: str, params: Parameters) -> None:
        """Open a cursor and remember what its fetches are about."""
        self._targets[cursor] = opening(sql)
        self._show(
            "execute", opening(sql), lambda: self._session.declare(cursor, sql, params)
        )

    def fetch(self, cursor: str, rows: int) -> list[Row]:
        """Return the next rows of a cursor."""
        return self._show(
            "fetch", self._targets[cursor], lambda: self._session.fetch(cursor, rows)
        )

    def commit(self) -> None:
        """End the transaction and keep what it did."""
        self._targets.clear()
        self._show("commit", self._address, self._session.commit)

    def rollback(self) -> None:
        """End the transaction and undo what it did."""
        self._targets.clear()
        self._show("rollback", self._address, self._session.rollback)

    def close(self) -> None:
        """End the connection; not shown, because the server does it anyway."""
        self._lost = True
        self._session.close()

    def _show(self, operation: str, target: str, send: Callable[[], T]) -> T:
        """Pass one call through the hook."""
        if self._lost:
            raise TransientError(
                f"the connection to {self._address} was lost before this statement; "
                "nothing of its transaction was kept"
            )
        try:
            return self._hook(Call(SYSTEM, operation, target), send)
        except TransientError:
            self.close()
            raise


class Transaction:
    """The :class:`Queries` of one open transaction."""

    def __init__(self, session: Session) -> None:
        """Work until the transaction ends."""
        self._session = session
        self._cursors = itertools.count(1)
        self._ended = False

    def execute_query(self, sql: str, params: Parameters = None) -> list[Row]:
        """Run a statement and return its rows; never repeated."""
        return self._alive().execute(sql, params)

    def stream(
        self, sql: str, params: Parameters = None, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[Row]:
        """Yield the rows of a query, a batch in memory at a time."""
        cursor = f"etl_cursor_{next(self._cursors)}"
        self._alive().declare(cursor, sql, params)
        rows = self._alive().fetch(cursor, batch_rows)
        while len(rows) == batch_rows:
            yield from rows
            rows = self._alive().fetch(cursor, batch_rows)
        yield from rows

    def end(self) -> None:
        """Refuse every further statement."""
        self._ended = True

    def _alive(self) -> Session:
        """Return the session while the transaction is open."""
        if self._ended:
            raise EtlError("this transaction has ended; begin another one")
        return self._session


class DatabaseClient:
    """Runs statements over one connection, made when the first one needs it.

    A lost connection is made anew before the first row, within the retry policy:
    reads are repeated, a statement that writes is sent once. In the middle of a
    stream or a transaction the loss is a
    :class:`~etl_core.errors.TransientError`.

    A client is for one thread. While a transaction or a stream of it is open, only
    that one may be used.

    :param settings: where the database is; from the environment by default.
    :param connect: opens a session; psycopg2's by default.
    :param hook: sees every call before it is sent.
    :param retry: how often a lost connection is made anew.
    """

    def __init__(
        self,
        settings: DatabaseSettings | None = None,
        connect: Connect | None = None,
        hook: CallHook = direct,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Keep the settings; connect to nothing yet."""
        self._settings = settings or DatabaseSettings.from_environment()
        self._connect = connect
        self._hook = hook
        self._retry = retry or RetryPolicy()
        self._session: Session | None = None
        self._open = ""

    def execute_query(self, sql: str, params: Parameters = None) -> list[Row]:
        """Run a statement by itself and return its rows.

        :param params: values for ``%(name)s`` or ``%s``; never part of the text.
        """
        self._require_idle()
        if _first_word(sql) in READS:
            return self._retry.call(lambda: self._ready().execute(sql, params))
        return self._retry.call(self._ready).execute(sql, params)

    def stream(
        self, sql: str, params: Parameters = None, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[Row]:
        """Yield the rows of a query from one snapshot, a batch in memory at a time."""

        def start(session: Session) -> Iterator[Row]:
            session.begin("read committed", True)
            rows = Transaction(session).stream(sql, params, batch_rows=batch_rows)
            return itertools.chain(list(itertools.islice(rows, 1)), rows)

        with self._scope("stream", start) as rows:
            yield from rows

    @contextmanager
    def transaction(
        self, *, isolation: Isolation = "repeatable read", read_only: bool = False
    ) -> Iterator[Queries]:
        """Yield what runs its statements in one transaction, on one snapshot.

        Committed at the end of the block, rolled back when the block raises.
        """

        def start(session: Session) -> Transaction:
            session.begin(isolation, read_only)
            return Transaction(session)

        with self._scope("transaction", start) as transaction:
            try:
                yield transaction
            finally:
                transaction.end()

    def close(self) -> None:
        """End the connection; the next statement makes a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the connection."""
        self.close()

    def _require_idle(self) -> None:
        """Refuse a statement that would end up in somebody else's transaction."""
        if self._open:
            raise EtlError(
                f"a {self._open} of this DatabaseClient is still open: use what "
                "transaction() yields for everything that runs meanwhile"
            )

    @contextmanager
    def _scope(self, name: str, start: Callable[[Session], T]) -> Iterator[T]:
        """Hold one session from the start, which is retried, to the commit."""
        self._require_idle()

        def begin() -> tuple[Session, T]:
            session = self._ready()
            return session, start(session)

        self._open = name
        try:
            session, value = self._retry.call(begin)
            try:
                yield value
            except BaseException:
                _roll_back(session)
                raise
            session.commit()
        finally:
            self._open = ""

    def _ready(self) -> Session:
        """Return a session that stands, and connect when there is none."""
        if self._session is None or not self._session.usable():
            self.close()
            self._session = self._connected()
        return self._session

    def _connected(self) -> Session:
        """Open a session."""
        settings = self._settings
        address = f"{settings.host}:{settings.port}/{settings.name}"
        connect = self._connect or _default_connect()
        session = self._hook(
            Call(SYSTEM, "connect", address), lambda: connect(settings)
        )
        return ShownSession(session, self._hook, address)


def opening(sql: str) -> str:
    """Return the first words of a statement, by which people know it."""
    return " ".join(sql.split()[:6])


def _first_word(sql: str) -> str:
    """Return the word that says what a statement does."""
    return sql.split(maxsplit=1)[0].lower()


def _roll_back(session: Session) -> None:
    """Undo the transaction; the server does it where the connection is lost."""
    if session.usable():
        with suppress(TransientError):
            session.rollback()


def _default_connect() -> Connect:
    """Load the driver module, which a plain install cannot import."""
    try:
        return cast(Connect, importlib.import_module(DRIVER).connect)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the PostgreSQL driver is missing ({error.name}): "
            "install the extra etl-core[db]"
        ) from error
