"""Where long work goes on after an interruption: a folder in the main checkout, named by all that decides the result.

The same inputs find their old state there; anything else finds nothing. DVC empties a stage's outputs before it runs,
so the state lies outside of them, in .resume/<stage>/<fingerprint>/.
"""

import hashlib
import io
import json
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from stages.common import code, kept, state_dict
from stages.common.checkout import main_checkout

EVERY = 60.0  # seconds between two saves
KEPT_DAYS = 30  # of work that nobody went on with


def fingerprint(packages: Sequence[Path], decisive: Iterable[Any]) -> str:
    """sha256 over torch's version, the code of the packages (folders), and what else decides: bytes, or JSON-ready."""
    digest = hashlib.sha256(torch.__version__.encode())
    sources = [path for package in packages for path in sorted(package.glob("*.py"))]
    for item in [*([path.name, code.digest(path.read_text(encoding="utf-8"))] for path in sources), *decisive]:
        data = item if isinstance(item, bytes) else json.dumps(item, sort_keys=True).encode()
        digest.update(f"\n{len(data)}\n".encode() + data)
    return digest.hexdigest()


class Resume:
    """The saved states of one piece of work; a kill at any moment leaves the last whole ones."""

    def __init__(self, stage: str, mark: str) -> None:
        """`mark` is the work's fingerprint."""
        self.folder = main_checkout() / ".resume" / stage / mark
        self._saved = time.monotonic()

    def load(self, name: str) -> Any | None:
        """What `save` kept last, or None where there is nothing (or a damaged file: the work starts again)."""
        entry = kept.read(self.folder / f"{name}.pt")
        try:
            return None if entry is None else state_dict.plain(entry)
        except state_dict.NoStateDict:
            return None

    def save_bytes(self, name: str, data: bytes) -> None:
        """Keep a file as it is, behind its checksum."""
        kept.write(self.folder / name, data)

    def load_bytes(self, name: str) -> bytes | None:
        """What `save_bytes` kept, or None likewise."""
        return kept.read(self.folder / name)

    def newest_other(self, name: str) -> tuple[Path, Any] | None:
        """Of this stage's other pieces of work the one that saved `name` last: its folder, and what it saved."""
        files = [path for path in self.folder.parent.glob(f"*/{name}.pt") if path.parent != self.folder]
        newest = sorted(files, key=lambda path: path.stat().st_mtime)[-1:]
        states = [(path.parent, Resume(self.folder.parent.name, path.parent.name).load(name)) for path in newest]
        return next(((folder, state) for folder, state in states if state is not None), None)

    def due(self) -> bool:
        """Whether the last save is long enough ago for another."""
        return time.monotonic() - self._saved > EVERY

    def save(self, name: str, state: Any) -> None:
        """Keep tensors, numbers, texts, lists and dicts."""
        data = io.BytesIO()
        torch.save(state, data)
        kept.write(self.folder / f"{name}.pt", data.getvalue())
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Forget it, since the work is complete, and this stage's states that nobody has written to for KEPT_DAYS."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for other in self.folder.parent.glob("*/"):
            written = [path.stat().st_mtime for path in (other, *other.rglob("*"))]
            if time.time() - max(written) > KEPT_DAYS * 86_400:
                shutil.rmtree(other, ignore_errors=True)
