"""Structured logs on stderr: JSON lines for machines, readable on a terminal.

Our own loggers and those of the libraries go through one pipeline, which adds the
job and the run, and takes out what looks secret.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import logging
import re
import sys
from typing import Any, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from etl_core.config import environment
from etl_core.errors import ConfigError

LEVELS = ("debug", "info", "warning", "error")
DEFAULT_LEVEL = "info"
LEVEL_VARIABLE = "ETL_LOG_LEVEL"
MASK = "***"

_OWN = "etl"
# A library stays silent until somebody configures its logs.
logging.getLogger(_OWN).addHandler(logging.NullHandler())
_SECRET_KEY = re.compile(
    "passw|secret|token|authorization|credential|signature|api_?key|private_?key",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(?<=://)[^\s/\"']*@")
_ASSIGNED = re.compile(
    r"([\w-]*(?:passw(?:or)?d|secret|token|credential|signature)[\w-]*=)[^\s&;,\"']+",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(authorization[\"']?\s*[:=]\s*[\"']?)[^\"'\n]+", re.IGNORECASE)


class StderrHandler(logging.Handler):
    """Writes to what ``sys.stderr`` is now, so that a progress bar can step aside."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a line that cannot be written never ends a run."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - a library may pass anything to its logger
            self.handleError(record)


def get_logger() -> structlog.stdlib.BoundLogger:
    """Return a logger: ``logger.info("constant message", fact=1)``."""
    logger = structlog.wrap_logger(
        logging.getLogger(_OWN),
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return cast(structlog.stdlib.BoundLogger, logger)


def configure(level: str | None = None, interactive: bool | None = None) -> None:
    """Send logs to stderr; calling it again replaces what it set before.

    :param level: of our own loggers; ``ETL_LOG_LEVEL`` or ``info`` by default.
        Libraries log from warning on, because their debug lines hold headers.
    :param interactive: readable lines instead of JSON; by default on a terminal.
    :raises ConfigError: when the level in the environment is none.
    """
    readable = sys.stderr.isatty() if interactive is None else interactive
    handler = StderrHandler()
    handler.setFormatter(_formatter(readable))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, StderrHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    set_level(level or environment().get(LEVEL_VARIABLE) or DEFAULT_LEVEL)


def set_level(level: str) -> None:
    """Change the level of our own loggers.

    :raises ConfigError: when there is no such level.
    """
    if level.lower() not in LEVELS:
        raise ConfigError(
            f"{LEVEL_VARIABLE} or --log-level is {level!r}; use {', '.join(LEVELS)}"
        )
    logging.getLogger(_OWN).setLevel(level.upper())


@contextmanager
def correlation(**facts: object) -> Iterator[None]:
    """Begin with these facts on every line, and forget all facts at the end."""
    structlog.contextvars.clear_contextvars()
    bind(**facts)
    try:
        yield
    finally:
        structlog.contextvars.clear_contextvars()


def bind(**facts: object) -> None:
    """Add facts, such as the run id, to every following line of this context."""
    structlog.contextvars.bind_contextvars(**facts)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take secrets out of a line: by the name of a value, and inside texts."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: object) -> object:
    """Return a value without secrets."""
    if _SECRET_KEY.search(key):
        return MASK
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {name: _clean(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(key, inner) for inner in value]
    return value


def clean_text(text: str) -> str:
    """Return a text without credentials in URLs, assignments and headers."""
    text = _USER_INFO.sub(f"{MASK}@", text)
    text = _ASSIGNED.sub(rf"\1{MASK}", text)
    return _HEADER.sub(rf"\1{MASK}", text)


def _shared() -> list[Processor]:
    """Return what happens to every line, ours or a library's."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _formatter(readable: bool) -> logging.Formatter:
    """Return the last step: a line for a person, or JSON."""
    renderer: Any = structlog.processors.JSONRenderer()
    if readable:
        renderer = structlog.dev.ConsoleRenderer(
            colors="NO_COLOR" not in environment(),
            exception_formatter=structlog.dev.plain_traceback,
            timestamp_key="time",
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            renderer,
        ],
    )
