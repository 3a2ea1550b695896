"""Proposes a contract for the records of a sample; a person then corrects it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import re

import yaml

from data_pipeline.contracts.dates import strptime_format
from data_pipeline.contracts.forms import FORMATS

NULLS = ("", "NULL", "null", "N/A", "n/a", "NA", "-", "--", "None", "\\N", "#N/A", "?")
DATES = ("yyyy-MM-dd", "dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "yyyyMMdd", "d.M.yyyy")
TIMES = (
    "yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ss",
    "dd.MM.yyyy HH:mm",
    "dd.MM.yyyy HH:mm:ss",
    "dd/MM/yyyy HH:mm:ss",
    "MM/dd/yyyy HH:mm:ss",
    "dd/MMM/yyyy:HH:mm:ss Z",
)
ISO_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)"
)
WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
POINT = re.compile(r"[+-]?\d+\.\d+|[+-]?(0|[1-9]\d*)")
GROUPED = {
    (",", "."): re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d*)(,\d+)?"),
    (".", ","): re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+|0|[1-9]\d*)(\.\d+)?"),
    (",", " "): re.compile(r"[+-]?([1-9]\d{0,2}( \d{3})+|0|[1-9]\d*)(,\d+)?"),
}
CURRENCIES = "€$£"
TRUTHS = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n"})
ENUM_VALUES = 12
ENUM_ROWS = 50
Sample = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Found:
    """How the files of a sample look.

    :param server: what the contract says of them, as the standard has it.
    :param columns: the texts of each column.
    """

    server: Mapping[str, object]
    columns: Sample


def infer(dataset: str, found: Found) -> str:
    """Return a contract as YAML, with what was guessed said in comments."""
    name = _identifier(dataset)
    properties = [_property(source, texts) for source, texts in found.columns.items()]
    document = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": name,
        "version": "0.1.0",
        "status": "draft",
        "servers": [dict(found.server)],
        "schema": [{"name": name, "properties": properties}],
    }
    rows = max((len(texts) for texts in found.columns.values()), default=0)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return (
        f"# Proposed from {rows:,} records. Check every line, then say which columns\n"
        "# are the key (primaryKey: true), required, sensitive, and the partition.\n"
        f"{text}"
    )


def _identifier(text: str) -> str:
    """Return a name that a table or a column can have."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
    return name if name[:1].isalpha() else f"c_{name}".rstrip("_")


def _property(source: str, texts: Sequence[str]) -> dict[str, object]:
    """Return a column."""
    spelled = {each.strip() for each in texts if each.strip() in NULLS}
    values = [each.strip() for each in texts if each.strip() not in NULLS]
    found: dict[str, object] = {"name": _identifier(source)}
    if found["name"] != source:
        found["physicalName"] = source
    customs: list[dict[str, object]] = []
    found.update(_kind(values, customs))
    if texts and len(values) == len(texts):
        found["required"] = True
    if spelled - {""}:
        nulls = ["", *sorted(spelled - {""})]
        customs.append({"property": "nulls", "value": nulls})
    if customs:
        found["customProperties"] = customs
    return found


def _kind(values: Sequence[str], customs: list[dict[str, object]]) -> dict[str, object]:
    """Return the type of values, and note how they are written."""
    if not values:
        return {"logicalType": "string"}
    for guess in (_truth, _whole, _time, _number):
        kind = guess(values, customs)
        if kind:
            return kind
    return _text(values)


def _truth(
    values: Sequence[str], customs: list[dict[str, object]]
) -> dict[str, object] | None:
    """Return the type of true and false."""
    spelled = {each.lower() for each in values}
    return {"logicalType": "boolean"} if spelled <= TRUTHS else None


def _whole(
    values: Sequence[str], customs: list[dict[str, object]]
) -> dict[str, object] | None:
    """Return the type of whole numbers; one that begins with noughts is a text."""
    if any(len(each) == 8 for each in values) and _dates(values, ("yyyyMMdd",)):
        return None
    matching = all(WHOLE.fullmatch(each) for each in values)
    return {"logicalType": "integer"} if matching else None


def _number(
    values: Sequence[str], customs: list[dict[str, object]]
) -> dict[str, object] | None:
    """Return the type of numbers with decimals or groups of digits."""
    signs = [sign for sign in CURRENCIES if any(sign in each for each in values)]
    for sign in signs:
        values = [each.replace(sign, "").strip() for each in values]
    if signs:
        customs.append({"property": "remove", "value": signs})
    if all(POINT.fullmatch(each) for each in values):
        scale = max(len(each.partition(".")[2]) for each in values)
        digits = max(len(each.strip("+-").replace(".", "")) for each in values)
        size = min(38, max(18, digits + scale))
        return {"logicalType": "number", "physicalType": f"decimal({size},{scale})"}
    for (point, thousands), form in GROUPED.items():
        if all(form.fullmatch(each) for each in values):
            customs.append({"property": "decimalPoint", "value": point})
            customs.append({"property": "thousands", "value": thousands})
            scale = max(len(each.partition(point)[2]) for each in values)
            return {"logicalType": "number", "physicalType": f"decimal(18,{scale})"}
    if signs:
        customs.pop()
    return None


def _time(
    values: Sequence[str], customs: list[dict[str, object]]
) -> dict[str, object] | None:
    """Return the type of dates and times, in the first form that fits all."""
    if all(ISO_INSTANT.fullmatch(each) for each in values):
        return {"logicalType": "timestamp", "logicalTypeOptions": {"timezone": True}}
    for kind, forms in (("date", DATES), ("timestamp", TIMES)):
        form = _dates(values, forms)
        if form:
            options: dict[str, object] = {"format": form}
            if form.endswith("Z"):
                options["timezone"] = True
            return {"logicalType": kind, "logicalTypeOptions": options}
    return None


def _dates(values: Sequence[str], forms: Sequence[str]) -> str:
    """Return the first form that all values have, or nothing."""
    return next((it for it in forms if _all(values, _reads(it))), "")


def _all(values: Sequence[str], test: Callable[[str], bool]) -> bool:
    """Tell whether a test holds for all values."""
    return all(test(each) for each in values)


def _reads(form: str) -> Callable[[str], bool]:
    """Return the test whether a text is a date in a form."""
    written = strptime_format(form)

    def reads(text: str) -> bool:
        try:
            return datetime.strptime(text, written).year > 999
        except ValueError:
            return False

    return reads


def _text(values: Sequence[str]) -> dict[str, object]:
    """Return the type of texts, with their form or their few values."""
    for form in ("email", "uuid", "ipv4"):
        expression = re.compile(FORMATS[form])
        if all(expression.fullmatch(each) for each in values):
            return {"logicalType": "string", "logicalTypeOptions": {"format": form}}
    counts = Counter(values)
    if len(values) >= ENUM_ROWS and len(counts) <= ENUM_VALUES:
        listed = [{"value": each} for each in sorted(counts)]
        return {"logicalType": "string", "enum": listed}
    return {"logicalType": "string"}
