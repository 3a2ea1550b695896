"""Makes a contract of a document, and finds what contradicts itself in it."""

import codecs
from collections.abc import Callable, Iterator, Sequence
import csv
from functools import partial
import io
import re
from typing import Any, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError

from data_pipeline.contracts.dates import strptime_format
from data_pipeline.contracts.document import (
    ColumnFacts,
    Custom,
    Document,
    FileFacts,
    Lookup,
    Options,
    Property,
    TableFacts,
    VENDOR,
)
from data_pipeline.contracts.faults import Fault
from data_pipeline.contracts.forms import FORMATS
from data_pipeline.contracts.markup import Marked, Place
from data_pipeline.contracts.model import (
    Column,
    Contract,
    Freshness,
    Numbers,
    Order,
    Range,
    Reading,
    Texts,
    Times,
)
from etl_core.errors import ConfigError
from etl_core.registry import suggestion

Facts = TypeVar("Facts", bound=BaseModel)

INTEGERS = {
    "i8": "TINYINT",
    "i16": "SMALLINT",
    "i32": "INTEGER",
    "i64": "BIGINT",
    "u8": "SMALLINT",
    "u16": "INTEGER",
    "u32": "BIGINT",
}
WHOLE = {"tinyint", "smallint", "integer", "bigint"}
PHYSICAL = {
    "integer": WHOLE,
    "number": {"float", "double"},
    "string": {"varchar"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"timestamp", "timestamptz"},
}
DECIMAL = re.compile(r"(?:decimal|numeric)\((\d{1,2}),\s*(\d{1,2})\)", re.IGNORECASE)
# The engine of DuckDB looks neither ahead nor behind, and remembers no group.
UNKNOWN_REGEX = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]")
NO_DATES = {*INTEGERS, *FORMATS, "f32", "f64"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "min": 60}
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
LOOKUP_ROWS = 100_000
COLUMNS: Place = ("schema", 0, "properties")


class Builder:
    """Makes one contract, and notes every fault on the way.

    :param marked: where everything in the document stands.
    :param fetch: reads a file beside the contract.
    """

    def __init__(
        self,
        document: Document,
        marked: Marked,
        location: str,
        fetch: Callable[[str], bytes],
    ) -> None:
        """Build nothing yet."""
        self.faults: list[Fault] = []
        self._marked = marked
        self._location = location
        self._fetch = fetch
        self._document = document
        self._table = document.tables[0]
        self._names = [it.name for it in self._table.properties]

    def contract(self) -> Contract:
        """Return the contract; it is of use only when no fault was found."""
        facts = self._facts(self._table.custom_properties, TableFacts, ("schema", 0))
        columns = tuple(
            self._column(it, at, facts) for at, it in enumerate(self._table.properties)
        )
        reading = self._reading()
        contract = Contract(
            dataset=self._table.name,
            version=self._document.version,
            reading=reading,
            columns=columns,
            key=self._positioned("primary_key", "primary_key_position"),
            order=tuple(self._order(each) for each in facts.order),
            partition=self._positioned("partitioned", "partition_key_position"),
            on_violation=facts.on_violation,
            threshold=facts.threshold,
            freshness=self._freshness(),
            location=self._location,
        )
        self._check(contract)
        return contract

    def _blame(self, place: Place, message: str) -> None:
        """Note a fault."""
        self.faults.append(self._marked.fault(place, message))

    def _facts(
        self, customs: Sequence[Custom], model: type[Facts], place: Place
    ) -> Facts:
        """Return the custom properties that are ours; faulty ones are left out."""
        given: dict[str, tuple[int, Any]] = {}
        known = {field.alias or name for name, field in model.model_fields.items()}
        for at, custom in enumerate(customs):
            here = (*place, "customProperties", at, "property")
            if custom.vendor not in (None, VENDOR):
                continue
            if custom.property not in known:
                advice = suggestion(custom.property, sorted(known))
                text = f"the custom property {custom.property!r} is not known; {advice}"
                self._blame(here, f"{text}; that of another tool needs a vendor")
            elif custom.property in given:
                self._blame(here, f"{custom.property!r} stands here twice; remove one")
            else:
                given[custom.property] = (at, custom.value)
        try:
            return model.model_validate({name: it for name, (_, it) in given.items()})
        except ValidationError as error:
            for fault in error.errors(include_input=False, include_url=False):
                name, *rest = fault["loc"]
                at = given[str(name)][0]
                here = (*place, "customProperties", at, "value", *rest)
                self._blame(here, f"{name}: {fault['msg'].lower()}")
            return model()

    def _reading(self) -> Reading:
        """Return how the files are read."""
        server, place = self._document.servers[0], ("servers", 0)
        facts = self._facts(server.custom_properties, FileFacts, place)
        delimiter = "," if server.delimiter is None else server.delimiter
        if server.format == "csv" and len(delimiter.encode()) != 1:
            self._blame((*place, "delimiter"), "the delimiter is one character")
        try:
            encoding = codecs.lookup(server.encoding).name
        except LookupError:
            encoding = "utf-8"
            text = f"{server.encoding!r} is no encoding of Python, such as cp1252"
            self._blame((*place, "encoding"), text)
        if server.format == "text":
            self._check_pattern(facts.pattern, place)
        return Reading(
            format=server.format,
            encoding=encoding,
            delimiter=delimiter,
            **{name: getattr(facts, name) for name in FileFacts.model_fields},
        )

    def _check_pattern(self, pattern: str, place: Place) -> None:
        """Check the expression that takes a line apart."""
        groups = self._regex(pattern, place)
        for at, each in enumerate(self._table.properties):
            source = each.physical_name or each.name
            derived = any(it.property == "derive" for it in each.custom_properties)
            if groups is not None and source not in groups and not derived:
                text = f"the pattern has no group (?P<{source}>...) for this column"
                self._blame((*COLUMNS, at, "name"), text)

    def _regex(self, pattern: str, place: Place) -> dict[str, int] | None:
        """Return the groups of an expression, or note what is wrong with it."""
        if UNKNOWN_REGEX.search(pattern):
            self._blame(place, "the pattern looks ahead or back; write it without")
            return None
        try:
            return dict(re.compile(pattern).groupindex)
        except re.error as error:
            self._blame(place, f"the pattern is no regular expression: {error}")
            return None

    def _column(self, given: Property, at: int, table: TableFacts) -> Column:
        """Return one column."""
        place = (*COLUMNS, at)
        facts = self._facts(given.custom_properties, ColumnFacts, place)
        blame = partial(self._blame, place)
        if self._names.index(given.name) != at:
            self._blame((*place, "name"), f"{given.name!r} stands here twice")
        numbers = Numbers(facts.decimal_point, facts.thousands, tuple(facts.remove))
        if numbers.point == numbers.thousands:
            blame("decimalPoint and thousands are the same; one has to differ")
        kind = given.logical_type
        source = facts.derive.source if facts.derive else given.physical_name
        normalize = table.normalize if facts.normalize is None else facts.normalize
        nulls = table.nulls if facts.nulls is None else facts.nulls
        spelled = facts.truths
        truths = (spelled.true, spelled.false) if spelled else (TRUE, FALSE)
        yes, no = (tuple(each.lower() for each in spellings) for spellings in truths)
        column = Column(
            name=given.name,
            source=source or given.name,
            kind=kind,
            sql_type=self._sql_type(given, place),
            required=given.required or given.primary_key,
            unique=given.unique,
            normalize=tuple(normalize),
            nulls=tuple(nulls),
            numbers=numbers,
            times=self._times(given.options, facts, (*place, "logicalTypeOptions")),
            truths=(yes, no),
            range=_range(given.options),
            texts=self._texts(given, (*place, "logicalTypeOptions")),
            allowed=tuple(str(each.value) for each in given.enum),
            lookup=self._lookup(facts.lookup, place),
            sensitivity=facts.sensitivity,
            derived=facts.derive.part if facts.derive else "",
        )
        return self._derived(column, place) if column.derived else column

    def _derived(self, column: Column, place: Place) -> Column:
        """Return a column that is made of another one."""
        origins = {it.name: it for it in self._table.properties}
        origin = origins.get(column.source)
        if origin is None or origin.logical_type not in ("date", "timestamp"):
            text = f"it is derived from {column.source!r}, no date of the table"
            self._blame(place, text)
        types = {"year": "INTEGER", "month": "VARCHAR", "day": "DATE"}
        return Column(
            column.name,
            column.source,
            sql_type=types[column.derived],
            derived=column.derived,
        )

    def _sql_type(self, given: Property, place: Place) -> str:
        """Return the DuckDB type of a column."""
        kind, options = given.logical_type, given.options
        if given.physical_type:
            return self._physical(kind, given.physical_type, (*place, "physicalType"))
        if kind == "integer" and options.format:
            return self._integer_type(options.format, place)
        if kind == "number":
            return "FLOAT" if options.format == "f32" else "DOUBLE"
        if kind == "timestamp":
            instant = options.timezone or options.default_timezone
            return "TIMESTAMPTZ" if instant else "TIMESTAMP"
        plain = {"integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE"}
        return plain.get(kind, "VARCHAR")

    def _integer_type(self, form: str, place: Place) -> str:
        """Return the type of a whole number of some size."""
        if form not in INTEGERS:
            known = ", ".join(INTEGERS)
            text = f"no column of the table holds {form}; known: {known}"
            self._blame((*place, "logicalTypeOptions", "format"), text)
        return INTEGERS.get(form, "BIGINT")

    def _physical(self, kind: str, physical: str, place: Place) -> str:
        """Return a type that is named outright."""
        decimal = DECIMAL.fullmatch(physical)
        if decimal and kind == "number":
            digits, scale = int(decimal[1]), int(decimal[2])
            if scale <= digits <= 38:
                return f"DECIMAL({digits},{scale})"
        known = PHYSICAL.get(kind, {"varchar"})
        if physical.lower() in known:
            return physical.upper()
        more = ", decimal(12,2)" if kind == "number" else ""
        text = f"{kind} is not kept as {physical!r}; known: {', '.join(sorted(known))}"
        self._blame(place, text + more)
        return "VARCHAR"

    def _times(self, options: Options, facts: ColumnFacts, place: Place) -> Times:
        """Return how dates and times are written."""
        patterns = facts.formats or ([options.format] if options.format else [])
        formats = [self._strptime(it, place) for it in patterns if it not in NO_DATES]
        zone = options.default_timezone or "UTC"
        if zone not in available_timezones():
            self._blame(
                (*place, "defaultTimezone"),
                f"{zone!r} is no time zone, such as Europe/Berlin",
            )
        instant = bool(options.timezone or options.default_timezone)
        return Times(tuple(formats), zone, instant)

    def _strptime(self, pattern: str, place: Place) -> str:
        """Return a format of dates, or note what is wrong with it."""
        try:
            return strptime_format(pattern)
        except ValueError as error:
            self._blame((*place, "format"), f"{error}; write it like dd.MM.yyyy")
            return "%Y-%m-%d"

    def _texts(self, given: Property, place: Place) -> Texts:
        """Return what a text has to look like."""
        options = given.options
        form = options.format or ""
        if given.logical_type != "string":
            form = ""
        elif form and form not in FORMATS:
            advice = suggestion(form, sorted(FORMATS))
            self._blame((*place, "format"), f"{form!r} is no form of texts; {advice}")
        if options.pattern:
            self._regex(options.pattern, (*place, "pattern"))
        return Texts(
            options.min_length, options.max_length, options.pattern or "", form
        )

    def _lookup(self, lookup: Lookup | None, place: Place) -> tuple[str, ...] | None:
        """Return the values of another dataset."""
        if lookup is None:
            return None
        try:
            text = self._fetch(lookup.file).decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(text)))
        except (ConfigError, UnicodeDecodeError, csv.Error) as error:
            self._blame(place, f"the lookup cannot be read: {error}")
            return ()
        if not rows or lookup.column not in rows[0] or len(rows) > LOOKUP_ROWS:
            text = f"{lookup.file} has no column {lookup.column!r}, or no rows, or more"
            self._blame(place, f"{text} than {LOOKUP_ROWS:,} rows")
            return ()
        return tuple(sorted({row[lookup.column] or "" for row in rows}))

    def _positioned(self, flag: str, position: str) -> tuple[str, ...]:
        """Return the columns with a flag, in the order of their positions."""
        chosen = [it for it in self._table.properties if getattr(it, flag)]
        return tuple(
            it.name for it in sorted(chosen, key=lambda i: getattr(i, position))
        )

    def _order(self, text: str) -> Order:
        """Return a part of the order."""
        column, _, direction = text.partition(" ")
        return Order(column, direction != "asc")

    def _freshness(self) -> Freshness | None:
        """Return how fresh the rows have to be."""
        for at, each in enumerate(self._document.agreements):
            place = ("slaProperties", at)
            if each.property != "freshness":
                continue
            column = (each.element or "").rpartition(".")[2]
            unit = (each.unit or "d").lower()
            per = SECONDS.get(unit) or SECONDS.get(unit[:1])
            if column not in self._names or per is None:
                text = "freshness needs a unit (h, d) and an element: a column"
                self._blame(place, text)
                return None
            return Freshness(column, int(float(str(each.value)) * per))
        return None

    def _check(self, contract: Contract) -> None:
        """Note what contradicts itself."""
        for place, message in _contradictions(contract):
            self._blame(place, message)


def _range(options: Options) -> Range:
    """Return the limits of a value."""
    limits = (
        options.minimum,
        options.maximum,
        options.exclusive_minimum,
        options.exclusive_maximum,
        options.multiple_of,
    )
    return Range(*(None if each is None else str(each) for each in limits))


def _contradictions(contract: Contract) -> Iterator[tuple[Place, str]]:
    """Yield what in a contract cannot be."""
    named = {it.name: at for at, it in enumerate(contract.columns)}
    hidden = {it.name for it in contract.columns if it.sensitivity}
    for at, column in enumerate(contract.columns):
        place = (*COLUMNS, at)
        limits = column.range != Range()
        if limits and column.kind not in ("integer", "number", "date", "timestamp"):
            yield place, f"a {column.kind} has no minimum and no maximum"
        if column.texts != Texts() and column.kind != "string":
            yield place, f"a {column.kind} has neither length nor pattern"
        if column.sensitivity in ("mask", "drop") and column.name in contract.key:
            yield place, f"a key cannot be {column.sensitivity}ed; hash it"
        if column.sensitivity and column.name in contract.partition:
            yield place, "a partition shows its value to everybody; take another column"
    if len(contract.sources) < 2 and contract.reading.format == "csv":
        yield COLUMNS, "a CSV of one column is a text; say format: text"
    table: Place = ("schema", 0)
    for order in contract.order:
        if order.column not in named or order.column in hidden:
            yield table, f"order names {order.column!r}, no plain column of the table"
    if contract.order and not contract.key:
        yield table, "order needs a key: say primaryKey: true of a column"
