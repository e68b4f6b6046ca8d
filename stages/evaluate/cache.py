"""Features of real pictures, computed once: a file named after everything that decides them."""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from stages.common import kept


class Cache:
    """A folder of feature sets. It may be deleted at any time, and several processes may use it at once."""

    def __init__(self, folder: Path):
        self._folder = folder

    def get(
        self,
        context: Sequence[object],
        pictures: Sequence[Image.Image],
        compute: Callable[[], Tensor],
        on_found: Callable[[int], object] = lambda _: None,
    ) -> Tensor:
        """What `compute` gives for these pictures, or gave before for the same pixels and context; float64 [N, D].

        `context` holds whatever else decides the last bits: weights, resizing, batch, threads, versions. A damaged file
        counts as none. `on_found` is called with the number of pictures where nothing is computed.
        """
        path = self._folder / f"{_mark(context, pictures)}.npy"
        entry = kept.read(path)
        if entry is not None:
            found = np.load(io.BytesIO(entry), allow_pickle=False)
            on_found(len(pictures))
            return torch.from_numpy(found).double()
        computed, data = compute(), io.BytesIO()
        np.save(data, computed.float().numpy(), allow_pickle=False)  # the networks compute in float32: nothing is lost
        kept.write(path, data.getvalue())
        return computed.double()


def _mark(context: Sequence[object], pictures: Sequence[Image.Image]) -> str:
    digest = hashlib.sha256(repr(tuple(context)).encode())
    for picture in pictures:
        digest.update(f"{picture.size}".encode())
        digest.update(picture.tobytes())
    return digest.hexdigest()
