"""The image as it is shipped: what is in it, how it is called, how it ends."""

from collections.abc import Mapping
import json
import subprocess
import time
from typing import Any
import unittest

from data_pipeline.tests.e2e.containers import (
    call,
    Container,
    DEFAULT,
    engine,
    image,
    OLDEST,
    RESTRICTED,
    run_python,
    settings_of_job,
    UID,
)
from data_pipeline.tests.integration.place import Ended, JobTestCase
from data_pipeline.tests.seeds import AGENCY
from etl_core.errors import ExitCode
from etl_core.testing.proxy import FaultProxy, Faults

KILLED = 137
AGENCY_ID = ("--agency-id", str(AGENCY))
JOB = ("run", "get_s3_files", "--", *AGENCY_ID)
ABSENT_MODULES = (
    "Cython",
    "_distutils_hack",
    "coverage",
    "django",
    "ensurepip",
    "etl_database_schema",
    "hatchling",
    "moto",
    "pip",
    "poetry",
    "setuptools",
    "wheel",
)
ABSENT_PROGRAMS = ("cc", "cpp", "g++", "gcc", "ld", "make", "pip", "pip3", "poetry")
CONTENTS = f"""
import importlib.util, json, os, shutil, sys
import boto3, psycopg2
session = boto3.session.Session(region_name="us-east-1")
for service in ("s3", "sso", "sso-oidc", "sts"):
    session.client(service)
try:
    open("/home/app/new", "w")
except OSError as error:
    refused = error.strerror
print(json.dumps({{
    "modules": [it for it in {ABSENT_MODULES} if importlib.util.find_spec(it)],
    "programs": [it for it in {ABSENT_PROGRAMS} if shutil.which(it)],
    "python": list(sys.version_info[:2]),
    "refused": refused,
    "uid": os.getuid(),
}}))
"""


def setUpModule() -> None:
    """Skip, or fail where an engine was promised, before any server is started."""
    engine()


class ImageTestCase(JobTestCase):
    """A database and two buckets with two attachments, and an image."""

    TAG = DEFAULT

    @classmethod
    def setUpClass(cls) -> None:
        """Build the image."""
        super().setUpClass()
        image(cls.TAG)

    def setUp(self) -> None:
        """Store the attachments."""
        super().setUp()
        for number in (1, 2):
            self.store(number)

    def contain(
        self,
        *argv: str,
        options: tuple[str, ...] = (),
        network: str = "host",
        environ: Mapping[str, str] | None = None,
    ) -> Container:
        """Return a container with the restrictions and settings of a manifest."""
        settings = {**settings_of_job(self.environment()), **(environ or {})}
        return Container(self.TAG, argv, settings, (*RESTRICTED, *options), network)

    def assert_exit(self, expected: int, ended: Ended) -> None:
        """It ended with this code and without a traceback."""
        self.assertEqual(expected, ended.code, ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)


class InvocationTest(ImageTestCase):
    """The forms in which people and manifests call the image."""

    def assert_copies(self, container: Container) -> None:
        """Both attachments are copied, and one JSON object is all of stdout."""
        ended = container.run()
        self.assert_exit(ExitCode.OK, ended)
        self.assert_counts(ended.result, done=2)
        self.assertEqual(2, len(self.copies()))

    def test_job_by_its_name(self) -> None:
        """``image run <job> -- <args>``; a second start has nothing left to do."""
        self.assert_copies(self.contain(*JOB))
        again = self.contain(*JOB).run()
        self.assert_exit(ExitCode.OK, again)
        self.assert_counts(again.result, unchanged=2)

    def test_default_job(self) -> None:
        """``image --agency-id 10 --source-bucket A --destination-bucket B``."""
        source = ("--source-bucket", self.source)
        destination = ("--destination-bucket", self.destination)
        unset = {"ETL_SOURCE_BUCKET": "", "ETL_DESTINATION_BUCKET": ""}
        self.assert_copies(
            self.contain(*AGENCY_ID, *source, *destination, environ=unset)
        )

    def test_script_of_the_job(self) -> None:
        """``image data-pipeline-get-s3-files --agency-id 10``."""
        self.assert_copies(self.contain("data-pipeline-get-s3-files", *AGENCY_ID))

    def test_manifest_with_command_and_args(self) -> None:
        """``command: ["data-pipeline"]`` and the rest in ``args:``."""
        command = ("--entrypoint=data-pipeline",)
        self.assert_copies(self.contain(*AGENCY_ID, options=command))

    def test_manifest_with_command_alone(self) -> None:
        """``command: ["data-pipeline", "run", ...]`` replaces the entrypoint."""
        command = ("--entrypoint=/opt/venv/bin/data-pipeline",)
        self.assert_copies(self.contain(*JOB, options=command))


class ExitCodeTest(ImageTestCase):
    """What the engine, and with it Kubernetes, learns of an end."""

    def test_usage(self) -> None:
        """2: a missing bucket, and an option that nobody knows."""
        for argv in (("--source-bucket", "etl-no-such-bucket"), ("--colour", "red")):
            with self.subTest(argv=argv):
                self.assert_exit(ExitCode.USAGE, self.contain(*JOB, *argv).run())

    def test_quarantine(self) -> None:
        """3: an attachment whose object is gone."""
        self.client.delete_object(Bucket=self.source, Key="in/2")
        ended = self.contain(*JOB, "--max-quarantined", "100%").run()
        self.assert_exit(ExitCode.QUARANTINED, ended)
        self.assert_counts(ended.result, done=1, quarantined=1)

    def test_no_network(self) -> None:
        """75: nothing answers; the same container does the work once it does."""
        brief = {"ETL_S3_RETRY_ATTEMPTS": "2", "ETL_S3_RETRY_SECONDS": "2"}
        ended = self.contain(*JOB, network="none", environ=brief).run()
        self.assert_exit(ExitCode.TRANSIENT, ended)
        self.assertEqual("", ended.stdout)
        self.assert_exit(ExitCode.OK, self.contain(*JOB).run())

    def test_out_of_memory(self) -> None:
        """137: the kernel kills what takes more than its limit."""
        limits = ("--memory=24m", "--memory-swap=24m")
        container = self.contain(*JOB, options=limits)
        self.addCleanup(container.remove)
        process = container.start()
        process.communicate(timeout=60)
        self.assertEqual(KILLED, process.returncode)
        self.assertEqual("true", container.inspect("{{.State.OOMKilled}}"))

    def test_sigterm(self) -> None:
        """143: it stops within its time, and the next start does only the rest."""
        for number in range(3, 13):
            self.store(number)
        with FaultProxy(self.s3.endpoint_url) as proxy:
            proxy.faults = Faults(latency_seconds=0.1)
            slow = {"AWS_ENDPOINT_URL": proxy.url, "ETL_CONCURRENCY": "1"}
            container = self.contain(*JOB, environ=slow)
            self.addCleanup(container.remove)
            process = container.start()
            self.wait_for_copies(process)
            began = time.monotonic()
            container.signal("TERM")
            out, err = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - began, 10)
        self.assert_exit(ExitCode.TERMINATED, Ended(process.returncode, out, err))
        done = len(self.copies())
        rest = self.contain(*JOB).run()
        self.assert_exit(ExitCode.OK, rest)
        self.assert_counts(rest.result, done=12)
        self.assertEqual(12 - done, rest.result["requests"]["CopyObject"])

    def wait_for_copies(self, process: "subprocess.Popen[str]") -> None:
        """Return when the job has made its first copies."""
        give_up_at = time.monotonic() + 60
        while len(self.copies()) < 2:
            self.assertIsNone(process.poll(), "it ended too soon")
            self.assertLess(time.monotonic(), give_up_at, "it did not copy")
            time.sleep(0.1)


class ContentsTest(unittest.TestCase):
    """What is in the image, and what is not."""

    TAG = DEFAULT

    def inspected(self) -> dict[str, Any]:
        """Return what the engine knows of the image."""
        [found] = json.loads(call("image", "inspect", image(self.TAG)))
        config: dict[str, Any] = found["Config"]
        return config

    def test_contents(self) -> None:
        """No tool of builds, no Django; credentials of every kind can be had."""
        ended = run_python(self.TAG, CONTENTS)
        self.assertEqual(0, ended.code, ended.stderr)
        found = ended.result
        version = found.pop("python")
        self.assertEqual(self.TAG == OLDEST, version == [3, 10])
        self.assertEqual(
            {
                "modules": [],
                "programs": [],
                "refused": "Read-only file system",
                "uid": UID,
            },
            found,
        )

    def test_without_any_writable_place(self) -> None:
        """The jobs are listed where not even ``/tmp`` can be written."""
        options = ("--read-only", "--cap-drop=ALL")
        ended = Container(self.TAG, ("list",), {}, options, network="none").run()
        self.assertEqual((0, ""), (ended.code, ended.stderr))
        self.assertIn("get_s3_files", ended.stdout)

    def test_any_uid(self) -> None:
        """A cluster that gives each namespace a uid of its own can run it."""
        options = ("--read-only", "--user=54321:54321")
        ended = Container(self.TAG, ("list",), {}, options, network="none").run()
        self.assertEqual((0, ""), (ended.code, ended.stderr))

    def test_configuration(self) -> None:
        """A fixed entrypoint, a user by number, and labels that tell what it is."""
        config = self.inspected()
        self.assertEqual(["data-pipeline"], config["Entrypoint"])
        self.assertEqual(str(UID), config["User"])
        self.assertFalse(config.get("ExposedPorts"))
        prefix = "org.opencontainers.image."
        labels = {
            name.removeprefix(prefix): text for name, text in config["Labels"].items()
        }
        self.assertEqual("etl-data-pipeline", labels["title"])
        self.assertEqual("Apache-2.0", labels["licenses"])
        self.assertLessEqual({"description", "version", "revision"}, set(labels))


class OldestInvocationTest(InvocationTest):
    """The same forms on the oldest Python."""

    TAG = OLDEST


class OldestContentsTest(ContentsTest):
    """The same contents on the oldest Python."""

    TAG = OLDEST


if __name__ == "__main__":
    unittest.main()
