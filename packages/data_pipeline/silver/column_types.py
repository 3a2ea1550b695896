"""Types and statistics of columns, in the words of DuckDB and of Delta Lake."""

from datetime import date, datetime, timedelta
import math
import re
from typing import Any

from etl_core.errors import ConfigError

TO_DELTA = {
    "BOOLEAN": "boolean",
    "TINYINT": "byte",
    "SMALLINT": "short",
    "INTEGER": "integer",
    "BIGINT": "long",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BLOB": "binary",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
FROM_DELTA = {delta: duckdb for duckdb, delta in TO_DELTA.items()}
ALIASES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "STRING": "VARCHAR"}
DECIMAL = re.compile(r"(?i)decimal\((\d+), ?(\d+)\)")
WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
PARTITION_TYPES = WHOLE | {"BOOLEAN", "VARCHAR", "DATE"}
# Beyond these many digits a JSON number is no longer what was written.
EXACT_DIGITS = 15
MILLISECOND = timedelta(milliseconds=1)


def normal_type(kind: str) -> str:
    """Return the one spelling of a DuckDB type.

    :raises ConfigError: when no silver table can have such a column.
    """
    found = DECIMAL.fullmatch(kind)
    if found:
        return f"DECIMAL({found[1]},{found[2]})"
    name = ALIASES.get(kind.upper(), kind.upper())
    if name not in TO_DELTA:
        raise ConfigError(
            f"a silver table has no columns of type {kind}; known are "
            f"{', '.join(sorted(TO_DELTA))} and DECIMAL(p,s)"
        )
    return name


def delta_field(name: str, kind: str) -> dict[str, Any]:
    """Return a column as the schema of a Delta table has it."""
    found = DECIMAL.fullmatch(kind)
    delta = f"decimal({found[1]},{found[2]})" if found else TO_DELTA[kind]
    return {"name": name, "type": delta, "nullable": True, "metadata": {}}


def duckdb_type(delta: Any) -> str:  # noqa: ANN401 (nested types are objects)
    """Return the DuckDB type of a column of a Delta table."""
    if DECIMAL.fullmatch(str(delta)):
        return normal_type(str(delta))
    return FROM_DELTA.get(str(delta), str(delta))


def statistic(kind: str, text: str, *, greatest: bool) -> Any:  # noqa: ANN401 (JSON)
    """Return the least or greatest value of a column as JSON, ``None`` for none.

    Times are cut to milliseconds, as Delta wants them; the greatest is rounded up.
    """
    if kind in WHOLE:
        return int(text)
    if kind in {"VARCHAR", "DATE"}:
        return text
    if kind in {"FLOAT", "DOUBLE"}:
        number = float(text)
        return number if math.isfinite(number) else None
    found = DECIMAL.fullmatch(kind)
    if found:
        return float(text) if int(found[1]) <= EXACT_DIGITS else None
    return _time(kind, text, greatest=greatest) if kind.startswith("TIME") else None


def _time(kind: str, text: str, *, greatest: bool) -> str | None:
    """Return a time of DuckDB in ISO 8601."""
    zoned = kind != "TIMESTAMP"
    try:
        # Python 3.10 reads neither short fractions nor short offsets.
        whole, _, rest = text.removesuffix("+00").partition(".")
        value = datetime.strptime(f"{whole}.{rest or '0'}", "%Y-%m-%d %H:%M:%S.%f")
    except ValueError:
        return None
    cut = value.replace(microsecond=value.microsecond // 1000 * 1000)
    if greatest and cut != value:
        cut += MILLISECOND
    return cut.isoformat(timespec="milliseconds") + ("Z" if zoned else "")


def partition_text(value: object) -> str | None:
    """Return a partition value as DuckDB writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
