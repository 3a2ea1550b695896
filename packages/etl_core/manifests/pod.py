"""The pod that runs one start of a job, the same for every target that has pods."""

from collections.abc import Sequence
from typing import Any

from etl_core.manifests.deployment import (
    Deployment,
    HEARTBEAT_FILE,
    USER,
)
from etl_core.progress import HEARTBEAT_VARIABLE

CONTAINER = "job"
VOLUME = "tmp"
PROBE_SECONDS = 60
PROBE_TIMEOUT_SECONDS = 30
PROBE_FAILURES = 3


Variable = dict[str, Any]


def pod_template(
    deployment: Deployment, variables: Sequence[Variable] = ()
) -> dict[str, Any]:
    """Return the template: labels and specification.

    :param variables: further ones, that only some targets have.
    """
    return {
        "metadata": {"labels": labels(deployment)},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": deployment.grace_seconds,
            "serviceAccountName": deployment.place.service_account,
            # A job asks AWS, by a token of its own, and never the cluster.
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(deployment, variables)],
            "volumes": [
                {"name": VOLUME, "emptyDir": {"sizeLimit": deployment.size.disk}}
            ],
        },
    }


def labels(deployment: Deployment) -> dict[str, str]:
    """Return what the objects of a job are found by."""
    return {
        "app.kubernetes.io/name": deployment.program,
        "app.kubernetes.io/component": deployment.component[:63].rstrip("-"),
        "app.kubernetes.io/part-of": "etl-platform",
    }


def _container(deployment: Deployment, variables: Sequence[Variable]) -> dict[str, Any]:
    """Return the container; its command is the entry point of the image."""
    size = deployment.size
    env = [*deployment.place.variables, (HEARTBEAT_VARIABLE, HEARTBEAT_FILE)]
    return {
        "name": CONTAINER,
        "image": deployment.image,
        "imagePullPolicy": "IfNotPresent",
        "args": deployment.container_arguments,
        "envFrom": [
            {"configMapRef": {"name": deployment.place.config_map}},
            {"secretRef": {"name": deployment.place.secret}},
        ],
        "env": [*({"name": name, "value": value} for name, value in env), *variables],
        "resources": {
            "requests": {
                "cpu": size.cpu,
                "memory": size.memory,
                "ephemeral-storage": size.disk,
            },
            "limits": {"memory": size.memory, "ephemeral-storage": size.disk},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": VOLUME, "mountPath": "/tmp"}],  # noqa: S108
        "livenessProbe": {
            "exec": {"command": deployment.alive_command},
            "periodSeconds": PROBE_SECONDS,
            "timeoutSeconds": PROBE_TIMEOUT_SECONDS,
            "failureThreshold": PROBE_FAILURES,
        },
    }
