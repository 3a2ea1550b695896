"""Run one job: run <job> [--] <its options>.

Examples::

    data-pipeline run get_s3_files --help
    data-pipeline run get_s3_files -- --agency-id 10 --dry-run
"""

from etl_core import dispatch, output, registry
from etl_core.errors import ConfigError, ExitCode
from etl_core.registry import Program


def command(program: Program, argv: list[str]) -> int:
    """Run the job that the first argument names; the rest is for the job."""
    if not argv:
        raise ConfigError(f"name a job; {_known(program)}")
    name, rest = argv[0], argv[1:]
    if name in ("-h", "--help"):
        output.write(_help(program))
        return ExitCode.OK
    if name.startswith("-"):
        raise ConfigError(
            f"the job comes before its options: {program.name} run <job> -- {name} ..."
        )
    arguments = rest[1:] if rest[:1] == ["--"] else rest
    return dispatch.run_job(program.jobs_package, name, arguments)


def _known(program: Program) -> str:
    """Return the end of a sentence that lists the jobs."""
    return "known: " + (", ".join(registry.job_names(program.jobs_package)) or "none")


def _help(program: Program) -> str:
    """Return the usage of this verb and the jobs."""
    jobs = registry.jobs(program.jobs_package)
    width = max((len(job.name) for job in jobs), default=0)
    name = program.name
    lines = [
        f"  {name} run {program.default_job} --help",
        f"  {name} run {program.default_job} -- <options of the job>",
        "",
        f"usage: {name} run <job> [--] <options of the job>",
        "",
        "jobs:",
        *(output.entry_line(job, width) for job in jobs),
        "",
    ]
    return "\n".join(lines)
