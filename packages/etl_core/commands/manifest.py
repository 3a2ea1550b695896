"""Print what starts a job elsewhere: manifest <job> [options] [-- job options].

Examples::

    data-pipeline manifest get_s3_files -- --agency-id 10 | kubectl apply -f -
    data-pipeline manifest get_s3_files --for-each agency_id=10,11 --schedule @daily
"""

from pathlib import Path
import sys

from etl_core import output, registry
from etl_core.arguments import Parser
from etl_core.errors import ExitCode
from etl_core.manifests import airflow, ecs, kubernetes, options
from etl_core.manifests.deployment import Deployment
from etl_core.options import JobParser
from etl_core.registry import Program

TARGETS = ("kubernetes", "ecs", "airflow")


def command(program: Program, argv: list[str]) -> int:
    """Write the manifests; the arguments of the job are checked by its own parser."""
    end = argv.index("--") if "--" in argv else len(argv)
    found = _parser(program).parse_args(argv[:end])
    registry.load(program.jobs_package, found.job)
    base = options.deployment_of(found, program.name, tuple(argv[end + 1 :]))
    each = found.for_each
    deployments = list(base.for_each(each.name, each.values)) if each else [base]
    for deployment in deployments:
        _check(program, deployment)
    made_by = [program.name, Path(__file__).stem, *argv]
    if found.target == "ecs":
        output.write(
            ecs.render(deployments, made_by, options.cluster_of(found, program.name))
        )
    else:
        target = airflow if found.target == "airflow" else kubernetes
        output.write(target.render(deployments, made_by))
    return ExitCode.OK


def _parser(program: Program) -> Parser:
    """Return the parser of the verb."""
    parser = Parser(f"{program.name} manifest", __doc__)
    parser.usage = f"{program.name} manifest <job> [options] [-- job options]"
    parser.add_argument("job", help="name of the job")
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default=TARGETS[0],
        help="what starts the job (default: kubernetes)",
    )
    options.add_options(parser, program.name)
    return parser


def _check(program: Program, deployment: Deployment) -> None:
    """Let the parser of the job look at its arguments, when it shows one.

    :raises ConfigError: saying what is wrong with them.
    """
    parser = registry.load_parser(program.jobs_package, deployment.job)
    if isinstance(parser, JobParser):
        parser.check(deployment.arguments)
    else:
        sys.stderr.write(
            f"{program.name}: note: the arguments of {deployment.job} are not checked: "
            "its module has no parser() that returns a JobParser\n"
        )
