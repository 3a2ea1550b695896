"""What people and programs read: stdout for results, stderr for errors."""

from collections.abc import Mapping
import importlib
import json
import os
import sys

from etl_core.registry import Entry


def write(text: str) -> None:
    """Write a result to stdout at once; a reader that went away is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence()


def write_json(result: object) -> None:
    """Write one JSON value as one line of stdout."""
    write(json.dumps(result, ensure_ascii=False) + "\n")


def write_result(result: Mapping[str, object], form: str) -> None:
    """Write the result of a job as the last of stdout.

    :param result: what JSON can hold.
    :param form: ``json`` for one line, ``table`` for people.
    """
    if form == "json":
        write_json(result)
        return
    # By name, so that a list of jobs need not wait for what draws tables.
    write(importlib.import_module("etl_core.tables").render(result))


def write_error(program: str, message: str) -> None:
    """Write an error as one line of stderr."""
    sys.stderr.write(f"{program}: error: {' '.join(message.split())}\n")


def flush() -> None:
    """Bring what was printed to the reader of stdout, if there still is one."""
    write("")


def silence() -> None:
    """Let the rest of stdout go nowhere.

    The interpreter flushes stdout when it ends and would complain once more.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def entry_line(entry: Entry, width: int) -> str:
    """Return one line of a list of jobs or verbs, a broken one with the reason."""
    text = f"(broken: {entry.fault})" if entry.fault else entry.description
    return f"  {entry.name:<{width}}  {text}"
