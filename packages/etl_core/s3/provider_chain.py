"""Credentials and region from botocore: profiles, single sign-on and roles."""

from botocore.exceptions import BotoCoreError
import botocore.session

from etl_core.config import S3Settings
from etl_core.errors import TransientError
from etl_core.s3.credentials import Credentials, DEFAULT_REGION, Identity
from etl_core.s3.faults import no_credentials, unusable


def identify(settings: S3Settings) -> Identity:
    """Return what the provider chain finds.

    :raises ConfigError: when it finds no credentials, or a profile that is none.
    """
    session = botocore.session.get_session()
    try:
        found = session.get_credentials()
        region = settings.region or session.get_config_variable("region")
        dualstack = bool(session.get_config_variable("use_dualstack_endpoint"))
        fips = bool(session.get_config_variable("use_fips_endpoint"))
    except (BotoCoreError, ValueError) as error:
        raise unusable(error) from error
    if found is None:
        raise no_credentials()

    def current() -> Credentials:
        """Return the credentials of now, renewed if they are about to expire."""
        try:
            frozen = found.get_frozen_credentials()
        except BotoCoreError as error:
            raise TransientError(
                f"the AWS credentials could not be renewed: {error}; check the role "
                "and its provider"
            ) from error
        return Credentials(
            frozen.access_key or "", frozen.secret_key or "", frozen.token or ""
        )

    return Identity(current, region or DEFAULT_REGION, dualstack, fips)
