"""Clients of S3 by name; only the one that is wanted is imported."""

from collections.abc import Callable
import importlib
from types import MappingProxyType
from typing import cast

from etl_core.calls import CallHook, direct
from etl_core.config import S3Settings
from etl_core.s3.store import ObjectStore

CURL = "curl"
ENGINES = MappingProxyType({CURL: "etl_core.s3.curl", "boto3": "etl_core.s3.client"})
"""The module of each engine; its ``open_store`` takes what :func:`open_store` does."""

Opener = Callable[[S3Settings, CallHook, "float | None"], ObjectStore]


def open_store(
    engine: str = CURL,
    hook: CallHook = direct,
    *,
    concurrency: int = 1,
    max_rps: float | None = None,
) -> ObjectStore:
    """Return a store as the environment says, with a connection for each request.

    :param engine: of :data:`ENGINES`.
    :param hook: sees every request.
    :param concurrency: how many requests may be under way at once.
    :param max_rps: how many requests are sent each second.
    :raises ConfigError: when the environment cannot be used.
    """
    found = S3Settings.from_environment()
    wanted = {"connections": max(found.connections, concurrency)}
    # By name: importing boto3 takes longer than all else that a start does.
    opener = cast("Opener", importlib.import_module(ENGINES[engine]).open_store)
    return opener(found.model_copy(update=wanted), hook, max_rps)
