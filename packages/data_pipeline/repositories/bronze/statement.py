"""Compiles a contract into one readable SQL statement; it runs nothing.

The statement reads each file once, and yields a row for every record of it: typed and
normalized columns, ``_file``, ``_record``, and in ``_violations`` what is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import itertools
import re

from data_pipeline.bronze.files import BronzeFile, FAULT, NEWLINE
from data_pipeline.contracts.model import Column, Contract, Order
from data_pipeline.repositories.bronze import sql, values

SETTINGS = ("SET TimeZone = 'UTC'", "SET preserve_insertion_order = true")
"""What has to hold in the session that runs a statement."""

EXPRESSIONS = "SET disabled_optimizers = 'in_clause'"
"""Compares with each value of a list; DuckDB would join them, and lose the order."""

LONG_LIST = 64
"""As many values as are compared faster than joined."""

HASH_KEY = "hash_key"
"""The variable of the session that keeps hashes from being guessed."""

DERIVED = {
    "year": ("INTEGER", "year({})::INTEGER"),
    "month": ("VARCHAR", "strftime({}, '%Y-%m')"),
    "day": ("DATE", "{}::DATE"),
}
HIDDEN = "***"
SHOWN = 200
UNTYPED = "read_csv({files}, {options}, auto_detect = false, ignore_errors = true)"
FILE = sql.name(":file")
# No text has it: four control characters, so that a line stays one field.
NO_DELIMITER = r"E'\x01\x02\x03\x04'"


@dataclass(frozen=True)
class Input:
    """What one call of a reader reads.

    :param like: a file that all look like.
    :param files: the argument of the call.
    :param place: the columns ``_file`` and ``_record``.
    :param named: whether the reader tells which file a row is from.
    """

    like: BronzeFile
    files: str
    place: tuple[str, str]
    named: bool


@dataclass(frozen=True)
class CompiledContract:
    """The SQL of a contract."""

    contract: Contract

    @property
    def table_columns(self) -> tuple[tuple[str, str], ...]:
        """Name and DuckDB type of each column of the table."""
        return tuple((it.name, it.table_type) for it in self.contract.kept())

    @property
    def settings(self) -> tuple[str, ...]:
        """What a session needs in which :meth:`in_order_sql` shall keep its order."""
        lists = [
            values
            for it in self.contract.sources
            for values in (it.allowed, it.lookup, it.nulls, *it.truths)
        ]
        short = all(len(values or ()) <= LONG_LIST for values in lists)
        return (*SETTINGS, EXPRESSIONS) if short else SETTINGS

    @property
    def dedup(self) -> str:
        """The window whose first row is kept of those with one key."""
        keys = ", ".join(sql.name(each) for each in self.contract.key)
        order = [*map(_direction, self.contract.order), "_file DESC", "_record DESC"]
        return f"PARTITION BY {keys} ORDER BY {', '.join(order)}"

    @property
    def freshness_sql(self) -> str:
        """The test whether rows in ``{relation}`` are fresh; empty without one."""
        fresh = self.contract.freshness
        if fresh is None:
            return ""
        newest = f"max({sql.name(fresh.column)})::TIMESTAMPTZ"
        limit = f"now() - INTERVAL '{fresh.seconds} seconds'"
        return _select([f"coalesce({newest} >= {limit}, false)"], "{relation}")

    def read_sql(self, files: Sequence[BronzeFile | str]) -> str:
        """Return the relation of raw texts of some files.

        :param files: as :func:`data_pipeline.bronze.intake.take` returned them; a
            path stands for a file that looks exactly as the contract says.
        """
        return self._read_all([_numbered(_bronze(self.contract, it)) for it in files])

    def typed_sql(self, relation: str) -> str:
        """Return the typed rows of a relation of raw texts.

        :param relation: the name of a table, view or common table expression.
        """
        contract = self.contract
        judged = "judged" if _unique(contract) else "values_and_faults"
        ctes = [
            ("typed_values", _select([*_values(contract), *_places()], relation)),
            ("values_and_faults", _faulted(contract)),
        ]
        if _unique(contract):
            ctes.append(("judged", _judged(contract)))
        final = [*_final(contract), "_file", "_record", _violations(contract)]
        lines = ",\n".join(f"{name} AS (\n{sql.indented(q)}\n)" for name, q in ctes)
        return f"WITH {lines}\n{_select(final, judged)}"

    def statement(self, files: Sequence[BronzeFile | str]) -> str:
        """Return the statement that yields the typed rows of some files."""
        return self._typed(self.read_sql(files))

    def in_order_sql(self, files: Sequence[BronzeFile | str]) -> str:
        """Return the statement that yields the rows of each file in their order.

        They have no numbers, so that several threads read a file, and one call reads
        all files that look alike: ``_record`` is null. Only a contract with unique
        values, which depend on that order, yields what :meth:`statement` does.
        """
        if _unique(self.contract):
            return self.statement(files)
        found = sorted((_bronze(self.contract, it) for it in files), key=_look)
        alike = itertools.groupby(found, key=_look)
        return self._typed(self._read_all([_together(list(it)) for _, it in alike]))

    def _read_all(self, inputs: Sequence[Input]) -> str:
        """Return the relation of raw texts of all inputs."""
        return "\nUNION ALL\n".join(_read(self.contract, each) for each in inputs)

    def _typed(self, bronze: str) -> str:
        """Return the typed rows of raw texts."""
        typed = self.typed_sql("bronze").removeprefix("WITH ")
        return f"WITH bronze AS (\n{sql.indented(bronze)}\n),\n{typed}"

    def outcome_sql(self, files: Sequence[BronzeFile | str]) -> str:
        """Return a statement that also tells what becomes of each row.

        Its column ``_outcome`` is ``good``, ``duplicate`` or ``quarantined``.
        """
        typed = sql.indented(self.statement(files))
        first = f"row_number() OVER ({self._among_good()}) - 1 = 0"
        kept = f"WHEN {first} THEN 'good' ELSE 'duplicate'"
        outcome = "CASE WHEN len(_violations) > 0 THEN 'quarantined' "
        outcome += f"{kept if self.contract.key else 'ELSE ' + sql.text('good')} END"
        return f"SELECT *, {outcome} AS _outcome\nFROM (\n{typed}\n)"

    def _among_good(self) -> str:
        """Return the window in which rows in quarantine displace no other."""
        return self.dedup.replace(
            "PARTITION BY ", "PARTITION BY len(_violations) = 0, ", 1
        )


def compile_contract(contract: Contract) -> CompiledContract:
    """Return the SQL of a contract."""
    return CompiledContract(contract)


def _direction(order: Order) -> str:
    """Return a part of ORDER BY; a row without the value comes last."""
    return (
        f"{sql.name(order.column)} {'DESC' if order.descending else 'ASC'} NULLS LAST"
    )


def _select(columns: Sequence[str], relation: str) -> str:
    """Return a SELECT with a column to a line."""
    listed = ",\n".join(f"    {each}" for each in columns)
    return f"SELECT\n{listed}\nFROM {relation}"


def _bronze(contract: Contract, given: BronzeFile | str) -> BronzeFile:
    """Return a file; what is only a path looks as the contract says."""
    if isinstance(given, BronzeFile):
        return given
    names = tuple(column.name for column in contract.sources)
    return BronzeFile(given, given, names, contract.reading.delimiter)


def _numbered(file: BronzeFile) -> Input:
    """Return the input that is one file, whose records get numbers."""
    path = f"{sql.text(file.path)} AS _file"
    place = (path, "row_number() OVER () AS _record")
    return Input(file, sql.text(file.data), place, named=False)


def _look(file: BronzeFile) -> tuple[tuple[str, ...], str, bool]:
    """Return what has to be equal in files that one call reads."""
    return file.layout, file.delimiter, file.mended


def _together(files: Sequence[BronzeFile]) -> Input:
    """Return the input that is some files, read by one call."""
    data = f"[{sql.texts(it.data for it in files)}]"
    paths = f"[{sql.texts(it.path for it in files)}]"
    path = FILE if paths == data else f"{paths}[list_position({data}, {FILE})]"
    return Input(files[0], data, (f"{path} AS _file", "NULL::BIGINT AS _record"), True)


def _read(contract: Contract, given: Input) -> str:
    """Return the raw texts of an input."""
    if contract.reading.format == "parquet":
        return _read_parquet(contract, given)
    if contract.reading.lines:
        return _read_lines(contract, given)
    return _read_csv(contract, given)


def _raw(column: Column, expression: str) -> str:
    """Return an expression under the name of the raw text of a column."""
    return f"{expression} AS {sql.name(values.source(column))}"


def _read_csv(contract: Contract, given: Input) -> str:
    """Return the fields of CSV files, by their position."""
    reading, file = contract.reading, given.like
    fields = [each or f":{at}" for at, each in enumerate(file.layout)]
    types = ", ".join(f"{sql.text(each)}: 'VARCHAR'" for each in fields)
    head = reading.header and not file.mended
    options = {
        "columns": f"{{{types}}}",
        "header": str(head).lower(),
        "skip": str(0 if file.mended else reading.skip),
        "delim": sql.text(file.delimiter),
        "quote": sql.text('"' if file.mended else reading.quote),
        "escape": sql.text('"' if file.mended else reading.escape),
        # A null is what the contract calls one, so no text may be one here.
        "nullstr": NO_DELIMITER,
    }
    columns = [
        _raw(it, _field(it.name, file) if it.name in file.layout else "NULL::VARCHAR")
        for it in contract.sources
    ]
    fault = _mended_fault(fields) if file.mended else ("NULL::VARCHAR", "NULL::VARCHAR")
    marks = [f"{fault[0]} AS _fault", f"{fault[1]} AS _line"]
    return _select([*columns, *given.place, *marks], _call(given, options))


def _field(name: str, file: BronzeFile) -> str:
    """Return a field of a CSV file."""
    if not file.mended:
        return sql.name(name)
    return f"replace({sql.name(name)}, {sql.text(NEWLINE)}, chr(10))"


def _mended_fault(fields: Sequence[str]) -> tuple[str, str]:
    """Return the reason and the text of a record that is not one, in a mended file."""
    first, second = sql.name(fields[0]), sql.name(fields[1])
    test = f"starts_with({first}, {sql.text(FAULT)})"
    text = f"replace({second}, {sql.text(NEWLINE)}, chr(10))"
    return (
        f"CASE WHEN {test} THEN substr({first}, {len(FAULT) + 1}) END",
        f"CASE WHEN {test} THEN {text} END",
    )


def _read_lines(contract: Contract, given: Input) -> str:
    """Return what each line says: an object, or a text with named groups."""
    file, whence = given.like, [FILE] if given.named else []
    options = {
        "columns": "{'line': 'VARCHAR'}",
        "header": "false",
        "skip": str(0 if file.mended else contract.reading.skip),
        "delim": NO_DELIMITER,
        "quote": "''",
        "escape": "''",
    }
    lines = (
        f"{_select(['line', *whence], _call(given, options))}\nWHERE line IS NOT NULL"
    )
    found, fault, columns = _line_parts(contract)
    if file.mended:
        fault = (
            f"CASE WHEN {_is_fault('line')} THEN {_fault_of('line')} ELSE {fault} END"
        )
        text = f"CASE WHEN {_is_fault('line')} THEN {_text_of('line')} ELSE line END"
    else:
        text = "line"
    parts = _select(["line", *found, *whence], f"(\n{sql.indented(lines)}\n)")
    marks = [f"{fault} AS _fault", f"{text} AS _line"]
    return _select([*columns, *given.place, *marks], f"(\n{sql.indented(parts)}\n)")


def _line_parts(contract: Contract) -> tuple[list[str], str, list[str]]:
    """Return what is found in a line, why it is no record, and the raw texts."""
    if contract.reading.format == "text":
        return _text_parts(contract)
    paths = sql.texts(_json_path(it.source) for it in contract.sources)
    found = [f"TRY(json_extract_string(line, [{paths}])) AS found"]
    columns = [_raw(it, f"found[{at}]") for at, it in enumerate(contract.sources, 1)]
    # Only what has no field at all can be something else than an object.
    bare = "len(list_filter(found, lambda each: each IS NOT NULL)) = 0"
    odd = f"{bare} AND json_type(line) <> 'OBJECT'"
    fault = (
        f"CASE WHEN found IS NULL THEN 'not_json' WHEN {odd} THEN 'not_an_object' END"
    )
    return found, fault, columns


def _text_parts(contract: Contract) -> tuple[list[str], str, list[str]]:
    """Return the named groups of a line; one that does not match is at fault."""
    # DuckDB names groups by their position alone.
    expression = re.compile(contract.reading.pattern)
    names = {at: name for name, at in expression.groupindex.items()}
    groups = sql.texts(
        names.get(at, f":{at}") for at in range(1, expression.groups + 1)
    )
    pattern = sql.text(contract.reading.pattern)
    found = [
        f"regexp_full_match(line, {pattern}) AS matched",
        f"regexp_extract(line, {pattern}, [{groups}]) AS found",
    ]
    columns = [
        _raw(it, f"CASE WHEN matched THEN found[{sql.text(it.source)}] END")
        for it in contract.sources
    ]
    return found, "CASE WHEN NOT matched THEN 'other_form' END", columns


def _is_fault(line: str) -> str:
    """Return the test whether a line of a mended file was none."""
    return f"starts_with({line}, {sql.text(FAULT)})"


def _fault_of(line: str) -> str:
    """Return why a line was none."""
    return f"split_part({line}, {sql.text(FAULT)}, 2)"


def _text_of(line: str) -> str:
    """Return what a line was."""
    return f"split_part({line}, {sql.text(FAULT)}, 3)"


def _json_path(source: str) -> str:
    """Return the JSON path of ``actor.login``; one with a dollar is one already."""
    if source.startswith("$"):
        return source
    return "$." + ".".join(f'"{part}"' for part in source.split("."))


def _read_parquet(contract: Contract, given: Input) -> str:
    """Return the columns of Parquet files as texts."""
    file = given.like
    columns = [
        _raw(
            it,
            f"{sql.name(it.source)}::VARCHAR"
            if it.name in file.layout
            else "NULL::VARCHAR",
        )
        for it in contract.sources
    ]
    marks = ["NULL::VARCHAR AS _fault", "NULL::VARCHAR AS _line"]
    read = f"read_parquet({given.files}{_naming(given)})"
    return _select([*columns, *given.place, *marks], read)


def _call(given: Input, options: dict[str, str]) -> str:
    """Return the call that reads an input."""
    listed = ", ".join(f"{name} = {value}" for name, value in options.items())
    return UNTYPED.format(files=given.files, options=listed + _naming(given))


def _naming(given: Input) -> str:
    """Return the option by which a reader tells which file a row is from."""
    return f", filename = {sql.text(':file')}" if given.named else ""


def _values(contract: Contract) -> list[str]:
    """Return the raw text and the value of every column that is read."""
    return [
        each
        for column in contract.sources
        for each in (
            sql.name(values.source(column)),
            f"{values.value(column)} AS {sql.name(column.name)}",
        )
    ]


def _places() -> list[str]:
    """Name what says where a row is from."""
    return ["_file", "_record", "_fault", "_line"]


def _reason(column: Column) -> str:
    """Name the reason against a value."""
    return sql.name(f"{column.name}:fault")


def _judged_columns(contract: Contract) -> list[Column]:
    """Return the columns that a value can break the contract in."""
    return [it for it in contract.sources if values.fault(it)]


def _faulted(contract: Contract) -> str:
    """Return the values with the reasons against them."""
    reasons = [
        f"CASE WHEN _fault IS NULL THEN {values.fault(it)} END AS {_reason(it)}"
        for it in _judged_columns(contract)
    ]
    return _select(["*", *reasons], "typed_values")


def _unique(contract: Contract) -> list[Column]:
    """Return the columns that no two rows may share a value of, but for the key."""
    alone = contract.key if len(contract.key) == 1 else ()
    return [it for it in contract.sources if it.unique and it.name not in alone]


def _judged(contract: Contract) -> str:
    """Return the values with the reasons, also against those that are taken."""
    order = [*map(_direction, contract.order), "_file", "_record"]
    columns = []
    for column in _unique(contract):
        name = sql.name(column.name)
        window = f"OVER (PARTITION BY {name} ORDER BY {', '.join(order)})"
        taken = f"row_number() {window} > 1"
        if contract.key:
            row = f"({', '.join(sql.name(each) for each in contract.key)})"
            taken = f"first_value({row}) {window} IS DISTINCT FROM {row}"
        test = f"CASE WHEN {name} IS NOT NULL AND {taken} THEN 'not_unique' END"
        columns.append(f"{test} AS {sql.name(f'{column.name}:taken')}")
    return _select(["*", *columns], "values_and_faults")


def _final(contract: Contract) -> list[str]:
    """Return the columns of the table."""
    return [_kept(contract, column) for column in contract.kept()]


def _kept(contract: Contract, column: Column) -> str:
    """Return a column of the table, with what is sensitive made unreadable."""
    name = sql.name(column.name)
    if column.derived:
        return f"{DERIVED[column.derived][1].format(sql.name(column.source))} AS {name}"
    if column.sensitivity == "mask":
        return f"CASE WHEN {name} IS NOT NULL THEN '{HIDDEN}' END AS {name}"
    if column.sensitivity == "hash":
        key = f"coalesce(getvariable('{HASH_KEY}')::VARCHAR, '')"
        return f"sha256({key} || {name}::VARCHAR) AS {name}"
    return name


def _violations(contract: Contract) -> str:
    """Return the list of what is wrong with a row."""
    judged, unique = _judged_columns(contract), _unique(contract)
    reasons = [(it, _reason(it)) for it in judged]
    reasons += [(it, sql.name(f"{it.name}:taken")) for it in unique]
    line = _shown("_line", contract.sensitive)
    found = [_violation("NULL", line, "_fault")]
    found += [
        _violation(
            sql.text(it.name),
            _shown(sql.name(values.source(it)), bool(it.sensitivity)),
            reason,
        )
        for it, reason in reasons
    ]
    first = ", ".join(["_fault", *(reason for _, reason in reasons)])
    listed = ",\n".join(f"        {each}" for each in found)
    return (
        f"CASE WHEN coalesce({first}) IS NULL THEN [] ELSE list_filter([\n{listed}\n"
        "    ], lambda each: each.reason IS NOT NULL) END AS _violations"
    )


def _shown(text: str, sensitive: bool) -> str:
    """Return a text as people may see it in quarantine."""
    if sensitive:
        return f"CASE WHEN {text} IS NOT NULL THEN '{HIDDEN}' END"
    return f"{text}[:{SHOWN}]"


def _violation(column: str, value: str, reason: str) -> str:
    """Return one thing that is wrong."""
    why = f"{reason}::VARCHAR"
    return f"{{'column': {column}::VARCHAR, 'value': {value}, 'reason': {why}}}"
