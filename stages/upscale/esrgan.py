"""The packaged weights of Real-ESRGAN x4plus (Wang, Xie, Dong and Shan 2021, arXiv 2107.10833).

The weights come as the .bin of ncnn (a network runtime): no names, only the convolutions in the order in which they
run.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from stages.common.cli import UserError
from stages.upscale.dense import DENSE, EACH, GROWTH

BLOCKS, FEATURES = 23, 64  # residual-in-residual dense blocks, channels between them
HALF_FLOAT_TAG = 0x01306B47  # ncnn: the weights that follow are float16


def state_dict(path: Path) -> dict[str, Tensor]:
    """The 351 convolutions' float32 weights [out, in, 3, 3] and biases [out], named as in Real-ESRGAN's own releases.

    Each lies as a tag of 4 bytes, float16 weights padded to 4 bytes, float32 biases, all little-endian. Raises
    UserError for other bytes.
    """
    data, offset, state = path.read_bytes(), 0, {}
    for name, outputs, inputs in convolutions():
        weights = outputs * inputs * 9
        biases_at = offset + 4 + (2 * weights + 3) // 4 * 4
        end = biases_at + 4 * outputs
        if end > len(data):
            raise UserError(
                f"{path} ends after {len(data)} bytes, inside the weights of {name}. Install its package again."
            )
        if struct.unpack_from("<I", data, offset)[0] != HALF_FLOAT_TAG:
            raise UserError(
                f"{path} has other bytes than expected before the weights of {name}. Install its package again."
            )
        half = torch.frombuffer(bytearray(data[offset + 4 : offset + 4 + 2 * weights]), dtype=torch.float16)
        state[f"{name}.weight"] = half.float().view(outputs, inputs, 3, 3)
        state[f"{name}.bias"] = torch.frombuffer(bytearray(data[biases_at:end]), dtype=torch.float32)
        offset = end
    if offset != len(data):
        raise UserError(f"{path} has {len(data) - offset} bytes more than the network. Install its package again.")
    return state


def convolutions() -> Iterator[tuple[str, int, int]]:
    """Name, output channels and input channels of each convolution, in the order in which they run."""
    yield "conv_first", FEATURES, 3
    for block in range(BLOCKS):
        for dense in range(1, DENSE + 1):
            for number in range(EACH):
                outputs = GROWTH if number < EACH - 1 else FEATURES
                yield f"body.{block}.rdb{dense}.conv{number + 1}", outputs, FEATURES + number * GROWTH
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        yield name, FEATURES, FEATURES
    yield "conv_last", 3, FEATURES
