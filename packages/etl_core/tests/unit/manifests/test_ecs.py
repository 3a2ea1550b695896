"""Tests of the requests to ECS, against the service model of botocore."""

import json
import shlex
from typing import Any
import unittest

import botocore.session
from botocore.validate import ParamValidator

from etl_core.errors import ConfigError
from etl_core.manifests.deployment import Size
from etl_core.manifests.ecs import Cluster, fargate_size, render
from etl_core.tests.deployments import make_deployment, PLACE

ROLE = "arn:aws:iam::111122223333:role/etl"
CLUSTER = Cluster("batch", "eu-west-1", ("subnet-1",), ("sg-1",), ROLE, "/etl/x")


def rendered(**overrides: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what is printed for two agencies."""
    base = make_deployment(**{"arguments": ()} | overrides)
    both = list(base.for_each("agency_id", ("10", "11")))
    found: dict[str, Any] = json.loads(render(both, ["data-pipeline"], CLUSTER))
    return found


def faults(operation: str, request: dict[str, Any]) -> str:
    """Return what botocore would refuse, without contacting anybody."""
    model = botocore.session.get_session().get_service_model("ecs")
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return str(ParamValidator().validate(request, shape).generate_report())


class EcsTest(unittest.TestCase):
    """A task definition and two runs."""

    def test_requests_are_valid(self) -> None:
        """The service model knows every parameter and its type."""
        found = rendered(place=PLACE._replace(role_arn=ROLE))
        self.assertEqual("", faults("RegisterTaskDefinition", found["taskDefinition"]))
        self.assertEqual(2, len(found["runTask"]))
        for request in found["runTask"]:
            self.assertEqual("", faults("RunTask", request))

    def test_a_wrong_parameter_is_not(self) -> None:
        """The check can fail."""
        self.assertIn("Unknown parameter", faults("RunTask", {"x": 1}))

    def test_commands_carry_the_requests(self) -> None:
        """They can be copied as they stand."""
        found = rendered()
        bodies = [json.loads(shlex.split(line)[-1]) for line in found["commands"]]
        self.assertEqual([found["taskDefinition"], *found["runTask"]], bodies)

    def test_each_run_has_its_own_arguments(self) -> None:
        """One definition serves all."""
        commands = [
            it["overrides"]["containerOverrides"][0]["command"]
            for it in rendered()["runTask"]
        ]
        self.assertEqual(
            ["--agency-id=10", "--agency-id=11"], [it[3] for it in commands]
        )

    def test_login_comes_from_the_secret(self) -> None:
        """No credential stands in the definition; without an ARN it is refused."""
        [container] = rendered()["taskDefinition"]["containerDefinitions"]
        password = next(
            it for it in container["secrets"] if it["name"] == "DATABASE_PASSWORD"
        )
        self.assertEqual(f"{PLACE.secret}:DATABASE_PASSWORD::", password["valueFrom"])
        with self.assertRaisesRegex(ConfigError, "ARN"):
            rendered(place=PLACE._replace(secret="plain"))

    def test_size_is_one_of_fargate(self) -> None:
        """The smallest that is large enough."""
        for size, expected in (
            (("500m", "512Mi"), (512, 1024)),
            (("100m", "600Mi"), (256, 1024)),
            (("1", "9Gi"), (2048, 9216)),
            (("0.25", "2Gi"), (256, 2048)),
        ):
            with self.subTest(size):
                self.assertEqual(expected, fargate_size(*size))
        with self.assertRaisesRegex(ConfigError, "so large"):
            fargate_size("8", "1Gi")

    def test_what_ecs_has_no_like_of_is_refused(self) -> None:
        """Naming the option."""
        cases: tuple[tuple[str, dict[str, Any]], ...] = (
            ("--shards", {"shards": 2}),
            ("--schedule", {"schedule": "@daily"}),
            ("--disk", {"size": Size(disk="300Gi")}),
        )
        for flag, overrides in cases:
            with self.subTest(flag), self.assertRaisesRegex(ConfigError, flag):
                rendered(**overrides)


if __name__ == "__main__":
    unittest.main()
