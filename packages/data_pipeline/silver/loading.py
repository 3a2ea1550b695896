"""Bronze files become rows of a batch as they arrive, while others are on their way."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from data_pipeline.bronze.files import FileRefused
from data_pipeline.repositories.silver import BatchFile, FileCount, SilverRows
from data_pipeline.silver.table import Bronze, BronzeFile
from etl_core.errors import DataError
from etl_core.runs.units import Unit

# Smaller loads take a tenth longer; larger ones wait longer for the first rows.
LOAD_BYTES = 256 * 1024 * 1024
RECORDS_DIFFER = "records_differ"
UNREADABLE = "unreadable"


class Fetched(NamedTuple):
    """A bronze object on the local disk.

    :param file: that the statement reads.
    :param etag: of the version that was read.
    """

    unit: Unit
    file: BronzeFile
    etag: str


class BronzeLoad:
    """Loads the files of a batch, and knows which of them cannot be read.

    :param bronze: how they are read.
    :param rows: of the batch.
    :param load_bytes: how much at least one statement reads, but for the last one.
    """

    def __init__(
        self, bronze: Bronze, rows: SilverRows, load_bytes: int = LOAD_BYTES
    ) -> None:
        """Load nothing yet."""
        self._bronze = bronze
        self._rows = rows
        self._load_bytes = load_bytes
        self.fetched: list[Fetched] = []
        self.counts: dict[int, FileCount] = {}
        self.refused: dict[int, FileRefused] = {}

    def load(self, arriving: Iterable[Fetched]) -> None:
        """Load files, and remove each from the disk when it is done.

        :raises ReconciliationError: when record numbers are missing or double.
        """
        for group in _groups(arriving, self._load_bytes):
            numbers = range(len(self.fetched), len(self.fetched) + len(group))
            self.fetched += group
            self._load_complete(numbers)
            for number in numbers:
                remove(self.fetched[number].file)

    def _load_complete(self, numbers: Sequence[int]) -> None:
        """Load some files; mend those of which the reader finds other records."""
        self._load_readable(numbers)
        odd = [number for number in numbers if self._is_odd(number)]
        if not odd:
            return
        self._forget(odd)
        for number in odd:
            self._mend(number)
        self._load_readable([it for it in odd if it not in self.refused])
        lost = {it: self.counts[it].rows for it in odd if self._is_odd(it)}
        self._forget(lost)
        for number, rows in lost.items():
            url = self.fetched[number].unit.source.url
            message = f"{url}: {rows} rows of another number of records"
            self.refused[number] = FileRefused(RECORDS_DIFFER, message)

    def _is_odd(self, number: int) -> bool:
        """Tell whether the reader found other records than were counted without it."""
        count = self.counts.get(number)
        known = self.fetched[number].file.records
        return count is not None and known not in (None, count.rows)

    def _forget(self, numbers: Iterable[int]) -> None:
        """Take the rows of some files back."""
        for number in numbers:
            self._rows.forget(number)
            del self.counts[number]

    def _mend(self, number: int) -> None:
        """Write a file anew in which the reader lost its way."""
        fetched = self.fetched[number]
        try:
            mended = self._bronze.mend(fetched.file)
            self.fetched[number] = fetched._replace(file=mended)
        except FileRefused as error:
            self.refused[number] = error

    def _load_readable(self, numbers: Sequence[int]) -> None:
        """Load some files; refuse those that stop the reader."""
        try:
            self._load_all(numbers)
        except DataError:
            for number in numbers:
                try:
                    self._load_all([number])
                except DataError as error:
                    url = self.fetched[number].unit.source.url
                    self.refused[number] = FileRefused(UNREADABLE, f"{url}: {error}")

    def _load_all(self, numbers: Sequence[int]) -> None:
        """Load some files by one statement."""
        found = [self.fetched[number] for number in numbers]
        files = [
            BatchFile(number, it.file.path, it.unit.source.url)
            for number, it in zip(numbers, found, strict=True)
        ]
        if files:
            bronze = [it.file for it in found]
            statement = self._bronze.in_order(bronze)
            if not self._rows.keeps_order(files, statement):
                statement = self._bronze.statement(bronze)
            counts = self._rows.load(files, statement)
            self.counts |= {it.number: it for it in counts}


def remove(file: BronzeFile) -> None:
    """Remove a file that was read, and what was written anew of it."""
    path = Path(file.path)
    for each in (path, *path.parent.glob(f"{path.name}.*")):
        each.unlink()


def _groups(arriving: Iterable[Fetched], least: int) -> Iterator[list[Fetched]]:
    """Yield files together that are worth a statement."""
    group: list[Fetched] = []
    size = 0
    for fetched in arriving:
        group.append(fetched)
        size += Path(fetched.file.data).stat().st_size
        if size >= least:
            yield group
            group, size = [], 0
    if group:
        yield group
