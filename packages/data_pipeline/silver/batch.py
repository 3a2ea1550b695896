"""One batch of bronze objects becomes one commit of a silver table.

What happens in which order is what makes a death harmless: Parquet files that nobody
reads yet, then the commit that makes them the table, then the rows in quarantine, and
last the receipts by which the next attempt knows that a unit is done.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
import hashlib
import io
from itertools import islice
from pathlib import Path
import tempfile
from typing import NamedTuple, TypeVar

from data_pipeline.bronze.files import FileRefused
from data_pipeline.repositories.duck import Written
from data_pipeline.repositories.silver import (
    BatchFile,
    SilverRows,
    StoredFile,
)
from data_pipeline.silver.files import (
    Change,
    DataFile,
    SOURCE,
    TableLog,
)
from data_pipeline.silver.loading import BronzeLoad, Fetched, remove
from data_pipeline.silver.receipts import (
    QUARANTINE,
    read_receipt,
    Receipt,
    RECEIPTS,
)
from data_pipeline.silver.table import Bronze, BronzeFile, Limits, Table
from etl_core import logs
from etl_core.errors import (
    ConfigError,
    DataError,
    ObjectMissing,
    ReconciliationError,
)
from etl_core.runs.spool import LineWriter
from etl_core.runs.units import Unit
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.support.executor import run_bounded

STORED_AT_ONCE = 64
ROWS_BROKE = "rows_broke_contract"

T = TypeVar("T")
R = TypeVar("R")
logger = logs.get_logger()


class Outcome(NamedTuple):
    """What became of the object of a unit.

    :param receipt: ``None`` when the object was refused.
    :param etag: of the receipt as it is stored.
    :param error: why it was refused.
    """

    unit: Unit
    receipt: Receipt | None = None
    etag: str = ""
    size: int = 0
    error: FileRefused | None = None


class Tools(NamedTuple):
    """What a batch works with.

    :param workers: requests under way at once.
    """

    store: ObjectStore
    bronze: Bronze
    log: TableLog
    workers: int
    folder: Path


class SilverBatch:
    """Makes the rows of some bronze objects part of the table.

    :param tools: what it works with.
    :param table: what the rows become part of.
    :param limits: of the batch.
    :param rows: of the objects.
    :param loaded: which objects these are; no unit twice.
    """

    def __init__(
        self,
        tools: Tools,
        table: Table,
        limits: Limits,
        rows: SilverRows,
        loaded: BronzeLoad,
    ) -> None:
        """See what the table is now."""
        self._tools = tools
        self._table = table
        self._limits = limits
        self._rows = rows
        self._counts = loaded.counts
        self._fetched = loaded.fetched
        self._refused = loaded.refused
        self._snapshot = tools.log.snapshot()
        self._paths: dict[int, str] = {}

    @property
    def version(self) -> int:
        """The version of the table that the batch began or ended with."""
        return self._snapshot.version

    def run(self) -> list[Outcome]:
        """Commit the batch and return what became of each object.

        :raises ConfigError: when the table has other columns and cannot be built anew.
        :raises DataError: when more rows broke the contract than allowed.
        :raises ReconciliationError: when rows are not accounted for.
        """
        self._require_columns()
        self._check_threshold()
        self._reject()
        won, lost = self._decide()
        # All is accounted for before anything becomes the table.
        receipts = self._receipts(won)
        self._commit_once(won, lost)
        self._store_quarantines()
        return self._store_receipts(receipts)

    def _check_threshold(self) -> None:
        """Return when few enough rows broke the contract.

        :raises DataError: when there are too many.
        """
        found = self._counts.values()
        rows = sum(it.rows - it.elsewhere for it in found)
        bad = sum(it.quarantined for it in found)
        allowed = self._table.threshold
        if allowed is not None and bad > allowed * rows:
            worst = max(found, key=lambda it: it.quarantined)
            raise DataError(
                f"{bad} of {rows} rows broke the contract, more than the share of "
                f"{allowed:g} that it allows; most of them in "
                f"{self._fetched[worst.number].unit.source.url}. Nothing was "
                "committed; mend the files or the contract, then start again"
            )

    def _reject(self) -> None:
        """Leave out whole files of which a row broke the contract, if that is asked."""
        if not self._table.reject_files:
            return
        for number, it in self._counts.items():
            if it.quarantined:
                self._refused[number] = FileRefused(
                    ROWS_BROKE, f"{it.quarantined} rows broke the contract"
                )
        self._rows.reject(self._refused)

    def _decide(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return how many rows win by bronze file, and how many go by stored file."""
        self._find()
        uncovered = self._rows.compete()
        if uncovered:
            self._recall()
            self._rows.compete_again()
        return self._rows.settle()

    def _commit_once(self, won: dict[int, int], lost: dict[int, int]) -> None:
        """Commit what changes in the table, unless an earlier attempt did."""
        token = self._token()
        done = self._snapshot.tokens.get(self._table.writer) == token
        if done:
            logger.info("the commit is there already", version=self.version)
        elif won or lost:
            self._commit(won, lost, token)

    def _find(self) -> None:
        """Compare the new rows with those of the table that they may meet."""
        candidates = self._candidates()
        for chunk in _chunks(candidates, STORED_AT_ONCE):
            stored = self._fetch_stored(chunk)
            met = self._rows.find(stored)
            for file in stored:
                if file.number not in met:
                    Path(file.path).unlink()

    def _candidates(self) -> list[int]:
        """Return the numbers of the files that may hold a row of the same key.

        Or a row of an earlier version of one of the objects.
        """
        if self._rebuilds or not self._snapshot.files:
            return []
        layout = self._table.layout
        bounds = dict(zip(layout.key, self._rows.key_bounds(), strict=True))
        # A key that has all partition columns cannot be in another partition.
        divided = layout.partition and set(layout.partition) <= set(layout.key)
        partitions = self._rows.partitions() if divided else None
        sources = [it.unit.source.url for it in self._fetched]

        def same_key(file: DataFile) -> bool:
            """Tell whether a file may hold a row of the key of a new one."""
            values = tuple(file.partition.get(it) for it in layout.partition)
            return (partitions is None or values in partitions) and all(
                file.may_hold(column, *bounds[column])
                for column in layout.key
                if column not in layout.partition
            )

        return [
            number
            for number, file in enumerate(self._snapshot.files)
            if self._table.keeps(file.partition)
            and (
                any(file.may_hold(SOURCE, it, it) for it in sources)
                or (layout.key and same_key(file))
            )
        ]

    def _fetch_stored(self, numbers: Iterable[int]) -> list[StoredFile]:
        """Fetch files of the table."""
        return list(self._parallel(self._fetch_one_stored, numbers))

    def _fetch_one_stored(self, number: int) -> StoredFile:
        """Fetch a file of the table."""
        file = self._snapshot.files[number]
        path = self._tools.folder / f"stored-{number}.parquet"
        with path.open("wb+") as sink:
            self._tools.store.get(self._table.ref(file.key), sink)
        self._paths[number] = str(path)
        values = (file.partition.get(it) for it in self._table.layout.partition)
        return StoredFile(number, str(path), tuple(values))

    def _recall(self) -> None:
        """Read the objects that have rows which the table does not show.

        A key lost its newest row; an older one may be in any of them.
        """
        objects = self._hidden_objects()
        logger.info("rows return from other objects", objects=len(objects))
        first = len(self._fetched)
        for chunk in _chunks(list(enumerate(objects, start=first)), STORED_AT_ONCE):
            found = [it for it in self._parallel(self._fetch_hidden, chunk) if it]
            if found:
                bronze = self._tools.bronze
                statement = bronze.statement([file for _, file in found])
                self._rows.recall([it for it, _ in found], statement)
            for _, file in found:
                remove(file)

    def _hidden_objects(self) -> list[str]:
        """Return the URLs of the objects with more good rows than the table shows."""
        shown = self._shown()
        ours = {it.unit.source.url for it in self._fetched}
        prefix = self._table.ref(receipts_prefix(self._table))
        listed = list_objects(self._tools.store, prefix.bucket, prefix.key)
        refs = [ObjectRef(prefix.bucket, it.key) for it in listed]
        receipts = self._parallel(partial(read_receipt, self._tools.store), refs)
        return sorted(
            it.source
            for it in receipts
            if it.source not in ours
            and it.silver + it.duplicates > shown.get(it.source, 0)
        )

    def _shown(self) -> dict[str, int]:
        """Return how many rows the table shows of each bronze object, in our shard."""
        shown: dict[str, int] = {}
        ours = [
            number
            for number, file in enumerate(self._snapshot.files)
            if self._table.keeps(file.partition)
        ]
        for chunk in _chunks(ours, STORED_AT_ONCE):
            fresh = [number for number in chunk if number not in self._present()]
            stored = self._fetch_stored(fresh)
            paths = [self._paths[number] for number in chunk]
            for source, number in self._rows.count_stored(paths).items():
                shown[source] = shown.get(source, 0) + number
            for file in stored:
                Path(file.path).unlink()
        return shown

    def _present(self) -> set[int]:
        """Return which files of the table are on the local disk."""
        return {it for it, path in self._paths.items() if Path(path).exists()}

    def _fetch_hidden(
        self, numbered: tuple[int, str]
    ) -> tuple[BatchFile, BronzeFile] | None:
        """Fetch another bronze object; ``None`` when it is gone or unreadable."""
        number, url = numbered
        bucket, _, key = url.removeprefix("s3://").partition("/")
        try:
            file, _ = download(self._tools, ObjectRef(bucket, key), f"hidden-{number}")
        except (ObjectMissing, FileRefused) as error:
            logger.warning(
                "rows of an object cannot return", source=url, error=str(error)
            )
            return None
        return BatchFile(number, file.path, url), file

    def _commit(self, won: dict[int, int], lost: dict[int, int], token: int) -> None:
        """Write and upload the new files, and make them the table."""
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        with tempfile.TemporaryDirectory(dir=self._tools.folder) as name:
            folder = Path(name) / "written"
            paths = [self._paths[number] for number in sorted(lost)]
            written = self._rows.write(folder, f"part-{stamp}", paths)
            removed = [self._snapshot.files[number] for number in sorted(lost)]
            kept = sum(it.rows for it in removed) - sum(lost.values())
            require_rows(written, sum(won.values()) + kept)
            added = list(self._parallel(partial(self._upload, folder), written))
        change = Change(
            self._table.writer,
            token,
            self._table.columns,
            self._table.layout.partition,
            removed,
            sorted(added),
            rebuild=self._rebuilds,
            facts={
                "etl.contract": self._table.digest,
                "etl.objects": str(len(self._fetched)),
                "etl.rows": str(sum(won.values())),
            },
        )
        version = self._tools.log.commit(self._snapshot, change)
        self._snapshot = self._snapshot._replace(version=version)
        logger.info("commit", version=version, files=len(added), replaced=len(removed))

    def _upload(self, folder: Path, written: Written) -> DataFile:
        """Store a new file, which nobody reads before the commit."""
        key = written.path.relative_to(folder).as_posix()
        with written.path.open("rb") as body:
            self._tools.store.put(self._table.ref(key), body)
        return data_file(key, written)

    def _receipts(self, won: dict[int, int]) -> dict[int, Receipt]:
        """Return the receipts of the files that were not refused, all checked."""
        reasons = self._rows.reasons()
        made = {}
        for number, it in self._counts.items():
            if number in self._refused:
                continue
            fetched, silver = self._fetched[number], won.get(number, 0)
            good = it.rows - it.elsewhere - it.quarantined
            receipt = Receipt(
                source=fetched.unit.source.url,
                etag=fetched.etag,
                fingerprint=fetched.unit.fingerprint,
                contract=self._table.digest,
                rows=it.rows,
                silver=silver,
                duplicates=good - silver,
                quarantined=it.quarantined,
                elsewhere=it.elsewhere,
                reasons=reasons.get(number, {}),
                quarantine=self._quarantine(fetched) if it.quarantined else None,
            )
            receipt.check()
            made[number] = receipt
        return made

    def _store_receipts(self, receipts: dict[int, Receipt]) -> list[Outcome]:
        """Store the receipts; return every outcome."""
        done = list(self._parallel(self._store_receipt, sorted(receipts.items())))
        refused = [
            Outcome(self._fetched[number].unit, error=error)
            for number, error in self._refused.items()
        ]
        return done + refused

    def _store_quarantines(self) -> None:
        """Store the rows in quarantine of the files that have some."""
        for _ in self._parallel(self._store_quarantine, self._written_quarantines()):
            pass

    def _written_quarantines(self) -> Iterator[tuple[ObjectRef, Path]]:
        """Yield the local files of rows in quarantine, and where they go."""
        for number, rows in self._rows.violations():
            fetched = self._fetched[number]
            path = self._tools.folder / f"quarantine-{number}.gz"
            with LineWriter(path) as lines:
                for it in rows:
                    lines.write({"source": fetched.unit.source.url, **it._asdict()})
            yield self._table.ref(self._quarantine(fetched)), path

    def _store_quarantine(self, written: tuple[ObjectRef, Path]) -> None:
        """Store the rows in quarantine of a file."""
        place, path = written
        with path.open("rb") as body:
            self._tools.store.put(place, body)
        path.unlink()

    def _store_receipt(self, numbered: tuple[int, Receipt]) -> Outcome:
        """Store a receipt."""
        number, receipt = numbered
        unit, content = self._fetched[number].unit, receipt.to_bytes()
        place = ObjectRef(self._table.place.bucket, unit.destination)
        etag = self._tools.store.put(place, io.BytesIO(content))
        return Outcome(unit, receipt, etag, len(content))

    def _quarantine(self, fetched: Fetched) -> str:
        """Return where the bad rows of one version of an object are, in the table."""
        bucket, key = fetched.unit.source
        name = f"{fetched.etag}-{self._table.digest[:16]}{shard_suffix(self._table)}"
        return f"{QUARANTINE}{bucket}/{key}/{name}.ndjson.gz"

    def _token(self) -> int:
        """Return a number that stands for these versions under this contract."""
        digest = hashlib.sha256(self._table.digest.encode())
        # They arrived in any order.
        for url, etag in sorted((it.unit.source.url, it.etag) for it in self._fetched):
            digest.update(f"{url}\0{etag}\0".encode())
        return int.from_bytes(digest.digest()[:8], "big") >> 1

    @property
    def _rebuilds(self) -> bool:
        """Whether the table has other columns than the contract."""
        now, wanted = self._snapshot, self._table
        return now.version >= 0 and (now.columns, now.partition) != (
            wanted.columns,
            wanted.layout.partition,
        )

    def _require_columns(self) -> None:
        """Return when the table may get the columns of the contract.

        :raises ConfigError: when a part of the units cannot make the whole table.
        """
        if self._rebuilds and not self._limits.whole:
            raise ConfigError(
                f"{self._table.place.url} has other columns or partitions than the "
                "contract. It is built anew only from all bronze objects in one "
                "batch: start without --since, --from, --to, --limit, --units and "
                "--shard, and raise --batch-bytes; or choose another --destination"
            )

    def _parallel(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Do something for each, several at once."""
        workers = self._tools.workers
        return run_bounded(function, items, workers=workers, in_flight=2 * workers)


def download(tools: Tools, ref: ObjectRef, name: str) -> tuple[BronzeFile, str]:
    """Fetch a bronze object; return the file that can be read, and the ETag.

    :raises FileRefused: when it cannot be read at all.
    """
    path = tools.folder / name
    with path.open("wb+") as sink:
        head = tools.store.get(ref, sink)
    return tools.bronze.prepare(path), head.etag


def data_file(key: str, written: Written) -> DataFile:
    """Return a written file as the log of a table has it."""
    return DataFile(
        key,
        written.size,
        written.rows,
        written.partition,
        written.lowest,
        written.highest,
        written.nulls,
    )


def require_rows(written: Sequence[Written], expected: int) -> None:
    """Return when the files that were written have as many rows as they must.

    :raises ReconciliationError: when they do not.
    """
    found = sum(it.rows for it in written)
    if found != expected:
        raise ReconciliationError(
            f"{expected} rows were to be written but the files have {found}; nothing "
            "was committed"
        )


def receipts_prefix(table: Table) -> str:
    """Return what the keys of all receipts begin with, below the table."""
    return f"{RECEIPTS}{'all' if table.shard is None else shard_name(table)}/"


def shard_name(table: Table) -> str:
    """Return the shard as keys have it."""
    assert table.shard is not None
    return f"{table.shard.index}-of-{table.shard.count}"


def shard_suffix(table: Table) -> str:
    """Return what tells the files of shards apart."""
    return "" if table.shard is None else f"-{shard_name(table)}"


def _chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """Yield a sequence in pieces."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
