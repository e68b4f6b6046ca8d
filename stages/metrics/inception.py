"""The FID Inception-v3, with the real weights of the 2015 graph, in float32."""

import io
import warnings

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d, FeatureExtractorInceptionV3

from stages.common.cli import UserError
from stages.common.weights import INCEPTION, locate

FEATURES = 2048


class Inception(FeatureExtractorInceptionV3):
    """torch-fidelity's network with the packaged weights, which hold the same 94 blocks under other names.

    uint8 [N, 3, H, W] to float32 [N, 2048]; what is not of `side` pixels is resized as the graph of 2015 did.
    """

    side = FeatureExtractorInceptionV3.INPUT_IMAGE_SIZE

    def forward(self, pictures: Tensor) -> Tensor:
        """The pool features alone."""
        return super().forward(pictures)[0]

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        packaged = {"conv.weight": "weight", "bn.bias": "beta", "bn.running_mean": "mean", "bn.running_var": "var"}
        names = [name for name, module in self.named_modules() if isinstance(module, BasicConv2d)]
        blocks = list(dict.fromkeys(key.rpartition(".")[0] for key in state if key.endswith(".beta")))
        if len(names) != len(blocks):
            raise UserError(
                f"the weights of {INCEPTION.network} have {len(blocks)} convolutions, expected {len(names)}: "
                f"reinstall {INCEPTION.package}"
            )
        renamed = {
            f"{name}.{ours}": state[f"{block}.{theirs}"]
            for name, block in zip(names, blocks, strict=True)
            for ours, theirs in packaged.items()
        }
        renamed |= {f"{name}.bn.weight": torch.ones_like(renamed[f"{name}.bn.bias"]) for name in names}
        missing, unexpected = nn.Module.load_state_dict(self, renamed, strict=False)
        lacking = [key for key in missing if not key.startswith("fc.") and not key.endswith("num_batches_tracked")]
        if lacking or unexpected:
            raise UserError(
                f"the weights of {INCEPTION.network} do not fit: missing {lacking}, unexpected {unexpected}: "
                f"reinstall {INCEPTION.package}"
            )


def build() -> Inception:
    """The network as published, on the CPU."""
    buffer = io.BytesIO()
    # The file is an old graph; only its weights are used.
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        torch.save(torch.jit.load(locate(INCEPTION), map_location="cpu").state_dict(), buffer)
    buffer.seek(0)
    return Inception("inception", [str(FEATURES)], feature_extractor_weights_path=buffer)


def load(device: torch.device) -> Inception:
    """The network, each batch norm folded into its convolution, channels last (both only for speed)."""
    network = build()
    for block in network.modules():
        if isinstance(block, BasicConv2d):
            block.conv = fuse_conv_bn_eval(block.conv, block.bn)
            block.register_module("bn", nn.Identity())
    network.requires_grad_(False)
    # PyTorch documents memory_format, but declares no type for it.
    return network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
