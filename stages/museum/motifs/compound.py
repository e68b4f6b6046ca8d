"""Motifs that are made of several others: a watch on a block, a cloth between crutches, a laden table."""

from __future__ import annotations

from stages.museum.layout import Item
from stages.museum.motifs.arcades import arcade
from stages.museum.motifs.buildings import ledge
from stages.museum.motifs.cloths import cloth
from stages.museum.motifs.eggs import egg
from stages.museum.motifs.furniture import tall_table
from stages.museum.motifs.props import block, bread, crutch, sphere
from stages.museum.motifs.rocks import ridge
from stages.museum.motifs.small_animals import ant_swarm
from stages.museum.motifs.trees import cypress, dead_tree
from stages.museum.motifs.walker import walker
from stages.museum.motifs.watches import soft_watch
from stages.museum.scene import Scene
from stages.museum.shapes import Frame, Rng, Shape

LEDGE = (0.58, 0.68, 0.76)  # depth of a parapet's back, of what stands on it, of its edge


def mountain(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A ridge as wide as a share of the picture."""
    assert "wide" in item.args, "which every composition gives a ridge"
    return ridge(f, scene.palette, rng, item.args["wide"] * scene.width, item.haze, item.args.get("steep", 0.5))


def side_wall(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """An arcade from one edge of the picture toward the middle."""
    x0, x1 = (-0.04, 0.44) if item.args.get("left") else (1.04, 0.56)
    ends, top, light = (x0 * scene.width, x1 * scene.width), 0.06 * scene.height, scene.light
    return arcade(*ends, top, item.y, scene.horizon, scene.palette, rng, light.x, light.reach)


def laden_table(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A tall table with something on it."""
    p = scene.palette
    shapes = tall_table(f, p, rng, rng.uniform(0.45, 0.7), item.args.get("back", False))
    at = Frame(f.x + 0.04 * f.size, f.y - 1.01 * f.size, 0.24 * f.size, item.flip)
    match item.args.get("load"):
        case "egg":
            shapes += egg(at, p, rng, scene.other)
        case "walker":
            shapes += walker(at, p, rng)
        case "cypress":
            shapes += cypress(Frame(at.x, at.y, 0.4 * f.size), p, rng)
        case "watch":
            edge = Frame(f.x - 0.02 * f.size, f.y - 0.975 * f.size, 0.17 * f.size)
            shapes += soft_watch(edge, p, rng, bend=0.1)
    return shapes


def watch_tree(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A bare tree with watches on its arm."""
    shapes, hooks = dead_tree(f, scene.palette, rng)
    count = item.args.get("watches", 1)
    for x, y in ([hooks[1]] if count == 1 else hooks)[:count]:
        size = f.size * rng.uniform(0.085, 0.13)
        watch = Frame(x, y, size, rng.uniform() < 0.5)
        shapes += soft_watch(watch, scene.palette, rng, bend=0.72, top=0.25, stretch=rng.uniform(1.2, 1.7))
    return shapes


def watch_block(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A block with watches over its edge, the second one with ants."""
    wide, high = rng.uniform(1.0, 1.7), rng.uniform(0.55, 0.9)
    g = Frame(f.x - 0.5 * wide * f.size * f.sign, f.y, f.size, item.flip)
    shapes = block(g, scene.palette, rng, wide, high, rng.uniform(0.4, 0.8))
    count = item.args.get("count", 1)
    for i in range(count):
        at = g.point(wide * (i + 0.5 + rng.uniform(-0.1, 0.1)) / count, high)
        size = f.size * min(0.43 * high, 0.42 * wide / count) * rng.uniform(0.85, 1.0)
        shapes += soft_watch(Frame(*at, size), scene.palette, rng, bend=rng.uniform(-0.1, 0.35), ants=i == 1)
    return shapes


def hung_cloth(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A cloth between two tall crutches."""
    p, s = scene.palette, f.size
    half = rng.uniform(0.34, 0.46) * s
    left, right = [(x, f.y - s * rng.uniform(0.9, 1.0)) for x in (f.x - half, f.x + half)]
    tint = [p.cloth, p.accent, 0.5 * p.cloth + 0.5 * p.flesh][int(rng.integers(0, 3))]
    shapes: list[Shape] = []
    for (x, y), push in ((left, -0.05), (right, 0.05)):
        shapes += crutch((x + push * s, f.y), (x, y), p, rng, 0.020 * s)
    hem = f.y - s * rng.uniform(0.08, 0.3)
    shapes += cloth(left, right, hem, p, rng, tint, rng.uniform(0.05, 0.16), base=f.y)
    if item.args.get("watch"):
        shapes += soft_watch(Frame(f.x, f.y - 0.84 * s, 0.12 * s), p, rng, bend=0.5)
    return shapes


def placed_egg(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """An egg, by chance or as asked cracked, with a watch, with ants, propped by crutches."""
    p, s = scene.palette, f.size
    tilt = rng.normal(0, 0.10)
    cracked = item.args.get("cracked", rng.uniform() < 0.2) and s > 0.09
    shapes = egg(f, p, rng, scene.other if cracked else None, tilt)
    if item.role == "main" and cracked and rng.uniform() < 0.5:
        rim = Frame(f.x + rng.uniform(-0.06, 0.06) * s, f.y - 0.44 * s, 0.13 * s)
        shapes += soft_watch(rim, p, rng, bend=0.55, ants=True)
    if item.args.get("ants"):
        shapes += ant_swarm(Frame(f.x + rng.uniform(-0.1, 0.1) * s, f.y - 0.25 * s, 0.3 * s), p, rng, 12, 0.09)
    if item.args.get("propped"):
        for side in rng.permutation([-1, 1])[: int(rng.integers(1, 3))]:
            top = (f.x + side * 0.31 * s, f.y - 0.66 * s)
            shapes += crutch((top[0] + side * 0.16 * s, f.y + 0.02 * s), top, p, rng, 0.016 * s)
    return shapes


def parapet(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """A ledge along the lower edge of the picture."""
    back, _, edge = (scene.layout.at(depth) for depth in LEDGE)
    return ledge(back, edge, scene.width, scene.height, scene.palette)


def on_parapet(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Shape]:
    """One thing that lies on the ledge, or a watch over its edge."""
    p = scene.palette
    assert "thing" in item.args, "which the composition of the ledge gives"
    if item.args["thing"] == "watch":
        edge = Frame(f.x, scene.layout.at(LEDGE[2]), 0.85 * f.size)
        return soft_watch(edge, p, rng, bend=-0.25, top=0.5, stretch=1.2, ants=True)
    g = Frame(f.x, scene.layout.at(LEDGE[1]), f.size, f.sign < 0)
    make = {"bread": bread, "egg": egg, "sphere": sphere}[item.args["thing"]]
    return make(g, p, rng)
