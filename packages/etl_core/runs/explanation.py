"""Why an object is where it is, or why it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from etl_core.errors import ObjectMissing
from etl_core.runs.archive import Archive, RunName, StoredRun
from etl_core.runs.ledger import read_parts
from etl_core.runs.run import CLOSED
from etl_core.runs.units import Line, Outcome
from etl_core.s3.store import ObjectHead, ObjectRef


class Judged(NamedTuple):
    """What one run said of an object."""

    run: StoredRun
    line: Line


@dataclass
class History:
    """What the runs of one scope said of an object, the newest first.

    :param newest: the newest closed run that judged all units of the scope.
    :param gone_since: that run, when it had no unit for the object any more.
    :param last: the last word on it.
    :param made: who made it, when the last word is that it is unchanged.
    """

    newest: StoredRun | None = None
    gone_since: StoredRun | None = None
    last: Judged | None = None
    made: Judged | None = None


class Explainer:
    """Looks an object up in the ledgers, of which one part at a time is read.

    :param archive: where the runs are recorded.
    :param program: the console script, for commands to copy.
    :param folder: for local files.
    """

    def __init__(self, archive: Archive, program: str, folder: Path) -> None:
        """Read nothing yet."""
        self._archive = archive
        self._program = program
        self._folder = folder

    def explain(self, ref: ObjectRef) -> dict[str, Any]:
        """Return what is known of an object, and in a sentence what that means."""
        state = self._archive.state
        head = self._head(ref)
        if ref.bucket == state.bucket and ref.key.startswith(state.key):
            because = "the records of runs are kept here; no unit is"
            return _answer(ref, head, "state", because)
        histories = [self._history(ref, names, head) for names in self._scopes(ref)]
        for history in histories:
            if history.last:
                return self._judged(ref, head, history, history.last)
        return _answer(ref, head, *_unjudged(histories, head))

    def _head(self, ref: ObjectRef) -> ObjectHead | None:
        """Return what lies there now."""
        try:
            return self._archive.store.head(ref)
        except ObjectMissing:
            return None

    def _scopes(self, ref: ObjectRef) -> Iterator[list[RunName]]:
        """Yield the scopes whose objects lie around here; one record shows it."""
        for names in self._archive.scopes():
            for run in self._archive.read_all(names[-1:]):
                place = run.destination
                if place.bucket == ref.bucket and ref.key.startswith(place.key):
                    yield names

    def _history(
        self, ref: ObjectRef, names: list[RunName], head: ObjectHead | None
    ) -> History:
        """Go back until it is known who made the object, or that nobody did."""
        history = History()
        for run in self._archive.newest_first(names):
            if run.status != CLOSED:
                continue
            line = self._line(run, ref.key)
            if run.complete and not history.newest:
                history.newest = run
                history.gone_since = None if line or history.last else run
            if line:
                history.last = history.last or Judged(run, line)
                history.made = Judged(run, line)
            if self._is_known(history, head):
                break
        return history

    def _is_known(self, history: History, head: ObjectHead | None) -> bool:
        """Tell whether older runs have nothing to add."""
        if history.made:
            return history.made.line.outcome != Outcome.UNCHANGED.value
        return head is None and history.newest is not None

    def _line(self, run: StoredRun, key: str) -> Line | None:
        """Return what the ledger of a run says of a key."""
        parts = [part for part in run.parts if part.first <= key <= part.last]
        store, bucket = self._archive.store, run.scope.bucket
        for stored in read_parts(store, bucket, parts, self._folder):
            if stored["destination"]["key"] == key:
                return Line.from_json(stored)
        return None

    def _judged(
        self, ref: ObjectRef, head: ObjectHead | None, history: History, last: Judged
    ) -> dict[str, Any]:
        """Return the answer for an object that a unit stands for."""
        run, line = history.made or last
        status, because = _status(last, head)
        if history.gone_since:
            status = "left_over"
            because += f"; run {history.gone_since.run_id} had no row for it any more"
        quarantined = last.line.outcome == Outcome.QUARANTINED.value
        return {
            **_answer(ref, head, status, because),
            "unit": line.unit,
            "outcome": last.line.outcome,
            "reason": last.line.reason,
            "source": ObjectRef(line.source.bucket, line.source.key).url,
            "source_version": line.source.version,
            "source_etag": line.source.etag,
            "job": run.job,
            "version": run.content["version"],
            "run_id": run.run_id,
            "attempt": line.attempt,
            "at": line.at,
            "last_run_id": last.run.run_id,
            "replay": self._replay(last) if quarantined else None,
        }

    def _replay(self, last: Judged) -> str:
        """Return the command that tries a quarantined unit again."""
        return (
            f"{self._program} replay {last.run.run_id} --reason {last.line.reason} "
            f"--state {self._archive.state.url}"
        )


def _status(last: Judged, head: ObjectHead | None) -> tuple[str, str]:
    """Return in a word and in a sentence what became of a unit."""
    run_id, line = last.run.run_id, last.line
    if line.outcome in (Outcome.SKIPPED.value, Outcome.QUARANTINED.value):
        return line.outcome, f"run {run_id} {line.outcome} its unit: {line.reason}"
    if head is None:
        return "removed", f"run {run_id} left it in place, and it was removed since"
    if (head.etag, head.size) != (line.destination.etag, line.destination.size):
        return "changed", f"run {run_id} left another content, it was replaced since"
    return "made", f"its unit is {line.outcome}, as run {run_id} found"


def _unjudged(histories: list[History], head: ObjectHead | None) -> tuple[str, str]:
    """Return in a word and in a sentence why no unit stands for an object."""
    newest = next((it.newest for it in histories if it.newest), None)
    if head:
        return "extra", "it was written by nobody we know: no recorded run has a row"
    if newest:
        return "no_row", f"run {newest.run_id}, the newest, has no row with this key"
    if histories:
        return "no_row", "no complete run of its scope is closed, and no other has it"
    return "unknown", "no recorded run writes below this prefix; check --state"


def _answer(
    ref: ObjectRef, head: ObjectHead | None, status: str, because: str
) -> dict[str, Any]:
    """Return what is said of every object."""
    return {
        "object": ref.url,
        "status": status,
        "because": because,
        "present": head is not None,
        "size": head.size if head else None,
        "etag": head.etag if head else None,
    }
