"""The role of data_seeder may do what its requests need."""

from pathlib import Path
import re
import unittest

from data_seeder.tests.unit.jobs import test_seed

ROLE = Path(__file__).parents[4] / "infra/data_seeder/iam.tf"
ACTIONS = {
    "GetObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
}
# Of what others left behind, and of the verb prune.
TIDYING = {"s3:AbortMultipartUpload", "s3:DeleteObject"}


class PermissionsTest(unittest.TestCase):
    """A first start and a second one."""

    def test_what_is_sent_is_granted(self) -> None:
        """The role has the action of every request, and no other."""
        job = test_seed.SeedTest()
        job.setUp()
        sent = {
            it for _ in range(2) for it in job.start(test_seed.BUCKET)[1]["requests"]
        }
        granted = set(re.findall(r'"(s3:\w+)"', ROLE.read_text()))
        self.assertEqual({ACTIONS[it] for it in sent} | TIDYING, granted)


if __name__ == "__main__":
    unittest.main()
