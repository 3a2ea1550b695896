"""What is to be started, said once for every target."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import NamedTuple

from etl_core.config import RunSettings
from etl_core.errors import ConfigError

HEARTBEAT_FILE = "/tmp/heartbeat"  # noqa: S108 (the only folder that can be written)
USER = 10001
"""The user of the images; Kubernetes checks ``runAsNonRoot`` against a number."""

MARGIN_SECONDS = 5
OF_A_SHARD = frozenset({"--shard", "--run-id"})


class Place(NamedTuple):
    """Where a job runs and what it finds there.

    :param namespace: of Kubernetes; empty for the one that is chosen when it is
        applied.
    :param service_account: whose permissions the job has.
    :param role_arn: the role of AWS behind it; empty when it is known there already.
    :param config_map: holds plain settings, as variables.
    :param secret: holds credentials, as variables; on ECS the ARN of one in JSON.
    :param variables: further plain settings.
    """

    namespace: str = ""
    service_account: str = ""
    role_arn: str = ""
    config_map: str = ""
    secret: str = ""
    variables: tuple[tuple[str, str], ...] = ()


class Size(NamedTuple):
    """What one container may use, as Kubernetes writes it."""

    cpu: str = "500m"
    memory: str = "512Mi"
    disk: str = "2Gi"


@dataclass(frozen=True)
class Deployment:
    """One job with its arguments, and how it is to be started.

    :param program: the console script, which is the entry point of the image.
    :param job: its name.
    :param arguments: of the job.
    :param image: that is started.
    :param place: where it runs.
    :param size: what one container may use.
    :param shards: into how many parts the units are divided; ``None`` for one job.
    :param schedule: when it is started, as cron writes it; empty for once.
    :param retries: how often it, or one shard, is started again; ``None`` for what is
        usual.
    :param silence_seconds: without progress, after which a container counts as hung.
    :param kept_seconds: for which a finished Job can be looked at.
    :param called: what tells it from the others of ``--for-each``.
    """

    program: str
    job: str
    arguments: tuple[str, ...]
    image: str
    place: Place
    size: Size
    shards: int | None = None
    schedule: str = ""
    retries: int | None = None
    silence_seconds: int = 900
    kept_seconds: int = 7 * 24 * 3600
    called: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what Kubernetes has to say itself.

        :raises ConfigError: naming the option.
        """
        given = {each.partition("=")[0] for each in self.arguments}
        for flag in sorted(given & OF_A_SHARD) if self.shards else ():
            raise ConfigError(
                f"{flag}: with --shards every pod gets its own from Kubernetes"
            )

    @property
    def container_arguments(self) -> list[str]:
        """What the entry point of the image is given."""
        return ["run", self.job, "--", *self.arguments]

    @property
    def component(self) -> str:
        """The job, as names of Kubernetes and AWS are written."""
        return self.job.replace("_", "-")

    @property
    def alive_command(self) -> list[str]:
        """What tells whether a container makes progress."""
        age = f"--max-age={self.silence_seconds}s"
        return [self.program, "alive", HEARTBEAT_FILE, age]

    @property
    def grace_seconds(self) -> int:
        """How long a container has to stop: a little more than the job takes.

        :raises ConfigError: when a variable of the place is malformed.
        """
        settings = RunSettings.from_environment(dict(self.place.variables))
        return ceil(settings.grace_seconds) + MARGIN_SECONDS

    def for_each(self, name: str, values: tuple[str, ...]) -> Iterator["Deployment"]:
        """Yield one deployment for each value of an option.

        :param name: of the option, as in ``agency_id``.
        :raises ConfigError: when the option is among the arguments already.
        """
        flag = f"--{name.replace('_', '-')}"
        if flag in {each.partition("=")[0] for each in self.arguments}:
            raise ConfigError(f"{flag} is given, and --for-each {name} gives it too")
        for value in values:
            yield replace(
                self,
                arguments=(f"{flag}={value}", *self.arguments),
                called=(name, value),
            )
