"""One picture enlarged with what is kept of it: the tiles that an interrupted run made are not made again."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from torch import Tensor

from stages.common.device import Runtime
from stages.common.resume import Resume, fingerprint
from stages.common.tensors import tensor
from stages.upscale import passes
from stages.upscale.models import About
from stages.upscale.network import Network
from stages.upscale.params import UpscaleParams
from stages.upscale.tiles import OnTile


class Enlargement:
    """One run over a picture; `tiles` is how many it takes, `resume` where they are kept."""

    def __init__(
        self, network: Network, about: About, picture: Image.Image, params: UpscaleParams, runtime: Runtime
    ) -> None:
        self.network, self.picture, self.params = network, picture, params
        choices = [picture.size, about, params.factor, params.tile, params.overlap, runtime.report()]
        self.resume = Resume("upscale", fingerprint([Path(__file__).parent], [picture.tobytes(), choices]))
        size = (picture.height, picture.width)
        self.tiles = passes.count(size, network.scale, params.factor, params.tile, params.overlap)
        self._done = 0  # tiles of this run

    def run(self, on_tile: OnTile) -> Iterator[Tensor]:
        """The picture enlarged, its lines from top to bottom: float32 [1, 3, lines, factor * W] in [-1, 1]."""
        network = self.network._replace(enlarge=self._enlarge)
        params = self.params
        return passes.enlarged(tensor(self.picture), network, params.factor, params.tile, params.overlap, on_tile)

    def _enlarge(self, part: Tensor) -> Tensor:
        """A tile enlarged, or loaded where that was done before."""
        name = f"{self._done}"
        large = self.resume.load(name)
        if large is None:
            large = self.network.enlarge(part).cpu()
            self.resume.save(name, large)
        self._done += 1
        return large
