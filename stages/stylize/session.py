"""One picture from its inputs to its result: the tensors in their colors, the style transfer, what is kept of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from stages.common import images
from stages.common.device import Runtime
from stages.common.records import StylizedPicture
from stages.common.resume import Resume, fingerprint
from stages.common.tensors import tensor, to_bytes
from stages.stylize.color import COLORS
from stages.stylize.gatys import StyleTransfer, Targets
from stages.stylize.inputs import Inputs
from stages.stylize.memory import give_back
from stages.stylize.objective import Losses, StyleImage
from stages.stylize.params import StylizeParams
from stages.stylize.vgg import VGG19


@dataclass(frozen=True)
class Stylized:
    """A finished picture, and those in progress by the number of steps as "000005"."""

    picture: Image.Image
    in_progress: dict[str, Image.Image]
    content_loss: float
    style_loss: float

    def metrics(self, title: str, works: Mapping[str, float]) -> StylizedPicture:
        """For metrics/stylize.json: `title` is the style in words, `works` the works' weights by their titles."""
        return {
            "title": title,
            "works": dict(works),
            "content_loss": self.content_loss,
            "style_loss": self.style_loss,
            "width": self.picture.width,
            "height": self.picture.height,
        }


class Session:
    """The style transfer of one picture; goes on where an interrupted run of the same one stopped."""

    def __init__(
        self, network: VGG19, inputs: Inputs, works: Mapping[str, float], params: StylizeParams, runtime: Runtime
    ) -> None:
        """`works` are the titles of `inputs.works` whose style is asked for, with their weights, which sum to 1."""
        self.params = params
        self.sketch = tensor(inputs.sketch).to(runtime.device)
        targets = _targets(self.sketch, inputs, works, params)
        self.resume = Resume("stylize", fingerprint([Path(__file__).parent], _decisive(targets, params, runtime)))
        self.transfer = StyleTransfer(network, targets, params)
        saved = self.resume.load("transfer") or {"steps": {}}
        if "transfer" in saved:
            self.transfer.load(saved["transfer"])
        self._in_progress: dict[str, Tensor] = saved["steps"]  # uint8 [1, 3, h, w]

    def __iter__(self) -> Iterator[Losses]:
        """Take the steps that are left; gives the losses that each step started from."""
        every = self.params.save_every
        for losses in self.transfer:
            if every and self.transfer.step % every == 0:
                self._in_progress[f"{self.transfer.step:06}"] = to_bytes(self.transfer.picture()).cpu()
            if self.resume.due():  # not when interrupted: that may be in the middle of a step
                self._save()
            yield losses
        self._save()  # a stage that is interrupted at a later picture need not make this one again

    def _save(self) -> None:
        give_back()  # a state is written with a copy of it in memory
        self.resume.save("transfer", {"transfer": self.transfer.state(), "steps": self._in_progress})
        give_back()

    def result(self) -> Stylized:
        """The picture as it is now."""
        losses = self.transfer.losses()
        picture = COLORS[self.params.color].result(self.transfer.picture(), self.sketch)
        in_progress = {step: _image(pixels) for step, pixels in self._in_progress.items()}
        return Stylized(_image(to_bytes(picture).cpu()), in_progress, losses.content.item(), losses.style.item())


def _targets(sketch: Tensor, inputs: Inputs, works: Mapping[str, float], params: StylizeParams) -> Targets:
    """The pictures as tensors, in the colors that are asked for."""
    colors, guidance = COLORS[params.color], inputs.guidance
    content = colors.sketch(sketch)
    styles = []
    for title, weight in works.items():
        image = colors.work(tensor(inputs.works[title]).to(sketch.device), content)
        regions = guidance.works.get(title)
        styles.append(StyleImage(image, weight, None if regions is None else regions.to(sketch.device)))
    regions = None if guidance.sketch is None else guidance.sketch.to(sketch.device)
    return Targets(content, styles, regions, guidance.movable)


def _decisive(targets: Targets, params: StylizeParams, runtime: Runtime) -> list[Any]:
    """All that decides a picture but the code."""
    of_styles = [tensor for style in targets.styles for tensor in (style.image, style.regions)]
    tensors = [targets.content, targets.regions, *of_styles]
    content = [b"" if tensor is None else tensor.cpu().numpy().tobytes() for tensor in tensors]
    values = params.model_dump(exclude={"sketch", "styles"})  # which are there as pictures
    weights = [style.weight for style in targets.styles]
    return [*content, [weights, values, list(targets.content.shape), runtime.report()]]


def _image(pixels: Tensor) -> Image.Image:
    """Uint8 [1, 3, H, W] as a picture."""
    return images.from_array(pixels.numpy())[0]
