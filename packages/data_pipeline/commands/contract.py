"""Propose, check, compare or show a contract: infer, check, diff, show-sql, schema.

Examples::

    data-pipeline contract infer s3://acme-bronze/orders/2026.csv --to orders.yaml
    data-pipeline contract check orders.yaml
    data-pipeline contract diff orders-v1.yaml orders.yaml
    data-pipeline contract show-sql orders.yaml
    data-pipeline contract schema --to contract.schema.json
"""

from argparse import Namespace
from collections.abc import Callable
from functools import partial
import json
from pathlib import Path
import tempfile

from data_pipeline.bronze.sampling import sample
from data_pipeline.contracts.difference import differences
from data_pipeline.contracts.faults import ContractError
from data_pipeline.contracts.inference import infer
from data_pipeline.contracts.reading import object_at, read_contract
from data_pipeline.contracts.schema import json_schema
from data_pipeline.repositories.bronze.statement import compile_contract
from etl_core import output
from etl_core.arguments import Parser
from etl_core.config import S3Settings
from etl_core.errors import ConfigError, ExitCode
from etl_core.registry import Program, suggestion
from etl_core.s3.client import create_client, S3Client
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore

Action = Callable[[Namespace, ObjectStore | None], int]


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Do one of the actions.

    :param store: S3; the real one when none is given and one is needed.
    """
    parser = Parser(f"{program.name} contract", __doc__)
    parser.usage = f"{parser.prog} <{'|'.join(ACTIONS)}> [files] [options]"
    parser.add_argument("action", help=f"one of {', '.join(ACTIONS)}")
    parser.add_argument(
        "places",
        nargs="*",
        metavar="file",
        help="contracts, or what infer looks at: a path, s3://bucket/key, or a prefix",
    )
    parser.add_argument(
        "--name", help="infer: name of the dataset (default: the file's)"
    )
    parser.add_argument("--to", help="infer, schema: a new file (default: stdout)")
    parser.add_argument(
        "--json", action="store_true", help="diff: write one JSON object"
    )
    parser.add_argument(
        "--file", default="bronze-file", help="show-sql: what the statement reads"
    )
    given = parser.parse_args(argv)
    if given.action not in ACTIONS:
        advice = suggestion(given.action, list(ACTIONS))
        raise ConfigError(f"contract does not know {given.action!r}; {advice}")
    action, least, most = ACTIONS[given.action]
    if not least <= len(given.places) <= most:
        wanted = str(least) if least == most else "one or more"
        parser.error(f"{given.action} takes {wanted} files")
    return action(given, store)


def _infer(given: Namespace, store: ObjectStore | None) -> int:
    """Propose a contract for a file, or for the first one below a prefix."""
    with tempfile.TemporaryDirectory() as folder:
        path, server = _fetched(given.places[0], store, Path(folder))
        text = infer(given.name or path.name.partition(".")[0], sample(path, server))
    return _put(text, given.to)


def _check(given: Namespace, store: ObjectStore | None) -> int:
    """Say what is wrong with contracts, with line and column; exit code 2 then."""
    code = ExitCode.OK
    for location in given.places:
        try:
            contract = read_contract(location, _needed(location, store))
        except ContractError as error:
            output.write("".join(f"{fault}\n" for fault in error.faults))
            code = ExitCode.USAGE
        else:
            columns = f"{len(contract.columns)} columns, digest {contract.digest[:12]}"
            output.write(f"{location}: {contract.dataset}, {columns}\n")
    return code


def _diff(given: Namespace, store: ObjectStore | None) -> int:
    """Say what a new contract breaks; exit code 65 when it breaks something."""
    old, new = (read_contract(each, _needed(each, store)) for each in given.places)
    found = differences(old, new)
    broken = any(each.breaks for each in found)
    if given.json:
        output.write_json({"breaks": broken, "changes": [it._asdict() for it in found]})
    else:
        lines = [f"{it.breaks or 'nobody':8} {it.what}\n" for it in found]
        output.write("".join(lines) or "nothing that matters is different\n")
    return ExitCode.DATA if broken else ExitCode.OK


def _show_sql(given: Namespace, store: ObjectStore | None) -> int:
    """Print the statement that a contract compiles to."""
    location = given.places[0]
    contract = read_contract(location, _needed(location, store))
    output.write(f"{compile_contract(contract).statement([given.file])}\n")
    return ExitCode.OK


def _schema(given: Namespace, _store: ObjectStore | None) -> int:
    """Print the JSON schema of contracts, for editors."""
    return _put(json.dumps(json_schema(), indent=2) + "\n", given.to)


ANY = 10_000
ACTIONS: dict[str, tuple[Action, int, int]] = {
    "infer": (_infer, 1, 1),
    "check": (_check, 1, ANY),
    "diff": (_diff, 2, 2),
    "show-sql": (_show_sql, 1, 1),
    "schema": (_schema, 0, 0),
}


def _put(text: str, path: str | None) -> int:
    """Write a text to a file, or to stdout.

    :raises ConfigError: when there is such a file, or none can be made.
    """
    if path is None:
        output.write(text)
        return ExitCode.OK
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} exists; remove it, or write elsewhere") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    return ExitCode.OK


def _needed(location: str, store: ObjectStore | None) -> ObjectStore | None:
    """Return S3 for what lies there."""
    if store is None and location.startswith("s3://"):
        return S3Client(partial(create_client, S3Settings.from_environment()))
    return store


def _fetched(
    place: str, store: ObjectStore | None, folder: Path
) -> tuple[Path, dict[str, object]]:
    """Return a local file, and where it is from as a contract says it.

    :raises ConfigError: when there is none.
    """
    if not place.startswith("s3://"):
        path = Path(place)
        if not path.is_file():
            raise ConfigError(f"{place}: there is no such file")
        return path, {"server": "bronze", "type": "local", "path": place}
    found = _needed(place, store)
    if found is None:
        raise ConfigError(f"{place}: no object store is at hand")
    ref = _first(found, object_at(place))
    path = folder / Path(ref.key).name
    with path.open("wb") as sink:
        found.get(ref, sink)
    return path, {"server": "bronze", "type": "s3", "location": place}


def _first(store: ObjectStore, ref: ObjectRef) -> ObjectRef:
    """Return an object, or the first one with bytes below a prefix.

    :raises ConfigError: when there is none.
    """
    for listed in list_objects(store, ref.bucket, ref.key):
        if listed.size:
            return ObjectRef(ref.bucket, listed.key)
    raise ConfigError(f"{ref.url}: nothing lies there")
