"""Make the ``agency`` table."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """The first state of the app."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Agency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        primary_key=True,
                        serialize=False,
                        db_comment="Identity key, given out by the database.",
                    ),
                ),
                (
                    "name",
                    models.TextField(db_comment="Name shown to people; not unique."),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=Now(),
                        editable=False,
                        db_comment="When the row was inserted.",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True,
                        db_default=Now(),
                        db_comment="When the row was last written; "
                        "what incremental runs select by.",
                    ),
                ),
            ],
            options={
                "db_table": "agency",
                "db_table_comment": "A customer; every other row belongs to "
                "exactly one.",
            },
        ),
    )
