"""Measures commands: what they took of the machine, and what the server counted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any, NamedTuple

from data_pipeline.tests.performance.copies.contestants import (
    COMMANDS,
    Entry,
    JOB,
    Places,
    SLOWED,
    WHOLE_SOURCE,
)
from data_pipeline.tests.performance.copies.endpoint import (
    compiled,
    DESTINATION,
    Endpoint,
    endpoint,
    HERE,
)
from data_pipeline.tests.performance.copies.rows import (
    environment,
    Rows,
    rows,
    succeeded,
)
from etl_core.errors import EtlError

MEMORY = Path("/dev/shm")  # noqa: S108 (memory, where there is such a place)
SECONDS = 3600
REFUSED_SHARE = 0.05
CONTROL_CONNECTION = 1


class WrongResult(EtlError):
    """A contestant did not do what is measured."""


class Sample(NamedTuple):
    """What one contestant took for one task, once.

    :param cpu: of the client and its children, in seconds.
    :param server_cpu: of the server meanwhile.
    :param result: what a job printed.
    """

    entry: Entry
    began: float
    wall: float
    cpu: float
    peak_mib: float
    requests: int
    connections: int
    server_cpu: float
    first_request: float
    result: Mapping[str, Any]

    def facts(self) -> dict[str, Any]:
        """Return what is kept of it."""
        kept = self._asdict()
        entry: Entry = kept.pop("entry")
        del kept["result"], kept["began"], kept["first_request"]
        return {**entry._asdict(), **kept}


@dataclass(frozen=True)
class Bench:
    """All that a measured run needs.

    :param latency_ms: how long the server takes for each request.
    :param source: how many source objects there are, and of which size.
    """

    server: Endpoint
    rows: Rows
    places: Places
    latency_ms: float
    source: dict[str, int]

    def measure(self, entry: Entry) -> Sample:
        """Let one contestant do one task into an empty destination.

        :raises WrongResult: when it did something else.
        """
        self.prepare(entry)
        command = COMMANDS[entry.contestant](entry, self.places)
        sample = self.take(entry, command)
        copied = self.server.count()
        ok = (
            succeeded(sample.result, entry.objects)
            if entry.contestant == JOB
            else copied == entry.objects
        )
        if not ok:
            raise WrongResult(
                f"{entry.contestant} was to copy {entry.objects} objects; there are "
                f"{copied}: {' '.join(command)}"
            )
        self.empty()
        return sample

    def prepare(self, entry: Entry) -> None:
        """Have the objects and rows of a task."""
        exact = entry.contestant in WHOLE_SOURCE
        self.fill(entry.objects, entry.size, exact=exact)
        if entry.contestant == JOB:
            self.rows.have(entry.objects, entry.size)
        self.empty()
        refused = REFUSED_SHARE if entry.task == SLOWED else 0
        self.server.control("set", latency_ms=self.latency_ms, slow_down=refused)

    def fill(self, count: int, size: int, *, exact: bool = False) -> None:
        """Have source objects; more than are wanted are left where that is the same."""
        there = self.source.get("count", 0)
        enough = there == count if exact else there >= count
        if not enough or self.source.get("size") != size:
            self.server.fill(count, size)
            self.source.update(count=count, size=size)

    def empty(self) -> None:
        """Have nothing at the destination, and no bytes on their way."""
        self.server.control("clear", bucket=DESTINATION)
        for left in self.places.scratch.iterdir():
            left.unlink()

    def take(self, entry: Entry, command: Sequence[str], **more: str) -> Sample:
        """Run a command among the variables of the bench and count.

        :param more: variables beside them.
        :raises WrongResult: when it fails.
        """
        self.server.control("reset")
        running = self.start(entry.contestant, command, **more)
        try:
            return self.finished(entry, running)
        except BaseException:
            # Without its server a client would go on trying for minutes.
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            raise

    def start(
        self, name: str, command: Sequence[str], **more: str
    ) -> "subprocess.Popen[str]":
        """Start a command that is measured; its facts go to a file of this name."""
        return subprocess.Popen(
            [sys.executable, str(HERE / "launch.py"), str(self._facts(name)), *command],
            env={**environment(self.rows, self.server), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finished(self, entry: Entry, running: "subprocess.Popen[str]") -> Sample:
        """Wait for a command and return what it took.

        :raises WrongResult: when it failed.
        """
        printed, complaints = running.communicate(timeout=SECONDS)
        if running.returncode:
            raise WrongResult(
                f"{entry.contestant} ended with {running.returncode}: "
                f"{(complaints or printed)[-2000:]}"
            )
        took = json.loads(self._facts(entry.contestant).read_text())
        counted = self.server.control("stats")
        return Sample(
            entry=entry,
            requests=counted["total"],
            connections=counted["connections"] - CONTROL_CONNECTION,
            server_cpu=counted["cpu_seconds"],
            first_request=counted["first_request"],
            result=_result(printed),
            **took,
        )

    def _facts(self, name: str) -> Path:
        """Return where the facts of a command are written."""
        return self.places.folder / f"facts of {name}"


def _result(printed: str) -> Mapping[str, Any]:
    """Return the JSON object in the last line, if there is one."""
    last = printed.splitlines()[-1:]
    found: Mapping[str, Any] = (
        json.loads(last[0]) if last and last[0][:1] == "{" else {}
    )
    return found


@contextmanager
def bench(latency_ms: float) -> Iterator[Bench]:
    """Have server, database and programs until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as name:
        folder = Path(name)
        memory = MEMORY if MEMORY.is_dir() else None
        scratch = Path(tempfile.mkdtemp(prefix="etl-bench-", dir=memory))
        try:
            with endpoint(folder) as server, rows() as table:
                places = Places(compiled("floor", folder), server.port, folder, scratch)
                yield Bench(server, table, places, latency_ms, {})
        finally:
            shutil.rmtree(scratch)
