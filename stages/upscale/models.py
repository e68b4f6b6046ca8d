"""Networks that enlarge: Real-ESRGAN from its package, or a file of the user's own of any kind that spandrel knows."""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import torch
from torch import Tensor

from stages.common import weights
from stages.common.cli import UserError
from stages.common.device import Runtime
from stages.upscale import esrgan

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor


class Network(NamedTuple):
    """How many times larger `enlarge` makes a picture.

    [1, 3, H, W] in [-1, 1], sRGB -> float32 [1, 3, scale * H, scale * W] in [-1, 1].
    """

    scale: int
    enlarge: Callable[[Tensor], Tensor]


class About(TypedDict):
    """For the metrics file: the network's name, and the sha256 of its weights' file."""

    model: str
    model_sha256: str


def choose(model: str, runtime: Runtime) -> tuple[Network, About]:
    """The network of `upscale.model`; raises UserError as `read` and `load` do."""
    path = Path(model) if model else weights.locate(weights.ESRGAN)
    state = read(path) if model else esrgan.state_dict(path)
    about: About = {
        "model": path.name if model else "Real-ESRGAN x4plus",
        "model_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    return load(state, str(path), runtime.device, runtime.dtype), about


def read(path: Path) -> dict[str, Tensor]:
    """The weights in a file; raises UserError when there is none, or it is not what spandrel reads."""
    from spandrel import ModelLoader  # here, since it takes seconds to import: all its architectures and torchvision

    if not path.is_file():
        raise UserError(
            f"upscale.model is {path}, but there is no such file: give the path of a .pth or .safetensors, "
            "or leave it empty for Real-ESRGAN x4plus"
        )
    try:
        return dict(ModelLoader().load_state_dict_from_file(path))
    except Exception as error:  # whatever a foreign file does to the readers of five formats
        raise UserError(
            f"upscale.model is {path}, which cannot be read as weights ({error}): "
            "give a .pth or .safetensors of a network that enlarges"
        ) from error


def load(state: Mapping[str, Tensor], name: str, device: torch.device, dtype: torch.dtype) -> Network:
    """The network that the weights belong to; `name` is for the message.

    Raises UserError when spandrel knows none, or it does not enlarge pictures.
    """
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError  # here, as in `read`

    try:
        found = ModelLoader(device).load_from_state_dict(dict(state))
    except (UnsupportedModelError, RuntimeError, KeyError, ValueError) as error:
        raise UserError(
            f"{name} holds weights of no network that spandrel knows ({type(error).__name__}): "
            "give an upscaler such as RealESRGAN_x4plus.pth"
        ) from error
    channels = {found.input_channels, found.output_channels}
    if not isinstance(found, ImageModelDescriptor) or found.scale < 2 or not channels <= {1, 3, 4}:
        kind = (
            f"{found.architecture.name}, for {found.purpose}, {found.scale} times as large, "
            f"{found.input_channels} channels to {found.output_channels}"
        )
        raise UserError(
            f"{name} is no upscaler of pictures ({kind}): give one that makes them 2 times as large or more, "
            "such as RealESRGAN_x4plus.pth"
        )
    if dtype is torch.bfloat16 and not found.supports_bfloat16:
        dtype = torch.float32
    found.to(device, dtype).eval()
    found.model.to(memory_format=torch.channels_last)
    return Network(found.scale, partial(_enlarge, found, device, dtype))


@torch.inference_mode()
def _enlarge(network: "ImageModelDescriptor", device: torch.device, dtype: torch.dtype, picture: Tensor) -> Tensor:
    """A picture as `Network.enlarge` takes and gives it, through a network that knows [0, 1]."""
    unit = ((picture.to(device) + 1) / 2).to(dtype, memory_format=torch.channels_last)
    return (_in_color(network, unit).float() * 2 - 1).clamp(-1, 1)


def _in_color(network: "ImageModelDescriptor", unit: Tensor) -> Tensor:
    """[1, 3, H, W] in [0, 1] through a network of 3 channels, of 1 (each color by itself) or of 4 (opaque)."""
    if network.input_channels == 1:
        return torch.cat([network(unit[:, channel : channel + 1])[:, :1] for channel in range(3)], 1)
    if network.input_channels == 4:
        unit = torch.cat((unit, torch.ones_like(unit[:, :1])), 1)
    return network(unit)[:, :3]
