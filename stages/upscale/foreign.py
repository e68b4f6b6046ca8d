"""Networks of the user's own, of any kind that spandrel knows, which is imported only where one is read: it takes
seconds, for all its architectures and torchvision.
"""

import copy
import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from stages.common import state_dict
from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32, Kernel
from stages.upscale import rrdb
from stages.upscale.dense import GROWTH, Convolution
from stages.upscale.network import Enlarger, Model

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

TRIED = 24, 40  # pixels of the picture that shows whether bfloat16 works: a size that networks are not trained with


def read(path: Path, data: bytes) -> dict[str, Tensor]:
    """The weights in a file's bytes; raises UserError where they are not what can be read without running code."""
    try:
        return _canonical(state_dict.foreign(data))
    except state_dict.NoStateDict as error:
        raise UserError(
            f"upscale.model is {path}, which cannot be read as weights: {error}. "
            "Give a .safetensors, or a .pth that torch.save wrote of a network's state_dict()"
        ) from error


def _canonical(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights without what they were saved in; raises NoStateDict where that is something else."""
    from spandrel import canonicalize_state_dict

    try:
        return canonicalize_state_dict(state)
    except AttributeError as error:  # it takes all names for text
        raise state_dict.NoStateDict("what is in it has no names") from error


def load(state: Mapping[str, Tensor], name: str, device: torch.device) -> Model:
    """The network that the weights belong to; `name` is for the message.

    Raises UserError when spandrel knows none, or it does not enlarge pictures.
    """
    from spandrel import ImageModelDescriptor, ModelLoader

    try:
        found = ModelLoader().load_from_state_dict(dict(state))
    except MemoryError:
        raise
    except Exception as error:  # whatever foreign shapes do to the constructors of thirty networks
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
    if rrdb.available(device) and _is_plain_rrdb(found):
        return rrdb.model(found.scale, [Convolution.of(one) for one in _convolutions(found)])
    kernels = (FLOAT32, BFLOAT16) if _knows_bfloat16(found, device) else (FLOAT32,)
    build = partial(_build, found)
    parameters = [list(value.shape) for value in found.model.state_dict().values()]
    about = f"{found.architecture.name} {hashlib.sha256(repr(parameters).encode()).hexdigest()[:8]}"
    return Model(found.scale, found.input_channels, kernels, build, build, about)


def _knows_bfloat16(found: "ImageModelDescriptor", device: torch.device) -> bool:
    """Whether it says so and a picture comes through.

    Transformers of windows (SwinIR, DRCT, ATD) say so, but for pictures of another size than in their training they
    compute masks, in float32 always, which PyTorch does not multiply with bfloat16.
    """
    if not found.supports_bfloat16:
        return False
    enlarger = _build(found, device, BFLOAT16)
    try:
        with torch.inference_mode():
            enlarger(torch.zeros(1, found.input_channels, *TRIED, device=device))
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception:  # of whatever kind: what a network cannot compute shows itself in many ways
        return False
    return True


def _build(found: "ImageModelDescriptor", device: torch.device, kernel: Kernel) -> Enlarger:
    """The network in the kernel's precision; of a copy, as it may be asked for another one.

    AuraSR has kernels of five dimensions, which have no channels_last, and draws noise: the same at each call, so that
    a tile does not depend on those before it.
    """
    network = copy.deepcopy(found)
    network.to(device, kernel.dtype).eval()
    for value in (*network.model.parameters(), *network.model.buffers()):
        if value.dim() == 4:
            value.data = value.data.contiguous(memory_format=torch.channels_last)

    def enlarge(unit: Tensor) -> Tensor:
        torch.manual_seed(0)
        return network(unit.to(kernel.dtype, memory_format=torch.channels_last))

    return enlarge


def _is_plain_rrdb(found: "ImageModelDescriptor") -> bool:
    """Whether it is the network that rrdb.py computes: no ESRGAN+, no shuffled pixels, features in whole slices."""
    if found.architecture.id != "ESRGAN":
        return False
    first, *others = _convolutions(found)
    plus = any(one.kernel_size != (3, 3) for one in others)
    return not plus and first.in_channels == found.input_channels and first.out_channels % GROWTH == 0


def _convolutions(found: "ImageModelDescriptor") -> list[nn.Conv2d]:
    """In the order of the module, for ESRGAN that in which they run."""
    return [module for module in found.model.modules() if isinstance(module, nn.Conv2d)]
