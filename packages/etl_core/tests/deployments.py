"""Deployments for the tests of the manifests."""

from typing import Any

from etl_core.manifests.deployment import Deployment, Place, Size

PLACE = Place(
    "etl",
    "data-pipeline",
    "",
    "data-pipeline",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:etl",
)


def make_deployment(**overrides: Any) -> Deployment:  # noqa: ANN401
    """Return one that starts a job for one agency."""
    values: dict[str, Any] = {
        "program": "data-pipeline",
        "job": "get_s3_files",
        "arguments": ("--agency-id=10",),
        "image": "etl-data-pipeline@sha256:0123",
        "place": PLACE,
        "size": Size(),
    }
    return Deployment(**values | overrides)
