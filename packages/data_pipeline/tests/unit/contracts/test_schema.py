"""Tests of the JSON schema of contracts."""

from copy import deepcopy
from importlib import resources
import json
import unittest

from jsonschema import Draft201909Validator, Draft202012Validator
import yaml

from data_pipeline.contracts.schema import json_schema
from data_pipeline.tests.reader import FIXTURES


class SchemaTest(unittest.TestCase):
    """The schema, the standard's own, and the contracts of the fixtures."""

    def setUp(self) -> None:
        """Read the contracts."""
        self.contracts = {
            path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in sorted(FIXTURES.glob("*.yaml"))
        }
        self.ours = Draft202012Validator(json_schema())

    def test_contracts_fit_both(self) -> None:
        """What we accept is a document of the Open Data Contract Standard."""
        folder = resources.files("open_data_contract_standard")
        standard = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
        validator = Draft201909Validator(standard)
        self.assertEqual(3, len(self.contracts))
        for name, document in self.contracts.items():
            with self.subTest(name):
                self.assertEqual([], list(self.ours.iter_errors(document)))
                self.assertEqual([], list(validator.iter_errors(document)))

    def test_typing_errors_are_found(self) -> None:
        """Of a name, of a value, of a custom property."""
        table = self.contracts["grants.yaml"]["schema"][0]
        for place, value in (("logicalTyp", "string"), ("logicalType", "strnig")):
            document = deepcopy(self.contracts["grants.yaml"])
            document["schema"][0]["properties"][0][place] = value
            self.assertFalse(self.ours.is_valid(document), place)
        for custom in (
            {"property": "nulls", "value": 1},
            {"property": "x", "value": 1},
        ):
            document = deepcopy(self.contracts["grants.yaml"])
            document["schema"][0]["customProperties"] = [custom]
            self.assertFalse(self.ours.is_valid(document), custom)
        theirs = {"property": "x", "value": 1, "vendor": "other"}
        table["customProperties"].append(theirs)
        self.assertTrue(self.ours.is_valid(self.contracts["grants.yaml"]))


if __name__ == "__main__":
    unittest.main()
