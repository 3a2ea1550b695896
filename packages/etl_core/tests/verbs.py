"""The verbs that operate on runs, called on the small world of the runs' tests."""

from contextlib import redirect_stdout
import importlib
import io
import json
from typing import Any
import unittest
from unittest import mock

from etl_core import output
from etl_core.errors import TransientError
from etl_core.options import add_option, add_run_options, job_parser, RunOptions
from etl_core.registry import Program
from etl_core.runs.replay import parent_of
from etl_core.runs.selection import read_unit_keys
from etl_core.tests.worlds import Disturbance, fail, make_spec, TARGET, World

PROGRAM = Program("sample.jobs", "copy_samples")
PLACE = ("--destination-bucket", TARGET)


def started(world: World, argv: list[str]) -> int:
    """Be the entry point of the world's job."""
    parser = job_parser("copy_samples", None)
    add_option(parser, "--agency-id", env="ETL_AGENCY_ID", help="h", required=True)
    add_option(parser, "--since", env="ETL_SINCE", help="h", narrows=True)
    add_run_options(parser)
    options = RunOptions.from_namespace(parser.parse_args(argv))
    units, spec = world.units, make_spec()
    if options.units:
        keys = set(read_unit_keys(world.store, options.units))
        world.units = [unit for unit in units if unit.key in keys]
        spec = make_spec(partial=True, arguments={"units": options.units})
    try:
        result = world.run(spec, **{**vars(options), "concurrency": 1})
    finally:
        world.units = units
    output.write_result(result, options.output)
    return 3 if result["quarantined"] else 0


class VerbTest(unittest.TestCase):
    """Three units whose sources are there and one without, in an empty environment."""

    def setUp(self) -> None:
        """Make the world."""
        patch = mock.patch.dict("os.environ", {}, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.world = World(3)
        self.world.add(4, None)

    def write(self, verb: str, *argv: str) -> tuple[int, str]:
        """Call a verb; return its exit code and what it wrote."""
        command = importlib.import_module(f"etl_core.commands.{verb}").command
        out = io.StringIO()
        with redirect_stdout(out):
            code = command(PROGRAM, list(argv), self.world.store)
        return code, out.getvalue()

    def call(self, verb: str, *argv: str) -> tuple[int, dict[str, Any]]:
        """Call a verb in the bucket of the world; return exit code and result."""
        code, text = self.write(verb, *argv, *PLACE, "--json")
        return code, json.loads(text.splitlines()[-1])

    def result(self, verb: str, *argv: str) -> dict[str, Any]:
        """Call a verb that succeeds and return its result."""
        code, result = self.call(verb, *argv)
        self.assertEqual(0, code)
        return result

    def left_open(self, run_id: str) -> None:
        """Start a run that copies what it can but for the second unit."""
        broken = Disturbance("CopyObject", fail, part="002")
        with self.assertRaises(TransientError):
            self.world.run(run_id=run_id, hook=broken, argv=("--agency-id=10",))

    def replayed(self, run_id: str, parent: str, reason: str = "") -> dict[str, Any]:
        """Run what a replay would, for the units without a source."""
        units = self.world.units
        self.world.units = [units[3]]
        record = self.world.record(parent)
        uri = f"s3://{TARGET}/{record['quarantine']['key']}{reason}"
        self.assertEqual(parent, parent_of(uri))
        try:
            return self.world.run(
                make_spec(partial=True, arguments={"units": uri}),
                run_id=run_id,
                units=uri,
                narrowed_by=(f"--units={uri}",),
            )
        finally:
            self.world.units = units
