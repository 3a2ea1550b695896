"""The pod of a manifest as a container: each of its fields is obeyed, or refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from data_pipeline.tests.e2e.containers import Container, DEFAULT

# What the engine does by itself, or a cluster decides before there is a container.
TAKEN_FOR_GRANTED: Mapping[str, Any] = {
    "pod.restartPolicy": "Never",
    "pod.automountServiceAccountToken": False,
    "pod.serviceAccountName": "data-pipeline",
    "pod.securityContext.runAsNonRoot": True,
    "pod.securityContext.seccompProfile.type": "RuntimeDefault",
    "job.name": "job",
    "job.imagePullPolicy": "IfNotPresent",
    "job.image": DEFAULT,
    "job.envFrom": [
        {"configMapRef": {"name": "data-pipeline"}},
        {"secretRef": {"name": "data-pipeline"}},
    ],
}
# Room on a node is the scheduler's business, and the probe is the test's.
FOR_OTHERS = ("job.resources.requests.", "job.livenessProbe.")
ELSEWHERE = {"job.args", "job.env", "pod.containers", "pod.volumes", "job.volumeMounts"}


def container_of(
    spec: Mapping[str, Any], environ: Mapping[str, str], hostname: str
) -> Container:
    """Return the one container of a pod.

    :param spec: of the pod.
    :param environ: what its sources of variables hold.
    :param hostname: which the kubelet takes from the name of the pod.
    """
    [job] = spec["containers"]
    options = (f"--hostname={hostname}", *_options(spec, job), *_volumes(spec, job))
    return Container(job["image"], job["args"], environ, options)


def _options(spec: Mapping[str, Any], job: Mapping[str, Any]) -> list[str]:
    """Return the restrictions.

    :raises AssertionError: for a field that says something nobody here obeys.
    """
    facts = {**dict(_flat(spec, "pod.")), **dict(_flat(job, "job."))}
    security, memory = "job.securityContext.", facts.pop("job.resources.limits.memory")
    facts.pop("job.resources.limits.ephemeral-storage")
    user = facts.pop("pod.securityContext.runAsUser")
    found = [
        f"--user={user}:{facts.pop('pod.securityContext.runAsGroup')}",
        f"--group-add={facts.pop('pod.securityContext.fsGroup')}",
        f"--stop-timeout={facts.pop('pod.terminationGracePeriodSeconds')}",
        f"--memory={_bytes(memory)}",
        f"--memory-swap={_bytes(memory)}",
        *(f"--cap-drop={it}" for it in facts.pop(f"{security}capabilities.drop")),
    ]
    if not facts.pop(f"{security}allowPrivilegeEscalation"):
        found.append("--security-opt=no-new-privileges")
    if facts.pop(f"{security}readOnlyRootFilesystem"):
        found.append("--read-only")
    other = {
        name: value
        for name, value in facts.items()
        if name not in ELSEWHERE and not name.startswith(FOR_OTHERS)
    }
    if other != TAKEN_FOR_GRANTED:
        raise AssertionError(f"obey, or take for granted: {other}")
    return found


def _volumes(spec: Mapping[str, Any], job: Mapping[str, Any]) -> Iterator[str]:
    """Yield empty folders, which belong to the group of the pod."""
    volumes = {it["name"]: it["emptyDir"]["sizeLimit"] for it in spec["volumes"]}
    group = spec["securityContext"]["fsGroup"]
    for mount in job["volumeMounts"]:
        size = _bytes(volumes[mount["name"]])
        yield f"--tmpfs={mount['mountPath']}:mode=2770,gid={group},size={size}"


def _flat(spec: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield each field by its whole name."""
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _bytes(text: str) -> str:
    """Return ``512Mi`` as the engine writes it: ``512m``."""
    return text.removesuffix("i").lower()
