"""The JSON schema of contracts, by which editors complete and check them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from data_pipeline.contracts.document import (
    ColumnFacts,
    Document,
    FileFacts,
    TableFacts,
    VENDOR,
)

FACTS: Mapping[str, type[BaseModel]] = {
    "Server": FileFacts,
    "Table": TableFacts,
    "Property": ColumnFacts,
}
DEFS = "#/$defs/{model}"


def json_schema() -> dict[str, Any]:
    """Return the schema: the standard's names that have a meaning, and ours."""
    schema = Document.model_json_schema(ref_template=DEFS, by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Contract of a dataset"
    for owner, facts in FACTS.items():
        own = facts.model_json_schema(ref_template=DEFS, by_alias=True)
        schema["$defs"].update(own.pop("$defs", {}))
        choices = [_ours(name, value) for name, value in own["properties"].items()]
        customs = schema["$defs"][owner]["properties"]["customProperties"]
        customs["items"] = {"anyOf": [*choices, _theirs()]}
    return schema


def _ours(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of one custom property that has a meaning here."""
    return {
        "type": "object",
        "properties": {
            "property": {"const": name, "description": value.get("description", "")},
            "value": value,
            "vendor": {"const": VENDOR},
            "description": {"type": "string"},
            "id": {"type": "string"},
        },
        "required": ["property", "value"],
        "additionalProperties": False,
    }


def _theirs() -> dict[str, Any]:
    """Return the schema of a custom property of another tool."""
    return {
        "type": "object",
        "properties": {"vendor": {"type": "string", "not": {"const": VENDOR}}},
        "required": ["property", "value", "vendor"],
    }
