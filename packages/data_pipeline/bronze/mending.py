"""Writes a damaged file anew, so that each line is a record or says why it is none.

It is slower than the reader, and needed only where the reader would lose records: where
quotes do not pair, where a field goes on in the next line, and where bytes are no text.
A quote that is not closed costs one line, not the rest of the file.
"""

from collections import deque
from collections.abc import Iterable, Iterator
import re
from typing import BinaryIO, NamedTuple

from data_pipeline.bronze.files import FAULT, NEWLINE

RECORD_LINES = 1000
RECORD_BYTES = 1_000_000
SHOWN_BYTES = 1000
FAULT_BYTES = FAULT.encode()
NEWLINE_BYTES = NEWLINE.encode()
OPEN = "quote_not_closed"
BAD_QUOTES = "bad_quotes"


class Dialect(NamedTuple):
    """How the fields of a file are told apart."""

    delimiter: bytes
    quote: bytes
    escape: bytes


class BadRecord(Exception):
    """A record is none; its only argument is the reason."""


class Splitter:
    """Takes records apart.

    :param dialect: of the file.
    """

    def __init__(self, dialect: Dialect) -> None:
        """Prepare the expressions."""
        self._dialect = dialect
        quote, escape = re.escape(dialect.quote), re.escape(dialect.escape)
        inner = rb"(?:[^%s%s]|%s.)*" % (quote, escape, escape)
        if dialect.quote == dialect.escape:
            inner = rb"(?:[^%s]|%s%s)*" % (quote, quote, quote)
        self._quoted = re.compile(rb" *%s(%s)%s *" % (quote, inner, quote), re.DOTALL)
        self._opening = re.compile(rb" *%s" % quote)
        self._escaped = re.compile(rb"%s(.)" % escape, re.DOTALL)

    def fields(self, record: bytes) -> list[bytes]:
        """Return the fields of a record.

        :raises BadRecord: when its quotes do not pair.
        """
        delimiter = self._dialect.delimiter
        if self._dialect.quote not in record:
            return record.split(delimiter)
        fields: list[bytes] = []
        at = 0
        while True:
            if self._opening.match(record, at):
                text, at = self._quoted_field(record, at)
            else:
                end = record.find(delimiter, at)
                end = len(record) if end < 0 else end
                text, at = record[at:end], end
            fields.append(text)
            if at >= len(record):
                return fields
            at += len(delimiter)

    def _quoted_field(self, record: bytes, at: int) -> tuple[bytes, int]:
        """Return a field in quotes and where it ends.

        :raises BadRecord: when the quote is not closed, or something follows it.
        """
        found = self._quoted.match(record, at)
        if not found:
            raise BadRecord(OPEN)
        if record[found.end() :][:1] not in (b"", self._dialect.delimiter):
            raise BadRecord(BAD_QUOTES)
        return self._escaped.sub(rb"\1", found[1]), found.end()


class Mender:
    """Writes records one to a line.

    :param dialect: of the file.
    :param width: how many fields a record has.
    """

    def __init__(self, dialect: Dialect, width: int) -> None:
        """Count nothing yet."""
        self._dialect = dialect
        self._splitter = Splitter(dialect)
        self._width = width

    def mend(self, pieces: Iterable[bytes], sink: BinaryIO) -> int:
        """Write what pieces of whole lines hold, and return the number of records."""
        pending: deque[bytes] = deque()
        lines = _lines(pieces)
        count = 0
        while (line := _next(pending, lines)) is not None:
            if line:
                sink.write(self._record(line, pending, lines))
                count += 1
        return count

    def _record(
        self, line: bytes, pending: deque[bytes], lines: Iterator[bytes]
    ) -> bytes:
        """Return the record that begins in a line, as one line."""
        if self._is_plain(line):
            return line + b"\n"
        try:
            return self._written(self._whole(line, pending, lines))
        except BadRecord as error:
            return self._fault(str(error), line)

    def _is_plain(self, line: bytes) -> bool:
        """Tell whether a line is a record as it stands."""
        return (
            self._dialect.quote not in line
            and line.isascii()
            and line.count(self._dialect.delimiter) == self._width - 1
            and not line.startswith(FAULT_BYTES)
            and len(line) < RECORD_BYTES
        )

    def _whole(
        self, line: bytes, pending: deque[bytes], lines: Iterator[bytes]
    ) -> list[bytes]:
        """Return the fields of the record that begins in a line.

        Lines that it turns out not to have go back to those that are pending.

        :raises BadRecord: when there is no such record.
        """
        taken: list[bytes] = []
        size = len(line)
        while True:
            try:
                return self._checked(self._splitter.fields(b"\n".join([line, *taken])))
            except BadRecord as error:
                more = str(error) == OPEN and size < RECORD_BYTES
                more = more and self._take(taken, pending, lines)
                size += sum(map(len, taken[-1:]))
                if not more:
                    pending.extendleft(reversed(taken))
                    raise

    def _take(
        self, taken: list[bytes], pending: deque[bytes], lines: Iterator[bytes]
    ) -> bool:
        """Take lines up to one with a quote; tell whether there is one."""
        while len(taken) < RECORD_LINES:
            line = _next(pending, lines)
            if line is None:
                return False
            taken.append(line)
            if self._dialect.quote in line:
                return True
        return False

    def _checked(self, fields: list[bytes]) -> list[bytes]:
        """Return the fields when they are as many as there have to be.

        :raises BadRecord: when they are not, or cannot be kept as they are.
        """
        if len(fields) == self._width + 1 and not fields[-1]:
            fields.pop()
        if len(fields) != self._width:
            few = len(fields) < self._width
            raise BadRecord("too_few_fields" if few else "too_many_fields")
        if sum(map(len, fields)) >= RECORD_BYTES:
            raise BadRecord("record_too_long")
        if fields[0].startswith(FAULT_BYTES):
            raise BadRecord("control_character")
        return fields

    def _written(self, fields: list[bytes]) -> bytes:
        """Return fields as one line.

        :raises BadRecord: when they are no text.
        """
        line = self._dialect.delimiter.join(map(_quoted, fields))
        try:
            line.decode()
        except UnicodeDecodeError:
            raise BadRecord("undecodable") from None
        return line + b"\n"

    def _fault(self, reason: str, line: bytes) -> bytes:
        """Return the line that stands for a record that is none."""
        text = line[:SHOWN_BYTES].decode(errors="replace").encode()
        rest = [b""] * (self._width - 2)
        fields = [FAULT_BYTES + reason.encode(), _quoted(text), *rest]
        return self._dialect.delimiter.join(fields) + b"\n"


def mend_lines(pieces: Iterable[bytes], sink: BinaryIO) -> int:
    """Write lines, each a record by itself, and return their number."""
    count = 0
    for line in filter(None, _lines(pieces)):
        reason = _line_fault(line)
        if reason:
            text = line[:SHOWN_BYTES].decode(errors="replace").replace(FAULT, " ")
            line = FAULT.join(["", reason, text]).encode()
        sink.write(line + b"\n")
        count += 1
    return count


def _line_fault(line: bytes) -> str:
    """Return why a line cannot be read, or nothing."""
    if len(line) >= RECORD_BYTES:
        return "record_too_long"
    if line.startswith(FAULT_BYTES):
        return "control_character"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "undecodable"
    return ""


def _quoted(field: bytes) -> bytes:
    """Return a field in quotes, on one line."""
    doubled = field.replace(b'"', b'""').replace(b"\n", NEWLINE_BYTES)
    return b'"%s"' % doubled


def _next(pending: deque[bytes], lines: Iterator[bytes]) -> bytes | None:
    """Return the next line; ``None`` behind the last."""
    return pending.popleft() if pending else next(lines, None)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends."""
    for piece in pieces:
        yield from piece.removesuffix(b"\n").split(b"\n")
