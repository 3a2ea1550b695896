"""Takes a downloaded file in: what can be read is made ready, the rest is refused.

A plain file in UTF-8 whose records are its lines is read where it lies; it is only
looked through once, to count its records. Everything else is written anew beside it.
"""

from collections.abc import Iterable, Iterator
import csv
from dataclasses import replace
import importlib
from pathlib import Path

from data_pipeline.bronze.documents import as_lines
from data_pipeline.bronze.files import BronzeFile, FileRefused
from data_pipeline.bronze.layout import Header, layout_of
from data_pipeline.bronze.lines import (
    bom_of,
    in_utf8,
    one_line_end,
    Survey,
    UTF8,
    whole_lines,
    whole_lines_of,
    without_bom,
)
from data_pipeline.bronze.mending import Dialect, mend_lines, Mender
from data_pipeline.bronze.mixture import Mixture
from data_pipeline.bronze.unpacking import is_packed, require_text, unpacked
from data_pipeline.contracts.model import Contract
from etl_core.errors import ConfigError

CLEAN = ".clean"
MENDED = ".mended"
HEAD = 64 * 1024
PARQUET_READER = "data_pipeline.repositories.bronze.parquet"
BINARY = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x01"))


class Intake:
    """Makes files ready for the statement of a contract.

    :param contract: says how they are read.
    :param folder: for clean copies.
    """

    def __init__(self, contract: Contract, folder: Path) -> None:
        """Touch no file yet."""
        self._contract = contract
        self._reading = contract.reading
        self._folder = folder

    def take(self, path: Path, *, mend: bool = False) -> BronzeFile:
        """Return a file as it can be read.

        :param mend: write it anew, record by record; for a file in which the reader
            found another number of records than were counted.
        :raises FileRefused: when it cannot be read at all.
        """
        if self._reading.format == "parquet":
            return self._parquet(path)
        require_text(path)
        data = path
        if self._reading.format == "json":
            data = self._written(path, as_lines(self._text(path), self._reading, path))
        elif is_packed(path) or self._encoding(path) not in UTF8:
            data = self._written(path, one_line_end(self._text(path)))
        survey = self._survey(data)
        if not survey.one_line_end:
            data = self._written(path, one_line_end(self._text(path)))
            survey = self._survey(data)
        return self._ready(path, data, survey, mend)

    def _ready(self, path: Path, data: Path, survey: Survey, mend: bool) -> BronzeFile:
        """Return a file of lines."""
        header = self._header(path, data)
        layout, notes = layout_of(self._contract, header, path.name)
        skipped = 0 if self._reading.format == "json" else self._reading.skip
        records = max(0, survey.lines - header.lines - skipped)
        file = BronzeFile(
            str(path), str(data), layout, self._reading.delimiter, records, notes=notes
        )
        if not (mend or survey.odd):
            return file
        return self._mended(file, header.lines + skipped)

    def _mended(self, file: BronzeFile, head: int) -> BronzeFile:
        """Return a file that is written anew, record by record.

        :param head: how many lines are in front of the records.
        """
        data = self._folder / f"{Path(file.path).name}{MENDED}"
        pieces = _behind(head, one_line_end(self._raw(Path(file.data))))
        whole = whole_lines(pieces, data.name, self._reading.line_limit)
        with data.open("wb") as sink:
            if self._reading.lines:
                count = mend_lines(whole, sink)
            else:
                count = Mender(self._dialect, len(file.layout)).mend(whole, sink)
        return replace(file, data=str(data), records=count, mended=True)

    @property
    def _dialect(self) -> Dialect:
        """How fields are told apart."""
        found = self._reading
        return Dialect(
            found.delimiter.encode(), found.quote.encode(), found.escape.encode()
        )

    def _survey(self, data: Path) -> Survey:
        """Look through a file.

        :raises FileRefused: when it is no text, or a line is too long.
        """
        csv_file = self._reading.format == "csv"
        survey = (
            Survey(self._dialect.quote, self._dialect.escape) if csv_file else Survey()
        )
        first = True
        limit = self._reading.line_limit
        pieces = whole_lines_of(data, limit)
        if _returns_alone(data):
            pieces = whole_lines(one_line_end(self._raw(data)), data.name, limit)
            survey.returns = 1
        for piece in survey.watched(pieces):
            if first and _is_binary(piece[:HEAD]):
                text = f"{data.name} is no text in {self._reading.encoding}"
                raise FileRefused("not_text", text)
            first = False
        return survey

    def _raw(self, data: Path) -> Iterator[bytes]:
        """Yield the bytes of a file that is not packed, or not any more."""
        return unpacked(data, self._reading.expansion_limit)

    def _text(self, path: Path) -> Iterator[bytes]:
        """Yield the text of a file in UTF-8.

        :raises FileRefused: when it is written in two encodings.
        """
        chunks = unpacked(path, self._reading.expansion_limit)
        encoding = self._encoding(path)
        mixture = Mixture(encoding, path.name)
        return without_bom(in_utf8(mixture.watched(chunks), encoding))

    def _encoding(self, path: Path) -> str:
        """Return how a file is encoded.

        :raises FileRefused: when its first bytes say something else than the contract.
        """
        head = next(unpacked(path, self._reading.expansion_limit), b"")[:4]
        declared, found = self._reading.encoding, bom_of(head)
        if found and not declared.replace("_", "-").startswith(found):
            if found != "utf-8":
                text = f"{path.name} is {found}, and its contract says {declared}"
                raise FileRefused("encoding_wrong", text)
            return found
        return declared

    def _header(self, path: Path, data: Path) -> Header:
        """Return the names in the first line of a CSV file.

        :raises FileRefused: when there is none.
        """
        if self._reading.format != "csv" or not self._reading.header:
            return Header((), 0)
        lines = one_line_end(without_bom(self._raw(data)))
        head = b""
        for chunk in lines:
            head += chunk
            if head.count(b"\n") > self._reading.skip or len(head) > HEAD:
                break
        names = head.split(b"\n")[self._reading.skip :][:1]
        if not names or not names[0].strip():
            text = f"{path.name} has no line with the names of its columns"
            raise FileRefused("no_header", text)
        text = names[0].decode(errors="replace")
        row = next(
            csv.reader(
                [text], delimiter=self._reading.delimiter, quotechar=self._reading.quote
            )
        )
        return Header(tuple(name.strip() for name in row), 1)

    def _written(self, path: Path, chunks: Iterable[bytes]) -> Path:
        """Write a clean copy of a file."""
        data = self._folder / f"{path.name}{CLEAN}"
        with data.open("wb") as sink:
            sink.writelines(chunks)
        return data

    def _parquet(self, path: Path) -> BronzeFile:
        """Return a Parquet file with the number of rows that it says.

        :raises FileRefused: when it is none.
        :raises ConfigError: when the library is missing.
        """
        try:
            reader = importlib.import_module(PARQUET_READER)
        except ModuleNotFoundError as error:
            text = f"{error.name} is missing: install the extra data-pipeline[silver]"
            raise ConfigError(text) from error
        names, records = reader.ParquetFile(path).described()
        layout, notes = layout_of(self._contract, Header(names, 0), path.name)
        return BronzeFile(str(path), str(path), layout, records=records, notes=notes)


def _behind(lines: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what stands behind some lines, without the mark of UTF-8."""
    for chunk in without_bom(chunks):
        while lines and b"\n" in chunk:
            chunk = chunk.partition(b"\n")[2]
            lines -= 1
        if not lines:
            yield chunk


def _returns_alone(data: Path) -> bool:
    """Tell whether the first lines of a file end in nothing but a return."""
    with data.open("rb") as file:
        head = file.read(HEAD)
    return b"\r" in head and b"\n" not in head


def _is_binary(head: bytes) -> bool:
    """Tell whether bytes are no text: more than one in fifty is a control character."""
    return len(head.translate(None, BINARY)) * 50 < len(head) * 49
