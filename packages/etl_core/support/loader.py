"""Reads a configuration file into a model, with errors that name the field."""

import importlib
import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from etl_core.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def load_config(path: Path, model: type[Model]) -> Model:
    """Return the checked content of a JSON or YAML file.

    :param path: ends in ``.json``, ``.yaml`` or ``.yml``.
    :param model: what the file has to look like.
    :raises ConfigError: when the file cannot be read, is malformed or does not fit
        the model; it names the line or the field, never a value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not encoded as UTF-8") from error
    try:
        return model.model_validate(_parsed(path, text))
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError(f"{path}: {'; '.join(faults)}") from None


def _parsed(path: Path, text: str) -> object:
    """Parse the text as the ending of the path says.

    :raises ConfigError: naming the line that is malformed.
    """
    if path.suffix in (".yaml", ".yml"):
        return _parsed_yaml(path, text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg}") from None


def _parsed_yaml(path: Path, text: str) -> object:
    """Parse YAML with a package that only modules with YAML files need.

    :raises ConfigError: also when that package is not installed.
    """
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise ConfigError(
            f"{path}: reading YAML needs the package PyYAML; install it or write JSON"
        ) from None
    try:
        parsed: object = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(f"{path}, line {line}: {error.problem}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: not YAML") from None
    return parsed
