"""The look-alike of S3 that all are measured on, compiled and run here."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import shutil
import subprocess
from typing import Any
from urllib.request import urlopen

from etl_core.testing.ports import LOOPBACK

HERE = Path(__file__).parent
COMPILER = "cc"
SOURCE, DESTINATION = "src", "dst"


class Endpoint:
    """A running server.

    :param port: where it listens on the loopback interface.
    """

    def __init__(self, port: int) -> None:
        """Note where it is."""
        self.port = port
        self.url = f"http://{LOOPBACK}:{port}"

    def control(self, verb: str, **values: object) -> dict[str, Any]:
        """Tell the server to do something and return its answer."""
        query = "&".join(f"{name}={value}" for name, value in values.items())
        with urlopen(f"{self.url}/_control/{verb}?{query}", timeout=60) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found

    def fill(self, count: int, size: int) -> None:
        """Have these source objects and no others."""
        self.control("clear", bucket=SOURCE)
        self.control("fill", bucket=SOURCE, count=count, size=size)

    def count(self) -> int:
        """Return how many objects the destination has."""
        return int(self.control("count", bucket=DESTINATION)["count"])

    def environment(self) -> dict[str, str]:
        """Return the variables of a client."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            # That of s5cmd.
            "S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def can_compile() -> bool:
    """Tell whether there is a compiler."""
    return shutil.which(COMPILER) is not None


def compiled(name: str, folder: Path) -> str:
    """Compile one of the C files beside this one and return the program."""
    program = folder / name
    command = [COMPILER, "-O2", "-o", str(program), str(HERE / f"{name}.c")]
    subprocess.run(command, check=True)
    return str(program)


@contextmanager
def endpoint(folder: Path) -> Iterator[Endpoint]:
    """Run a server until the end of the block."""
    command = [compiled("server", folder), "0", SOURCE, DESTINATION]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Endpoint(int(process.stdout.readline()))
        finally:
            process.terminate()
