"""The ``agency`` table as the database keeps it."""

import unittest

from django.db import IntegrityError

from etl_database_schema.agencies.models import Agency
from etl_database_schema.tests.database import ALIAS, DatabaseTestCase


class AgencyTest(DatabaseTestCase):
    """Agencies written by a model and by plain SQL."""

    def test_a_plain_insert_needs_the_name_only(self) -> None:
        """The database gives out the key and both times."""
        ((key, created_at, updated_at),) = self.query(
            "INSERT INTO agency (name) VALUES ('North') "
            "RETURNING id, created_at, updated_at"
        )
        self.assertEqual("North", str(Agency.objects.using(ALIAS).get(id=key)))
        self.assertEqual(created_at, updated_at)

    def test_a_model_knows_what_the_database_filled(self) -> None:
        """Key and times are there after the first save."""
        agency = Agency.objects.using(ALIAS).create(name="North")
        agency.refresh_from_db()
        self.assertGreater(agency.id, 0)
        self.assertIsNotNone(agency.created_at)

    def test_a_save_moves_the_time_of_the_last_write(self) -> None:
        """What selects by ``updated_at`` finds a row that was saved again."""
        agency = Agency.objects.using(ALIAS).create(name="North")
        before = agency.updated_at
        agency.save()
        self.assertGreater(agency.updated_at, before)

    def test_the_key_may_be_given(self) -> None:
        """A bulk load brings its own keys."""
        self.query("INSERT INTO agency (id, name) VALUES (10, 'North')")
        self.assertTrue(Agency.objects.using(ALIAS).filter(id=10).exists())

    def test_a_name_is_required(self) -> None:
        """The database refuses an agency without a name."""
        with self.assertRaisesRegex(IntegrityError, '"name"'):
            self.query("INSERT INTO agency (name) VALUES (NULL)")


if __name__ == "__main__":
    unittest.main()
