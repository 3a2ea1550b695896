"""What every console script of the platform calls.

The first argument decides: a verb of :mod:`etl_core.commands` or of the room
``commands`` of the module itself, an option (the default job), or
``<program>-<job>`` (that job, as its own console script).
"""

from collections.abc import Callable
import importlib
import importlib.util
import sys

from etl_core import output, registry
from etl_core.errors import ConfigError, EtlError, ExitCode
from etl_core.registry import Program

COMMANDS = "etl_core.commands"

Verb = Callable[[Program, list[str]], int]


def main(jobs_package: str, default_job: str, argv: list[str] | None = None) -> int:
    """Do what the arguments say and return the exit code.

    :param jobs_package: import name of the package that holds the jobs.
    :param default_job: the job that runs when only options are given.
    :param argv: the arguments, those of the process by default.
    """
    arguments = sys.argv[1:] if argv is None else argv
    program = Program(jobs_package, default_job)
    try:
        return _dispatch(program, list(arguments))
    except EtlError as error:
        output.write_error(program.name, str(error))
        return error.exit_code
    except KeyboardInterrupt:
        output.write_error(program.name, "interrupted")
        return ExitCode.TERMINATED


def run_script(jobs_package: str, job: str, argv: list[str] | None = None) -> int:
    """Run one job as the console script that is named after it.

    :param jobs_package: import name of the package that holds the job.
    :param job: its name.
    :param argv: its arguments, those of the process by default.
    """
    arguments = sys.argv[1:] if argv is None else argv
    return main(jobs_package, job, ["run", job, "--", *arguments])


def _dispatch(program: Program, argv: list[str]) -> int:
    """Choose what the first argument means."""
    if not argv:
        sys.stderr.write(_help(program))
        return ExitCode.USAGE
    first, rest = argv[0], argv[1:]
    script = f"{program.name}-"
    if first in ("-h", "--help"):
        output.write(_help(program))
        return ExitCode.OK
    if first == "--version":
        output.write(f"{program.name} {_version(program)}\n")
        return ExitCode.OK
    if first.startswith("-"):
        return _verb("run")(program, [program.default_job, "--", *argv])
    if first.startswith(script):
        job = first[len(script) :].replace("-", "_")
        return _verb("run")(program, [job, "--", *rest])
    return _find(program, first)(program, rest)


def _find(program: Program, name: str) -> Verb:
    """Return the verb of that name.

    :raises ConfigError: when there is none, with what was probably meant.
    """
    found = verb_packages(program)
    for package in found:
        if any(entry.name == name for entry in registry.verbs(package)):
            return _verb(name, package)
    known = [entry.name for package in found for entry in registry.verbs(package)]
    if name in registry.job_names(program.jobs_package):
        raise ConfigError(f"{name!r} is a job; start it by: {program.name} run {name}")
    raise ConfigError(f"no command {name!r}; {registry.suggestion(name, known)}")


def verb_packages(program: Program) -> list[str]:
    """Return where the verbs of a program are: those of all, then those of its own."""
    module = program.jobs_package.rpartition(".")[0]
    own = f"{module}.commands"
    has_own = module and importlib.util.find_spec(own) is not None
    return [COMMANDS, own] if has_own else [COMMANDS]


def _verb(name: str, package: str = COMMANDS) -> Verb:
    """Import one verb."""
    verb: Verb = importlib.import_module(f"{package}.{name}").command
    return verb


def _version(program: Program) -> str:
    """Return the version of the distribution that the program belongs to."""
    # By name: it takes longer to import than all the rest.
    metadata = importlib.import_module("importlib.metadata")
    try:
        return str(metadata.version(program.name))
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _help(program: Program) -> str:
    """Return the help: two commands to copy, the verbs, the jobs."""
    name = program.name
    jobs = registry.jobs(program.jobs_package)
    packages = verb_packages(program)
    verbs = [entry for package in packages for entry in registry.verbs(package)]
    width = max(len(entry.name) for entry in [*jobs, *verbs])
    lines = [
        f"  {name} list",
        f"  {name} run {program.default_job} --help",
        "",
        f"usage: {name} <command> [options]",
        f"       {name} [options of the job {program.default_job}]",
        "",
        "commands:",
        *(output.entry_line(entry, width) for entry in verbs),
        "",
        "jobs:",
        *(output.entry_line(entry, width) for entry in jobs),
        "",
    ]
    return "\n".join(lines)
