"""Print what starts a job elsewhere: manifest <job> [options] [-- job options].

Examples::

    data-pipeline manifest get_s3_files -- --agency-id 10 | kubectl apply -f -
    data-pipeline manifest get_s3_files --for-each agency_id=10,11 --schedule @daily
"""

import argparse
from importlib import metadata
from pathlib import Path
import sys

from etl_core import output, registry
from etl_core.arguments import Parser
from etl_core.errors import ConfigError, ExitCode
from etl_core.manifests import airflow, ecs, kubernetes, readers
from etl_core.manifests.deployment import Deployment, Place, Size
from etl_core.options import JobParser
from etl_core.readers import duration, whole_number
from etl_core.registry import Program

TARGETS = ("kubernetes", "ecs", "airflow")


def command(program: Program, argv: list[str]) -> int:
    """Write the manifests; the arguments of the job are checked by its own parser."""
    end = argv.index("--") if "--" in argv else len(argv)
    found = _parser(program).parse_args(argv[:end])
    registry.load(program.jobs_package, found.job)
    base = _deployment(program, found, tuple(argv[end + 1 :]))
    each = found.for_each
    deployments = list(base.for_each(each.name, each.values)) if each else [base]
    for deployment in deployments:
        _check(program, deployment)
    made_by = [program.name, Path(__file__).stem, *argv]
    if found.target == "ecs":
        output.write(ecs.render(deployments, made_by, _cluster(program, found)))
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
    _add_job_options(parser)
    _add_place_options(parser, program)
    _add_ecs_options(parser)
    return parser


def _add_job_options(parser: Parser) -> None:
    """Add what is started, when, and how often."""
    add = parser.add_argument
    add(
        "--image",
        type=readers.image,
        help="by digest where it is known (default: etl-<module>:<its version>)",
    )
    add(
        "--shards",
        type=whole_number(1, 1000),
        metavar="N",
        help="divide the units among N pods of an Indexed Job",
    )
    add(
        "--for-each",
        type=readers.each,
        metavar="OPTION=A,B",
        help="one Job for each value of an option of the job",
    )
    add(
        "--schedule",
        type=readers.cron,
        metavar="CRON",
        help="start it again and again, in UTC, as in '30 2 * * *'",
    )
    add(
        "--backoff-limit",
        type=whole_number(0, 100),
        metavar="N",
        help="how often it is started again (default: 1, or 3 for each shard)",
    )
    add(
        "--max-silence",
        type=duration,
        default=900.0,
        metavar="TIME",
        help="without progress, after which a pod is killed (default: 15m)",
    )
    add(
        "--keep",
        type=duration,
        default=7 * 86400.0,
        metavar="TIME",
        help="how long a finished Job can be looked at (default: 7d)",
    )
    add("--cpu", type=readers.cpu, default=Size().cpu, help="(default: %(default)s)")
    add(
        "--memory",
        type=readers.memory,
        default=Size().memory,
        help="(default: %(default)s)",
    )
    add(
        "--disk",
        type=readers.memory,
        default=Size().disk,
        help="for local files (default: %(default)s)",
    )


def _add_place_options(parser: Parser, program: Program) -> None:
    """Add where it runs, and what it finds there."""
    add = parser.add_argument
    add(
        "--namespace",
        type=readers.dns_name,
        help="of Kubernetes (default: that of whoever applies it)",
    )
    add(
        "--service-account",
        type=readers.dns_name,
        default=program.name,
        metavar="NAME",
        help="whose permissions the job has (default: %(default)s)",
    )
    add(
        "--role-arn",
        type=readers.role_arn,
        metavar="ARN",
        help="print the service account too, with this role; ECS: that of the task",
    )
    add(
        "--config-map",
        type=readers.dns_name,
        default=program.name,
        metavar="NAME",
        help="plain settings, as variables (default: %(default)s)",
    )
    add(
        "--secret",
        default=program.name,
        metavar="NAME",
        help="credentials, as variables (default: %(default)s; ECS: an ARN)",
    )
    add(
        "--env",
        type=readers.variable,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a further plain setting; may be repeated",
    )


def _add_ecs_options(parser: Parser) -> None:
    """Add what only ECS wants to know."""
    group = parser.add_argument_group("with --target ecs")
    add = group.add_argument
    add("--cluster", default="default", help="(default: %(default)s)")
    add("--region", help="of AWS")
    add("--subnets", type=readers.words, metavar="A,B", help="private ones")
    add("--security-groups", type=readers.words, metavar="A,B", help="of the tasks")
    add(
        "--execution-role-arn",
        type=readers.role_arn,
        metavar="ARN",
        help="pulls the image and reads the secret",
    )
    add("--log-group", help="of CloudWatch (default: /etl/<module>)")


def _deployment(
    program: Program, found: argparse.Namespace, arguments: tuple[str, ...]
) -> Deployment:
    """Return what the options ask for."""
    return Deployment(
        program=program.name,
        job=found.job,
        arguments=arguments,
        image=found.image or _own_image(program),
        place=Place(
            found.namespace or "",
            found.service_account,
            found.role_arn or "",
            found.config_map,
            found.secret,
            tuple(found.env),
        ),
        size=Size(found.cpu, found.memory, found.disk),
        shards=found.shards,
        schedule=found.schedule or "",
        retries=found.backoff_limit,
        silence_seconds=int(found.max_silence),
        kept_seconds=int(found.keep),
    )


def _own_image(program: Program) -> str:
    """Return the image of this version.

    :raises ConfigError: when the module is not installed.
    """
    try:
        return f"etl-{program.name}:{metadata.version(program.name)}"
    except metadata.PackageNotFoundError:
        raise ConfigError(
            f"--image: {program.name} is not installed; name one"
        ) from None


def _cluster(program: Program, found: argparse.Namespace) -> ecs.Cluster:
    """Return where tasks of ECS run.

    :raises ConfigError: naming what is missing.
    """
    needed = ("region", "subnets", "security_groups", "execution_role_arn")
    missing = [f"--{it.replace('_', '-')}" for it in needed if not getattr(found, it)]
    if missing:
        raise ConfigError(f"--target ecs needs {', '.join(missing)}")
    return ecs.Cluster(
        found.cluster,
        found.region,
        tuple(found.subnets.split(",")),
        tuple(found.security_groups.split(",")),
        found.execution_role_arn,
        found.log_group or f"/etl/{program.name}",
    )


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
