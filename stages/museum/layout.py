"""The layout of a scene: the empty plain of a composition, and the items that are placed on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

from stages.museum.canvas import Light
from stages.museum.shapes import Rng

Role = Literal["main", "lesser", "backdrop"]

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


class Options(TypedDict, total=False):
    """What a composition may ask of an item; which of them a motif takes, motifs/table.py shows."""

    haze: float  # 0..1, without it what the distance gives
    lift: float  # height above the ground
    wide: float  # ridge: share of the width
    steep: float  # ridge: less is steeper
    left: bool  # arcade: at the left edge
    who: str  # walker
    burden: str  # elephant
    rider: bool  # horse
    leaf: bool  # doorway
    back: bool  # tall_table: a chair
    load: str  # tall_table: what stands on it
    drawers: int  # torso
    count: int  # stones, watch_block
    watches: int  # watch_tree
    watch: bool  # hung_cloth
    cracked: bool  # egg
    propped: bool  # egg: on crutches
    ants: bool  # egg
    thing: str  # on_ledge


@dataclass
class Item:
    """One motif in its place: x and y of its foot, size, own seed."""

    kind: str
    x: float
    y: float
    size: float
    flip: bool
    seed: int
    role: Role = "lesser"
    args: Options = field(default_factory=Options)

    @property
    def haze(self) -> float:
        """The haze that the composition gives it."""
        return self.args.get("haze", 0.0)


@dataclass
class Layout:
    """The plain that a composition fills."""

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
        rng: Rng,
        kind: str,
        x: float,
        depth: float,
        size: float,
        role: Role = "lesser",
        flip: bool | None = None,
        **args: Unpack[Options],
    ) -> Item:
        """Place a motif: x as a share of the width, depth of its foot, size in units."""
        available = (self.at(depth) - 0.03 * self.height) / _HEADROOM.get(kind, 1.0)
        if "lift" not in args and kind in _HEADROOM:
            size = min(size, available)
        turned = bool(rng.uniform() < 0.5) if flip is None else flip
        item = Item(kind, x * self.width, self.at(depth), size, turned, int(rng.integers(0, 2**31)), role, args)
        self.items.append(item)
        return item

    def fit(self, size: float, share: float, aspect: float) -> float:
        """A size that is at most `share` of the width for a motif of the given aspect."""
        return min(size, share * self.width / aspect)
