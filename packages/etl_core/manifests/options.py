"""The options of ``manifest``, and what they ask for."""

import argparse
from importlib import metadata

from etl_core.arguments import Parser
from etl_core.errors import ConfigError
from etl_core.manifests import readers
from etl_core.manifests.deployment import Deployment, Place, Size
from etl_core.manifests.ecs import Cluster
from etl_core.readers import duration, time_limit, whole_number


def add_options(parser: Parser, program: str) -> None:
    """Add what is started, where it runs, and what only ECS wants to know.

    :param program: the console script; names what has no other name.
    """
    _add_job_options(parser)
    _add_place_options(parser, program)
    _add_ecs_options(parser)


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
        type=time_limit,
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


def _add_place_options(parser: Parser, program: str) -> None:
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
        default=program,
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
        default=program,
        metavar="NAME",
        help="plain settings, as variables (default: %(default)s)",
    )
    add(
        "--secret",
        default=program,
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


def deployment_of(
    found: argparse.Namespace, program: str, arguments: tuple[str, ...]
) -> Deployment:
    """Return what the options ask for."""
    return Deployment(
        program=program,
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


def _own_image(program: str) -> str:
    """Return the image of this version.

    :raises ConfigError: when the module is not installed.
    """
    try:
        return f"etl-{program}:{metadata.version(program)}"
    except metadata.PackageNotFoundError:
        raise ConfigError(f"--image: {program} is not installed; name one") from None


def cluster_of(found: argparse.Namespace, program: str) -> Cluster:
    """Return where tasks of ECS run.

    :raises ConfigError: naming what is missing.
    """
    needed = ("region", "subnets", "security_groups", "execution_role_arn")
    missing = [f"--{it.replace('_', '-')}" for it in needed if not getattr(found, it)]
    if missing:
        raise ConfigError(f"--target ecs needs {', '.join(missing)}")
    return Cluster(
        found.cluster,
        found.region,
        tuple(found.subnets.split(",")),
        tuple(found.security_groups.split(",")),
        found.execution_role_arn,
        found.log_group or f"/etl/{program}",
    )
