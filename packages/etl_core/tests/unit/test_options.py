"""Tests of the options that every job has, and of their twins."""

from argparse import Namespace
from dataclasses import fields
from datetime import datetime, timezone
import io
import logging
from pathlib import Path
import unittest
from unittest import mock

from etl_core import logs
from etl_core.errors import ConfigError
from etl_core.options import (
    add_option,
    add_run_options,
    job_parser,
    JobParser,
    option_table,
    RunOptions,
)
from etl_core.readers import QuarantineLimit, whole_number
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard
from etl_core.tests.samples import Terminal


class OptionsTest(unittest.TestCase):
    """A parser in an environment that the test makes."""

    def parser(self, **environ: str) -> JobParser:
        """Return a parser with the options every job has."""
        patch = mock.patch.dict("os.environ", environ, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        parser = job_parser("data-pipeline run x", "Do x.\n\nExamples::\n\n    x -a\n")
        add_run_options(parser)
        return parser

    def parse(self, *argv: str, **environ: str) -> RunOptions:
        """Return the options of a command line."""
        return RunOptions.from_namespace(self.parser(**environ).parse_args(argv))

    def refusal(self, *argv: str, **environ: str) -> str:
        """Return why a command line is refused."""
        with self.assertRaises(ConfigError) as caught:
            self.parse(*argv, **environ)
        return str(caught.exception)


class RunOptionsTest(OptionsTest):
    """The options that every job has."""

    def test_defaults(self) -> None:
        """Nothing given means what the class says."""
        self.assertEqual(RunOptions(), self.parse())

    def test_job_without_units(self) -> None:
        """It refuses options about units; the variables are for other jobs."""
        variables = {"ETL_LIMIT": "5", "JOB_COMPLETION_INDEX": "1"}
        with mock.patch.dict("os.environ", variables, clear=True):
            parser = job_parser("data-pipeline run x", "Do x.")
            add_run_options(parser, units=False)
            found = RunOptions.from_namespace(parser.parse_args(["--dry-run"]))
            with self.assertRaisesRegex(ConfigError, "--limit"):
                parser.parse_args(["--limit=5"])
        self.assertEqual(RunOptions(dry_run=True, argv=("--dry-run",)), found)

    def test_every_option_is_read(self) -> None:
        """Each arrives in its field, typed."""
        found = self.parse(
            *("--dry-run", "--plan-file", "p.ndjson", "--state", "s3://runs/x"),
            *("--run-id", "r1", "--shard", "3/8", "--concurrency", "4"),
            *("--max-rps", "900", "--engine", "boto3"),
            *("--limit", "9", "--deadline", "270s", "--accept", "a", "--accept", "b"),
            *("--max-quarantined", "5", "--units", "s3://b/u.ndjson"),
            *("--from", "2026-01-01", "--to", "2026-02-01", "--lease-wait", "1m"),
            *("--output", "table"),
        )

        expected = RunOptions(
            dry_run=True,
            plan_file=Path("p.ndjson"),
            state=ObjectRef("runs", "x/"),
            run_id="r1",
            shard=Shard(3, 8),
            concurrency=4,
            max_rps=900,
            engine="boto3",
            limit=9,
            deadline_seconds=270.0,
            accept=frozenset({"a", "b"}),
            max_quarantined=QuarantineLimit(None, 5),
            units="s3://b/u.ndjson",
            start=datetime(2026, 1, 1, tzinfo=timezone.utc),
            end=datetime(2026, 2, 1, tzinfo=timezone.utc),
            lease_wait_seconds=60.0,
            output="table",
            argv=(
                *("--dry-run", "--plan-file=p.ndjson", "--state=s3://runs/x"),
                *("--run-id=r1", "--shard=3/8", "--concurrency=4"),
                *("--max-rps=900", "--engine=boto3", "--limit=9"),
                *("--deadline=270s", "--accept=a", "--accept=b"),
                *("--max-quarantined=5", "--units=s3://b/u.ndjson"),
                *("--from=2026-01-01", "--to=2026-02-01", "--lease-wait=1m"),
                "--output=table",
            ),
            narrowed_by=(
                *("--limit=9", "--units=s3://b/u.ndjson"),
                *("--from=2026-01-01", "--to=2026-02-01"),
            ),
        )
        self.assertEqual(expected, found)
        for field in fields(RunOptions):
            with self.subTest(field.name):
                default = getattr(RunOptions(), field.name)
                self.assertNotEqual(default, getattr(found, field.name))

    def test_every_option_has_a_twin(self) -> None:
        """The environment means the same as the command line."""
        found = self.parse(
            ETL_DRY_RUN="true",
            ETL_PLAN_FILE="p.ndjson",
            ETL_STATE="s3://runs/x",
            ETL_RUN_ID="r1",
            ETL_SHARD="3/8",
            ETL_CONCURRENCY="4",
            ETL_MAX_RPS="900",
            ETL_ENGINE="boto3",
            ETL_LIMIT="9",
            ETL_DEADLINE="270s",
            ETL_ACCEPT="a, b,",
            ETL_MAX_QUARANTINED="5",
            ETL_UNITS="s3://b/u.ndjson",
            ETL_FROM="2026-01-01",
            ETL_TO="2026-02-01",
            ETL_LEASE_WAIT="1m",
            ETL_OUTPUT="table",
        )

        self.assertEqual(frozenset({"a", "b"}), found.accept)
        for field in fields(RunOptions):
            with self.subTest(field.name):
                default = getattr(RunOptions(), field.name)
                self.assertNotEqual(default, getattr(found, field.name))

    def test_arguments_say_what_the_environment_said(self) -> None:
        """In an empty environment they alone mean the same, the command line last."""
        argv = ("--concurrency", "4", "--accept", "c", "--from", "2026-01-01")
        first = self.parse(
            *argv,
            ETL_CONCURRENCY="8",
            ETL_LIMIT="9",
            ETL_ACCEPT="a, b,",
            ETL_DRY_RUN="yes",
            JOB_COMPLETION_INDEX="1",
            JOB_COMPLETIONS="3",
        )

        self.assertEqual(first, self.parse(*first.argv))
        self.assertEqual(
            (4, 9, Shard(1, 3)), (first.concurrency, first.limit, first.shard)
        )
        self.assertEqual(("--limit=9", "--from=2026-01-01"), first.narrowed_by)

    def test_variable_without_effect_is_no_argument(self) -> None:
        """Neither a switch that is off nor a value that the command line replaced."""
        found = self.parse("--limit", "4", ETL_DRY_RUN="no", ETL_LIMIT="x")

        self.assertEqual(("--limit=4",), found.argv)

    def test_command_line_wins(self) -> None:
        """A twin is no more than a default, also when it is spoiled."""
        self.assertEqual(
            4, self.parse("--concurrency", "4", ETL_CONCURRENCY="5").concurrency
        )
        self.assertEqual(
            4, self.parse("--concurrency", "4", ETL_CONCURRENCY="x").concurrency
        )

    def test_empty_variable_is_not_set(self) -> None:
        """A manifest may leave a value empty."""
        self.assertEqual(RunOptions(), self.parse(ETL_CONCURRENCY="", ETL_DRY_RUN=""))

    def test_switch_may_be_off(self) -> None:
        """A no in the environment is a no."""
        self.assertFalse(self.parse(ETL_DRY_RUN="0").dry_run)

    def test_wrong_argument_says_what_is_allowed(self) -> None:
        """One line that names the option."""
        message = self.refusal("--concurrency", "0")

        self.assertEqual(
            "argument --concurrency: '0' is no whole number from 1 to 1024 "
            "(see data-pipeline run x --help)",
            message,
        )

    def test_wrong_variable_is_named(self) -> None:
        """Each kind of option checks its twin like the argument."""
        for variable, value, part in (
            ("ETL_CONCURRENCY", "0", "no whole number from 1 to 1024"),
            ("ETL_DRY_RUN", "maybe", "neither 1, true, yes nor 0, false, no"),
            ("ETL_ACCEPT", "ok, no/good", "'no/good' is no name"),
            ("ETL_OUTPUT", "xml", "'xml' is none of json, table"),
            ("ETL_SHARD", "8/8", "zero-based"),
        ):
            with self.subTest(variable):
                message = self.refusal(**{variable: value})
                self.assertTrue(message.startswith(f"{variable} in the environment: "))
                self.assertIn(part, message)

    def test_spoiled_variable_does_not_hide_the_help(self) -> None:
        """Whoever asks for help gets it."""
        parser = self.parser(ETL_CONCURRENCY="x")
        with (
            mock.patch("sys.stdout", io.StringIO()) as out,
            self.assertRaises(SystemExit) as caught,
        ):
            parser.parse_args(["--help"])

        self.assertEqual(0, caught.exception.code)
        self.assertTrue(out.getvalue().startswith("  x -a\n\nusage: "))

    def test_shard_of_an_indexed_job(self) -> None:
        """Index and number of completions make the shard, unless it is given."""
        indexed = {"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "8"}

        self.assertEqual(Shard(2, 8), self.parse(**indexed).shard)
        self.assertEqual(Shard(0, 4), self.parse("--shard", "0/4", **indexed).shard)
        self.assertEqual(Shard(1, 4), self.parse(ETL_SHARD="1/4", **indexed).shard)

    def test_half_of_an_indexed_job_is_refused(self) -> None:
        """An index without a number would process every unit in each pod."""
        self.assertIn(
            "JOB_COMPLETIONS is not; set it in the manifest",
            self.refusal(JOB_COMPLETION_INDEX="2"),
        )
        self.assertIsNone(self.parse(JOB_COMPLETIONS="8").shard)

    def test_index_beyond_its_number_is_refused(self) -> None:
        """Both variables are named."""
        message = self.refusal(JOB_COMPLETION_INDEX="8", JOB_COMPLETIONS="8")

        self.assertIn("JOB_COMPLETION_INDEX and JOB_COMPLETIONS: a shard is", message)

    def test_time_range_runs_forward(self) -> None:
        """An empty range is a mistake, not a run without units."""
        self.assertIn(
            "--from must be before --to",
            self.refusal("--from", "2026-01-01", "--to", "2026-01-01"),
        )

    def test_plan_file_needs_a_dry_run(self) -> None:
        """A real run writes no plan for people."""
        self.assertIn("--plan-file needs --dry-run", self.refusal("--plan-file", "p"))

    def test_output_is_a_table_on_a_terminal(self) -> None:
        """Programs get JSON."""
        with mock.patch("sys.stdout", Terminal()):
            self.assertEqual("table", self.parse().output)
            self.assertEqual("json", self.parse("--output", "json").output)

    def test_log_level_holds_at_once(self) -> None:
        """The level is that of our own loggers."""
        self.addCleanup(logs.set_level, "info")
        self.parse("--log-level", "debug")

        self.assertEqual(logging.DEBUG, logging.getLogger("etl").level)
        self.assertIn("invalid choice: 'loud'", self.refusal("--log-level", "loud"))


class AddOptionTest(OptionsTest):
    """An option of one job."""

    def parse_own(self, *argv: str, **environ: str) -> Namespace:
        """Parse a command line of a job with a required option."""
        with mock.patch.dict("os.environ", environ, clear=True):
            parser = job_parser("x", None)
            add_option(
                parser,
                "--agency-id",
                env="ETL_AGENCY_ID",
                help="at least 100% of them",
                type=whole_number(1),
                required=True,
            )
            return parser.parse_args(argv)

    def test_required_option_may_come_from_the_environment(self) -> None:
        """Only when neither has it, it is missing."""
        self.assertEqual(7, self.parse_own(ETL_AGENCY_ID="7").agency_id)
        self.assertEqual(8, self.parse_own("--agency-id", "8").agency_id)
        with self.assertRaisesRegex(ConfigError, "required: --agency-id"):
            self.parse_own()

    def test_spoiled_twin_of_a_required_option_is_named(self) -> None:
        """It counts as given, and is refused."""
        with self.assertRaisesRegex(ConfigError, "^ETL_AGENCY_ID in the environment"):
            self.parse_own(ETL_AGENCY_ID="x")

    def test_help_names_the_twin(self) -> None:
        """A percent sign in the help is just that."""
        parser = job_parser("x", None)
        add_option(parser, "--all", env="ETL_ALL", help="all 100%")

        self.assertIn("all 100% (env: ETL_ALL)", parser.format_help())

    def test_table_of_options_follows_the_help(self) -> None:
        """Every option of the help with a twin is in it."""
        parser = self.parser()
        rows = option_table(parser)
        text = parser.format_help()

        self.assertEqual(18, len(rows))
        self.assertEqual("--dry-run", rows[0].flag)
        for row in rows:
            with self.subTest(row.flag):
                self.assertIn(f"  {row.flag}", text)
                self.assertIn(f"(env: {row.variable})", " ".join(text.split()))


if __name__ == "__main__":
    unittest.main()
