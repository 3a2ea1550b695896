"""The ``app_user`` table as the database keeps it."""

import unittest

from django.db.models import ProtectedError

from etl_database_schema.agencies.models import Agency
from etl_database_schema.tests.database import ALIAS, DatabaseTestCase
from etl_database_schema.users.models import AppUser


class AppUserTest(DatabaseTestCase):
    """One agency with one user."""

    def setUp(self) -> None:
        """Make the agency and the user."""
        super().setUp()
        self.agency = Agency.objects.using(ALIAS).create(name="North")
        self.user = self.add("a@example.com", self.agency)

    def add(self, email: str, agency: Agency) -> AppUser:
        """Insert a user."""
        return AppUser.objects.using(ALIAS).create(
            agency=agency, email=email, full_name="Ada"
        )

    def test_an_address_is_unique_within_the_agency(self) -> None:
        """The same address again is refused."""
        with self.refused_by("app_user_agency_email_key"):
            self.add("a@example.com", self.agency)

    def test_two_agencies_may_know_one_address(self) -> None:
        """The same address in another agency is another user."""
        other = self.add("a@example.com", Agency.objects.using(ALIAS).create(name="S"))
        self.assertEqual(str(self.user), str(other))
        self.assertNotEqual(self.user.id, other.id)

    def test_an_unknown_agency_is_refused(self) -> None:
        """A user cannot belong to an agency that does not exist."""
        with self.refused_by("app_user_agency_id_.*_fk_agency_id"):
            self.query(
                "INSERT INTO app_user (agency_id, email, full_name) "
                "VALUES (%s, 'b@example.com', 'Bo')",
                self.agency.id + 1,
            )

    def test_an_agency_with_users_stays(self) -> None:
        """Neither the model nor plain SQL removes an agency that has users."""
        with self.assertRaises(ProtectedError):
            self.agency.delete()
        with self.refused_by("app_user_agency_id_.*_fk_agency_id"):
            self.query("DELETE FROM agency")


if __name__ == "__main__":
    unittest.main()
