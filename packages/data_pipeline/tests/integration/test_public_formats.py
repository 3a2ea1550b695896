"""Files in the forms of three publishers, read by their contracts."""

from decimal import Decimal
import gzip
import hashlib
import unittest

from data_pipeline.contracts.model import Contract
from data_pipeline.contracts.reading import read_contract
from data_pipeline.tests.reader import faults, FIXTURES, outcomes, ReaderTest, Row


class PublicFormatsTest(ReaderTest):
    """Exact counts of what becomes of each record."""

    def opened(self, name: str, data: str, pack: bool = False) -> list[Row]:
        """Return the rows of a fixture."""
        rules = read_contract(str(FIXTURES / f"{name}.yaml"))
        raw = (FIXTURES / data).read_bytes()
        return self.read(rules, gzip.compress(raw) if pack else raw, data)

    def test_grants(self) -> None:
        """A mark, points and commas, a line break in a field, and a line of sums."""
        rows = self.opened("grants", "grants.csv")

        # The later of two records that are equally new is the one that is kept.
        self.assertEqual("dgggqqqgq", "".join(outcomes(rows)))
        self.assertEqual(
            [
                (5, "granted_on", "not_a_date"),
                (6, "year", "above_maximum"),
                (7, "amount", "not_a_number"),
                (9, "giver", "missing"),
                (9, "granted_on", "missing"),
                (9, "purpose", "missing"),
            ],
            faults(rows),
        )
        self.assertEqual(
            [Decimal("1234567.89"), Decimal("250000.00"), Decimal("980.50")],
            [row["amount"] for row in rows[:3]],
        )
        self.assertEqual('Stiftung "Licht"', rows[1]["recipient"])
        self.assertEqual("Betrieb des Hauses\nund Garten", rows[1]["purpose"])
        self.assertEqual("Chor Süd", rows[2]["recipient"])
        hashed = hashlib.sha256(b"pepperHauptstr. 1, 10115 Berlin").hexdigest()
        self.assertEqual([hashed, None, None], [row["address"] for row in rows[:3]])

    def test_access_log(self) -> None:
        """Quotes in quotes, offsets, nothing spelled as a dash, a line cut off."""
        rows = self.opened("access", "access.log", pack=True)

        self.assertEqual("ggggqqqq", "".join(outcomes(rows)))
        self.assertEqual(
            [
                (5, None, "other_form"),
                (6, None, "undecodable"),
                (7, "at", "not_a_timestamp"),
                (8, "status", "above_maximum"),
            ],
            faults(rows),
        )
        self.assertEqual(["2025-10-10 11:55:36+00"] * 2, [it["at"] for it in rows[:2]])
        self.assertEqual([2326, None, 196, 226], [it["bytes"] for it in rows[:4]])
        self.assertEqual(["***"], list({it["value"] for it in rows[4]["_violations"]}))

    def test_events(self) -> None:
        """Inner fields, an actor that is none, lines that are no object."""
        rows = self.opened("events", "events.jsonl", pack=True)

        self.assertEqual("gdgggqqqq", "".join(outcomes(rows)))
        self.assertEqual(
            [
                (6, None, "not_json"),
                (7, "created_at", "not_a_timestamp"),
                (8, None, "not_json"),
                (9, None, "not_an_object"),
            ],
            faults(rows),
        )
        self.assertEqual(
            ["octo-a", "octo-b", None, "octo-b", "octo-d"],
            [row["actor"] for row in rows[:5]],
        )
        self.assertEqual(
            '[{"sha":"ab","message":"fix: über\\n\\nlong"}]',
            rows[0]["commits"],
        )
        self.assertEqual("2025-10-10 00:00:03+00", rows[4]["created_at"])

    def test_contracts_differ(self) -> None:
        """Each says something else, so each has a digest of its own."""
        names = ("grants", "access", "events")
        found: list[Contract] = [
            read_contract(str(FIXTURES / f"{name}.yaml")) for name in names
        ]

        self.assertEqual(3, len({each.digest for each in found}))


if __name__ == "__main__":
    unittest.main()
