"""What the networks draw from on the device while training: a generator of random numbers for each use."""

import torch

SEEDS = {"noise": 0, "self_supervision": 0, "path_length": 1}  # by use: what is added to the microbatch's seed


class Rngs:
    """They outlast a step, as a CUDA graph holds them; their numbers come from the seed alone."""

    def __init__(self, device: torch.device):
        self.by_use = {use: torch.Generator(device) for use in SEEDS}

    def seeded(self, use: str, seed: int) -> torch.Generator:
        """The generator of this use at its beginning. In a graph `seed` comes before each replay instead."""
        if not (torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()):
            self.by_use[use].manual_seed(seed + SEEDS[use])
        return self.by_use[use]

    def seed(self, seed: int) -> None:
        """Bring all to their beginning."""
        for use in SEEDS:
            self.seeded(use, seed)
