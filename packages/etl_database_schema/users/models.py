"""The ``app_user`` table."""

from django.db import models

from etl_database_schema.agencies.models import Agency
from etl_database_schema.records import Record


class AppUser(Record):
    """A person who works for an agency."""

    agency = models.ForeignKey(
        Agency,
        # The unique constraint on agency and email serves look-ups by agency.
        db_index=False,
        on_delete=models.PROTECT,
        related_name="users",
        db_comment="Agency that the person works for.",
    )
    email = models.EmailField(
        db_comment="Address as the person wrote it; unique within the agency."
    )
    full_name = models.TextField(db_comment="Name shown to people.")

    class Meta:
        """Table ``app_user``."""

        db_table = "app_user"
        db_table_comment = "A person who works for an agency."
        constraints = (
            models.UniqueConstraint(
                fields=("agency", "email"), name="app_user_agency_email_key"
            ),
            # What the composite foreign key of user_document refers to.
            models.UniqueConstraint(
                fields=("id", "agency"), name="app_user_id_agency_key"
            ),
        )

    def __str__(self) -> str:
        """Return the address."""
        return self.email
