"""The plans of the queries that the indexes of ``attachment`` are there for."""

from typing import Any
import unittest

from etl_database_schema.documents.models import Attachment
from etl_database_schema.tests.database import ALIAS, DatabaseTestCase, Value

AGENCIES = 10
IN_KEY_ORDER = """
    SELECT user_id, document_id, id, bucket, object_key FROM attachment
    WHERE agency_id = %s AND status = 'stored'
    ORDER BY user_id::text COLLATE "C", document_id::text COLLATE "C",
        id::text COLLATE "C"
"""
CHANGED = """
    SELECT id FROM attachment
    WHERE agency_id = %s AND updated_at >= %s AND updated_at < %s
"""
FILL = (
    "INSERT INTO agency (id, name) SELECT n, 'A' FROM generate_series(1, 10) n",
    """INSERT INTO app_user (agency_id, email, full_name)
    SELECT 1 + n % 10, n::text, 'Ada' FROM generate_series(1, 200) n""",
    """INSERT INTO user_document (agency_id, user_id, title)
    SELECT agency_id, id, 'x' FROM app_user, generate_series(1, 10)
    ORDER BY random()""",
    """INSERT INTO attachment (agency_id, user_id, document_id, bucket, object_key,
        file_name, status, updated_at)
    SELECT agency_id, user_id, id, 'source', repeat('k', 60) || id, 'scan.pdf',
        'stored', timestamptz '2026-01-01 00:00Z' + n * interval '1 day'
    FROM user_document, generate_series(1, 10) n
    ORDER BY random()""",
    "ANALYZE",
)


class KeyOrderTest(DatabaseTestCase):
    """20,000 attachments of ten agencies, stored in no order."""

    def setUp(self) -> None:
        """Fill the tables and let the planner know them."""
        super().setUp()
        for statement in FILL:
            self.query(statement)

    def plan(self, statement: str, *values: Value) -> list[dict[str, Any]]:
        """Return the nodes of the plan, the outermost first."""
        ((plans,),) = self.query(f"EXPLAIN (FORMAT JSON) {statement}", *values)
        nodes = [plans[0]["Plan"]]
        for node in nodes:
            nodes.extend(node.get("Plans", []))
        return nodes

    def assert_read_in_order(self, nodes: list[dict[str, Any]]) -> None:
        """The plan is one walk along the index: nothing is sorted."""
        self.assertEqual(["Index Scan"], [node["Node Type"] for node in nodes])
        self.assertEqual("attachment_key_order_idx", nodes[0]["Index Name"])

    def test_a_server_side_cursor_walks_along_the_index(self) -> None:
        """What streams rows gets them in order without a sort, on plain settings."""
        nodes = self.plan(f"DECLARE stream CURSOR FOR {IN_KEY_ORDER}", 3)
        self.assert_read_in_order(nodes)

    def test_a_sort_that_would_spill_gives_way_to_the_index(self) -> None:
        """Without a cursor the index is used as soon as sorting costs more."""
        self.query("SET LOCAL work_mem = '64kB'")
        self.query("SET LOCAL random_page_cost = 1.1")
        self.assert_read_in_order(self.plan(IN_KEY_ORDER, 3))

    def test_the_order_needs_no_sort_at_all(self) -> None:
        """The index gives the whole order: no sort is left when it has to be used."""
        self.query("SET LOCAL enable_sort = off")
        self.assert_read_in_order(self.plan(IN_KEY_ORDER, 3))

    def test_the_query_set_asks_for_the_same_order(self) -> None:
        """The ORM's order is the index's, too."""
        self.query("SET LOCAL enable_sort = off")
        rows = Attachment.objects.using(ALIAS).filter(agency_id=3).in_key_order()
        self.assertIn("Index Scan using attachment_key_order_idx", rows.explain())
        self.assertNotIn("Sort", rows.explain())

    def test_the_order_is_that_of_a_listing(self) -> None:
        """Keys made of the ids are sorted by their bytes."""
        rows = Attachment.objects.using(ALIAS).filter(agency_id=3).in_key_order()
        keys = [
            f"user_id={row.user_id}/document_id={row.document_id}/attachment_id={row.id}/"
            for row in rows
        ]
        self.assertEqual(2000, len(keys))
        self.assertEqual(sorted(keys, key=str.encode), keys)

    def test_a_range_of_changes_is_found_by_its_index(self) -> None:
        """Only the rows of the range are read."""
        nodes = self.plan(CHANGED, 3, "2026-01-02 00:00Z", "2026-01-03 00:00Z")
        used = {node.get("Index Name") for node in nodes} - {None}
        self.assertEqual({"attachment_agency_updated_idx"}, used)
        self.assertIn("updated_at", nodes[-1]["Index Cond"])


if __name__ == "__main__":
    unittest.main()
