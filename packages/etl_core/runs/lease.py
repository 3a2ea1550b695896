"""At most one live writer a scope, fenced by an epoch.

The lease is a record that is changed by conditional put and never deleted. Whoever
wants it from a holder that is not provably dead waits until the record has not
changed for its whole time to live, measured on the waiting machine's own clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
import os
from pathlib import Path
import platform
import threading
import time
from typing import Any
import uuid

from etl_core.config import environment, RunSettings
from etl_core.errors import ConditionFailed, EtlError, LeaseHeld, LeaseLost
from etl_core.runs.records import read_record, Record, write_record
from etl_core.runs.units import utc_now
from etl_core.s3.store import ObjectRef, ObjectStore

RENEWALS = 3


@dataclass(frozen=True)
class LeaseTimes:
    """The times of a lease, in seconds, and the clock that measures them.

    :param background: renew from a thread; without it, :meth:`Lease.check` does.
    """

    to_live: float = 15.0
    renew: float = 5.0
    wait: float = 20.0
    poll: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    background: bool = True

    @classmethod
    def from_environment(cls, wait: float) -> "LeaseTimes":
        """Return the times that the environment asks for.

        :param wait: how long to wait for another holder.
        """
        to_live = RunSettings.from_environment().lease_seconds
        return cls(
            to_live=to_live,
            renew=to_live / RENEWALS,
            wait=wait,
            poll=min(cls.poll, to_live / RENEWALS),
        )


def this_process() -> dict[str, Any]:
    """Say who holds a lease, precisely enough to prove that it is dead."""
    environ = environment()
    return {
        "host": platform.node(),
        "pid": os.getpid(),
        "started": _start_of(os.getpid()),
        "boot": _read("/proc/sys/kernel/random/boot_id"),
        "namespace": _link("/proc/self/ns/pid"),
        "job": environ.get("ETL_JOB_UID"),
        "index": environ.get("JOB_COMPLETION_INDEX"),
        "pod": environ.get("HOSTNAME"),
    }


def provably_dead(holder: dict[str, Any]) -> bool:
    """Tell whether a holder lived on this very machine and is gone."""
    here = this_process()
    if any(here[name] != holder.get(name) for name in ("host", "boot", "namespace")):
        return False
    if not here["boot"] or not here["namespace"]:
        return False
    started = _start_of(int(holder["pid"]))
    return started is None or started != holder.get("started")


def seems_alive(lease: Mapping[str, Any], now: datetime | None = None) -> bool:
    """Tell whether somebody holds a lease, from its record alone.

    Whoever wants to take over watches the lease for longer: this is a guess, as good
    as the clocks of two machines agree.

    :param lease: its record; empty when there is none.
    """
    if not lease or lease["released"]:
        return False
    renewed = datetime.fromisoformat(lease["renewed"])
    silent = (now or datetime.now(timezone.utc)) - renewed
    expired = silent.total_seconds() > lease["to_live_seconds"]
    return not expired and not provably_dead(lease["holder"])


def _start_of(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; ``None`` if gone."""
    stat = _read(f"/proc/{pid}/stat")
    # proc(5): the name, in parentheses, may have blanks; behind it comes the state,
    # Z for a process that is dead and only not buried yet; field 22 is the start.
    fields = stat.rpartition(")")[2].split()
    return fields[19] if fields and fields[0] != "Z" else None


def _read(path: str) -> str:
    """Return what a file of the kernel says; empty where there is none."""
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    """Return what a link of the kernel names; empty where there is none."""
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


class Lease:
    """The right to write the state of one scope.

    :param store: where the record lies.
    :param ref: of the record.
    :param times: how long it lives and who measures.
    """

    def __init__(
        self, store: ObjectStore, ref: ObjectRef, times: LeaseTimes | None = None
    ) -> None:
        """Hold nothing yet."""
        self._store = store
        self._ref = ref
        self._times = times or LeaseTimes()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._lost = False
        self._renewed_at = 0.0
        self._record = Record({}, "")
        self._thread: threading.Thread | None = None

    @property
    def run_id(self) -> str | None:
        """The newest run of the scope."""
        return self._record.content.get("run")

    @property
    def previous_run_id(self) -> str | None:
        """The run before it, which counts while the newest has no record."""
        return self._record.content.get("previous")

    @property
    def epoch(self) -> int:
        """How often the lease was taken."""
        return int(self._record.content["epoch"])

    def acquire(self) -> None:
        """Take the lease, waiting for a holder that may be dead.

        :raises LeaseHeld: when it is still held after the time to wait.
        """
        clock = self._times.clock
        seen = read_record(self._store, self._ref)
        give_up_at, unchanged_since = clock() + self._times.wait, clock()
        while not self._take(seen, clock() - unchanged_since):
            if clock() >= give_up_at:
                raise LeaseHeld(_held(self._ref, seen))
            self._times.sleep(self._times.poll)
            now = read_record(self._store, self._ref)
            if now.etag != seen.etag:
                seen, unchanged_since = now, clock()
        if self._times.background:
            self._thread = threading.Thread(target=self._keep, daemon=True)
            self._thread.start()

    def _take(self, seen: Record, unchanged_seconds: float) -> bool:
        """Try to become the holder after the one that was seen."""
        content = seen.content
        free = not content or content["released"]
        expired = bool(content) and unchanged_seconds >= content["to_live_seconds"]
        if not (free or expired or provably_dead(content["holder"])):
            return False
        mine = {
            "epoch": content.get("epoch", 0) + 1,
            "holder": this_process(),
            "released": False,
            "renewed": utc_now(),
            "run": content.get("run"),
            "previous": content.get("previous"),
            "to_live_seconds": self._times.to_live,
            "token": uuid.uuid4().hex,
        }
        sent_at = self._times.clock()
        try:
            self._record = write_record(self._store, self._ref, mine, seen.etag)
        except ConditionFailed:
            return False
        self._renewed_at = sent_at
        return True

    def check(self) -> None:
        """Return when the lease is held for certain.

        :raises LeaseLost: when it is not; nothing more may be written then.
        """
        age = self._times.clock() - self._renewed_at
        due = not self._times.background and age > self._times.renew
        if not self._lost and (due or age > self._times.to_live):
            self._renew()
        if self._lost:
            raise LeaseLost(
                f"{self._ref.url} was taken over by another process; this one stops "
                "and writes nothing more"
            )

    def name_run(self, run_id: str, previous: str | None) -> None:
        """Make a run the newest of the scope."""
        self._write(run=run_id, previous=previous)

    def release(self) -> None:
        """Let go; harmless when the lease was lost."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
        if not self._lost and self._record.content:
            try:
                self._write(released=True)
            except LeaseLost:
                return

    def _keep(self) -> None:
        """Renew until released or lost."""
        while not self._stopped.wait(self._times.renew) and not self._lost:
            try:
                self._renew()
            except EtlError:
                continue  # check() gives up when the time to live is over

    def _renew(self) -> None:
        """Show that the holder lives."""
        try:
            self._write(renewed=utc_now(), token=uuid.uuid4().hex)
        except LeaseLost:
            return

    def _write(self, **changes: object) -> None:
        """Change the record, if it is still ours.

        :raises LeaseLost: when it is not.
        """
        with self._lock:
            # Others may count from the moment it was sent; the answer can be late.
            sent_at = self._times.clock()
            try:
                self._record = write_record(
                    self._store,
                    self._ref,
                    {**self._record.content, **changes},
                    self._record.etag,
                )
            except ConditionFailed as error:
                self._lost = True
                raise LeaseLost(
                    f"{self._ref.url} was taken over by another process; this one "
                    "stops and writes nothing more"
                ) from error
            self._renewed_at = sent_at


def _held(ref: ObjectRef, record: Record) -> str:
    """Say who holds the lease."""
    holder = record.content["holder"]
    return (
        f"another process works on this scope: pid {holder['pid']} on "
        f"{holder['host']}, since {record.content['renewed']} ({ref.url}); wait "
        "for it, or raise --lease-wait"
    )
