"""Tell by its heartbeat file whether a job makes progress; for a liveness probe.

Examples::

    data-pipeline alive /tmp/heartbeat --max-age 15m
    data-pipeline alive "$ETL_HEARTBEAT_FILE" --max-age 1h
"""

from pathlib import Path
import time

from etl_core.arguments import Parser
from etl_core.errors import ExitCode, TransientError
from etl_core.readers import duration
from etl_core.registry import Program


def command(program: Program, argv: list[str]) -> int:
    """Return when the file is young enough, or when no job has begun to write it.

    :raises TransientError: when nothing has moved for too long.
    """
    parser = Parser(f"{program.name} alive", __doc__)
    parser.add_argument("file", type=Path, help="what ETL_HEARTBEAT_FILE names")
    parser.add_argument(
        "--max-age",
        type=duration,
        default=900.0,
        metavar="TIME",
        help="how long a job may stand still (default: 15m)",
    )
    found = parser.parse_args(argv)
    try:
        age = time.time() - found.file.stat().st_mtime
    except FileNotFoundError:
        return ExitCode.OK
    if age > found.max_age:
        raise TransientError(
            f"the job has made no progress for {age:.0f} s ({found.file}); it hangs"
        )
    return ExitCode.OK
