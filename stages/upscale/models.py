"""Networks that enlarge: Real-ESRGAN from its package, or a file of the user's own of any kind that spandrel knows."""

import hashlib
from os.path import expanduser  # as the stage inputs does
from typing import TypedDict

import torch

from stages.common import weights
from stages.common.checkout import main_checkout
from stages.common.cli import UserError
from stages.common.device import Runtime
from stages.common.section import RuntimeParams
from stages.upscale import esrgan, foreign, rrdb
from stages.upscale.dense import Convolution
from stages.upscale.network import Model, Network


class About(TypedDict):
    """For the metrics file: the network's name, and the sha256 of its weights' file."""

    model: str
    model_sha256: str


def choose(model: str, runtime: Runtime, exactly: RuntimeParams) -> tuple[Network, About, Runtime]:
    """The network of `upscale.model`, and the runtime with the kernel in which it is the fastest.

    Raises UserError where there is no such file, and as `foreign.read` and `foreign.load` do.
    """
    path = main_checkout() / expanduser(model) if model else weights.locate(weights.ESRGAN)
    if not path.is_file():
        raise UserError(
            f"upscale.model is {path}, but there is no such file: give the path of a .pth or .safetensors, "
            "or leave it empty for Real-ESRGAN x4plus"
        )
    data = path.read_bytes()
    found = foreign.load(foreign.read(path, data), str(path), runtime.device) if model else packaged(runtime.device)
    about: About = {
        "model": path.name if model else "Real-ESRGAN x4plus",
        "model_sha256": hashlib.sha256(data).hexdigest(),
    }
    runtime = found.fastest(runtime, exactly)
    return found.on(runtime.device, runtime.kernel), about, runtime


def packaged(device: torch.device) -> Model:
    """Real-ESRGAN x4plus."""
    state = esrgan.state_dict(weights.locate(weights.ESRGAN))
    if not rrdb.available(device):
        return foreign.load(state, "Real-ESRGAN x4plus", device)
    return rrdb.model(
        4, [Convolution(state[f"{name}.weight"], state[f"{name}.bias"]) for name, *_ in esrgan.convolutions()]
    )
