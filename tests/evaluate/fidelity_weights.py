"""The packaged Inception weights in the form in which torch-fidelity takes them, to compare with it."""

from io import BytesIO
from pathlib import Path

import torch
from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d, FeatureExtractorInceptionV3

from stages.metrics import inception


class Unloaded(FeatureExtractorInceptionV3):
    """torch-fidelity's network before it has got weights."""

    def load_state_dict(self, state):
        """Nothing."""


def write_weights(path: Path) -> None:
    """Write what `feature_extractor_weights_path` names; the classifier, which no feature needs, is at random."""
    empty = BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    network = Unloaded("unloaded", ["2048"], feature_extractor_weights_path=empty)
    names = [name for name, module in network.named_modules() if isinstance(module, BasicConv2d)]
    state = network.state_dict()
    for name, (kernel, shift, mean, variance) in zip(names, inception.published(), strict=True):
        state |= {f"{name}.conv.weight": kernel, f"{name}.bn.bias": shift}
        state |= {f"{name}.bn.running_mean": mean, f"{name}.bn.running_var": variance}
    torch.save(state, path)
