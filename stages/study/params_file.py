"""params.yaml with other values."""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML


def with_values(text: str, changes: Mapping[str, Any]) -> str:
    """The text of params.yaml with other values, such as {"train.seed": 1}; comments and order stay."""
    editor = YAML()
    editor.preserve_quotes, editor.width = True, 10_000
    values = editor.load(text)
    for key, value in changes.items():
        section, leaf = key.split(".")
        values[section][leaf] = value
    out = io.StringIO()
    editor.dump(values, out)
    return out.getvalue()
