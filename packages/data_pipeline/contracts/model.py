"""What a contract says, apart from how it is written down."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
import hashlib
import json
from typing import Literal

Format = Literal["csv", "jsonl", "json", "parquet", "text"]
Policy = Literal["ignore", "refuse"]
Violation = Literal["quarantine_row", "reject_file"]
Sensitivity = Literal["mask", "hash", "drop"]


@dataclass(frozen=True)
class Reading:
    """How the files of a dataset are read.

    :param encoding: a codec of Python; what does not decode breaks its row only.
    :param skip: lines in front of the header, such as a title.
    :param records: path to the array of records in a JSON document.
    :param pattern: regular expression with a named group for each column of a text.
    :param extra_columns: what to do with columns that the contract does not name.
    :param missing_columns: what to do without a column that may be null.
    :param line_limit: bytes of one line, above which a file is refused.
    :param expansion_limit: bytes to which a packed file may unpack.
    """

    format: Format = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    skip: int = 0
    records: str = ""
    pattern: str = ""
    extra_columns: Policy = "ignore"
    missing_columns: Policy = "refuse"
    line_limit: int = 16 * 1024**2
    expansion_limit: int = 64 * 1024**3

    @property
    def lines(self) -> bool:
        """Whether each line is a record by itself."""
        return self.format in ("jsonl", "json", "text")


@dataclass(frozen=True)
class Numbers:
    """How numbers are written.

    :param point: the decimal mark.
    :param thousands: what may stand between groups of three digits.
    :param remove: texts that are no part of the number, such as a currency.
    """

    point: str = "."
    thousands: str = ""
    remove: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether they are written as a program does."""
        return self == Numbers()


@dataclass(frozen=True)
class Range:
    """Limits of a value, as texts that its type can be read from."""

    minimum: str | None = None
    maximum: str | None = None
    above: str | None = None
    below: str | None = None
    multiple_of: str | None = None


@dataclass(frozen=True)
class Texts:
    """What a text has to look like.

    :param format: the name of a known form, such as ``email``.
    """

    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    format: str = ""


@dataclass(frozen=True)
class Times:
    """How dates and times are written.

    :param formats: as strptime has them; none for ISO 8601.
    :param zone: where times without an offset were taken.
    :param instant: whether the column is a point in time rather than a local time.
    """

    formats: tuple[str, ...] = ()
    zone: str = "UTC"
    instant: bool = False


@dataclass(frozen=True)
class Column:
    """One column of the silver table.

    :param name: in the table.
    :param source: name in the file, or path in a JSON record.
    :param kind: the logical type.
    :param sql_type: the DuckDB type that its values are checked with.
    :param normalize: steps in their order, each with its argument after a colon.
    :param truths: spellings of true and false, in lower case.
    :param allowed: the only values, as text.
    :param lookup: the values of another dataset, as text; ``None`` without one.
    :param derived: ``year``, ``month`` or ``day`` of the column ``source``.
    """

    name: str
    source: str
    kind: str = "string"
    sql_type: str = "VARCHAR"
    required: bool = False
    unique: bool = False
    normalize: tuple[str, ...] = ("trim",)
    nulls: tuple[str, ...] = ("",)
    numbers: Numbers = Numbers()
    times: Times = Times()
    truths: tuple[tuple[str, ...], tuple[str, ...]] = (("true",), ("false",))
    range: Range = Range()
    texts: Texts = Texts()
    allowed: tuple[str, ...] = ()
    lookup: tuple[str, ...] | None = None
    sensitivity: Sensitivity | None = None
    derived: str = ""

    @property
    def table_type(self) -> str:
        """The DuckDB type of the column in the table."""
        return "VARCHAR" if self.sensitivity else self.sql_type


@dataclass(frozen=True)
class Order:
    """A column that decides which row of a key is the newest."""

    column: str
    descending: bool = True


@dataclass(frozen=True)
class Freshness:
    """How old the newest value of a column may be."""

    column: str
    seconds: int


@dataclass(frozen=True)
class Contract:
    """What one dataset has to be.

    :param key: columns that name a row; none when every row is one of its own.
    :param order: which row of a key is kept: the first in this order.
    :param threshold: the share of rows that may break the contract before the run
        fails; ``None`` for any.
    """

    dataset: str
    version: str
    reading: Reading
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    partition: tuple[str, ...] = ()
    on_violation: Violation = "quarantine_row"
    threshold: float | None = None
    freshness: Freshness | None = None
    location: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """Return what changes when the meaning of the contract changes."""
        meaning = asdict(self)
        for name in ("version", "location", "freshness", "threshold"):
            meaning.pop(name)
        text = json.dumps(meaning, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def sources(self) -> tuple[Column, ...]:
        """The columns that are read from files."""
        return tuple(column for column in self.columns if not column.derived)

    @property
    def sensitive(self) -> bool:
        """Whether a line of a file may hold something sensitive."""
        return any(column.sensitivity for column in self.columns)

    def kept(self) -> Iterator[Column]:
        """Yield the columns of the table."""
        return (it for it in self.columns if it.sensitivity != "drop")
