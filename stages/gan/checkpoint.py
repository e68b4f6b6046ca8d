"""Generators and training states as safetensors: plain numbers, no code, and the same bytes for the same state."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from stages.common.cli import UserError
from stages.common.files import write_bytes
from stages.gan.build import build_generator
from stages.gan.description import opened
from stages.gan.networks import Generator


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors and a JSON-ready description, whole or not at all.

    The description is one text: safetensors keeps several metadata keys in a random order.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(plain, {"about": json.dumps(about)}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors on the CPU and the description; raises UserError for a missing, damaged or foreign file."""
    with opened(path, "pt") as (file, about):
        return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no mapping)


def save_generator(path: Path, generator: Generator, architecture: str, width: int, resolution: int) -> None:
    """Write a generator with all that is needed to build it again."""
    about = {"architecture": architecture, "latent": generator.latent, "width": width, "resolution": resolution}
    write_tensors(path, generator.state_dict(), about)


def load_generator(path: Path) -> Generator:
    """The generator of `save_generator`, on the CPU, in evaluation mode.

    Raises UserError for a missing, damaged or foreign file.
    """
    tensors, about = read_tensors(path)
    try:
        generator = build_generator(about["architecture"], about["latent"], about["width"], about["resolution"])
        generator.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{path} holds no generator that this version can build ({error}): run `dvc repro -f train`"
        ) from error
    return generator.eval().requires_grad_(False)


def pack(parts: Mapping[str, nn.Module | torch.optim.Optimizer]) -> dict[str, Tensor]:
    """The state of networks and optimizers as flat names: "generator.norms.0.weight", "adam.0.exp_avg"."""
    flat = {}
    for name, part in parts.items():
        items = part.state_dict().items() if isinstance(part, nn.Module) else _moments(part)
        flat |= {f"{name}.{key}": value for key, value in items}
    return flat


def unpack(parts: Mapping[str, nn.Module | torch.optim.Optimizer], flat: Mapping[str, Tensor]) -> None:
    """Put what `pack` made back into parts of the same shape; the optimizers' settings stay their own."""
    for name, part in parts.items():
        own = {key.removeprefix(f"{name}."): value for key, value in flat.items() if key.startswith(f"{name}.")}
        if isinstance(part, nn.Module):
            part.load_state_dict(own)
            continue
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in own.items():
            index, _, moment = key.partition(".")
            state.setdefault(int(index), {})[moment] = value
        part.load_state_dict({"state": state, "param_groups": part.state_dict()["param_groups"]})


def _moments(optimizer: torch.optim.Optimizer) -> list[tuple[str, Tensor]]:
    return [
        (f"{index}.{key}", value)
        for index, own in optimizer.state_dict()["state"].items()
        for key, value in own.items()
    ]
