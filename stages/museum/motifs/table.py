"""The table of motifs by name: how each is made from an item of the layout, and how the painter treats it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stages.museum.layout import Item
from stages.museum.motifs import buildings, compound, heads, props, rocks, sky, small_animals, trees
from stages.museum.motifs.boats import boat
from stages.museum.motifs.elephant import elephant
from stages.museum.motifs.horse import horse
from stages.museum.motifs.sleeper import sleeper
from stages.museum.motifs.torso import torso
from stages.museum.motifs.walker import walker
from stages.museum.scene import Scene
from stages.museum.shapes import Frame, Rng, Shape

Make = Callable[[Item, Frame, Scene, Rng], list[Shape]]


@dataclass(frozen=True)
class Motif:
    """One kind of item."""

    make: Make
    hazed: bool = True  # paler with the distance, unless the composition sets its haze
    casts: bool = True  # throws a shadow on the plain
    mirrored: bool = False  # stands behind the sea, which mirrors it
    on: str | None = None  # the motif on which it stands, instead of the plain


def _elephant(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    return elephant(f, scene.palette, rng, rng.uniform(2.6, 4.2), item.args.get("burden", ""), item.haze)


def _horse(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    legs = rng.uniform(2.0, 3.4)
    return horse(f, scene.palette, rng, legs, item.args.get("rider", rng.uniform() < 0.3), item.haze)


def _doorway(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    wide = rng.uniform(0.4, 0.6)
    return buildings.doorway(f, scene.palette, rng, scene.other, wide, item.args.get("leaf", True))


MOTIFS: dict[str, Motif] = {
    "ridge": Motif(compound.mountain, mirrored=True),
    "face_ridge": Motif(lambda item, f, scene, rng: heads.face_ridge(f, scene.palette, rng, item.haze), mirrored=True),
    "sleeper": Motif(lambda item, f, scene, rng: sleeper(f, scene.palette, rng)),
    "walker": Motif(lambda item, f, scene, rng: walker(f, scene.palette, rng, item.args.get("who", ""), item.haze)),
    "torso": Motif(lambda item, f, scene, rng: torso(f, scene.palette, rng, item.args.get("drawers", 3))),
    "stone_head": Motif(lambda item, f, scene, rng: heads.stone_head(f, scene.palette, rng)),
    "elephant": Motif(_elephant),
    "horse": Motif(_horse),
    "birds": Motif(
        lambda item, f, scene, rng: small_animals.birds(f, scene.palette, rng, int(rng.integers(3, 9))),
        hazed=False,
        casts=False,
    ),
    "doorway": Motif(_doorway),
    "arcade": Motif(compound.side_wall),
    "tower": Motif(lambda item, f, scene, rng: buildings.tower(f, scene.palette, rng, item.haze)),
    "stair": Motif(lambda item, f, scene, rng: buildings.stair(f, scene.palette, rng, int(rng.integers(7, 12)))),
    "tall_table": Motif(compound.laden_table),
    "cypress": Motif(lambda item, f, scene, rng: trees.cypress(f, scene.palette, rng, item.haze)),
    "boat": Motif(lambda item, f, scene, rng: boat(f, scene.palette, rng, haze=item.haze)),
    "watch_tree": Motif(compound.watch_tree),
    "watch_block": Motif(compound.watch_block),
    "hung_cloth": Motif(compound.hung_cloth),
    "egg": Motif(compound.placed_egg),
    "sphere": Motif(lambda item, f, scene, rng: props.sphere(f, scene.palette, rng)),
    "boulder": Motif(lambda item, f, scene, rng: rocks.boulder(f, scene.palette, rng)),
    "stones": Motif(lambda item, f, scene, rng: rocks.stones(f, scene.palette, rng, item.args.get("count", 4))),
    "moon": Motif(lambda item, f, scene, rng: sky.moon(f, scene.palette, rng), hazed=False, casts=False),
    "tear": Motif(
        lambda item, f, scene, rng: sky.sky_tear(f, scene.palette, rng, scene.other), hazed=False, casts=False
    ),
    "ladder": Motif(lambda item, f, scene, rng: props.ladder(f, scene.palette, rng)),
    "fish": Motif(lambda item, f, scene, rng: small_animals.fish(f, scene.palette, rng), hazed=False),
    "ledge": Motif(compound.parapet, casts=False),
    "on_ledge": Motif(compound.on_parapet, casts=False, on="ledge"),
}


def shapes_of(item: Item, scene: Scene) -> list[Shape]:
    """The shapes of one item, back to front."""
    rng = np.random.default_rng([item.seed, 3])
    motif = MOTIFS[item.kind]
    lift = item.args.get("lift", 0.0)
    shapes = motif.make(item, Frame(item.x, item.y - lift, item.size, item.flip), scene, rng)
    if item.role != "backdrop" and motif.hazed and "haze" not in item.args:
        haze = 0.5 * float(np.exp(-max(item.y - scene.horizon, 0.0) / 0.045))
        for shape in shapes:
            shape.haze = max(shape.haze, haze)
    foot = scene.layout.at(compound.LEDGE[1]) if motif.on else item.y
    for shape in shapes:  # lifted things cast their shadow on the plain
        if shape.base is None or lift or motif.on:
            shape.base = foot
    return shapes
