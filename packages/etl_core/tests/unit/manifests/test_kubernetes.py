"""Tests of the manifests for Kubernetes, against the schemas of its versions."""

from typing import Any
import unittest

import kubernetes_validate
import yaml

from etl_core.manifests.deployment import Deployment
from etl_core.manifests.kubernetes import documents, render
from etl_core.tests.deployments import make_deployment, PLACE

VERSIONS = ("1.31", "1.32", "1.33", "1.34")
ROLE = "arn:aws:iam::111122223333:role/etl"
KINDS: dict[str, dict[str, Any]] = {
    "job": {},
    "shards": {"shards": 8, "retries": 0},
    "schedule": {"schedule": "0 2 * * *"},
    "both": {"schedule": "@daily", "shards": 2},
    "account": {"place": PLACE._replace(role_arn=ROLE, variables=(("A", "b"),))},
}


def made(**overrides: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the last document of one deployment."""
    return list(documents([make_deployment(**overrides)]))[-1]


def job_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return what the Job of a document does."""
    found: dict[str, Any] = document["spec"].get("jobTemplate", document)["spec"]
    return found


def container_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return its container."""
    [found] = job_of(document)["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def name_of(**overrides: Any) -> str:  # noqa: ANN401
    """Return the name of what starts one deployment."""
    return str(made(**overrides)["metadata"]["name"])


class SchemaTest(unittest.TestCase):
    """What an API server would say."""

    def test_every_kind_is_valid(self) -> None:
        """Each version accepts each document, unknown fields refused."""
        for kind, overrides in KINDS.items():
            text = render([make_deployment(**overrides)], ["data-pipeline"])
            for document in yaml.safe_load_all(text):
                for version in VERSIONS:
                    with self.subTest(kind, version=version):
                        kubernetes_validate.validate(document, version, strict=True)

    def test_a_misspelt_field_is_not(self) -> None:
        """The check can fail."""
        document = made()
        container_of(document)["arguments"] = []
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(document, VERSIONS[0], strict=True)


class JobTest(unittest.TestCase):
    """One Job, and one of shards."""

    def test_only_arguments_are_given(self) -> None:
        """The command is the entry point of the image."""
        container = container_of(made())
        self.assertNotIn("command", container)
        self.assertEqual(
            ["run", "get_s3_files", "--", "--agency-id=10"], container["args"]
        )

    def test_container_is_locked_down(self) -> None:
        """No root, no writable file system but one folder, no way to more rights."""
        pod = job_of(made())["template"]["spec"]
        [container] = pod["containers"]
        self.assertEqual("Never", pod["restartPolicy"])
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(10001, pod["securityContext"]["runAsUser"])
        self.assertEqual(
            {"type": "RuntimeDefault"}, pod["securityContext"]["seccompProfile"]
        )
        self.assertEqual(
            {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            container["securityContext"],
        )
        self.assertEqual(["tmp"], [it["name"] for it in pod["volumes"]])
        self.assertEqual({"requests", "limits"}, set(container["resources"]))

    def test_plain_job_fails_at_once_when_a_retry_cannot_help(self) -> None:
        """Codes 2, 3 and 65 end it, a disruption does not count."""
        spec = job_of(made())
        self.assertEqual(1, spec["backoffLimit"])
        ignored, failing = spec["podFailurePolicy"]["rules"]
        self.assertEqual("Ignore", ignored["action"])
        self.assertEqual("DisruptionTarget", ignored["onPodConditions"][0]["type"])
        self.assertEqual("FailJob", failing["action"])
        self.assertEqual([2, 3, 65], failing["onExitCodes"]["values"])

    def test_shard_fails_alone(self) -> None:
        """Codes 3 and 65 end one index, only 2 ends all."""
        spec = job_of(made(shards=8))
        self.assertNotIn("backoffLimit", spec)
        self.assertEqual(
            (8, 8, 3, 8),
            tuple(
                spec[it]
                for it in (
                    "completions",
                    "parallelism",
                    "backoffLimitPerIndex",
                    "maxFailedIndexes",
                )
            ),
        )
        self.assertEqual(
            [("FailJob", [2]), ("FailIndex", [3, 65])],
            [
                (rule["action"], rule["onExitCodes"]["values"])
                for rule in spec["podFailurePolicy"]["rules"][1:]
            ],
        )

    def test_shards_share_a_run(self) -> None:
        """Its id is made of what the Job and no other has; one alone has no id."""
        variables = {it["name"]: it for it in container_of(made(shards=8))["env"]}
        names = list(variables)
        self.assertEqual("8", variables["JOB_COMPLETIONS"]["value"])
        self.assertEqual(
            "$(ETL_JOB_NAME)-$(ETL_JOB_UID)", variables["ETL_RUN_ID"]["value"]
        )
        for part in ("ETL_JOB_NAME", "ETL_JOB_UID"):
            self.assertLess(names.index(part), names.index("ETL_RUN_ID"))
        alone = [it["name"] for it in container_of(made())["env"]]
        self.assertNotIn("ETL_RUN_ID", alone)

    def test_probe_reads_the_heartbeat_that_the_job_writes(self) -> None:
        """Both name one file in the one folder that can be written."""
        container = container_of(made(silence_seconds=60))
        variables = {it["name"]: it.get("value") for it in container["env"]}
        probe = container["livenessProbe"]["exec"]["command"]
        self.assertEqual(
            [
                "data-pipeline",
                "alive",
                variables["ETL_HEARTBEAT_FILE"],
                "--max-age=60s",
            ],
            probe,
        )
        [mount] = container["volumeMounts"]
        self.assertTrue(probe[2].startswith(f"{mount['mountPath']}/"))

    def test_grace_follows_the_setting_of_the_job(self) -> None:
        """The cluster kills a little later than the job gives up."""
        place = PLACE._replace(variables=(("ETL_GRACE_SECONDS", "100"),))
        pod = job_of(made(place=place))["template"]["spec"]
        self.assertEqual(105, pod["terminationGracePeriodSeconds"])

    def test_role_comes_with_its_account(self) -> None:
        """Only when it is given, as the first document."""
        account, job = documents([make_deployment(**KINDS["account"])])
        self.assertEqual(
            {"eks.amazonaws.com/role-arn": ROLE}, account["metadata"]["annotations"]
        )
        self.assertEqual(
            account["metadata"]["name"],
            job_of(job)["template"]["spec"]["serviceAccountName"],
        )
        self.assertEqual(1, len(list(documents([make_deployment()]))))


class NameTest(unittest.TestCase):
    """What objects are called."""

    def test_job_of_another_content_is_another_job(self) -> None:
        """Applying it never meets an object that cannot be changed."""
        changes: tuple[dict[str, Any], ...] = (
            {"image": "another"},
            {"arguments": ("--agency-id=11",)},
            {"place": PLACE._replace(secret="other")},
            {"place": PLACE._replace(namespace="other")},
            {"shards": 2},
            {"shards": 3},
            {"retries": 5},
        )
        names = [name_of(), *(name_of(**it) for it in changes)]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(name_of(), name_of())

    def test_cron_job_is_replaced_in_place(self) -> None:
        """Another image keeps its name, other arguments do not."""
        first = name_of(schedule="@daily")
        self.assertEqual(first, name_of(schedule="@hourly", image="x", retries=3))
        self.assertNotEqual(first, name_of(schedule="@daily", arguments=("--x",)))

    def test_every_job_of_for_each_has_its_value_in_the_name(self) -> None:
        """And in its arguments."""
        found: list[Deployment] = list(
            make_deployment(arguments=("--dry-run",)).for_each("agency_id", ("1", "2"))
        )
        first, second = documents(found)
        self.assertRegex(
            first["metadata"]["name"], "^get-s3-files-agency-id-1-[0-9a-f]"
        )
        self.assertEqual(
            ["--agency-id=2", "--dry-run"], container_of(second)["args"][3:]
        )


if __name__ == "__main__":
    unittest.main()
