"""Django with the settings of this module, in processes of their own."""

import os
import subprocess
import sys
import unittest

from etl_database_schema.bootstrap import VARIABLE

START = "from etl_database_schema.bootstrap import bootstrap; bootstrap(); "
DATABASE = {"DATABASE_HOST": "db.example", "DATABASE_NAME": "app", "DATABASE_USER": "e"}


class SettingsTest(unittest.TestCase):
    """A process whose variable names the settings."""

    def printed(self, code: str, **environ: str) -> str:
        """Return what some code prints among these variables."""
        return subprocess.run(
            [sys.executable, "-c", START + code],
            env={**os.environ, VARIABLE: "data_seeder.settings", **environ},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    def test_models_can_be_used(self) -> None:
        """The settings list every app of the schema."""
        code = "import etl_database_schema.documents.models as m; print(m.Attachment)"
        self.assertIn("documents.models.Attachment", self.printed(code))

    def test_database_is_that_of_the_variables(self) -> None:
        """Django and plain SQL work on one database."""
        code = "from django.conf import settings as s; print(s.DATABASES['default'])"
        self.assertIn("'HOST': 'db.example'", self.printed(code, **DATABASE))


if __name__ == "__main__":
    unittest.main()
