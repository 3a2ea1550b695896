"""Unit tests of :mod:`etl_core.s3.credentials` and of the chain behind it."""

from datetime import datetime, timedelta, timezone
import os
from pathlib import Path
import tempfile
import unittest
from unittest import mock

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ConnectTimeoutError
from botocore.session import Session

from etl_core.config import S3Settings
from etl_core.errors import ConfigError, TransientError
from etl_core.s3 import provider_chain
from etl_core.s3.credentials import Credentials, identify, Identity

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
PROFILE = """
[profile nightly]
region = eu-north-1
use_dualstack_endpoint = true
aws_access_key_id = from-the-profile
aws_secret_access_key = its-secret
"""


class IdentifyTest(unittest.TestCase):
    """Who signs, by the variables of the environment."""

    def setUp(self) -> None:
        """Make a place for the files of AWS."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = Path(folder.name) / "config"
        self.nowhere = {
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.config) + ".none",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def identify(self, **variables: str) -> Identity:
        """Return who we are among these variables alone."""
        environ = {**self.nowhere, **variables}
        with mock.patch.dict(os.environ, environ, clear=True):
            return identify(S3Settings.from_environment())

    def test_keys_suffice(self) -> None:
        """With a region, nobody else is asked."""
        with mock.patch.object(provider_chain, "identify", side_effect=AssertionError):
            found = self.identify(
                **KEYS, AWS_SESSION_TOKEN="token", AWS_REGION="eu-west-1"
            )
        self.assertEqual(Credentials("id", "secret", "token"), found.credentials())
        self.assertEqual("eu-west-1", found.region)

    def test_region_of_an_endpoint(self) -> None:
        """An endpoint of one's own rarely cares."""
        found = self.identify(**KEYS, AWS_ENDPOINT_URL="http://here")
        self.assertEqual("us-east-1", found.region)
        found = self.identify(**KEYS, AWS_DEFAULT_REGION="eu-west-2")
        self.assertEqual("eu-west-2", found.region)

    def test_profile(self) -> None:
        """Keys, region and kind of endpoint come from the files of AWS."""
        self.config.write_text(PROFILE)
        found = self.identify(AWS_PROFILE="nightly")
        self.assertEqual(
            Credentials("from-the-profile", "its-secret"), found.credentials()
        )
        self.assertEqual(
            ("eu-north-1", True, False), (found.region, found.dualstack, found.fips)
        )

    def test_no_credentials(self) -> None:
        """It says which variables to set."""
        with self.assertRaisesRegex(ConfigError, "AWS_ACCESS_KEY_ID"):
            self.identify(AWS_REGION="eu-west-1")

    def test_no_such_profile(self) -> None:
        """It is named."""
        with self.assertRaisesRegex(ConfigError, "nowhere.*AWS_PROFILE"):
            self.identify(AWS_PROFILE="nowhere")


class RenewalTest(unittest.TestCase):
    """Credentials of a role, which expire."""

    def setUp(self) -> None:
        """Know of no renewal."""
        self.renewals: list[dict[str, str] | Exception] = []

    def expiring(self, minutes: float) -> Identity:
        """Return somebody whose credentials are valid for some minutes."""
        end = datetime.now(timezone.utc) + timedelta(minutes=minutes)
        found = RefreshableCredentials(
            "old", "secret", "token", end, self.renew, "a test"
        )
        with mock.patch.object(Session, "get_credentials", return_value=found):
            settings = S3Settings.from_environment({"AWS_REGION": "eu-west-1"})
            return provider_chain.identify(settings)

    def renew(self) -> dict[str, str]:
        """Return what the provider says next."""
        found = self.renewals.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def test_renewed(self) -> None:
        """In the middle of a run, by whoever sends the next request."""
        later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        self.renewals.append(
            {
                "access_key": "new",
                "secret_key": "secret",
                "token": "token-2",
                "expiry_time": later,
            }
        )
        identity = self.expiring(minutes=5)
        expected = Credentials("new", "secret", "token-2")
        self.assertEqual(expected, identity.credentials())
        self.assertEqual(expected, identity.credentials())

    def test_not_renewed_in_time(self) -> None:
        """What cannot be renewed yet, but is valid for a while, still signs."""
        self.renewals.append(ConnectTimeoutError(endpoint_url="http://role"))
        # botocore tries from 15 minutes before the end and insists from 10.
        credentials = self.expiring(minutes=12).credentials()
        self.assertEqual("old", credentials.access_key)

    def test_expired(self) -> None:
        """A run stays open when its role cannot be had."""
        self.renewals.append(ConnectTimeoutError(endpoint_url="http://role"))
        with self.assertRaisesRegex(TransientError, "could not be renewed"):
            self.expiring(minutes=-1).credentials()


if __name__ == "__main__":
    unittest.main()
