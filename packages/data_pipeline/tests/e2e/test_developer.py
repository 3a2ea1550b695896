"""The image for developers: Poetry, and sources that a mount replaces."""

from pathlib import Path
import shutil
import tempfile
import unittest

from data_pipeline.tests.e2e.containers import (
    Container,
    DEVELOPER,
    engine,
    image,
    ROOT,
    settings_of_job,
)
from data_pipeline.tests.integration.place import Ended, JobTestCase
from data_pipeline.tests.seeds import AGENCY

SOURCES = "/app/packages"
ENTRYPOINT = f"{SOURCES}/data_pipeline/config_scripts/docker-entrypoint.sh"
PACKAGES = ("data_pipeline", "etl_core")
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist", "tests")
RUN = ("poetry", "run", "data-pipeline-get-s3-files", "--agency-id", str(AGENCY))
INSTALLING = "Installing the current project"


def setUpModule() -> None:
    """Skip, or fail where an engine was promised, before any server is started."""
    engine()


class MountedSourcesTest(JobTestCase):
    """A copy of the sources, mounted where the image has its own."""

    def setUp(self) -> None:
        """Copy the sources and store an attachment."""
        super().setUp()
        image(DEVELOPER)
        folder = tempfile.TemporaryDirectory(prefix="etl-sources-")
        self.addCleanup(folder.cleanup)
        self.sources = Path(folder.name)
        self.sources.chmod(0o755)
        for package in PACKAGES:
            shutil.copytree(
                ROOT / "packages" / package, self.sources / package, ignore=LEFT_OUT
            )
        self.store(1)

    def start_in_container(self, *argv: str, **environ: str) -> Ended:
        """Run a command after the script that a developer names as entrypoint."""
        mounts = [f"--volume={self.sources / it}:{SOURCES}/{it}" for it in PACKAGES]
        options = (*mounts, f"--entrypoint={ENTRYPOINT}")
        options += (f"--workdir={SOURCES}/data_pipeline",)
        settings = settings_of_job(self.environment())
        return Container(DEVELOPER, argv, {**settings, **environ}, options).run()

    def assert_copied(self, ended: Ended) -> None:
        """The attachment is copied, and only the result is in stdout."""
        self.assertEqual(0, ended.code, ended.stderr)
        self.assert_counts(ended.result, done=1)

    def test_install(self) -> None:
        """What the lock names is installed first."""
        ended = self.start_in_container(*RUN)
        self.assert_copied(ended)
        self.assertIn(INSTALLING, ended.stderr)

    def test_skip_install(self) -> None:
        """``SKIP_INSTALL=1`` starts at once; the exit code is that of the command."""
        ended = self.start_in_container(*RUN, SKIP_INSTALL="1")
        self.assert_copied(ended)
        self.assertNotIn(INSTALLING, ended.stderr)
        refused = self.start_in_container(*RUN, "--colour", SKIP_INSTALL="1")
        self.assertEqual(2, refused.code)

    def test_changed_sources(self) -> None:
        """A change of the sources needs no build."""
        job = self.sources / "data_pipeline/jobs/hello.py"
        job.write_text(
            '"""Say hello."""\n\n\ndef entrypoint(argv):\n    return 3\n\n\n'
            'JOB = (entrypoint, "Say hello")\n'
        )
        command = ("poetry", "run", "data-pipeline")
        listed = self.start_in_container(*command, "list", SKIP_INSTALL="1")
        self.assertIn("Say hello", listed.stdout)
        ended = self.start_in_container(*command, "run", "hello", SKIP_INSTALL="1")
        self.assertEqual(3, ended.code)


if __name__ == "__main__":
    unittest.main()
