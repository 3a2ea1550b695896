"""The columns that every table has."""

from django.db import models
from django.db.models.functions import Now


class Record(models.Model):
    """A row with an identity key and the times of its first and last write.

    The database fills the times when a plain ``INSERT`` leaves them out. A plain
    ``UPDATE`` has to set ``updated_at`` itself, as :meth:`save` does.
    """

    id = models.BigAutoField(
        primary_key=True, db_comment="Identity key, given out by the database."
    )
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, db_comment="When the row was inserted."
    )
    updated_at = models.DateTimeField(
        auto_now=True,
        db_default=Now(),
        db_comment="When the row was last written; what incremental runs select by.",
    )

    class Meta:
        """No table of its own."""

        abstract = True
