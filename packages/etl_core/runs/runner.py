"""Runs the units of a job; killed at any instant, it is simply started again."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
import math
from pathlib import Path
import time
from typing import Any, NamedTuple

from etl_core import logs
from etl_core.calls import CallCounter
from etl_core.config import MetricsSettings
from etl_core.errors import ExitCode
from etl_core.metrics import RunMetrics
from etl_core.options import RunOptions
from etl_core.runs.attempt import Attempt, Work
from etl_core.runs.closing import Manifest
from etl_core.runs.decisions import Task
from etl_core.runs.effects import Effect
from etl_core.runs.lease import Lease, LeaseTimes
from etl_core.runs.ledger import Totals
from etl_core.runs.plan import LIST_PAGE, Plan, spool_plan, UnitSource
from etl_core.runs.preview import Forecast, plan_file, planned
from etl_core.runs.replay import origin_of
from etl_core.runs.run import Run, RunOpener, RunSpec
from etl_core.runs.shards import ShardedRun
from etl_core.runs.spool import local_folder
from etl_core.runs.state import ScopeState
from etl_core.runs.survey import NOTHING, Past, Survey
from etl_core.runs.units import Outcome
from etl_core.s3.store import ObjectStore
from etl_core.stop import StopSignal

RECONCILED = "reconciled"
QUARANTINED = "quarantined"
PLANNED = "planned"

logger = logs.get_logger()


class JobParts(NamedTuple):
    """What a job brings to a run.

    :param source: where its units come from.
    :param effect: what is made for each.
    :param manifest: opens its manifest at a local path.
    :param check_source: whether sources are listed to find those that changed.
    """

    source: UnitSource
    effect: Effect
    manifest: Callable[[Path], Manifest]
    check_source: bool = False


class Runner:
    """Runs what a job is to do, or says what it would do.

    :param store: of the destination and the state.
    :param options: what every job is asked for.
    :param calls: what counts the requests of the store.
    :param stop: asks to stop.
    :param lease: times of the lease.
    :param metrics: of this run; written when it ends, however it ends.
    """

    def __init__(
        self,
        store: ObjectStore,
        options: RunOptions,
        calls: CallCounter,
        stop: StopSignal | None = None,
        lease: LeaseTimes | None = None,
        metrics: RunMetrics | None = None,
    ) -> None:
        """Start the clock of the deadline."""
        self._store = store
        self._options = options
        self._calls = calls
        self._stop = (stop or StopSignal()).limited(options.deadline_seconds)
        self._times = lease or LeaseTimes.from_environment(options.lease_wait_seconds)
        self._metrics = metrics
        self._began = time.monotonic()

    def run(self, spec: RunSpec, parts: JobParts) -> dict[str, Any]:
        """Run, and return what is printed: totals, and where everything lies.

        :raises EtlError: with the exit code that the failure means.
        """
        scope = ScopeState.of(self._options.state, spec.bucket, spec.job, spec.scope)
        options, origin = self._options, origin_of(self._options)
        opener = RunOpener(self._store, scope, spec, options.run_id, origin)
        with local_folder() as folder:
            if self._options.dry_run:
                return self._preview(spec, parts, scope, opener.peek(), folder)
            with self._measured():
                return self._run(spec, parts, opener, folder)

    def _run(
        self, spec: RunSpec, parts: JobParts, opener: RunOpener, folder: Path
    ) -> dict[str, Any]:
        """Run under the lease of the scope."""
        lease = Lease(self._store, opener.scope.lease, self._times)
        lease.acquire()
        try:
            # Before the run is opened: a start that cannot even list leaves no run.
            plan = spool_plan(parts.source, folder / "plan.ndjson.gz")
            shards = self._join(spec, opener.scope)
            run = opener.open(lease)
            logs.bind(run=run.run_id)
            if run.result is not None:
                logger.info("the run is closed already")
                result = run.result
            else:
                logger.info(
                    "attempt begins",
                    attempt=run.attempt,
                    listed=plan.listed,
                    state=run.state.url,
                )
                attempt = Attempt(self._store, spec, run, lease, folder)
                result = self._complete(spec, parts, run, attempt, plan)
            if shards is None:
                return result
            return {**result, "all_shards": shards.merge(run.run_id, folder)}
        finally:
            lease.release()

    def _join(self, spec: RunSpec, scope: ScopeState) -> ShardedRun | None:
        """Agree with the other shards, if this is one."""
        if self._options.shard is None:
            return None
        origin = origin_of(self._options)
        shards = ShardedRun(self._store, scope, spec, self._options, origin)
        shards.join()
        return shards

    def _complete(
        self, spec: RunSpec, parts: JobParts, run: Run, attempt: Attempt, plan: Plan
    ) -> dict[str, Any]:
        """Make the effects of an attempt, and close its run."""
        work = Work(
            parts.effect,
            parts.manifest,
            self._options.concurrency,
            self._options.max_quarantined,
            parts.check_source,
        )
        attempt.make_effects(plan, work, self._stop)
        closed = attempt.close(plan, work)
        result = self._result(spec, run, plan, closed.totals)
        run.close(result, closed.files)
        logger.info(
            "run is closed", seconds=result["seconds"], **closed.totals.outcomes
        )
        if self._metrics:
            self._metrics.units(closed.totals.outcomes, closed.totals.bytes)
        return result

    def _result(
        self, spec: RunSpec, run: Run, plan: Plan, totals: Totals
    ) -> dict[str, Any]:
        """Return what is printed of a closed run."""
        bad = totals.outcomes[Outcome.QUARANTINED.value]
        return {
            "job": spec.job,
            "run_id": run.run_id,
            "status": QUARANTINED if bad else RECONCILED,
            "attempt": run.attempt,
            "listed": plan.listed,
            **totals.outcomes,
            "bytes": totals.bytes,
            "seconds": self._seconds(),
            "reasons": totals.reasons,
            "requests": self._calls.totals("s3"),
            "ledger": run.state.url,
            "manifest": run.state.manifest.url,
            "quarantine": run.state.quarantine.url,
        }

    def _preview(
        self,
        spec: RunSpec,
        parts: JobParts,
        scope: ScopeState,
        newest: Run | None,
        folder: Path,
    ) -> dict[str, Any]:
        """Say what a run would do."""
        plan = spool_plan(parts.source, folder / "plan.ndjson.gz")
        past = _past(spec, newest)
        survey = Survey(self._store, spec, scope, past, folder)
        forecast = Forecast(plan.listed)
        with plan_file(self._options.plan_file) as file:
            for unit, decision in survey.decisions(plan, parts.check_source):
                entry = planned(unit, decision)
                file.write(entry)
                if isinstance(decision, Task):
                    needed = parts.effect.requests(unit, decision.in_place)
                    forecast.requests.update(needed)
                forecast.see(entry)
        pages = math.ceil(max(plan.listed, 1) / LIST_PAGE)
        forecast.requests["ListObjectsV2"] += pages * (2 if forecast.make else 1)
        return {
            "job": spec.job,
            "run_id": past.run_id or None,
            "status": PLANNED,
            **forecast.to_json(),
            "seconds": self._seconds(),
            "ledger": None,
            "manifest": None,
        }

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Write the metrics of a run, whether it succeeds or not."""
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            if self._metrics:
                self._metrics.finish(self._seconds(), succeeded)
                self._metrics.write(MetricsSettings.from_environment())

    def _seconds(self) -> float:
        """Return how long this has taken."""
        return round(time.monotonic() - self._began, 3)


def exit_code(result: Mapping[str, Any], accept: Collection[str]) -> ExitCode:
    """Return what the result of a run means to whoever started it.

    :param accept: reasons for quarantine that are no reason to look.
    """
    refused = [
        reason
        for outcome, _, reason in (each.partition(": ") for each in result["reasons"])
        if outcome == Outcome.QUARANTINED.value and reason not in accept
    ]
    return ExitCode.QUARANTINED if refused else ExitCode.OK


def _past(spec: RunSpec, newest: Run | None) -> Past:
    """Return what a start with these arguments would find."""
    if newest is None:
        return NOTHING
    if newest.continued_by(spec):
        return Past(newest.run_id, newest.attempt, newest.index)
    return Past("", 0, newest.index)
