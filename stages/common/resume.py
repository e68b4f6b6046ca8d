"""Where long work goes on after an interruption: a folder in the main checkout, named after everything that decides the result.

The same inputs find their old state there; anything else finds nothing. For the stages that do not train: a training keeps more.
"""

import hashlib
import io
import json
import pickle
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from stages.common.report import write_bytes

EVERY = 60.0  # seconds between two saves


class Resume:
    """The saved state of one piece of work; a kill at any moment leaves the last whole one."""

    def __init__(self, root: Path, room: Path, decisive: Iterable[Any]) -> None:
        """`root` is the main checkout, `room` the folder with the stage's code, `decisive` what else decides the result: bytes, or JSON-ready."""
        digest = hashlib.sha256(torch.__version__.encode())
        for item in [*(path.read_bytes() for path in sorted(room.glob("*.py"))), *decisive]:
            data = item if isinstance(item, bytes) else json.dumps(item, sort_keys=True).encode()
            digest.update(f"\n{len(data)}\n".encode() + data)
        self.folder = root / ".resume" / room.name / digest.hexdigest()
        self._saved = time.monotonic()

    def load(self, name: str) -> Any | None:
        """What `save` kept last, or None where there is nothing (a damaged file counts as nothing: the work starts again)."""
        try:
            return torch.load(self.folder / f"{name}.pt", map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
            return None

    def due(self) -> bool:
        """Whether the last save is long enough ago for another."""
        return time.monotonic() - self._saved > EVERY

    def save(self, name: str, state: Any) -> None:
        """Keep tensors, numbers, texts, lists and dicts."""
        data = io.BytesIO()
        torch.save(state, data)
        write_bytes(self.folder / f"{name}.pt", data.getvalue())
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Forget it: the work is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
