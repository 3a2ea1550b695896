"""The image as it is shipped: it has Django, and seeds without any privilege."""

import json
import os
from pathlib import Path
import subprocess
from typing import ClassVar
import unittest

from data_seeder.tests.place import Ended, options, SeedTestCase, SMALL
from etl_core.config import environment
from etl_core.testing.genuine import require

ROOT = Path(__file__).resolve().parents[4]
TAG = "etl-data-seeder:test"
SECONDS = 900
RESTRICTED = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)
SETTINGS = ("AWS_", "DATABASE_")
CONTENTS = """
import importlib.util, json, os
wanted = ("django", "etl_database_schema", "data_pipeline", "pip", "moto")
found = [name for name in wanted if importlib.util.find_spec(name)]
print(json.dumps([found, os.getuid()]))
"""


def setUpModule() -> None:
    """Skip, or fail where an engine was promised, before any server is started."""
    require("docker")


class ImageTest(SeedTestCase):
    """The image, built once."""

    engine: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        """Build the image."""
        super().setUpClass()
        cls.engine = environment()["ETL_TEST_DOCKER"]
        file = "--file=docker/data-seeder.Dockerfile"
        built = cls.call("build", "--network=host", file, f"--tag={TAG}", ".")
        if built.code:
            raise AssertionError(f"{TAG} cannot be built:\n{built.stderr}")

    @classmethod
    def call(cls, *argv: str, **environ: str) -> Ended:
        """Call the engine from the root of the repository."""
        done = subprocess.run(
            [cls.engine, *argv],
            cwd=ROOT,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run_image(self, *argv: str, entrypoint: str = "", **environ: str) -> Ended:
        """Run a container of the image to its end."""
        names = [f"--env={name}" for name in environ]
        other = [f"--entrypoint={entrypoint}"] if entrypoint else []
        command = ("run", "--rm", "--network=host", *RESTRICTED, *names, *other, TAG)
        return self.call(*command, *argv, **environ)

    def test_contents(self) -> None:
        """Django and the schema are in it; siblings, tools and tests are not."""
        ended = self.run_image("-c", CONTENTS, entrypoint="python")
        self.assertEqual(0, ended.code, ended.stderr)
        expected = [["django", "etl_database_schema"], 10001]
        self.assertEqual(expected, json.loads(ended.stdout))

    def test_seed(self) -> None:
        """The job of the image fills a database and a bucket."""
        found = self.environment()
        environ = {name: found[name] for name in found if name.startswith(SETTINGS)}
        argv = [*options(), f"--source-bucket={self.bucket()}", "--output=json"]
        ended = self.run_image("run", "seed", "--", *argv, **environ)
        self.assertEqual(0, ended.code, ended.stderr)
        self.assertEqual(sum(SMALL.values()), ended.result["tables"]["written"])
        self.assertEqual(SMALL["attachments"], ended.result["listed"])


if __name__ == "__main__":
    unittest.main()
