"""The empty plain of a composition, and the items that are placed on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stages.museum.easel import Light

Rng = np.random.Generator

# How much higher than its nominal size a motif reaches: it must not leave the picture.
_HEADROOM = {
    "elephant": 1.36,
    "horse": 1.0,
    "tall_table": 1.5,
    "doorway": 1.03,
    "boat": 1.08,
    "stone_head": 1.03,
    "torso": 1.2,
    "tower": 1.25,
    "hung_cloth": 1.02,
    "stair": 1.1,
    "watch_tree": 1.0,
    "egg": 1.0,
    "ladder": 1.0,
}


@dataclass
class Item:
    """One motif in its place: x and y of its foot, size, own seed."""

    kind: str
    x: float
    y: float
    size: float
    flip: bool
    seed: int
    role: str = "lesser"  # main | lesser | backdrop
    args: dict[str, object] = field(default_factory=dict)


@dataclass
class Plain:
    """The empty plain that a composition fills."""

    width: float
    height: float
    horizon: float
    light: Light
    items: list[Item] = field(default_factory=list)
    sea: float = 0.0  # depth of the water below the horizon

    def at(self, depth: float) -> float:
        """The y of a ground line: 0 at the horizon, 1 at the lower edge."""
        return self.horizon + depth * (self.height - self.horizon)

    def add(
        self,
        kind: str,
        x: float,
        depth: float,
        size: float,
        role: str = "lesser",
        rng: Rng | None = None,
        flip: bool | None = None,
        **args: object,
    ) -> Item:
        """Place a motif: x as a share of the width, depth of its foot, size in units."""
        assert rng is not None
        room = (self.at(depth) - 0.03 * self.height) / _HEADROOM.get(kind, 1.0)
        if "lift" not in args and kind in _HEADROOM:
            size = min(size, room)
        turned = bool(rng.uniform() < 0.5) if flip is None else flip
        item = Item(kind, x * self.width, self.at(depth), size, turned, int(rng.integers(0, 2**31)), role, dict(args))
        self.items.append(item)
        return item

    def fit(self, size: float, share: float, aspect: float) -> float:
        """A size that is at most `share` of the width for a motif of the given aspect."""
        return min(size, share * self.width / aspect)
