"""What Kubernetes does about each exit code: the contract as a pod failure policy."""

from collections.abc import Mapping
from typing import Any

from etl_core.errors import ExitCode

COUNTS = "counts"
DONE = "done"
FAIL_JOB = "FailJob"
FAIL_INDEX = "FailIndex"

PLAIN: Mapping[ExitCode, str] = {
    ExitCode.OK: DONE,
    ExitCode.BUG: COUNTS,
    ExitCode.USAGE: FAIL_JOB,
    ExitCode.QUARANTINED: FAIL_JOB,
    ExitCode.DATA: FAIL_JOB,
    ExitCode.TRANSIENT: COUNTS,
    ExitCode.TERMINATED: COUNTS,
}
"""What an exit code means to a Job; ``counts`` is one of its retries."""

INDEXED: Mapping[ExitCode, str] = {
    **PLAIN,
    ExitCode.QUARANTINED: FAIL_INDEX,
    ExitCode.DATA: FAIL_INDEX,
}
"""What it means to a Job of shards, of which one may fail alone."""


def pod_failure_policy(container: str, indexed: bool) -> dict[str, Any]:
    """Return the rules; the first that matches holds.

    A pod that the cluster itself took away says nothing about the job.

    :param container: whose exit code counts.
    :param indexed: whether the Job has shards.
    """
    reactions = INDEXED if indexed else PLAIN
    rules: list[dict[str, Any]] = [
        {
            "action": "Ignore",
            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
        }
    ]
    for action in (FAIL_JOB, FAIL_INDEX):
        codes = sorted(int(code) for code, it in reactions.items() if it == action)
        if codes:
            rules.append({"action": action, "onExitCodes": _exits(container, codes)})
    return {"rules": rules}


def _exits(container: str, codes: list[int]) -> dict[str, Any]:
    """Return what matches these exit codes."""
    return {"containerName": container, "operator": "In", "values": codes}
