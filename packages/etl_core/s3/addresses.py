"""Where a bucket answers: endpoints, virtual hosts, paths and regions.

The endpoints are those of the AWS General Reference, "Amazon S3 endpoints and quotas".
"""

import re

from etl_core.errors import ConfigError, RequestRejected
from etl_core.s3.credentials import Identity
from etl_core.s3.requests import encoded_key
from etl_core.s3.store import ObjectRef

# S3 User Guide, "General purpose bucket naming rules": those that make a host name.
HOST_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# RFC 3986, 5.2.4: what a client removes from a path before it sends it.
DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")
BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")


class Addresses:
    """Makes the addresses of objects; learns where buckets are.

    :param endpoint_url: an endpoint of one's own, addressed by path because few of
        them resolve virtual hosts; ``None`` for Amazon S3.
    :param identity: says the region.
    """

    def __init__(self, endpoint_url: str | None, identity: Identity) -> None:
        """Know no bucket yet."""
        self._endpoint = endpoint_url.rstrip("/") if endpoint_url else None
        self.identity = identity
        self._regions: dict[str, str] = {}
        self._bases: dict[str, str] = {}

    def url(self, ref: ObjectRef, query: str) -> str:
        """Return the address of an object, or of a bucket when the key is empty.

        :raises ConfigError: for a name that cannot be a bucket.
        :raises RequestRejected: for a key that libcurl would take for another one.
        """
        base = self._bases.get(ref.bucket) or self._learn(ref.bucket)
        if ("/." in ref.key or ref.key[:1] == ".") and DOTS.search(ref.key):
            raise RequestRejected(
                f"{ref.url}: the key has a segment of dots, which the engine curl "
                "cannot address; use --engine boto3"
            )
        url = base + encoded_key(ref.key)
        return f"{url}?{query}" if query else url

    def region(self, bucket: str) -> str:
        """Return the region that requests about a bucket are signed for."""
        return self._regions.get(bucket, self.identity.region)

    def moved(self, bucket: str, region: str | None) -> bool:
        """Note the region that an answer named; tell whether that is news."""
        if not region or region == self.region(bucket):
            return False
        self._regions[bucket] = region
        self._bases.pop(bucket, None)
        return True

    def _learn(self, bucket: str) -> str:
        """Return what the address of every object of a bucket begins with."""
        if not BUCKET.fullmatch(bucket):
            raise ConfigError(
                f"s3://{bucket}: no bucket has this name; correct the bucket name, or "
                "use --engine boto3 for the ARN of an access point"
            )
        base = self._bases[bucket] = self._base(bucket)
        return base

    def _base(self, bucket: str) -> str:
        """Return the address of a bucket, with a slash at its end."""
        if self._endpoint:
            return f"{self._endpoint}/{bucket}/"
        host = self._host(self.region(bucket))
        if HOST_NAME.fullmatch(bucket):
            return f"https://{bucket}.{host}/"
        # A certificate holds for one label, so that a dotted name goes into the path.
        return f"https://{host}/{bucket}/"

    def _host(self, region: str) -> str:
        """Return the host of Amazon S3 in a region."""
        service = "s3-fips" if self.identity.fips else "s3"
        stack = ".dualstack" if self.identity.dualstack else ""
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"{service}{stack}.{region}.{domain}"
