"""List the jobs with their descriptions; imports none of them.

Examples::

    data-pipeline list
    data-pipeline list --json
"""

from etl_core import output, registry
from etl_core.arguments import Parser
from etl_core.errors import ExitCode
from etl_core.registry import Program


def command(program: Program, argv: list[str]) -> int:
    """Write the jobs to stdout, a broken one with the reason."""
    parser = Parser(f"{program.name} list", __doc__)
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    as_json = parser.parse_args(argv).json
    jobs = registry.jobs(program.jobs_package)
    if as_json:
        rows = [
            {
                "name": job.name,
                "description": job.description,
                "default": job.name == program.default_job,
                "fault": job.fault,
            }
            for job in jobs
        ]
        output.write_json({"program": program.name, "jobs": rows})
        return ExitCode.OK
    width = max((len(job.name) for job in jobs), default=0)
    output.write("".join(f"{output.entry_line(job, width)}\n" for job in jobs))
    return ExitCode.OK
