"""An evaluation: the networks on one device, the features of works kept, a progress callback counting the pictures."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from stages.common.device import Runtime
from stages.common.weights import EFFICIENTNET, INCEPTION, Weights
from stages.evaluate import copies, jackknife, perceptual
from stages.evaluate.cache import Cache
from stages.evaluate.params import EvaluateParams
from stages.evaluate.pictures import Pictures
from stages.evaluate.space import measure_space, measured
from stages.metrics import efficientnet, inception
from stages.metrics.comparison import Comparison
from stages.metrics.features import FeatureNetwork, features


class Session:
    """Measures pictures; `on_progress` is called with numbers of pictures, `Pictures.steps()` of them in all."""

    def __init__(self, settings: EvaluateParams, runtime: Runtime, cache: Cache, on_progress: Callable[[int], object]):
        self._settings, self._device, self._cache, self._on_progress = settings, runtime.device, cache, on_progress
        arithmetic = f"TF32 {torch.backends.cudnn.allow_tf32}"  # of a GPU
        self._context = [torch.__version__, runtime.device.type, arithmetic, runtime.threads, settings.batch]

    def spaces(self, pictures: Pictures) -> tuple[dict[str, float], dict[str, float]]:
        """Every metric of the table, and what EfficientNet says of those that Inception measures too."""
        resize, both = self._settings.resize, measured(efficientnet_alone=False)
        # No metric that is measured in Inception's features asks how far the training works are.
        first = self._compare(pictures, [], inception.load(self._device), INCEPTION, resize)
        second = self._compare(pictures, pictures.trained, efficientnet.load(self._device), EFFICIENTNET, "clean")
        found = self._measure(second, measured(efficientnet_alone=True)) | self._measure(first, both)
        return found, self._measure(second, both)

    def copying(self, pictures: Pictures) -> copies.Copying:
        """The search for copies of training works."""
        network = perceptual.load(self._device)
        embed = partial(features, network, batch=copies.BATCH, device=self._device, dtype=torch.float32)
        return copies.search(pictures.generated, pictures.test, pictures.trained, embed, self._on_progress)

    def _measure(self, comparison: Comparison, keys: Sequence[str]) -> dict[str, float]:
        return measure_space(comparison, keys, self._settings.kid_subsets, self._settings.seed)

    def _compare(
        self,
        pictures: Pictures,
        trained: Sequence[Image.Image],
        network: FeatureNetwork,
        weights: Weights,
        resize: str,
    ) -> Comparison:
        generated = self._compute(network, resize, pictures.generated)
        test, floor = (self._cached(network, weights, resize, some) for some in (pictures.test, pictures.floor))
        known = self._cached(network, weights, resize, trained) if trained else test[:0]
        groups = jackknife.groups([len(generated)], self._settings.seed)[0]
        return Comparison.of(generated, test, floor, known, groups=groups)

    def _compute(self, network: FeatureNetwork, resize: str, some: Sequence[Image.Image]) -> Tensor:
        batch, device = self._settings.batch, self._device
        return features(network, some, batch, device, self._on_progress, resize, dtype=torch.float32)

    def _cached(self, network: FeatureNetwork, weights: Weights, resize: str, some: Sequence[Image.Image]) -> Tensor:
        """Of works, which other runs have too."""
        context = [weights.sha256, resize, *self._context]
        return self._cache.get(context, some, partial(self._compute, network, resize, some), self._on_progress)
