"""Unit tests of :mod:`etl_core.s3.addresses`."""

import unittest

from botocore.session import Session

from etl_core.errors import ConfigError
from etl_core.s3.addresses import Addresses
from etl_core.s3.credentials import Credentials, Identity
from etl_core.s3.store import ObjectRef


def identity(region: str, dualstack: bool = False, fips: bool = False) -> Identity:
    """Return somebody in a region."""
    return Identity(lambda: Credentials("id", "secret"), region, dualstack, fips)


class AddressTest(unittest.TestCase):
    """Where buckets answer."""

    def test_as_boto3_does(self) -> None:
        """For every kind of endpoint the address is that of botocore's rules."""
        session = Session()
        client = session.create_client(
            "s3", "us-east-1", aws_access_key_id="i", aws_secret_access_key="s"
        )
        resolver = vars(client)["_ruleset_resolver"]
        resolve = vars(resolver)["_provider"].resolve_endpoint
        for region in ("us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1"):
            for dualstack, fips in ((False, False), (True, False), (False, True)):
                if fips and region.startswith("cn-"):
                    continue
                for bucket in ("plain-bucket", "with.dots"):
                    known = Addresses(None, identity(region, dualstack, fips))
                    expected = resolve(
                        Bucket=bucket,
                        Region=region,
                        UseDualStack=dualstack,
                        UseFIPS=fips,
                    ).url
                    found = known.url(ObjectRef(bucket, "key"), "")
                    with self.subTest(found):
                        self.assertEqual(f"{expected}/key", found)

    def test_endpoint_of_ones_own(self) -> None:
        """It is addressed by path."""
        known = Addresses("http://localhost:9000/", identity("us-east-1"))
        self.assertEqual(
            "http://localhost:9000/Some_Bucket/a%20b?x=1",
            known.url(ObjectRef("Some_Bucket", "a b"), "x=1"),
        )

    def test_bucket_that_is_elsewhere(self) -> None:
        """After it was named, the region is in the address and in the signature."""
        known = Addresses(None, identity("us-east-1"))
        self.assertFalse(known.moved("bucket", None))
        self.assertFalse(known.moved("bucket", "us-east-1"))
        self.assertTrue(known.moved("bucket", "eu-west-1"))
        self.assertFalse(known.moved("bucket", "eu-west-1"))
        self.assertEqual("eu-west-1", known.region("bucket"))
        url = known.url(ObjectRef("bucket", ""), "")
        self.assertEqual("https://bucket.s3.eu-west-1.amazonaws.com/", url)

    def test_no_bucket(self) -> None:
        """What cannot be a bucket is refused."""
        known = Addresses(None, identity("us-east-1"))
        for name in ("", "ab", "No Bucket!", "arn:aws:s3:::x", "a/b"):
            with self.subTest(name), self.assertRaises(ConfigError):
                known.url(ObjectRef(name, "key"), "")


if __name__ == "__main__":
    unittest.main()
