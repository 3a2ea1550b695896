"""The images of this package, built and run by the engine that the tests may use.

``ETL_TEST_DOCKER`` names the command of the engine. Containers share the network of
this machine, because the servers of the tests listen on its loopback only.
"""

from collections.abc import Mapping, Sequence
import functools
import os
from pathlib import Path
import secrets
import subprocess
import time

from data_pipeline.tests.integration.place import Ended
from etl_core.config import environment
from etl_core.testing.genuine import require

ROOT = Path(__file__).resolve().parents[4]
DOCKERFILE = "docker/data-pipeline.Dockerfile"
NAME = "etl-data-pipeline"
SECONDS = 120
BUILD_SECONDS = 900
UID = 10001
# When a container was started that was not started yet.
NEVER = "0001-01-01"
SETTINGS = ("AWS_", "DATABASE_", "ETL_")
FILES_OF_HERE = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
# Each image is built by one of the two builders, so that both are seen to work.
DEFAULT, OLDEST, DEVELOPER = f"{NAME}:test", f"{NAME}:test-3.10", f"{NAME}:test-dev"
BUILDS = {
    DEFAULT: ("1", ()),
    OLDEST: ("0", ("--build-arg", "PYTHON_VERSION=3.10")),
    DEVELOPER: ("1", ("--target", "dev")),
}
# What a manifest asks for: no privilege, and nothing to write to but /tmp.
RESTRICTED = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)


@functools.cache
def engine() -> str:
    """Return the command of the engine.

    :raises unittest.SkipTest: when there is none.
    """
    require("docker")
    return environment()["ETL_TEST_DOCKER"]


@functools.cache
def image(tag: str) -> str:
    """Build an image, which costs little when nothing has changed; return its tag."""
    builder, options = BUILDS[tag]
    build = (engine(), "build", "--network=host")
    done = subprocess.run(
        (*build, *options, f"--file={DOCKERFILE}", f"--tag={tag}", "."),
        cwd=ROOT,
        env={**os.environ, "DOCKER_BUILDKIT": builder},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{tag} cannot be built:\n{done.stdout}\n{done.stderr}")
    return tag


class Container:
    """A container of an image, which is removed at the end.

    :param tag: the image.
    :param argv: what comes after the image: the arguments of the entrypoint.
    :param environ: the only variables beside those of the image.
    :param options: of ``docker run``; the restrictions of a manifest by default.
    :param network: that of this machine by default.
    """

    def __init__(
        self,
        tag: str,
        argv: Sequence[str],
        environ: Mapping[str, str],
        options: Sequence[str] = RESTRICTED,
        network: str = "host",
    ) -> None:
        """Start nothing yet."""
        self._name = f"{NAME}-{os.getpid()}-{secrets.token_hex(4)}"
        names = [part for name in environ for part in ("--env", name)]
        self._command = [engine(), "run", f"--name={self._name}"]
        self._command += [f"--network={network}", *options, *names, image(tag), *argv]
        self._environ = {**os.environ, **environ}

    def start(self) -> "subprocess.Popen[str]":
        """Start it and return the process that waits for its end."""
        return subprocess.Popen(
            self._command,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> Ended:
        """Run it to its end and remove it."""
        process = self.start()
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            self.remove()
        return Ended(process.returncode, out, err)

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        call("kill", f"--signal={name}", self._name)

    def execute(self, *argv: str, seconds: float = SECONDS) -> Ended:
        """Run a further process in it, as a probe does."""
        done = subprocess.run(
            [engine(), "exec", self._name, *argv],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def stop(self) -> None:
        """Ask it to stop, and kill it when its time is over."""
        call("stop", self._name)

    def wait_until_running(self) -> None:
        """Return when its first process runs, or has ended already."""
        ask = (engine(), "inspect", "--format={{.State.StartedAt}}", self._name)
        give_up_at = time.monotonic() + SECONDS
        while time.monotonic() < give_up_at:
            done = subprocess.run(ask, capture_output=True, text=True, check=False)
            if not done.returncode and not done.stdout.startswith(NEVER):
                return
            time.sleep(0.1)
        raise AssertionError(f"{self._name} did not start")

    def inspect(self, template: str) -> str:
        """Return a fact about it."""
        return call("inspect", f"--format={template}", self._name)

    def remove(self) -> None:
        """Remove it, also while it runs."""
        call("rm", "--force", "--volumes", self._name)


def call(*argv: str) -> str:
    """Call the engine and return what it printed."""
    done = subprocess.run(
        [engine(), *argv], check=True, capture_output=True, text=True, timeout=SECONDS
    )
    return done.stdout.strip()


def run_python(tag: str, program: str, *options: str) -> Ended:
    """Run a program in an image, with its Python."""
    options = (*RESTRICTED, "--entrypoint=python", *options)
    return Container(tag, ("-c", program), {}, options, network="none").run()


def settings_of_job(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a manifest would set, and no others."""
    return {
        name: text
        for name, text in environ.items()
        if name.startswith(SETTINGS) and name not in FILES_OF_HERE
    }
