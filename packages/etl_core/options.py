"""The options that every job has, each with a twin in the environment.

:func:`job_parser` makes the parser, :func:`add_run_options` adds the options every
job has, :func:`add_option` one of the job itself. A variable is checked like its
option, when the option was not given.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
import sys
from typing import Any, NamedTuple, TypeVar

from etl_core import logs
from etl_core.arguments import Parser
from etl_core.config import environment
from etl_core.errors import ConfigError
from etl_core.readers import (
    boolean,
    duration,
    quarantine_limit,
    QuarantineLimit,
    s3_prefix,
    shard,
    time_limit,
    timestamp,
    whole_number,
    word,
)
from etl_core.s3.engines import CURL, ENGINES
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard

T = TypeVar("T")

OUTPUTS = ("json", "table")
TEN_PERCENT = QuarantineLimit(0.1)


class OptionRow(NamedTuple):
    """One option, as the reference page shows it."""

    flag: str
    variable: str
    help: str


class _Fault(NamedTuple):
    """Takes the place of a default that the environment spoiled."""

    message: str


class JobParser(Parser):
    """A parser whose options may be given by the environment.

    What it parses also has ``argv``, the same arguments without the environment, each
    option with its value in one, and ``narrowed_by``, those of them that choose among
    the units of the scope.
    """

    def __init__(self, prog: str, docstring: str | None) -> None:
        """Know no twin yet."""
        super().__init__(prog, docstring)
        self.rows: list[OptionRow] = []
        self.inherited: list[str] = []
        self.narrowing: set[str] = set()
        self.switches: set[str] = set()

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, then refuse what the environment spoiled and no option replaced."""
        found, rest = super().parse_known_args(args, namespace)
        for value in vars(found).values():
            if isinstance(value, _Fault):
                self.error(value.message)
        given = sys.argv[1:] if args is None else args
        found.argv = [*self.inherited, *self._joined(given)]
        found.narrowed_by = [
            each for each in found.argv if each.partition("=")[0] in self.narrowing
        ]
        return found, rest

    def check(self, args: Sequence[str]) -> None:
        """Refuse arguments that are wrong, whatever the environment is.

        What they leave out may be set where the job will run.

        :raises ConfigError: saying what is wrong with which.
        """
        for action in self._actions:
            action.required = False
            if isinstance(action.default, _Fault):
                action.default = None
        self.parse_args(args)

    def _joined(self, args: Sequence[str]) -> Iterator[str]:
        """Yield the arguments, each option together with its value."""
        valued = {row.flag for row in self.rows} - self.switches
        rest = iter(args)
        for each in rest:
            yield f"{each}={next(rest)}" if each in valued else each


def job_parser(prog: str, docstring: str | None) -> JobParser:
    """Return a parser whose help starts with the examples of a module docstring.

    :param prog: the command in front of the options.
    :param docstring: of the module of the job.
    """
    return JobParser(prog, docstring)


def add_option(
    parser: JobParser,
    flag: str,
    *,
    env: str,
    help: str,
    narrows: bool = False,
    **settings: Any,  # noqa: ANN401 - whatever argparse takes
) -> None:
    """Add an option that takes its default from the environment.

    :param parser: of the job.
    :param flag: for example ``--source-bucket``.
    :param env: the variable; a list is separated by commas, a switch is one of
        1, true, yes, 0, false, no, and an empty one counts as not set.
    :param help: what the option is for.
    :param narrows: whether it leaves out some units of the scope; a replay, which
        names its units, does without it.
    :param settings: what ``argparse`` knows: ``type``, ``choices``, ``required`` ...
    """
    note = f"required; env: {env}" if settings.get("required") else f"env: {env}"
    value = environment().get(env)
    if value:
        settings["default"] = _from_environment(env, value, settings)
        settings["required"] = False
        parser.inherited += _as_arguments(flag, value, settings)
    if settings.get("required") is False:
        del settings["required"]
    full = f"{help} ({note})"
    parser.add_argument(flag, help=full.replace("%", "%%"), **settings)
    parser.rows.append(OptionRow(flag, env, help))
    if narrows:
        parser.narrowing.add(flag)
    if settings.get("action") == "store_true":
        parser.switches.add(flag)


def option_table(parser: JobParser) -> list[OptionRow]:
    """Return the options that have a twin, in the order of the help."""
    return list(parser.rows)


def _from_environment(env: str, value: str, settings: Mapping[str, Any]) -> object:
    """Return what the variable means, or what is wrong with it."""
    try:
        if settings.get("action") == "store_true":
            return boolean(value)
        convert: Callable[[str], object] = settings.get("type", str)
        if settings.get("action") == "append":
            return [convert(part.strip()) for part in value.split(",") if part.strip()]
        return _chosen(convert(value), settings.get("choices"))
    except (argparse.ArgumentTypeError, ValueError) as error:
        return _Fault(f"{env} in the environment: {error}")


def _as_arguments(flag: str, value: str, settings: Mapping[str, Any]) -> list[str]:
    """Return the arguments that say what a variable says."""
    if isinstance(settings["default"], _Fault):
        return []
    if settings.get("action") == "store_true":
        return [flag] if settings["default"] else []
    if settings.get("action") == "append":
        return [f"{flag}={part.strip()}" for part in value.split(",") if part.strip()]
    return [f"{flag}={value}"]


def _chosen(value: T, choices: Sequence[object] | None) -> T:
    """Return the value when it is one of the choices.

    :raises ValueError: naming them.
    """
    if choices is not None and value not in choices:
        raise ValueError(
            f"{value!r} is none of {', '.join(str(each) for each in choices)}"
        )
    return value


class _LogLevel(argparse.Action):
    """Sets the level at once, so that it holds for whatever the job does next."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Set the level and keep its name."""
        logs.set_level(str(values))
        setattr(namespace, self.dest, values)


class _Option(NamedTuple):
    """How one of the options that every job has is made."""

    flag: str
    env: str
    help: str
    settings: dict[str, Any]

    @property
    def dest(self) -> str:
        """The name of what is parsed."""
        name = self.flag.removeprefix("--").replace("-", "_")
        return str(self.settings.get("dest", name))


RUN_OPTIONS = (
    _Option(
        "--dry-run",
        "ETL_DRY_RUN",
        "print what would be done and change nothing",
        {"action": "store_true"},
    ),
    _Option(
        "--plan-file",
        "ETL_PLAN_FILE",
        "with --dry-run: write every planned unit to this file, as NDJSON",
        {"type": Path, "metavar": "FILE"},
    ),
    _Option(
        "--state",
        "ETL_STATE",
        "where runs are recorded (default: _etl/ in the destination bucket)",
        {"type": s3_prefix, "metavar": "URI"},
    ),
    _Option(
        "--run-id",
        "ETL_RUN_ID",
        "name of the run (default: a new one that sorts by time)",
        {"type": word, "metavar": "ID"},
    ),
    _Option(
        "--shard",
        "ETL_SHARD",
        "process one of N parts, zero-based (default: JOB_COMPLETION_INDEX of "
        "JOB_COMPLETIONS when the environment has them)",
        {"type": shard, "metavar": "I/N"},
    ),
    _Option(
        "--concurrency",
        "ETL_CONCURRENCY",
        "units in progress at once, 1 to 1024 (default: 32)",
        {"type": whole_number(1, 1024), "default": 32, "metavar": "N"},
    ),
    _Option(
        "--max-rps",
        "ETL_MAX_RPS",
        "requests for units sent to the store each second at most (default: any)",
        {"type": whole_number(1), "metavar": "N"},
    ),
    _Option(
        "--engine",
        "ETL_ENGINE",
        "client of the store (default: curl); boto3 is slower and knows every "
        "kind of address",
        {"choices": tuple(ENGINES), "default": CURL},
    ),
    _Option(
        "--limit",
        "ETL_LIMIT",
        "process at most this many units",
        {"type": whole_number(1), "metavar": "N", "narrows": True},
    ),
    _Option(
        "--deadline",
        "ETL_DEADLINE",
        "stop cleanly after this time, as in 270s or 1h30m; the same command continues",
        {"type": time_limit, "metavar": "TIME"},
    ),
    _Option(
        "--accept",
        "ETL_ACCEPT",
        "a reason for quarantine that leaves the exit code 0; may be repeated",
        {"type": word, "action": "append", "metavar": "REASON"},
    ),
    _Option(
        "--max-quarantined",
        "ETL_MAX_QUARANTINED",
        "stop the run when more units than this are quarantined, a share or a "
        "count (default: 10%)",
        {
            "type": quarantine_limit,
            "default": TEN_PERCENT,
            "metavar": "LIMIT",
        },
    ),
    _Option(
        "--units",
        "ETL_UNITS",
        "process only the unit keys in this NDJSON file, local or on S3; with "
        "#reason=R at its end only those of a quarantine with this reason",
        {"metavar": "URI", "narrows": True},
    ),
    _Option(
        "--from",
        "ETL_FROM",
        "only units from this time on, in ISO 8601, UTC unless it says otherwise",
        {"type": timestamp, "dest": "start", "metavar": "TIME", "narrows": True},
    ),
    _Option(
        "--to",
        "ETL_TO",
        "only units before this time",
        {"type": timestamp, "dest": "end", "metavar": "TIME", "narrows": True},
    ),
    _Option(
        "--lease-wait",
        "ETL_LEASE_WAIT",
        "how long to wait for another process on the same scope (default: 20s)",
        {"type": duration, "default": 20.0, "metavar": "TIME"},
    ),
    _Option(
        "--output",
        "ETL_OUTPUT",
        "form of the result on stdout (default: table on a terminal, else json)",
        {"choices": OUTPUTS},
    ),
    _Option(
        "--log-level",
        "ETL_LOG_LEVEL",
        "least level of log lines on stderr (default: info)",
        {"choices": logs.LEVELS, "default": logs.DEFAULT_LEVEL, "action": _LogLevel},
    ),
)

WITHOUT_UNITS = frozenset(
    {
        *("--dry-run", "--concurrency", "--max-rps", "--engine", "--output"),
        "--log-level",
    }
)
"""What also a job without units has."""


def add_run_options(parser: JobParser, *, units: bool = True) -> None:
    """Add the options that every job has.

    :param units: whether the job has a run with units; one without refuses the
        options that choose, count or record them.
    """
    for option in RUN_OPTIONS:
        if units or option.flag in WITHOUT_UNITS:
            add_option(
                parser, option.flag, env=option.env, help=option.help, **option.settings
            )
        else:
            parser.set_defaults(**{option.dest: option.settings.get("default")})
    if units:
        _add_shard(parser)


def _add_shard(parser: JobParser) -> None:
    """Let Kubernetes say which shard it is, where nothing else does."""
    if parser.get_default("shard") is None:
        found = _shard_of_indexed_job(environment())
        parser.set_defaults(shard=found)
        parser.inherited += [f"--shard={found}"] if isinstance(found, Shard) else []


def _shard_of_indexed_job(environ: Mapping[str, str]) -> Shard | _Fault | None:
    """Return the shard that Kubernetes gave this pod of an Indexed Job."""
    index, count = environ.get("JOB_COMPLETION_INDEX"), environ.get("JOB_COMPLETIONS")
    if not index:
        return None
    if not count:
        return _Fault(
            "JOB_COMPLETION_INDEX is in the environment but JOB_COMPLETIONS is not; "
            "set it in the manifest to the number of completions"
        )
    try:
        return Shard.parse(f"{index}/{count}")
    except ValueError as error:
        return _Fault(f"JOB_COMPLETION_INDEX and JOB_COMPLETIONS: {error}")


@dataclass(frozen=True)
class RunOptions:
    """What every job was asked for.

    :param dry_run: change nothing.
    :param plan_file: where a dry run writes every planned unit.
    :param state: bucket and prefix of the records of runs; ``None`` for the default.
    :param run_id: the name of the run, if it was given.
    :param shard: the part to process; ``None`` for all.
    :param concurrency: units in progress at once.
    :param max_rps: requests for units each second at most.
    :param engine: client of the store.
    :param limit: how many units at most.
    :param deadline_seconds: when to stop cleanly.
    :param accept: reasons for quarantine that leave the exit code 0.
    :param max_quarantined: when the run stops as a whole.
    :param units: where the keys of the only units to process are.
    :param start: units from this time on, in UTC.
    :param end: units before this time, in UTC.
    :param lease_wait_seconds: how long to wait for another process.
    :param output: ``json`` or ``table``.
    :param argv: all the arguments, also those that the environment gave.
    :param narrowed_by: those of them that leave out some units of the scope.
    """

    dry_run: bool = False
    plan_file: Path | None = None
    state: ObjectRef | None = None
    run_id: str | None = None
    shard: Shard | None = None
    concurrency: int = 32
    max_rps: int | None = None
    engine: str = CURL
    limit: int | None = None
    deadline_seconds: float | None = None
    accept: frozenset[str] = frozenset()
    max_quarantined: QuarantineLimit = TEN_PERCENT
    units: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    lease_wait_seconds: float = 20.0
    output: str = "json"
    argv: tuple[str, ...] = ()
    narrowed_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse combinations that no run could use."""
        if self.start and self.end and self.start >= self.end:
            raise ConfigError("--from must be before --to, which is not included")
        if self.plan_file and not self.dry_run:
            raise ConfigError("--plan-file needs --dry-run")

    @classmethod
    def from_namespace(cls, found: argparse.Namespace) -> "RunOptions":
        """Take the options that every job has out of what was parsed."""
        return cls(
            dry_run=found.dry_run,
            plan_file=found.plan_file,
            state=found.state,
            run_id=found.run_id,
            shard=found.shard,
            concurrency=found.concurrency,
            max_rps=found.max_rps,
            engine=found.engine,
            limit=found.limit,
            deadline_seconds=found.deadline,
            accept=frozenset(found.accept or ()),
            max_quarantined=found.max_quarantined,
            units=found.units,
            start=found.start,
            end=found.end,
            lease_wait_seconds=found.lease_wait,
            output=found.output or ("table" if sys.stdout.isatty() else "json"),
            argv=tuple(found.argv),
            narrowed_by=tuple(found.narrowed_by),
        )
