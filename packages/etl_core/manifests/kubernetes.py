"""Manifests for Kubernetes: a Job, an Indexed Job or a CronJob for each deployment."""

from collections.abc import Iterator, Sequence
import shlex
from typing import Any

import yaml

from etl_core.manifests.deployment import Deployment
from etl_core.manifests.exits import pod_failure_policy
from etl_core.manifests.names import lasting_name, object_name
from etl_core.manifests.pod import CONTAINER, labels, pod_template, Variable

RETRIES = 1
# A unit that fails for now is given up in the third attempt.
RETRIES_OF_A_SHARD = 3
LATE_SECONDS = 600
ROLE = "eks.amazonaws.com/role-arn"


def render(deployments: Sequence[Deployment], made_by: Sequence[str]) -> str:
    """Return the documents as YAML.

    :param made_by: the command that makes them again.
    """
    text = yaml.safe_dump_all(
        list(documents(deployments)),
        sort_keys=False,
        width=88,
        explicit_start=True,
        allow_unicode=True,
    )
    return f"# Made by: {shlex.join(made_by)}\n{text}"


def documents(deployments: Sequence[Deployment]) -> Iterator[dict[str, Any]]:
    """Yield the service account, when its role is given, and what starts the jobs."""
    first = deployments[0]
    if first.place.role_arn:
        yield _service_account(first)
    for deployment in deployments:
        yield _cron_job(deployment) if deployment.schedule else _job(deployment)


def _job(deployment: Deployment) -> dict[str, Any]:
    """Return a Job, named by its content."""
    words, spec = _words(deployment), job_spec(deployment)
    name = object_name(words, [deployment.place.namespace, spec], deployment.shards)
    return _object(deployment, "batch/v1", "Job", name) | {"spec": spec}


def _cron_job(deployment: Deployment) -> dict[str, Any]:
    """Return a CronJob, named by what it does.

    Another image or another schedule replaces it; under a new name both would run.
    """
    content = [deployment.program, deployment.job, list(deployment.arguments)]
    name = lasting_name(_words(deployment), content, deployment.shards)
    return _object(deployment, "batch/v1", "CronJob", name) | {
        "spec": {
            "schedule": deployment.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": LATE_SECONDS,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "metadata": {"labels": labels(deployment)},
                "spec": job_spec(deployment),
            },
        }
    }


def job_spec(deployment: Deployment) -> dict[str, Any]:
    """Return what a Job does."""
    return {
        **_counts(deployment),
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": pod_failure_policy(CONTAINER, bool(deployment.shards)),
        "ttlSecondsAfterFinished": deployment.kept_seconds,
        "template": pod_template(deployment, list(_variables(deployment))),
    }


def _counts(deployment: Deployment) -> dict[str, Any]:
    """Say how many pods there are, and how often one is replaced."""
    retries, shards = deployment.retries, deployment.shards
    if not shards:
        return {"backoffLimit": RETRIES if retries is None else retries}
    return {
        "completionMode": "Indexed",
        "completions": shards,
        "parallelism": shards,
        "backoffLimitPerIndex": RETRIES_OF_A_SHARD if retries is None else retries,
        # A shard that cannot finish does not stop the others.
        "maxFailedIndexes": shards,
    }


def _variables(deployment: Deployment) -> Iterator[Variable]:
    """Yield what a Job tells its pods; a later one is made of those before it."""
    yield _label("ETL_JOB_UID", "batch.kubernetes.io/controller-uid")
    if deployment.shards:
        yield {"name": "JOB_COMPLETIONS", "value": str(deployment.shards)}
        yield _label("ETL_JOB_NAME", "batch.kubernetes.io/job-name")
        # One name for all shards and all their retries, another for the next Job.
        yield {"name": "ETL_RUN_ID", "value": "$(ETL_JOB_NAME)-$(ETL_JOB_UID)"}


def _label(name: str, label: str) -> Variable:
    """Return a variable that holds what Kubernetes wrote on the pod."""
    path = f"metadata.labels['{label}']"
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _service_account(deployment: Deployment) -> dict[str, Any]:
    """Return the account that stands for a role of AWS."""
    name = deployment.place.service_account
    found = _object(deployment, "v1", "ServiceAccount", name)
    found["metadata"]["annotations"] = {ROLE: deployment.place.role_arn}
    return found


def _object(
    deployment: Deployment, version: str, kind: str, name: str
) -> dict[str, Any]:
    """Return the head of an object."""
    namespace = deployment.place.namespace
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "labels": labels(deployment),
        },
    }


def _words(deployment: Deployment) -> tuple[str, ...]:
    """Return what people call it."""
    return (deployment.job, *deployment.called)
