"""Compositions: the themes of the painter as a table, and what the plain holds besides the theme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stages.museum import themes
from stages.museum.layout import Layout
from stages.museum.shapes import Rng


@dataclass(frozen=True)
class Composition:
    """A theme, and what goes with it."""

    theme: Callable[[Layout, Rng], None]
    horizon: tuple[float, float] = (0.50, 0.72)  # range of its height from above, as a share of the picture's
    at_sea: bool = False  # always; else by chance
    cape: bool = True  # whether a cape may come in from one side
    foreground: bool = True  # whether a dark boulder may stand in front, at the edge
    moon: bool = True  # whether a moon may stand in the sky
    torn_sky: bool = True  # whether the sky may be torn open


_GUESTS = {  # larger motifs that may stand far away, with their size at the horizon
    "tower": 0.12,
    "cypress": 0.20,
    "egg": 0.05,
    "boat": 0.08,
    "sphere": 0.05,
    "doorway": 0.12,
    "horse": 0.14,
    "elephant": 0.16,
    "tall_table": 0.12,
}
_TABLE: dict[str, Composition] = {
    "sleeper": Composition(themes.sleeper, (0.60, 0.64), foreground=False, moon=False, torn_sky=False),
    "procession": Composition(themes.procession),
    "soft_hours": Composition(themes.soft_hours),
    "threshold": Composition(themes.threshold),
    "great_egg": Composition(themes.great_egg),
    "drawers": Composition(themes.drawers),
    "shore": Composition(themes.shore, at_sea=True),
    "levitation": Composition(themes.levitation, (0.62, 0.8), torn_sky=False),
    "drapery": Composition(themes.drapery),
    "arcade": Composition(themes.arcade, foreground=False),
    "ledge": Composition(themes.ledge, (0.46, 0.58), foreground=False),
    "stair": Composition(themes.stair),
    "rider": Composition(themes.rider),
    "stone_head": Composition(themes.stone_head),
    "tall_table": Composition(themes.tall_table),
    "cypress_walk": Composition(themes.cypress_walk, (0.46, 0.6), foreground=False),
    "watch_tree": Composition(themes.watch_tree),
    "egg_field": Composition(themes.egg_field, (0.40, 0.52)),
    "cliff": Composition(themes.cliff, at_sea=True, cape=False),
    "moon_boat": Composition(themes.moon_boat, (0.68, 0.8), torn_sky=False),
}
COMPOSITIONS: tuple[str, ...] = tuple(name for name in _TABLE if name != "sleeper")  # what a catalogue chooses from


def arrange(name: str, layout: Layout, rng: Rng) -> None:
    """Backdrop, the theme, and what the plain holds besides."""
    composition = _TABLE[name]
    low, high = composition.horizon
    layout.horizon = layout.height * rng.uniform(low, high)
    _backdrop(layout, rng, composition)
    composition.theme(layout, rng)
    _around(layout, rng, composition)
    _in_the_sky(layout, rng, composition)
    _far_away(layout, rng)


def _backdrop(layout: Layout, rng: Rng, composition: Composition) -> None:
    """Mountains on the horizon, sometimes a cape from one side, sometimes a sea."""
    if composition.at_sea or rng.uniform() < 0.24:
        layout.sea = rng.uniform(0.18, 0.42) * (layout.height - layout.horizon)
    for _ in range(int(rng.integers(0, 4))):
        x, wide = rng.uniform(-0.1, 0.9), rng.uniform(0.15, 0.55)
        layout.add(
            rng, "ridge", x, 0.004, rng.uniform(0.015, 0.07), role="backdrop", wide=wide, haze=rng.uniform(0.55, 0.8)
        )
    if rng.uniform() < 0.10:
        layout.add(
            rng, "face_ridge", rng.uniform(0.15, 0.85), 0.012, rng.uniform(0.07, 0.12), role="backdrop", haze=0.5
        )
    elif rng.uniform() < 0.22 and composition.cape:
        side = bool(rng.uniform() < 0.5)
        tall = rng.uniform(0.09, 0.2)
        layout.add(rng, "ridge", -0.18 if side else 0.62, 0.05, tall, role="backdrop", wide=0.56, haze=0.28, steep=0.32)


def _around(layout: Layout, rng: Rng, composition: Composition) -> None:
    """Small far figures for scale, stones, sometimes a boulder in front."""
    for _ in range(int(rng.integers(1, 4))):
        depth = rng.uniform(0.05, 0.30)
        x = rng.uniform(0.06, 0.94)
        for k in range(int(rng.choice([1, 1, 2]))):
            layout.add(rng, "walker", x + 0.022 * k, depth, 0.022 + 0.15 * depth)
    if rng.uniform() < 0.75:
        for _ in range(int(rng.integers(1, 4))):
            layout.add(
                rng,
                "stones",
                rng.uniform(0.02, 0.98),
                rng.uniform(0.35, 0.97),
                rng.uniform(0.06, 0.16),
                count=int(rng.integers(2, 7)),
            )
    if rng.uniform() < 0.22 and composition.foreground:
        # A dark mass cut by the edge makes the plain behind it deep.
        layout.add(rng, "boulder", float(rng.choice([-0.03, 1.03])), 0.99, rng.uniform(0.22, 0.40), role="backdrop")


def _in_the_sky(layout: Layout, rng: Rng, composition: Composition) -> None:
    """Sometimes birds, a moon, a tear in the sky."""
    if rng.uniform() < 0.3:
        layout.add(rng, "birds", rng.uniform(0.2, 0.8), -rng.uniform(0.5, 0.9), 0.13)
    if rng.uniform() < 0.30 and composition.moon:
        layout.add(
            rng,
            "moon",
            float(rng.choice([0.16, 0.3, 0.72, 0.86])),
            -rng.uniform(0.7, 1.4),
            rng.uniform(0.018, 0.055),
            role="backdrop",
        )
    if rng.uniform() < 0.13 and composition.torn_sky:
        layout.add(rng, "tear", rng.uniform(0.2, 0.8), -rng.uniform(0.7, 1.1), rng.uniform(0.22, 0.4), role="backdrop")


def _far_away(layout: Layout, rng: Rng) -> None:
    """Sometimes a ladder, a flying fish, and up to two larger motifs far away."""
    if rng.uniform() < 0.16:
        depth = rng.uniform(0.2, 0.6)
        layout.add(rng, "ladder", float(rng.choice([0.1, 0.22, 0.78, 0.9])), depth, 0.30 + 0.55 * depth)
    if rng.uniform() < 0.14:
        layout.add(
            rng,
            "fish",
            rng.uniform(0.15, 0.85),
            rng.uniform(0.15, 0.4),
            rng.uniform(0.08, 0.2),
            lift=rng.uniform(0.3, 0.6) * layout.height,
        )
    for kind in rng.permutation(list(_GUESTS))[: int(rng.integers(0, 3))]:
        depth = rng.uniform(0.04, 0.16)
        layout.add(
            rng,
            str(kind),
            float(rng.choice([0.10, 0.2, 0.8, 0.9]) + rng.normal(0, 0.03)),
            depth,
            _GUESTS[str(kind)] * (0.45 + 2.6 * depth),
        )
