"""How fast bronze becomes silver, beside other engines, with little memory and on S3.

``ETL_BENCH_ROWS`` changes how many rows there are; engines that are not installed are
left out. All run in turn, so that a change of the machine's speed meets all.
"""

from collections.abc import Mapping
import os
from pathlib import Path
import statistics
import sys
import tempfile
import unittest

import boto3

from data_pipeline.tests.performance.copies.endpoint import (
    can_compile,
    endpoint,
    SOURCE,
)
from data_pipeline.tests.performance.silver_bench import ENGINES, generate, measure

ROWS = int(os.environ.get("ETL_BENCH_ROWS", "5000000"))
ROUNDS = 3
FILES = 27
LATENCY_MS = 25
LIMITS = {"compiled": 1.15, "polars": 0.75, "pandas": 0.5, "pyspark": 0.25}
SMALL_PEAK_MB = 256 + 350
S3_LIMIT = 1.25

Figures = dict[str, list[dict[str, float]]]


class SilverTest(unittest.TestCase):
    """Orders with duplicates and bad amounts, into eight partitions."""

    def setUp(self) -> None:
        """Make a folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.source = self.folder / "bronze" / "orders"

    def measured(
        self,
        engines: list[str],
        rounds: int = ROUNDS,
        environ: Mapping[str, str] | None = None,
    ) -> dict[str, float]:
        """Run engines in turn; print and return the median seconds of each."""
        figures: Figures = {}
        for number in range(rounds):
            # Nobody is always behind the same one, whose writes are still under way.
            for engine in engines[:: -1 if number % 2 else 1]:
                (self.folder / "silver").mkdir(exist_ok=True)
                _empty(self.folder / "silver")
                found = measure(engine, self.source, self.folder / "out", environ)
                if found:
                    figures.setdefault(engine, []).append(found)
        for engine, all_found in figures.items():
            for name in ("seconds", "cpu", "peak_mb"):
                values = sorted(found[name] for found in all_found)
                sys.stderr.write(f"{engine} {name}: {values}\n")
        self.peaks = {
            engine: max(found["peak_mb"] for found in all_found)
            for engine, all_found in figures.items()
        }
        return {
            engine: statistics.median(found["seconds"] for found in all_found)
            for engine, all_found in figures.items()
        }

    def test_speed(self) -> None:
        """The whole job takes little longer than its SQL, and less than the others."""
        generate(self.source, ROWS)
        engines = [name for name in ENGINES if name not in {"small", "s3"}]
        seconds = self.measured(engines)
        for engine, limit in LIMITS.items():
            if engine in seconds:
                with self.subTest(engine):
                    self.assertLess(seconds["job"], limit * seconds[engine])

    def test_memory(self) -> None:
        """With a limit of a third of the input the job finishes, and keeps to it."""
        generate(self.source, ROWS)
        self.measured(["small"], rounds=1)
        self.assertLess(self.peaks["small"], SMALL_PEAK_MB)

    @unittest.skipUnless(can_compile(), "there is no C compiler for the server")
    def test_latency(self) -> None:
        """From S3 to S3 with 25 ms for every request, a quarter more than local."""
        generate(self.source, ROWS, FILES)
        with endpoint(self.folder) as server:
            environ = server.environment()
            client = boto3.client(
                "s3",
                endpoint_url=server.url,
                aws_access_key_id="bench",
                aws_secret_access_key="bench",
                region_name="us-east-1",
            )
            for path in self.source.iterdir():
                key = f"orders/{path.name}"
                client.put_object(Bucket=SOURCE, Key=key, Body=path.read_bytes())
            server.control("set", latency_ms=LATENCY_MS, slow_down=0)
            remote: list[float] = []
            local: list[float] = []
            for _ in range(ROUNDS):
                server.control("clear", bucket="dst")
                remote.append(self.measured(["s3"], 1, environ)["s3"])
                local.append(self.measured(["job"], 1)["job"])
        sys.stderr.write(f"S3 at {LATENCY_MS} ms {remote}, local {local}\n")
        self.assertLess(statistics.median(remote), S3_LIMIT * statistics.median(local))


def _empty(folder: Path) -> None:
    """Remove what is in a folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__":
    unittest.main()
