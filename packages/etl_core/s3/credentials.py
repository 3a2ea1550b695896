"""Who signs the requests, and for which region.

The variables of the environment suffice for most; otherwise botocore's provider chain
is asked, which knows profiles, single sign-on, and the roles of pods, tasks and
instances, and renews what expires.
"""

from collections.abc import Callable
import importlib
from typing import NamedTuple, Protocol

from etl_core.config import S3Settings


class Credentials(NamedTuple):
    """What signs a request; the token is empty for those that last."""

    access_key: str
    secret_key: str
    token: str = ""


class Identity(NamedTuple):
    """Who we are to the store.

    :param credentials: returns those that are valid now; safe among threads.
    :param region: where buckets are unless they say otherwise.
    :param dualstack: address the endpoints that also speak IPv6.
    :param fips: address the endpoints with validated cryptography.
    """

    credentials: Callable[[], Credentials]
    region: str
    dualstack: bool = False
    fips: bool = False


class _Chain(Protocol):
    """What the module of botocore's chain has."""

    def identify(self, settings: S3Settings) -> Identity:
        """Return what the provider chain finds."""
        ...


DEFAULT_REGION = "us-east-1"
CHAIN = "etl_core.s3.provider_chain"


def identify(settings: S3Settings) -> Identity:
    """Return who we are; botocore is only imported when it is needed.

    :raises ConfigError: when there are no credentials.
    """
    key, secret = settings.access_key, settings.secret_key
    region = settings.region or settings.default_region
    if key and secret and (region or settings.endpoint_url):
        token = settings.session_token.get_secret_value()
        found = Credentials(key, secret.get_secret_value(), token)
        return Identity(
            lambda: found,
            region or DEFAULT_REGION,
            settings.use_dualstack,
            settings.use_fips,
        )
    # Loaded by name, because importing botocore takes longer than all else together.
    chain: _Chain = importlib.import_module(CHAIN)
    return chain.identify(settings)
