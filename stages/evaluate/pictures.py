"""The pictures that are compared: generated ones and works, all as squares of the training resolution."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, overload

from PIL import Image

from stages.common import images
from stages.common.cli import UserError
from stages.common.records import Split, read_works
from stages.metrics.table import LEAST


class Files(Sequence[Image.Image]):
    """Pictures that are read when they are asked for, so that any number of them takes no memory."""

    def __init__(self, paths: Sequence[Path]):
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> Image.Image: ...

    @overload
    def __getitem__(self, place: slice) -> list[Image.Image]: ...

    def __getitem__(self, place: int | slice) -> Image.Image | list[Image.Image]:
        if isinstance(place, slice):
            return [images.read(path) for path in self._paths[place]]
        return images.read(self._paths[place])


class Pictures(NamedTuple):
    """RGB, of one size."""

    generated: Sequence[Image.Image]
    test: list[Image.Image]  # the one reference
    floor: list[Image.Image]  # other real works
    trained: list[Image.Image]

    def steps(self) -> int:
        """How many pictures go through a network.

        Samples, test and floor works in two feature spaces, the training works in one, the first two in the search for
        copies.
        """
        if self.too_few():
            return len(self.generated) + len(self.test)
        return 3 * len(self.generated) + 3 * len(self.test) + 2 * len(self.floor) + len(self.trained)

    def too_few(self) -> str:
        """Why no distances are measured, "" where they are: the samples are then only searched for copies."""
        if min(len(self.test), len(self.floor)) >= LEAST:
            return ""
        return (
            f"{len(self.test)} test works and {len(self.floor)} for the floor are too few for distances, which take "
            f"{LEAST} of each: no number tells how near the samples come to the painter"
        )

    def counts(self) -> dict[str, int]:
        """As keys of metrics/evaluate.json."""
        return {
            "n_generated": len(self.generated),
            "n_real": len(self.test),
            "n_floor": len(self.floor),
            "n_train": len(self.trained),
        }


def gather(split: Split, folder: Path, samples: Sequence[Path]) -> Pictures:
    """The samples, and the works of the split, which lie in `folder`; the floor is of the validation works.

    Where there are too few of these, the training works are the floor. Raises UserError for too few samples.
    """
    floor = split["validation"] if len(split["validation"]) >= LEAST else split["train"]
    if len(samples) < LEAST:
        raise UserError(
            f"evaluate needs at least {LEAST} generated pictures, found {len(samples)}: raise generate.count"
        )
    generated = Files(samples)
    sets = [works(folder, names, generated[0].width) for names in (split["test"], floor, split["train"])]
    return Pictures(generated, *sets)


def works(folder: Path, names: Sequence[str], pixels: int) -> list[Image.Image]:
    """The best rendition of each work as the square that a generator learns from, so that both sides are alike.

    `folder` is data/works/.
    """
    best = {row["work"]: row["file"] for row in read_works(folder / "works.jsonl") if row["best"]}
    return [images.square(images.read(folder / best[name]), pixels) for name in names]
