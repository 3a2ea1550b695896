"""Setting Django up for the job: each way in which it can go wrong."""

import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import unittest

from etl_database_schema.bootstrap import VARIABLE

DATABASE = {
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "1",
    "DATABASE_NAME": "app",
    "DATABASE_USER": "etl",
}
# Runs the job with services that say what is ready when they are first asked.
WATCH = """
import sys, threading
from django.apps import apps
from django.conf import settings
from data_seeder.jobs.seed import entrypoint
assert not apps.ready, "a job that is only listed needs no Django"
class Services:
    def seed(self, config):
        place = settings.DATABASES["default"].get("HOST", "")
        facts = [apps.ready, threading.active_count(), settings.SETTINGS_MODULE, place]
        sys.stderr.write(" ".join(map(str, facts)))
        return {}
entrypoint(["--output=json"], Services())
"""
SCRIPT = (sys.executable, "-m", "data_seeder.cli.main")


class BootstrapTest(unittest.TestCase):
    """Processes that have not set Django up."""

    def run_with(
        self, *command: str, settings: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command under a value of the variable."""
        return subprocess.run(
            command,
            env={**os.environ, **DATABASE, VARIABLE: settings, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def watched(self, settings: str = "", **environ: str) -> str:
        """Return what was ready when the services were asked."""
        done = self.run_with(sys.executable, "-c", WATCH, settings=settings, **environ)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stderr

    def refused(self, settings: str, **environ: str) -> str:
        """Return the one line with which the job ends with exit code 2."""
        command = (*SCRIPT, "run", "seed", "--", "--output=json")
        done = self.run_with(*command, settings=settings, **environ)
        self.assertEqual((2, ""), (done.returncode, done.stdout), done.stderr)
        [line] = done.stderr.splitlines()
        return str(json.loads(line)["event"])

    def test_django_is_set_up_before_any_thread(self) -> None:
        """Without the variable it has the settings of this module."""
        expected = "True 1 data_seeder.settings 127.0.0.1"
        self.assertEqual(expected, self.watched())

    def test_the_variable_may_name_the_settings(self) -> None:
        """Other settings with the same apps do as well."""
        found = self.watched("etl_database_schema.settings")
        self.assertIn("True 1 etl_database_schema.settings", found)

    def test_settings_need_no_database(self) -> None:
        """Faulty variables are told by whoever connects, not by an import."""
        self.assertIn("True 1", self.watched(DATABASE_HOST=""))

    def test_settings_that_do_not_exist(self) -> None:
        """The variable and its value are named."""
        found = self.refused("nowhere.settings")
        self.assertIn(f"{VARIABLE}=nowhere.settings: No module named", found)

    def test_settings_without_the_apps(self) -> None:
        """What has to be added is named."""
        found = self.refused("django.conf.global_settings")
        self.assertIn("add to INSTALLED_APPS: etl_database_schema.agencies", found)

    def test_settings_that_cannot_be_used(self) -> None:
        """An app that is not there is named with the variable."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "broken_settings.py").write_text("INSTALLED_APPS = ['gone']\n")
            found = self.refused("broken_settings", PYTHONPATH=folder)
        self.assertIn(f"{VARIABLE}=broken_settings: No module named 'gone'", found)

    def test_missing_database_variables(self) -> None:
        """They are named, and nothing is guessed."""
        self.assertIn("DATABASE_HOST: required", self.refused("", DATABASE_HOST=""))

    def test_help_and_list_need_nothing(self) -> None:
        """Neither settings nor a database."""
        for words in (("list",), ("run", "seed", "--", "--help")):
            with self.subTest(words):
                done = self.run_with(*SCRIPT, *words, settings="nowhere.settings")
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertIn("realistic data", done.stdout)


if __name__ == "__main__":
    unittest.main()
