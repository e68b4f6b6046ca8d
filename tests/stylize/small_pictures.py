"""Small pictures as tensors."""

import torch


def waves(height: int, width: int, color: tuple[float, float, float], frequency: float) -> torch.Tensor:
    """A striped picture [1, 3, H, W]."""
    down, across = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    pattern = torch.sin(frequency * (down + 0.5 * across))
    return 0.5 * pattern * torch.tensor(color).view(1, 3, 1, 1) + 0.1 * torch.tensor(color).flip(0).view(1, 3, 1, 1)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    """Uniform in [-1, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
