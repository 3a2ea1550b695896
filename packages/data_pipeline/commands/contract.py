"""Propose, check, compare or show a contract: infer, check, diff, show-sql, schema.

Examples::

    data-pipeline contract infer s3://acme-bronze/orders/2026.csv --to orders.yaml
    data-pipeline contract check orders.yaml
    data-pipeline contract diff orders-v1.yaml orders.yaml
    data-pipeline contract show-sql orders.yaml
    data-pipeline contract schema --to contract.schema.json
"""

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

Action = Callable[[Parser, list[str], ObjectStore | None], int]


def command(program: Program, argv: list[str], store: ObjectStore | None = None) -> int:
    """Do one of them.

    :param store: S3; the real one when none is given and one is needed.
    """
    parser = Parser(f"{program.name} contract", __doc__)
    parser.usage = f"{parser.prog} <{'|'.join(ACTIONS)}> [options]"
    if not argv or argv[0] in ("-h", "--help"):
        parser.add_argument("action", choices=ACTIONS, help="what to do")
        parser.parse_args(argv)
    name, *rest = argv
    if name not in ACTIONS:
        advice = suggestion(name, list(ACTIONS))
        raise ConfigError(f"contract does not know {name!r}; {advice}")
    inner = Parser(f"{parser.prog} {name}", ACTIONS[name].__doc__)
    return ACTIONS[name](inner, rest, store)


def _infer(parser: Parser, argv: list[str], store: ObjectStore | None) -> int:
    """Propose a contract for a file, or for the first one below a prefix."""
    parser.usage = f"{parser.prog} <file or s3://bucket/key> [--name NAME] [--to FILE]"
    parser.add_argument("place", help="a file, an object, or a prefix")
    parser.add_argument("--name", help="of the dataset (default: that of the file)")
    parser.add_argument("--to", help="write the contract there (default: stdout)")
    found = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path, server = _fetched(found.place, store, Path(folder))
        text = infer(found.name or path.name.partition(".")[0], sample(path, server))
    return _put(text, found.to)


def _check(parser: Parser, argv: list[str], store: ObjectStore | None) -> int:
    """Say what is wrong with contracts, with line and column; exit code 2 then."""
    parser.usage = f"{parser.prog} <contract> [more contracts]"
    parser.add_argument("contracts", nargs="+", help="files, or s3://bucket/key")
    code = ExitCode.OK
    for location in parser.parse_args(argv).contracts:
        try:
            contract = read_contract(location, _needed(location, store))
        except ContractError as error:
            output.write("".join(f"{fault}\n" for fault in error.faults))
            code = ExitCode.USAGE
        else:
            columns = f"{len(contract.columns)} columns, digest {contract.digest[:12]}"
            output.write(f"{location}: {contract.dataset}, {columns}\n")
    return code


def _diff(parser: Parser, argv: list[str], store: ObjectStore | None) -> int:
    """Say what a new contract breaks; exit code 65 when it breaks something."""
    parser.usage = f"{parser.prog} <old contract> <new contract> [--json]"
    parser.add_argument("old", help="a file, or s3://bucket/key")
    parser.add_argument("new", help="a file, or s3://bucket/key")
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    given = parser.parse_args(argv)
    old, new = (
        read_contract(each, _needed(each, store)) for each in (given.old, given.new)
    )
    found = differences(old, new)
    broken = any(each.breaks for each in found)
    if given.json:
        output.write_json({"breaks": broken, "changes": [it._asdict() for it in found]})
    else:
        lines = [f"{it.breaks or 'nobody':8} {it.what}\n" for it in found]
        output.write("".join(lines) or "nothing that matters is different\n")
    return ExitCode.DATA if broken else ExitCode.OK


def _show_sql(parser: Parser, argv: list[str], store: ObjectStore | None) -> int:
    """Print the statement that a contract compiles to."""
    parser.usage = f"{parser.prog} <contract> [--file PATH]"
    parser.add_argument("contract", help="a file, or s3://bucket/key")
    parser.add_argument("--file", default="bronze-file", help="which the SQL reads")
    given = parser.parse_args(argv)
    contract = read_contract(given.contract, _needed(given.contract, store))
    output.write(f"{compile_contract(contract).statement([given.file])}\n")
    return ExitCode.OK


def _schema(parser: Parser, argv: list[str], _store: ObjectStore | None) -> int:
    """Print the JSON schema of contracts, for editors."""
    parser.add_argument("--to", help="write it there (default: stdout)")
    text = json.dumps(json_schema(), indent=2) + "\n"
    return _put(text, parser.parse_args(argv).to)


ACTIONS: dict[str, Action] = {
    "infer": _infer,
    "check": _check,
    "diff": _diff,
    "show-sql": _show_sql,
    "schema": _schema,
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
