"""What a file of the train stage says of itself, to be read without torch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from stages.common.cli import UserError


@contextmanager
def opened(path: Path, framework: str) -> Iterator[tuple[safe_open, dict[str, Any]]]:
    """A safetensors file, whose tensors come as those of the framework ("pt", "numpy"), and its description.

    Raises UserError for a missing, damaged or foreign file.
    """
    try:
        with safe_open(path, framework) as file:
            yield file, json.loads((file.metadata() or {})["about"])
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there: run `dvc repro`, which runs the stage that writes it") from error
    except (SafetensorError, KeyError, ValueError) as error:
        raise UserError(
            f"{path} is damaged or was not written by the train stage ({error}): run `dvc repro -f train`"
        ) from error


def description(path: Path) -> dict[str, Any]:
    """The description alone; raises UserError as `opened` does."""
    with opened(path, "numpy") as (_, about):
        return about
