"""Recipes for the stage train, one column each: what `auto` means in the section `train` of params.yaml.

`night` is for two hours of two CPU cores. The story's four are what its author tried, before the ways that this
project has of learning from little.
"""

from collections.abc import Sequence
from typing import Any

_TABLE = """
key           best_cpu     night        best_gpu     story_dcgan   story_relativistic   story_stylegan story_stylegan2
architecture  dcgan        dcgan        stylegan2    dcgan         dcgan                stylegan       stylegan2
loss          relativistic relativistic relativistic nonsaturating relativistic_average nonsaturating  nonsaturating
augmentation  diffaugment  diffaugment  diffaugment  none          none                 none           none
resolution    64           64           256          64            64                   64             64
width         24           32           32           32            32                   32             32
latent        128          128          256          100           100                  128            128
batch         16           16           16           16            16                   16             16
kimg          70.0         1100.0       1000.0       60.0          60.0                 60.0           60.0
learning_rate 0.001        0.0005       0.0025       0.0002        0.0002               0.002          0.002
beta1         0.0          0.0          0.0          0.5           0.5                  0.0            0.0
r1_gamma      0.05         0.05         0.8          0.0           0.0                  10.0           10.0
path_length   0.0          0.0          0.0          0.0           0.0                  0.0            2.0
ema_kimg      1.0          1.0          10.0         0.0           0.0                  10.0           10.0
"""


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _column(rows: Sequence[Sequence[str]], number: int) -> dict[str, Any]:
    return {key: _number(values[number]) for key, *values in rows}


_NAMES, *_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
PRESETS: dict[str, dict[str, Any]] = {name: _column(_ROWS, number) for number, name in enumerate(_NAMES[1:])}
KEYS = tuple(key for key, *_ in _ROWS)  # the keys of the section `train` that may be `auto`


def fill(train: dict[str, Any]) -> dict[str, Any]:
    """The section `train` with the preset's value for every key of KEYS that is `auto`.

    An unknown preset is for the checks to find: here it counts as the first, so that they find nothing else.
    """
    name = train.get("preset")
    preset = PRESETS[name] if isinstance(name, str) and name in PRESETS else next(iter(PRESETS.values()))
    return {key: preset.get(key, value) if value == "auto" else value for key, value in train.items()}
