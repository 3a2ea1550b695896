"""Kill a job at every call it makes, start it again, and compare with a clean run.

Examples::

    data-pipeline crashtest get_s3_files
    data-pipeline crashtest get_s3_files --concurrency 4 --moments after --json
"""

import importlib
from typing import Any

from etl_core import logs, output, registry
from etl_core.arguments import Parser
from etl_core.errors import ConfigError, ExitCode
from etl_core.readers import whole_number
from etl_core.registry import Program

MOMENTS = ("before", "after", "lost")
WORKERS = (1, 4)


def command(program: Program, argv: list[str], proof: Any = None) -> int:  # noqa: ANN401
    """Sweep over the small world of a job; exit code 1 when it does not survive.

    :param proof: the module that makes the proof; the real one needs an extra.
    """
    parser = Parser(f"{program.name} crashtest", __doc__)
    parser.add_argument("job", help="name of the job")
    parser.add_argument(
        "--world",
        metavar="MODULE:ATTRIBUTE",
        help="the small world of the job (default: WORLD in tests/worlds/<job>.py)",
    )
    parser.add_argument(
        "--concurrency",
        action="append",
        type=whole_number(1, 64),
        metavar="N",
        help="units in progress at once; may be repeated (default: 1 and 4)",
    )
    parser.add_argument(
        "--moments",
        action="append",
        choices=MOMENTS,
        help="when to die; may be repeated (default: all)",
    )
    parser.add_argument(
        "--kills",
        type=whole_number(0, 1000),
        default=6,
        metavar="N",
        help="deaths of a real process by SIGKILL, spread over the calls (default: 6)",
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    found = parser.parse_args(argv)
    registry.load(program.jobs_package, found.job)
    logs.configure()
    logs.set_level("error")
    proof = proof or _proof()
    result = proof.prove(
        found.world or world_of(program.jobs_package, found.job),
        found.concurrency or WORKERS,
        [proof.Moment(moment) for moment in found.moments or MOMENTS],
        found.kills,
    )
    if found.json:
        output.write_json({"job": found.job, **proof.to_json(result)})
    else:
        output.write(proof.table(result))
    return ExitCode.BUG if result.violations else ExitCode.OK


def world_of(jobs_package: str, job: str) -> str:
    """Return where the world of a job is declared."""
    module = jobs_package.rpartition(".")[0]
    return f"{module}.tests.worlds.{job}:WORLD"


def _proof() -> Any:  # noqa: ANN401 (a module that needs the extra)
    """Load what needs the extra.

    :raises ConfigError: when it is not installed.
    """
    try:
        return importlib.import_module("etl_core.testing.proof")
    except ImportError as error:
        raise ConfigError(
            f"crashtest needs servers to break: {error}; install the extra testing"
        ) from error
