"""The augmentations that train.augmentation chooses from: how pictures change before the discriminator sees them.

A new one is one file with its function and one row here. The rows name the functions as text, so that this table loads
without torch; `pkgutil.resolve_name` finds them when a training uses them.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Augmentation:
    """What a training needs to know of an augmentation.

    `apply` names a function `(pictures, uniform, setting)` that changes pictures [N, 3, R, R]: real and generated ones
    alike, differentiably, and as `uniform` [N, draws] in [0, 1) decides: the same numbers give the same result.
    """

    label: str  # in tables and charts
    apply: str  # "module:function"
    option: str | None = None  # key of the section `train` whose value is the function's `setting`, else None
    adaptive: bool = False  # `setting` is the probability p, a scalar that ADA's controller moves while training
    draws: int = 24  # random numbers for each picture; what a row leaves unused keeps the noise of all rows alike


def unchanged(pictures: Any, _uniform: Any, _setting: Any) -> Any:
    """The pictures as they are."""
    return pictures


AUGMENTATIONS = {
    "none": Augmentation("no augmentation", "stages.gan.augmentations:unchanged"),
    "diffaugment": Augmentation("DiffAugment", "stages.gan.diffaugment:diffaugment", option="diffaugment"),
    "ada": Augmentation("ADA", "stages.gan.ada:ada", adaptive=True),
}
