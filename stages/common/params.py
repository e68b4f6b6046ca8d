"""Read params.yaml; what it may say is in stages/common/sections.py.

Every door loads the whole file, so an impossible value of a late stage fails before the first stage works.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from stages.common import presets
from stages.common.door import UserError, nearest
from stages.common.sections import Params


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml; raises UserError that names each wrong key, its value, the choices and the remedy."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there: run the stages from the repository's root") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    return check(values, str(path))


def check(values: Any, origin: str) -> Params:
    """The sections of what params.yaml says, "auto" replaced; raises UserError as `load` does, `origin` says what cannot be used."""
    if isinstance(values, dict) and isinstance(values.get("train"), dict):
        values = values | {"train": presets.fill(values["train"])}
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors()]
        remedy = "Set it in params.yaml, or for one experiment with `dvc exp run -S key=value`."
        raise UserError("\n  ".join([f"{origin} cannot be used:", *lines, remedy])) from error


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"train": {"seed": 0}} as {"train.seed": 0}."""
    flat = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _explain(item: dict[str, Any]) -> str:
    """One line for one of pydantic's errors."""
    key = ".".join(str(part) for part in item["loc"])
    match item["type"]:
        case "extra_forbidden":
            return f"{key} is not a known key{nearest(key, _known_keys())}"
        case "missing":
            return f"{key} is missing"
        case "value_error":
            return str(item["ctx"]["error"])
        case "literal_error":
            return f"{key} is {item['input']!r}, but must be one of {item['ctx']['expected']}{_or_auto(key)}"
        case "float_type" if isinstance(item["input"], str):
            return f"{key} is the text {item['input']!r}, but must be a number (YAML reads 2e-4 as text: write 0.0002)"
        case _:
            return f"{key} is {item['input']!r}, but {item['msg'].replace('Input should', 'it should')}"


def _or_auto(key: str) -> str:
    return " (or 'auto': the preset's)" if key.removeprefix("train.") in presets.KEYS else ""


def _known_keys() -> list[str]:
    sections = {name: field.annotation.model_fields for name, field in Params.model_fields.items()}
    return [*sections, *(f"{section}.{key}" for section, keys in sections.items() for key in keys)]
