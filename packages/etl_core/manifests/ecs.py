"""A task definition for ECS on Fargate, and the requests that run it."""

from collections.abc import Iterator, Sequence
import json
import shlex
from typing import Any, NamedTuple

from etl_core.config import DatabaseSettings
from etl_core.errors import ConfigError
from etl_core.manifests.deployment import (
    Deployment,
    HEARTBEAT_FILE,
    USER,
)
from etl_core.manifests.names import plain
from etl_core.manifests.pod import (
    CONTAINER,
    PROBE_FAILURES,
    PROBE_SECONDS,
    PROBE_TIMEOUT_SECONDS,
)
from etl_core.progress import HEARTBEAT_VARIABLE

LONGEST_STOP_SECONDS = 120
LEAST_DISK_GIB, MOST_DISK_GIB = 21, 200
# Fargate: units of CPU, and MiB of memory from, to and in steps of.
SIZES = (
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
)
MEBIBYTES = {"Mi": 1, "Gi": 1024}
LOGIN = ("host", "port", "name", "user", "password")


class Cluster(NamedTuple):
    """Where tasks of ECS run.

    :param name: of the cluster.
    :param region: of AWS.
    :param subnets: private ones.
    :param security_groups: of the tasks.
    :param execution_role_arn: pulls the image and reads the secret.
    :param log_group: of CloudWatch.
    """

    name: str
    region: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    execution_role_arn: str
    log_group: str


def render(
    deployments: Sequence[Deployment], made_by: Sequence[str], cluster: Cluster
) -> str:
    """Return one JSON object: what to register, what to run, and the commands.

    :param made_by: the command that makes it again.
    :raises ConfigError: for what ECS has no like of.
    """
    first = deployments[0]
    if first.shards or first.schedule:
        flag = "--shards" if first.shards else "--schedule"
        raise ConfigError(f"{flag}: only with --target kubernetes")
    definition = task_definition(first, cluster)
    runs = [_run_task(each, definition["family"], cluster) for each in deployments]
    found = {
        "madeBy": shlex.join(made_by),
        "taskDefinition": definition,
        "runTask": runs,
        "commands": list(_commands(definition, runs, cluster)),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def task_definition(deployment: Deployment, cluster: Cluster) -> dict[str, Any]:
    """Return what is registered; the arguments come with each run."""
    place = deployment.place
    cpu, memory = fargate_size(deployment.size.cpu, deployment.size.memory)
    return {
        "family": f"{deployment.program}-{plain(deployment.job)}",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {
            "cpuArchitecture": "X86_64",
            "operatingSystemFamily": "LINUX",
        },
        "cpu": str(cpu),
        "memory": str(memory),
        "ephemeralStorage": {"sizeInGiB": _disk(deployment.size.disk)},
        "executionRoleArn": cluster.execution_role_arn,
        **({"taskRoleArn": place.role_arn} if place.role_arn else {}),
        "containerDefinitions": [_container(deployment, cluster)],
    }


def fargate_size(cpu: str, memory: str) -> tuple[int, int]:
    """Return the smallest size of Fargate that holds what Kubernetes would give.

    :raises ConfigError: when there is none.
    """
    units, wanted = _cpu_units(cpu), _mebibytes(memory)
    for size, least, most, step in SIZES:
        if units <= size and wanted <= most:
            steps = -(-max(wanted - least, 0) // step)
            return size, least + int(steps) * step
    raise ConfigError(f"--cpu {cpu} --memory {memory}: Fargate has no task so large")


def _container(deployment: Deployment, cluster: Cluster) -> dict[str, Any]:
    """Return the container, in the words of ECS.

    Its root file system can be written: Fargate gives an empty volume to root, so
    that the job could not use one.
    """
    variables = {
        **dict(deployment.place.variables),
        HEARTBEAT_VARIABLE: HEARTBEAT_FILE,
    }
    return {
        "name": CONTAINER,
        "image": deployment.image,
        "essential": True,
        "command": deployment.container_arguments,
        "user": f"{USER}:{USER}",
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        "environment": [{"name": it, "value": variables[it]} for it in variables],
        "secrets": list(_secrets(deployment.place.secret)),
        "stopTimeout": min(deployment.grace_seconds, LONGEST_STOP_SECONDS),
        "healthCheck": {
            "command": ["CMD", *deployment.alive_command],
            "interval": PROBE_SECONDS,
            "timeout": PROBE_TIMEOUT_SECONDS,
            "retries": PROBE_FAILURES,
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": cluster.log_group,
                "awslogs-region": cluster.region,
                "awslogs-stream-prefix": deployment.component,
            },
        },
    }


def _secrets(arn: str) -> Iterator[dict[str, str]]:
    """Yield the variables that the login to the database is read from.

    :raises ConfigError: when nothing names a secret of Secrets Manager.
    """
    if not arn.startswith("arn:"):
        raise ConfigError(
            f"--secret {arn}: for --target ecs give the ARN of a secret, whose keys "
            "are the names of the DATABASE_ variables"
        )
    for field in LOGIN:
        variable = DatabaseSettings.VARIABLES[field]
        yield {"name": variable, "valueFrom": f"{arn}:{variable}::"}


def _run_task(deployment: Deployment, family: str, cluster: Cluster) -> dict[str, Any]:
    """Return the request that starts one task."""
    return {
        "cluster": cluster.name,
        "taskDefinition": family,
        "launchType": "FARGATE",
        "count": 1,
        "propagateTags": "TASK_DEFINITION",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(cluster.subnets),
                "securityGroups": list(cluster.security_groups),
                "assignPublicIp": "DISABLED",
            }
        },
        "overrides": {
            "containerOverrides": [
                {"name": CONTAINER, "command": deployment.container_arguments}
            ]
        },
    }


def _commands(
    definition: dict[str, Any], runs: Sequence[dict[str, Any]], cluster: Cluster
) -> Iterator[str]:
    """Yield the commands that register the definition and start the tasks."""
    requests = [("register-task-definition", definition)]
    requests += [("run-task", run) for run in runs]
    for operation, request in requests:
        body = json.dumps(request, separators=(",", ":"))
        words = ["aws", "ecs", operation, "--region", cluster.region]
        yield shlex.join([*words, "--cli-input-json", body])


def _cpu_units(text: str) -> float:
    """Return units of ECS: 1024 are one CPU."""
    cores = float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    return cores * 1024


def _mebibytes(text: str) -> int:
    """Return MiB."""
    return int(text[:-2]) * MEBIBYTES[text[-2:]]


def _disk(text: str) -> int:
    """Return GiB, within what Fargate lets one ask for.

    :raises ConfigError: when that is not enough.
    """
    wanted = -(-_mebibytes(text) // MEBIBYTES["Gi"])
    if wanted > MOST_DISK_GIB:
        raise ConfigError(f"--disk {text}: Fargate has {MOST_DISK_GIB}Gi at the most")
    return max(wanted, LEAST_DISK_GIB)
