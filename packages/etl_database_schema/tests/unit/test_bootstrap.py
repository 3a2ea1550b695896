"""Ways to set Django up, each in a process of its own."""

import os
import subprocess
import sys
import unittest

from etl_database_schema.bootstrap import bootstrap, VARIABLE

BOOTSTRAP = "from etl_database_schema.bootstrap import bootstrap; bootstrap()"
MODELS = "import etl_database_schema.documents.models"


class BootstrapTest(unittest.TestCase):
    """Processes that have not set Django up yet."""

    def run_python(self, code: str, settings: str) -> subprocess.CompletedProcess[str]:
        """Run code under a value of the variable."""
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, VARIABLE: settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_the_package_has_settings_of_its_own(self) -> None:
        """With the variable empty the models can be imported, twice set up or not."""
        done = self.run_python(f"{BOOTSTRAP}; bootstrap(); {MODELS}", "")
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_settings_that_do_not_exist_are_named(self) -> None:
        """The variable and its value are in the message."""
        done = self.run_python(BOOTSTRAP, "nowhere.settings")
        self.assertIn("ConfigError: DJANGO_SETTINGS_MODULE=nowhere", done.stderr)

    def test_settings_without_the_apps_are_refused(self) -> None:
        """Migrating nothing and saying so would be a lie."""
        code = f"from django.conf import settings; settings.configure(); {BOOTSTRAP}"
        done = self.run_python(code, "")
        self.assertIn("ConfigError: add to INSTALLED_APPS: etl_data", done.stderr)

    def test_set_up_again_nothing_happens(self) -> None:
        """A process that is set up already stays as it is."""
        bootstrap()
        bootstrap()


if __name__ == "__main__":
    unittest.main()
