"""The ``agency`` table."""

from django.db import models

from etl_database_schema.records import Record


class Agency(Record):
    """A customer; every other row belongs to exactly one."""

    name = models.TextField(db_comment="Name shown to people; not unique.")

    class Meta:
        """Table ``agency``."""

        db_table = "agency"
        db_table_comment = "A customer; every other row belongs to exactly one."

    def __str__(self) -> str:
        """Return the name."""
        return self.name
