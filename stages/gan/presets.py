"""Recipes for the stage train, one line each: what `auto` means in the section `train` of params.yaml.

The story's four are what its author tried, before the ways that this project has of learning from little.
"""

from typing import Any

_TABLE = """
preset              architecture  loss                  augmentation  resolution  width  latent  batch  kimg    learning_rate  beta1  r1_gamma  path_length  ema_kimg
best_cpu            dcgan         relativistic          diffaugment   64          32     128     16     60.0    0.0005         0.0    0.05      0.0          1.0
best_gpu            stylegan2     relativistic          diffaugment   256         32     256     16     1000.0  0.0025         0.0    0.8       0.0          10.0
story_dcgan         dcgan         nonsaturating         none          64          32     100     16     60.0    0.0002         0.5    0.0       0.0          0.0
story_relativistic  dcgan         relativistic_average  none          64          32     100     16     60.0    0.0002         0.5    0.0       0.0          0.0
story_stylegan      stylegan      nonsaturating         none          64          32     128     16     60.0    0.002          0.0    10.0      0.0          10.0
story_stylegan2     stylegan2     nonsaturating         none          64          32     128     16     60.0    0.002          0.0    10.0      2.0          10.0
"""


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


_HEAD, *_ROWS = (line.split() for line in _TABLE.strip().splitlines())
PRESETS: dict[str, dict[str, Any]] = {
    name: dict(zip(_HEAD[1:], map(_number, values), strict=True)) for name, *values in _ROWS
}
KEYS = tuple(_HEAD[1:])  # the keys of the section `train` that may be `auto`


def fill(train: dict[str, Any]) -> dict[str, Any]:
    """The section `train` with the preset's value for every key of KEYS that is `auto`.

    An unknown preset is for the checks to find: here it counts as the first, so that they find nothing else.
    """
    name = train.get("preset")
    preset = PRESETS[name] if isinstance(name, str) and name in PRESETS else next(iter(PRESETS.values()))
    return {key: preset.get(key, value) if value == "auto" else value for key, value in train.items()}
