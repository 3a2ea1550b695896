"""A printed manifest, whose container the tests start as a kubelet would."""

import re
from typing import Any

import yaml

from data_pipeline.tests.integration.live import LiveTestCase
from data_pipeline.tests.integration.place import DISPATCHER, Ended
from data_pipeline.tests.seeds import AGENCY

JOB_NAME, JOB_UID = "copy-agency-10", "0b8f6a1e-5f0c-4a53-9f6e-6f3a0b9c2d11"
RUN_ID = f"{JOB_NAME}-{JOB_UID}"
# What the Job controller writes on a pod.
LABELS = {
    "metadata.labels['batch.kubernetes.io/job-name']": JOB_NAME,
    "metadata.labels['batch.kubernetes.io/controller-uid']": JOB_UID,
}


class PodTestCase(LiveTestCase):
    """A manifest of one Job, which may have shards."""

    OPTIONS: tuple[str, ...] = ()

    def setUp(self) -> None:
        """Print the manifest."""
        super().setUp()
        arguments = ("--agency-id", str(AGENCY), "--concurrency", "1")
        command = ["manifest", "get_s3_files", *self.OPTIONS, "--", *arguments]
        printed = self.start_by([DISPATCHER, *command])
        self.assertEqual(0, printed.code, printed.stderr)
        self.job = yaml.safe_load(printed.stdout)["spec"]
        self.spec = self.job["template"]["spec"]
        [self.container] = self.spec["containers"]

    def variables(self, index: int = 0) -> dict[str, str]:
        """Return the variables of a container, references replaced."""
        found: dict[str, str] = {}
        for each in self.container["env"]:
            source = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
            value = LABELS[source] if source else each["value"]
            found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda it: found[it[1]], value)
        if self.job.get("completionMode") == "Indexed":
            found["JOB_COMPLETION_INDEX"] = str(index)
        return found

    def verb(self, *argv: str, code: int = 0) -> dict[str, Any]:
        """Call a verb for programs and return what it wrote."""
        ended = self.start_by([DISPATCHER, *argv, "--json"])
        self.assertEqual(code, ended.code, ended.stderr)
        return ended.result

    def assert_one_run(
        self, shards: list[Ended], done: int, quarantined: int = 0
    ) -> None:
        """The shards make one closed run, which accounts for every row and object."""
        rows = self.database.execute_query("SELECT id FROM attachment ORDER BY id")
        lines = [line for each in shards for line in self.lines(each.result)]
        self.assertEqual(
            [row["id"] for row in rows],
            sorted(int(line["unit"].removeprefix("attachment_id=")) for line in lines),
        )
        shown = self.verb("show", RUN_ID)
        self.assertEqual("closed", shown["status"])
        self.assertEqual(
            ["closed"] * len(shards), [it["status"] for it in shown["shards"]]
        )
        self.assertEqual(
            (len(rows), done, quarantined),
            (shown["listed"], shown["done"], shown["quarantined"]),
        )
        self.assertEqual(len(rows), sum(it["units"] for it in shown["reasons"]), shown)
        self.assertEqual(done, len(self.copied()))
        verified = self.verb("verify", RUN_ID)
        self.assertEqual(("agrees", len(rows)), (verified["status"], verified["units"]))
