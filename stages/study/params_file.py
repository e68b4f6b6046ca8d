"""params.yaml with other values, written so that the stages read what is meant: by YAML 1.1; ruamel writes 1.2."""

import io
from collections.abc import Mapping
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString


class Representer(RoundTripRepresenter):
    """Writes 5.0e-05 for 5e-05, in which YAML 1.1 sees a text."""

    def represent_float(self, data: float) -> ScalarNode:
        node = super().represent_float(data)
        if "e" in node.value and "." not in node.value:
            node.value = node.value.replace("e", ".0e")
        return node


Representer.add_representer(float, Representer.represent_float)


def with_values(text: str, changes: Mapping[str, Any]) -> str:
    """The text of params.yaml with other values, such as {"train.seed": 1}; comments and order stay."""
    editor = YAML()
    editor.Representer = Representer
    editor.preserve_quotes, editor.width = True, 10_000
    values = editor.load(text)
    for key, value in changes.items():
        section, leaf = key.split(".")
        values[section][leaf] = _quoted(value)
    out = io.StringIO()
    editor.dump(values, out)
    return out.getvalue()


def _quoted(value: Any) -> Any:
    """A value whose texts have quotes where YAML 1.1 would read something else without (yes, 12:30)."""
    if isinstance(value, dict):
        return {_quoted(key): _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not _is_plain(value) else value


def _is_plain(text: str) -> bool:
    """Whether a text is read as itself without quotes."""
    try:
        return yaml.safe_load(text) == text
    except (yaml.YAMLError, ValueError):  # ValueError: such as the 30th of February
        return False
