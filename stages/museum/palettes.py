"""Palette families: the colors of sky, earth, light and bodies, hour by hour.

A family is written down as hexadecimal colors; `choose` shifts it slightly, so that two works of one family are related
and not equal.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Color = np.ndarray


@dataclass(frozen=True)
class Palette:
    """All colors of one work, as float RGB in 0..1."""

    name: str
    sky: tuple[Color, ...]  # zenith to horizon
    ground: tuple[Color, ...]  # horizon to foreground
    light: Color  # color of the one light
    shade: Color  # what a cast shadow multiplies with
    rock: Color
    flesh: Color
    cloth: Color
    accent: Color
    water: Color

    @property
    def haze(self) -> Color:
        """Aerial perspective pulls far things toward the horizon's color."""
        return 0.72 * self.sky[-1] + 0.28 * self.ground[0]

    @property
    def view(self) -> np.ndarray:
        """Sky and ground as seen through an opening, from above, (5, 3)."""
        return np.stack([self.sky[0], self.sky[1], self.sky[3], self.ground[0], self.ground[2]])


_FAMILIES: dict[str, dict[str, str]] = {
    "amber noon": dict(
        sky="3f7390 86aeb0 dcd6a6 f7e2a6",
        ground="e8c98a cf9a44 7d4d1f",
        light="fff0c2",
        shade="5d4550",
        rock="b07a45",
        flesh="e2ac79",
        cloth="f0e2c2",
        accent="2f6f8a",
        water="6fa3a6",
    ),
    "cold dawn": dict(
        sky="1e3a58 58809c b4c9ca f4dcc0",
        ground="bdb9a8 827f76 3b4049",
        light="ffe4c8",
        shade="3d4a66",
        rock="7b7f86",
        flesh="d9b39c",
        cloth="dfe4e2",
        accent="b5533c",
        water="7f9fae",
    ),
    "rose dusk": dict(
        sky="2c2c55 80597f dc8e86 fbcf9c",
        ground="d49580 935c5a 3d2536",
        light="ffd9a0",
        shade="4a3558",
        rock="8c5560",
        flesh="efb090",
        cloth="f3d8cf",
        accent="3f6d7a",
        water="a77f92",
    ),
    "green storm": dict(
        sky="12221f 2d4b43 6c8a6c e2d88c",
        ground="b3aa62 6f6d3b 292c1d",
        light="fff3ae",
        shade="2d3f3d",
        rock="5f6a4e",
        flesh="d8b684",
        cloth="e4e0c0",
        accent="b0432e",
        water="5f8474",
    ),
    "night blue": dict(
        sky="060c22 12264e 2c5380 8bb0b4",
        ground="66808f 354b63 10182a",
        light="e9f2e4",
        shade="1f2c50",
        rock="43566b",
        flesh="b9b3a4",
        cloth="c9d6d8",
        accent="d9a441",
        water="33597c",
    ),
    "ochre and bone": dict(
        sky="9c8560 c9b489 e8dab4 f8efd4",
        ground="e0c894 b1864f 61401f",
        light="fff6dd",
        shade="6b5348",
        rock="9c7a52",
        flesh="e3bd92",
        cloth="f6eeda",
        accent="8c2f26",
        water="b3a98a",
    ),
    "azure noon": dict(
        sky="17569c 4892c6 a3cfdf f6eed2",
        ground="edd8a4 d3ab64 835a2e",
        light="fff4d2",
        shade="4d5578",
        rock="b58d62",
        flesh="e8b48a",
        cloth="fbf4e2",
        accent="c2452d",
        water="3f8fae",
    ),
    "vermilion evening": dict(
        sky="35121f 8f302b e0703a fcca64",
        ground="c06f40 77351f 2a1213",
        light="ffd27a",
        shade="47263a",
        rock="7a3c2a",
        flesh="eda570",
        cloth="f4d9a8",
        accent="1f5a66",
        water="b3633f",
    ),
    "silver weather": dict(
        sky="56646c 8a979b bcc4c0 e6e3d0",
        ground="bdb49c 897f6b 45413a",
        light="fbf6e4",
        shade="55585f",
        rock="7d7a74",
        flesh="d5ae92",
        cloth="ece8dc",
        accent="9a2f2c",
        water="93a1a2",
    ),
    "violet hour": dict(
        sky="1a183b 443a75 9080ad efcdb8",
        ground="a8949a 685a6e 272237",
        light="ffe2c0",
        shade="3a335e",
        rock="6a5a78",
        flesh="dcb0a4",
        cloth="e6dbe6",
        accent="d18f2e",
        water="7d79a4",
    ),
    "turquoise and coral": dict(
        sky="0d4852 2c8788 92cbb6 fbe6b6",
        ground="eabb8e bd765b 56303b",
        light="fff0c8",
        shade="4a4062",
        rock="b0705c",
        flesh="f0ae8c",
        cloth="f8ead4",
        accent="14606c",
        water="4aa09a",
    ),
    "lemon silence": dict(
        sky="6f8052 b9b15c ecd974 fdf2b6",
        ground="d2b362 927842 41352a",
        light="fffbd0",
        shade="5a5348",
        rock="8c7a4a",
        flesh="e6bd86",
        cloth="f7f0cf",
        accent="4a2f63",
        water="b4ad6c",
    ),
}

NAMES: tuple[str, ...] = tuple(_FAMILIES)


def _rgb(code: str) -> Color:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def _shift(color: Color, hue: float, saturation: float, value: float) -> Color:
    h, s, v = colorsys.rgb_to_hsv(*map(float, color))
    moved = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * value))
    return np.array(moved, np.float32)


def choose(name: str, rng: np.random.Generator) -> Palette:
    """The family `name`, shifted a little in hue, saturation and value."""
    hue = float(rng.normal(0, 0.012))
    saturation = float(rng.uniform(0.86, 1.16))
    value = float(rng.uniform(0.95, 1.05))
    family = _FAMILIES[name]

    def many(key: str) -> tuple[Color, ...]:
        return tuple(_shift(_rgb(c), hue, saturation, value) for c in family[key].split())

    one = {key: many(key)[0] for key in ("light", "shade", "rock", "flesh", "cloth", "accent", "water")}
    return Palette(name=name, sky=many("sky"), ground=many("ground"), **one)


def mix(a: Color, b: Color, t: float) -> Color:
    """Linear mixture: 0 gives `a`, 1 gives `b`."""
    return np.asarray(a) * (1 - t) + np.asarray(b) * t
