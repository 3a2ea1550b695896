"""One attempt of a run, from the plan to the closed ledger, in the order it happens.

A crash between any two calls leaves work that the next attempt finds: effects first,
then the journal that names them, then ledger, manifest and index, and last the
record that makes them count.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path

from etl_core.errors import TransientError
from etl_core.progress import Progress
from etl_core.readers import QuarantineLimit
from etl_core.runs.closing import Closed, Closing, Manifest
from etl_core.runs.decisions import Task
from etl_core.runs.effects import Effect, Verdicts
from etl_core.runs.journal import Journal
from etl_core.runs.lease import Lease
from etl_core.runs.merge import Cursor, merged
from etl_core.runs.plan import Plan
from etl_core.runs.quarantine import QuarantineWatch
from etl_core.runs.run import Run, RunSpec
from etl_core.runs.spool import LineWriter, read_lines
from etl_core.runs.state import is_journal
from etl_core.runs.survey import Past, Survey
from etl_core.runs.units import Line, PENDING, Unit
from etl_core.s3.copies import abort_all
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectStore
from etl_core.stop import StopSignal
from etl_core.support.breaker import CircuitBreaker


@dataclass(frozen=True)
class Work:
    """What every attempt of a job is made of.

    :param effect: what is made for each unit.
    :param manifest: opens the manifest at a local path.
    :param check_source: whether sources are listed to find those that changed.
    :param workers: how many effects are made at once.
    :param limit: how many units may be quarantined.
    """

    effect: Effect
    manifest: Callable[[Path], Manifest]
    workers: int
    limit: QuarantineLimit
    check_source: bool = False


class Attempt:
    """Makes one attempt.

    :param store: of the destination and the state.
    :param spec: what the run is to do.
    :param run: the run, opened.
    :param lease: is held, and checked before anything that counts is written.
    :param folder: for local files.
    """

    def __init__(
        self, store: ObjectStore, spec: RunSpec, run: Run, lease: Lease, folder: Path
    ) -> None:
        """Fetch the index that the run works from."""
        self._store = store
        self._spec = spec
        self._run = run
        self._lease = lease
        self._folder = folder
        self._decided = folder / "decided.ndjson.gz"
        self._journal = Journal(store, run.state, folder, lease.check)
        past = Past(run.run_id, run.attempt - 1, run.index)
        self._survey = Survey(store, spec, run.state.scope, past, folder)

    def make_effects(self, plan: Plan, work: Work, stop: StopSignal) -> None:
        """Decide for every unit and make the effects that are needed.

        :raises TransientError: when some units failed for now, or the store does.
        :raises DeadlineReached: when the time is over; like the above, the journal
            is stored and the run stays open.
        """
        with LineWriter(self._decided) as decided, Progress(plan.listed) as progress:
            decisions = self._survey.decisions(plan, work.check_source)
            # Polled here too: between two tasks there may be a million unchanged units.
            until_stop = takewhile(lambda _: not stop.requested, decisions)
            tasks = self._tasks(until_stop, decided, progress)
            try:
                self._work_off(tasks, plan.listed, work, stop, progress)
            finally:
                self._journal.flush()
        stop.check()
        self._clean_up(plan)
        if self._journal.pending:
            raise TransientError(
                f"{self._journal.pending} units failed for now; start the same command "
                f"again to continue run {self._run.run_id}"
            )

    def close(self, plan: Plan, work: Work) -> Closed:
        """Settle every unit and store the files of the run.

        :raises ReconciliationError: when the stored ledger is not complete.
        """
        lines = merged(
            read_lines(self._decided, Line),
            self._journal.sorted_lines(),
            key=lambda line: line.destination.key,
        )
        # The first listing still holds when nothing was written since.
        listing = self._survey.listing(plan) if self._journal.done else None
        state, opened = self._run.state, work.manifest
        check = self._lease.check
        with Closing(self._store, state, self._folder, opened, check) as closing:
            carry = closing.carry if self._spec.partial else None
            old_index = Cursor(self._survey.index, lambda entry: entry.key, carry)
            closing.write(plan, lines, listing, old_index)
            return closing.finish(plan.listed)

    def _work_off(
        self,
        tasks: Iterator[Task],
        listed: int,
        work: Work,
        stop: StopSignal,
        progress: Progress,
    ) -> None:
        """Make the effects, several at once, and note what became of each."""
        verdicts = Verdicts(self._spec.bucket, self._run.attempt)
        watch = QuarantineWatch(work.limit.of(listed))
        breaker = CircuitBreaker()
        for line in work.effect.perform(tasks, verdicts, work.workers, stop):
            self._journal.add(line)
            self._lease.check()
            progress.advance(1, line.source.size or 0)
            watch.see(line)
            breaker.record(line.outcome != PENDING)
        watch.check()

    def _tasks(
        self,
        decisions: Iterable[tuple[Unit, Line | Task]],
        decided: LineWriter,
        progress: Progress,
    ) -> Iterator[Task]:
        """Yield what is to be done; write down what needs nothing."""
        for _, decision in decisions:
            if isinstance(decision, Task):
                yield decision
            else:
                decided.write(decision)
                progress.advance(1, 0)

    def _clean_up(self, plan: Plan) -> None:
        """Remove what dead attempts and lost answers left behind.

        That is parts of large objects, and files of attempts that never closed: the
        record of the run names this attempt since it began, so they can count no more.
        """
        if self._run.attempt > 1 or self._journal.done:
            left = self._store.uploads(self._spec.bucket, self._spec.prefix)
            # Mostly there are none, and then the plan need not be read once more.
            if left:
                ours = {upload.ref.key for upload in left}
                ours.intersection_update(unit.destination for unit in plan.units())
                abort_all(self._store, [it for it in left if it.ref.key in ours])
        if self._run.attempt > 1:
            bucket, dead = self._run.state.scope.bucket, self._run.dead_attempts
            found = chain.from_iterable(
                list_objects(self._store, bucket, it.files) for it in dead
            )
            keys = {it.key for it in found if not is_journal(it.key)}
            self._store.delete(bucket, sorted(keys))
