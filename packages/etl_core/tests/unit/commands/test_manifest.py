"""Tests of the verb ``manifest``."""

import json
import unittest

import yaml

from etl_core.tests.samples import SampleModuleTest

WITH_PARSER = '''
"""A job that shows its parser."""
from etl_core.options import add_option, add_run_options, job_parser


def parser():
    made = job_parser("shown", __doc__)
    needed = {"help": "h", "required": True}
    add_option(made, "--agency-id", env="ETL_AGENCY_ID", type=int, **needed)
    add_option(made, "--bucket", env="ETL_BUCKET", **needed)
    add_run_options(made)
    return made


def entrypoint(argv):
    raise AssertionError("a manifest runs nothing")


JOB = (entrypoint, "Show the parser")
'''
IMAGE = ("--image", "etl:1")
ROLE = "arn:aws:iam::111122223333:role/etl"
ECS = (
    *("--target=ecs", "--region=eu-west-1", "--subnets=a,b", "--security-groups=c"),
    *(f"--execution-role-arn={ROLE}", "--secret=arn:aws:secretsmanager:x"),
)


class ManifestTest(SampleModuleTest):
    """A module with a job that shows its parser, and one that does not."""

    def setUp(self) -> None:
        """Add the one that does."""
        super().setUp()
        self.write_job("shown", WITH_PARSER)

    def assert_refused(self, words: str, *argv: str) -> None:
        """It is exit code 2 and one line, and nothing is printed."""
        code, out, err = self.call("manifest", "shown", *IMAGE, *argv)
        self.assertEqual((2, ""), (code, out))
        self.assertRegex(err, words)
        self.assertEqual(1, err.count("\n"))

    def test_kubernetes(self) -> None:
        """One Job, under a line that says how it was made."""
        code, out, err = self.call(
            "manifest", "shown", *IMAGE, "--", "--agency-id", "10"
        )
        self.assertEqual((0, ""), (code, err))
        self.assertIn(
            f"# Made by: {self.program} manifest shown --image etl:1 -- --agency-id 10",
            out.splitlines(),
        )
        job = yaml.safe_load(out)
        [container] = job["spec"]["template"]["spec"]["containers"]
        self.assertEqual("etl:1", container["image"])
        self.assertEqual(["run", "shown", "--", "--agency-id", "10"], container["args"])

    def test_for_each(self) -> None:
        """One Job for each value, with the other arguments."""
        out = self.call(
            "manifest", "shown", *IMAGE, "--for-each=agency_id=1,2", "--", "--dry-run"
        )[1]
        self.assertEqual(2, len(list(yaml.safe_load_all(out))))

    def test_other_targets(self) -> None:
        """The same job for ECS and for Airflow."""
        out = self.call("manifest", "shown", *IMAGE, *ECS, "--", "--agency-id=1")[1]
        self.assertEqual(
            f"{self.program}-shown", json.loads(out)["taskDefinition"]["family"]
        )
        out = self.call("manifest", "shown", *IMAGE, "--target=airflow")[1]
        self.assertIn("KubernetesPodOperator(", out)

    def test_arguments_are_checked_by_the_job(self) -> None:
        """A wrong value or option is found now, and not in the cluster."""
        self.assert_refused(
            "--agency-id: invalid int value", "--", "--agency-id", "ten"
        )
        self.assert_refused("unrecognized arguments: --agent", "--", "--agent=1")
        self.assert_refused("--agency-id: invalid", "--for-each", "agency_id=1,x")

    def test_what_the_config_map_may_hold_can_be_left_out(self) -> None:
        """Required options have twins in the environment of the pod."""
        self.assertEqual(0, self.call("manifest", "shown", *IMAGE)[0])

    def test_job_without_parser(self) -> None:
        """Its arguments are taken as they are, and a note says so."""
        code, out, err = self.call("manifest", "plain", *IMAGE, "--", "--whatever")
        self.assertEqual(0, code)
        self.assertIn("--whatever", out)
        self.assertIn("arguments of plain are not checked", err)

    def test_contradictions_are_refused(self) -> None:
        """Each names the option to change."""
        self.assert_refused("--run-id: with --shards", "--shards=2", "--", "--run-id=x")
        self.assert_refused(
            "--agency-id is given", "--for-each=agency_id=1", "--", "--agency-id=2"
        )
        self.assert_refused("--target ecs needs --region", "--target=ecs")
        self.assert_refused("--schedule", "--schedule", "61 * * * *")
        self.assert_refused("--max-silence", "--max-silence=0s")
        self.assert_refused("ETL_GRACE_SECONDS", "--env", "ETL_GRACE_SECONDS=soon")

    def test_unknown_job(self) -> None:
        """It is exit code 2, with what was probably meant."""
        code, _, err = self.call("manifest", "show", *IMAGE)
        self.assertEqual(2, code)
        self.assertIn("did you mean 'shown'", err)

    def test_image_of_what_is_not_installed(self) -> None:
        """There is no version to name it by."""
        code, _, err = self.call("manifest", "shown")
        self.assertEqual(2, code)
        self.assertIn("--image", err)


if __name__ == "__main__":
    unittest.main()
