"""What MLflow loads and asks for pictures; a copy of this file and of what it imports lies in every logged model."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from stages.gan.checkpoint import load_generator
from stages.gan.sampling import sample

BATCH = 50  # pictures in memory at once


class Generator:
    """A trained generator on the CPU, in float32."""

    def __init__(self, path: Path):
        self.network = load_generator(path)

    def predict(self, z: np.ndarray, params: dict[str, Any] | None = None) -> np.ndarray:
        """Pictures uint8 [N, R, R, 3], sRGB, of latent vectors [N, latent], float32 and standard normal.

        `params` may hold `truncation`: below 1 the pictures are nearer to the mean picture, and more alike.
        """
        truncation = (params or {}).get("truncation", 1.0)
        parts = torch.tensor(z).split(BATCH)
        return np.stack(
            [np.asarray(picture) for part in parts for picture in sample(self.network, part, torch.float32, truncation)]
        )


def _load_pyfunc(path: str) -> Generator:
    """The name that MLflow calls, with the path of generator.safetensors."""
    return Generator(Path(path))
