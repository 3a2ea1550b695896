"""The SQL that turns the text of a field into a value, and says what is wrong with it.

Every value is read strictly: what DuckDB would round, guess or accept beyond the form
that the contract names is no value. The common form takes a short way, which compares
the value written back with the text; only what differs pays for a regular expression.
"""

from collections.abc import Callable, Iterator
import re

from data_pipeline.contracts.forms import FORMATS
from data_pipeline.contracts.model import Column, Times
from data_pipeline.repositories.bronze import sql

WHITE = r"[\s\p{Z}\x{feff}]"
INTEGER = "[+-]?[0-9]+"
DOUBLE = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIMESTAMP = DATE + "([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)?"
OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
# A text in ASCII without a space at its ends, as most are, needs no trim, which takes
# six times as long as to see that.
QUICK_TRIM = (
    "CASE WHEN {0} >= '!' AND NOT ends_with({0}, ' ') AND strlen({0}) = length({0}) "
    "THEN {0} ELSE trim({0}) END"
)
STEPS: dict[str, str] = {
    "trim": "trim({})",
    "strip": f"regexp_replace({{}}, '^{WHITE}+|{WHITE}+$', '', 'g')",
    "collapse": f"regexp_replace({{}}, '{WHITE}+', ' ', 'g')",
    "lower": "lower({})",
    "upper": "upper({})",
    "nfc": "nfc_normalize({})",
    "digits": "regexp_replace({}, '[^0-9]', '', 'g')",
}
NOT = {
    "integer": "not_an_integer",
    "number": "not_a_number",
    "boolean": "not_a_boolean",
    "date": "not_a_date",
    "timestamp": "not_a_timestamp",
}


def value(column: Column) -> str:
    """Return the SQL of the value of a column, null where its text is none."""
    return _VALUES.get(column.kind, _string)(column, sql.name(source(column)))


def source(column: Column) -> str:
    """Name the text of a column in the relation that holds the raw fields."""
    return f"{column.name}:raw"


def fault(column: Column) -> str:
    """Return the SQL of the reason against a value, or nothing when none can be."""
    whens = [*_absent(column), *_limits(column), *_forms(column), *_allowed(column)]
    return f"CASE {' '.join(whens)} END" if whens else ""


def _absent(column: Column) -> Iterator[str]:
    """Yield what is wrong when there is no value."""
    raw, known = sql.name(source(column)), sql.name(column.name)
    missing = "'missing'" if column.required else "NULL"
    if column.kind in NOT:
        reason = sql.text(NOT[column.kind])
        yield (
            f"WHEN {known} IS NULL THEN CASE WHEN {_null(column, raw)} "
            f"THEN {missing} ELSE {reason} END"
        )
    elif column.required:
        yield f"WHEN {known} IS NULL THEN {missing}"


def _limits(column: Column) -> Iterator[str]:
    """Yield the tests of a range."""
    limits, known = column.range, sql.name(column.name)
    tests = (
        ("<", limits.minimum, "below_minimum"),
        (">", limits.maximum, "above_maximum"),
        ("<=", limits.above, "below_minimum"),
        (">=", limits.below, "above_maximum"),
    )
    for sign, limit, reason in tests:
        if limit is not None:
            yield f"WHEN {known} {sign} {_literal(column, limit)} THEN '{reason}'"
    if limits.multiple_of is not None:
        step = _literal(column, limits.multiple_of)
        yield f"WHEN {known} % {step} <> 0 THEN 'not_a_multiple'"


def _forms(column: Column) -> Iterator[str]:
    """Yield the tests of how a text looks."""
    texts, known = column.texts, sql.name(column.name)
    if texts.min_length is not None:
        yield f"WHEN length({known}) < {texts.min_length} THEN 'too_short'"
    if texts.max_length is not None:
        yield f"WHEN length({known}) > {texts.max_length} THEN 'too_long'"
    if texts.format in FORMATS:
        form = sql.text(FORMATS[texts.format])
        reason = f"not_a_{texts.format}"
        yield f"WHEN NOT regexp_full_match({known}, {form}) THEN '{reason}'"
    if texts.pattern:
        pattern = sql.text(texts.pattern)
        yield f"WHEN NOT regexp_matches({known}, {pattern}) THEN 'other_pattern'"


def _allowed(column: Column) -> Iterator[str]:
    """Yield the tests against lists of values."""
    known = sql.name(column.name)
    for values, reason in ((column.allowed, "not_allowed"), (column.lookup, "unknown")):
        if values:
            listed = ", ".join(_literal(column, each) for each in values)
            yield f"WHEN {known} NOT IN ({listed}) THEN '{reason}'"
        elif values is not None and reason == "unknown":
            yield f"WHEN {known} IS NOT NULL THEN '{reason}'"


def _literal(column: Column, written: str) -> str:
    """Return a value of a contract in the type of its column."""
    literal = sql.text(written)
    return literal if column.sql_type == "VARCHAR" else f"{column.sql_type} {literal}"


def _null(column: Column, raw: str) -> str:
    """Return the test whether a field says that there is no value."""
    spelled = f"{_steps(column, raw)} IN ({sql.texts(column.nulls)})"
    return f"({raw} IS NULL OR {spelled})" if column.nulls else f"{raw} IS NULL"


def _steps(column: Column, raw: str, trim: str = STEPS["trim"]) -> str:
    """Return a field after the steps that normalize it.

    :param trim: how that is done when it comes first.
    """
    steps = column.normalize
    if steps[:1] == ("trim",):
        raw, steps = trim.format(raw), steps[1:]
    for step in steps:
        kind, _, argument = step.partition(":")
        raw = (
            _phone(raw, argument) if kind == "phone" else STEPS[kind].replace("{}", raw)
        )
    return raw


def _phone(raw: str, country: str) -> str:
    """Return a telephone number as E.164 has it; a national one is of the country."""
    bare = f"regexp_replace({raw}, '[^0-9+]|[(]0[)]', '', 'g')"
    world = f"regexp_replace({bare}, '^00', '+')"
    return f"regexp_replace({world}, '^0', '+{country}')"


def _string(column: Column, raw: str) -> str:
    """Return a text; one that spells null is none."""
    clean = _steps(column, raw, QUICK_TRIM)
    if not column.nulls:
        return clean
    if len(column.nulls) == 1:
        return f"nullif({clean}, {sql.text(column.nulls[0])})"
    return f"CASE WHEN {clean} NOT IN ({sql.texts(column.nulls)}) THEN {clean} END"


def _short(column: Column, raw: str, otherwise: str) -> str:
    """Return a cast whose result, written back, is the text; or something else."""
    cast = f"TRY_CAST({raw} AS {column.sql_type})"
    return f"CASE WHEN {cast}::VARCHAR = {raw} THEN {cast} ELSE {otherwise} END"


def _matching(clean: str, form: str) -> str:
    """Return a text that has a form, and an empty one for any other.

    It names the text once: what stands twice, DuckDB computes for every row, also for
    those that take the short way.
    """
    return f"regexp_extract({clean}, {sql.text(f'^(?:{form})$')})"


def _integer(column: Column, raw: str) -> str:
    """Return a whole number."""
    clean = _steps(column, raw)
    if column.numbers.plain:
        matching = _matching(clean, INTEGER)
        return _short(column, raw, f"TRY_CAST({matching} AS {column.sql_type})")
    return _grouped(column, clean, "")


def _number(column: Column, raw: str) -> str:
    """Return a number with decimals; none of them is rounded away."""
    clean = _steps(column, raw)
    decimal = DECIMAL.fullmatch(column.sql_type)
    if not column.numbers.plain:
        return _grouped(column, clean, _fraction(column))
    if decimal:
        form = f"[+-]?([0-9]+([.]{_digits(column, 0)})?|[.]{_digits(column, 1)})"
        matching = _matching(clean, form)
        return _short(column, raw, f"TRY_CAST({matching} AS {column.sql_type})")
    cast = f"TRY_CAST({_matching(clean, DOUBLE)} AS {column.sql_type})"
    return f"CASE WHEN isfinite({cast}) THEN {cast} END"


def _fraction(column: Column) -> str:
    """Return the form of what follows the decimal mark, at most as much as is kept."""
    return f"({re.escape(column.numbers.point)}{_digits(column, 0)})?"


def _digits(column: Column, least: int) -> str:
    """Return the form of decimals; what is more than the column keeps is noughts."""
    decimal = DECIMAL.fullmatch(column.sql_type)
    if not decimal:
        return f"[0-9]{{{least},}}"
    if decimal[2] == "0":
        return "0+" if least else "0*"
    return f"[0-9]{{{least},{decimal[2]}}}0*"


def _grouped(column: Column, clean: str, fraction: str) -> str:
    """Return a number that people wrote: groups, another decimal mark, a currency."""
    numbers = column.numbers
    for each in numbers.remove:
        clean = f"replace({clean}, {sql.text(each)}, '')"
    clean = f"trim({clean})" if numbers.remove else clean
    groups = "[0-9]+"
    if numbers.thousands:
        mark = re.escape(numbers.thousands)
        groups = f"([0-9]{{1,3}}({mark}[0-9]{{3}})+|[0-9]+)"
    bare = _matching(clean, f"[+-]?{groups}{fraction}")
    if numbers.thousands:
        bare = f"replace({bare}, {sql.text(numbers.thousands)}, '')"
    if numbers.point != ".":
        bare = f"replace({bare}, {sql.text(numbers.point)}, '.')"
    return f"TRY_CAST({bare} AS {column.sql_type})"


def _boolean(column: Column, raw: str) -> str:
    """Return true or false for their spellings."""
    yes, no = (sql.texts(spellings) for spellings in column.truths)
    plain = f"WHEN {raw} IN ({yes}) THEN true WHEN {raw} IN ({no}) THEN false"
    position = f"list_position([{yes}, {no}], lower({_steps(column, raw)}))"
    return f"CASE {plain} ELSE nullif({position}, 0) <= {len(column.truths[0])} END"


def _date(column: Column, raw: str) -> str:
    """Return a date."""
    clean = _steps(column, raw)
    if column.times.formats:
        return _strptime(column.times.formats, raw, clean, "::DATE")
    return _short(column, raw, f"TRY_CAST({_matching(clean, DATE)} AS DATE)")


def _timestamp(column: Column, raw: str) -> str:
    """Return a local time, or a point in time."""
    clean, times = _steps(column, raw), column.times
    if times.formats:
        ways = [_moment(times, each, raw, clean) for each in times.formats]
        return f"coalesce({', '.join(ways)})" if len(ways) > 1 else ways[0]
    if not times.instant:
        matching = _matching(clean, TIMESTAMP)
        return _short(column, raw, f"TRY_CAST({matching} AS TIMESTAMP)")
    local = f"TRY_CAST({clean} AS TIMESTAMP)"
    exact = f"TRY_CAST({clean} AS TIMESTAMPTZ)"
    zoned = _zoned(times, local)
    here = f"WHEN regexp_full_match({clean}, {sql.text(TIMESTAMP)}) THEN {zoned}"
    there = (
        f"WHEN regexp_full_match({clean}, {sql.text(TIMESTAMP + OFFSET)}) THEN {exact}"
    )
    return f"CASE {here} {there} END"


def _moment(times: Times, form: str, raw: str, clean: str) -> str:
    """Return the time that one form of writing gives."""
    if "%z" in form or not times.instant:
        return _strptime((form,), raw, clean, "")
    return _zoned(times, _strptime((form,), raw, clean, ""))


def _zoned(times: Times, local: str) -> str:
    """Return the point in time of a local one."""
    return f"timezone({sql.text(times.zone)}, {local})"


def _strptime(forms: tuple[str, ...], raw: str, clean: str, cast: str) -> str:
    """Return a time in one of some forms; two digits are no year of four."""
    listed = sql.text(forms[0]) if len(forms) == 1 else f"[{sql.texts(forms)}]"
    found = f"try_strptime({raw}, {listed})"
    if clean != raw:
        found = f"coalesce({found}, try_strptime({clean}, {listed}))"
    if any("%Y" in form for form in forms):
        found = f"CASE WHEN {found} >= TIMESTAMP '1000-01-01' THEN {found} END"
    return f"({found}){cast}"


_VALUES: dict[str, Callable[[Column, str], str]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
