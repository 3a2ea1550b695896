"""Runs one job: logs, signals, and errors turned into exit codes."""

import sys

from etl_core import logs, output, registry, stop
from etl_core.config import RunSettings
from etl_core.errors import EtlError, ExitCode

logger = logs.get_logger()


def run_job(jobs_package: str, name: str, argv: list[str]) -> int:
    """Import one job, run it and return its exit code.

    :param jobs_package: import name of the package that holds the job.
    :param name: of the job.
    :param argv: its arguments.
    """
    with logs.correlation(job=name):
        code = _guarded(jobs_package, name, argv)
    output.flush()
    return code


def _guarded(jobs_package: str, name: str, argv: list[str]) -> int:
    """Turn whatever the job raises into an exit code."""
    try:
        logs.configure()
        with stop.on_signals(RunSettings.from_environment().grace_seconds):
            return _call(jobs_package, name, argv)
    except EtlError as error:
        _report(registry.program_name(jobs_package), error)
        return error.exit_code
    except SystemExit as leaving:
        return _code_of(leaving)
    except BrokenPipeError:
        output.silence()
        logger.error("the reader of the output went away")
    except Exception:
        logger.exception("the job failed with an error nobody expected")
    return ExitCode.BUG


def _call(jobs_package: str, name: str, argv: list[str]) -> int:
    """Run the job.

    :raises EtlError: when it returns something that is no exit code.
    """
    code: object = registry.load(jobs_package, name)(argv)
    if isinstance(code, int) and not isinstance(code, bool) and 0 <= code <= 255:
        return code
    raise EtlError(
        f"the job {name!r} returned {code!r}; an entry point returns its exit code, "
        "an int from 0 to 255"
    )


def _report(program: str, error: EtlError) -> None:
    """Say in one line what went wrong."""
    logger.debug("where it was raised", exc_info=error)
    message = logs.clean_text(" ".join(str(error).split()))
    if sys.stderr.isatty():
        output.write_error(program, message)
        return
    facts: dict[str, object] = {"exit_code": int(error.exit_code)}
    if error.context:
        facts["context"] = {key: str(value) for key, value in error.context.items()}
    logger.error(message, **facts)


def _code_of(leaving: SystemExit) -> int:
    """Return the exit code of ``sys.exit``, as the interpreter would."""
    if leaving.code is None:
        return ExitCode.OK
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    sys.stderr.write(f"{leaving.code}\n")
    return ExitCode.BUG
