"""The effect of a silver table: many units become one commit."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from data_pipeline.bronze.files import FileRefused
from data_pipeline.repositories.duck import Session
from data_pipeline.repositories.silver import SilverRows
from data_pipeline.silver.batch import download, Outcome, SilverBatch, Tools
from data_pipeline.silver.files import TableLog
from data_pipeline.silver.loading import BronzeLoad, Fetched
from data_pipeline.silver.receipts import read_receipt, Receipt
from data_pipeline.silver.table import Bronze, Limits, RowTotals, Table
from etl_core import logs
from etl_core.errors import AccessRefused, DataError, TransientError
from etl_core.runs.decisions import Task
from etl_core.runs.effects import Made, Verdicts
from etl_core.runs.spool import local_folder
from etl_core.runs.units import Line, Reason, Source, Unit
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore
from etl_core.stop import StopSignal
from etl_core.support.budget import ByteBudget
from etl_core.support.executor import run_bounded

MERGED = "merged"
BYTES = "bytes"
# All at once would arrive at the same time, and nothing could be loaded before.
FETCH_BYTES = 256 * 1024 * 1024
FETCHES = 4

logger = logs.get_logger()


class SilverEffect:
    """The :class:`~etl_core.runs.effects.Effect` of a silver table.

    :param store: where bronze and silver are.
    :param bronze: how bronze objects are read.
    :param table: what they become part of.
    :param open_log: opens the log of the table, with a folder for local files.
    :param limits: of a batch.
    """

    def __init__(
        self,
        store: ObjectStore,
        bronze: Bronze,
        table: Table,
        open_log: Callable[[Path], TableLog],
        limits: Limits,
    ) -> None:
        """Keep the parts."""
        self._store = store
        self._bronze = bronze
        self._table = table
        self._open_log = open_log
        self._limits = limits
        self.totals = RowTotals()

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Return what a unit will probably take; a commit adds a few for all."""
        return {"GetObject": 1} if in_place else {"GetObject": 1, "PutObject": 1}

    def perform(
        self, tasks: Iterator[Task], verdicts: Verdicts, workers: int, stop: StopSignal
    ) -> Iterator[Line]:
        """Yield the lines of one batch after the other."""

        def make(batch: tuple[list[Task], bool]) -> list[Line]:
            """Make one batch."""
            members, alone = batch
            limits = replace(self._limits, whole=self._limits.whole and alone)
            with local_folder() as folder:
                log = self._open_log(folder)
                tools = Tools(self._store, self._bronze, log, workers, folder)
                return self._make(members, tools, limits, verdicts)

        # One at a time, yet in a thread: a statement may outlast the time to stop.
        for lines in run_bounded(
            make, self._batches(tasks), workers=1, in_flight=1, stop=stop
        ):
            yield from lines

    def _batches(self, tasks: Iterator[Task]) -> Iterator[tuple[list[Task], bool]]:
        """Yield as many tasks at a time as the disk shall hold, and whether all."""
        batch: list[Task] = []
        size, alone = 0, True
        for task in tasks:
            needs = _size(task)
            if batch and size + needs > self._limits.batch_bytes:
                alone = False
                yield batch, alone
                batch, size = [], 0
            batch.append(task)
            size += needs
        if batch:
            yield batch, alone

    def _make(
        self, tasks: list[Task], tools: Tools, limits: Limits, verdicts: Verdicts
    ) -> list[Line]:
        """Fetch the objects of a batch, commit it, and say what became of each."""
        began = verdicts.now()
        lines: list[Line] = []

        def arriving(found: Iterator[Line | Fetched]) -> Iterator[Fetched]:
            """Yield the objects that are to be merged; keep what the others are."""
            for it in found:
                if isinstance(it, Line):
                    lines.append(it)
                else:
                    yield it

        fetching = run_bounded(
            partial(self._fetch, tools, verdicts, ByteBudget(FETCH_BYTES, FETCHES)),
            enumerate(tasks),
            workers=tools.workers,
            in_flight=2 * tools.workers,
        )
        settings = tools.bronze.settings
        with (
            closing(fetching),
            Session(tools.folder, limits.memory, settings) as session,
        ):
            rows = SilverRows(session, self._table.layout, self._table.shard)
            loaded = BronzeLoad(tools.bronze, rows)
            loaded.load(arriving(fetching))
            if loaded.fetched:
                batch = SilverBatch(tools, self._table, limits, rows, loaded)
                by_key = {task.unit.key: task for task in tasks}
                for outcome in batch.run():
                    task = by_key[outcome.unit.key]
                    lines.append(self._line(task, outcome, verdicts, began))
                self.totals.version = batch.version
        return lines

    def _fetch(
        self,
        tools: Tools,
        verdicts: Verdicts,
        budget: ByteBudget,
        numbered: tuple[int, Task],
    ) -> Line | Fetched:
        """Fetch a bronze object, unless its receipt says that it is done."""
        number, task = numbered
        began = verdicts.now()
        try:
            if task.in_place:
                receipt = self._receipt(task)
                if receipt.fingerprint == task.unit.fingerprint:
                    return self._recovered(task, receipt, verdicts, began)
            with budget.hold(_size(task)):
                file, etag = download(tools, task.unit.source, f"bronze-{number}")
            return Fetched(task.unit, file, etag)
        except FileRefused as error:
            return refused(verdicts.failed(task, error, began), error)
        except (AccessRefused, DataError, TransientError) as error:
            return verdicts.failed(task, error, began)

    def _receipt(self, task: Task) -> Receipt:
        """Fetch the receipt that lies at the destination of a unit."""
        place = ObjectRef(self._table.place.bucket, task.unit.destination)
        return read_receipt(self._store, place)

    def _recovered(
        self, task: Task, receipt: Receipt, verdicts: Verdicts, began: float
    ) -> Line:
        """Return the line of a unit that an earlier attempt finished."""
        assert task.in_place is not None
        self.totals.add(receipt)
        source = Source(*task.unit.source, receipt.etag)
        place = task.in_place
        made = Made(place.etag, source, place.size, Reason.RECOVERED.value)
        return verdicts.done(task, made, began)

    def _line(
        self, task: Task, outcome: Outcome, verdicts: Verdicts, began: float
    ) -> Line:
        """Return the line of a unit of a batch."""
        if outcome.receipt is None:
            assert outcome.error is not None
            return refused(verdicts.failed(task, outcome.error, began), outcome.error)
        self.totals.add(outcome.receipt)
        source = Source(*task.unit.source, outcome.receipt.etag)
        made = Made(outcome.etag, source, outcome.size, MERGED)
        return verdicts.done(task, made, began)


def _size(task: Task) -> int:
    """Return how many bytes the object of a task has, as its listing said."""
    return int((task.unit.attributes or {}).get(BYTES) or 0)


def refused(line: Line, error: FileRefused) -> Line:
    """Return the line of a refused object with the reason that it was refused for."""
    logger.warning("object refused", source=line.source, reason=error.reason)
    return line._replace(reason=error.reason)
