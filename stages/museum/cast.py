"""From an item of a scene to its parts: which motif is drawn how, where it stands."""

from __future__ import annotations

import numpy as np

from stages.museum import motifs_animals as animals
from stages.museum import motifs_built as built
from stages.museum import motifs_figures as figures
from stages.museum import motifs_objects as objects
from stages.museum import terrain
from stages.museum.plain import Item
from stages.museum.scene import Scene
from stages.museum.shapes import Frame, Part, quad

Rng = np.random.Generator
SKYBORNE = ("birds", "moon", "tear", "fish")  # neither hazed nor, but for fish, casting
LEDGE = (0.58, 0.68, 0.76)  # depth of a parapet's back, of what stands on it, of its edge


def perform(item: Item, scene: Scene) -> list[Part]:
    """The parts of one motif, back to front."""
    rng = np.random.default_rng([item.seed, 3])
    lift = float(item.args.get("lift", 0.0))
    parts = _build(item, Frame(item.x, item.y - lift, item.size, item.flip), scene, rng)
    depth = item.y - scene.horizon
    if item.role != "backdrop" and item.kind not in SKYBORNE and "haze" not in item.args:
        haze = 0.5 * float(np.exp(-max(depth, 0.0) / 0.045))
        for part in parts:
            part.haze = max(part.haze, haze)
    foot = scene.plain.at(LEDGE[1]) if item.kind == "on_ledge" else item.y
    for part in parts:  # lifted things cast their shadow on the plain
        if part.base is None or lift or item.kind == "on_ledge":
            part.base = foot
    return parts


def _build(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    p, args, haze = scene.palette, item.args, float(item.args.get("haze", 0.0))
    match item.kind:
        case "ridge":
            return _ridge(item, scene, rng)
        case "face_ridge":
            return figures.face_ridge(f, p, rng, haze)
        case "sleeper":
            return figures.sleeper(f, p, rng)
        case "walker":
            return figures.walker(f, p, rng, str(args.get("who", "")), haze)
        case "torso":
            return figures.torso(f, p, rng, int(args.get("drawers", 3)))
        case "stone_head":
            return figures.stone_head(f, p, rng)
        case "elephant":
            return animals.elephant(f, p, rng, float(rng.uniform(2.6, 4.2)), str(args.get("burden", "")), haze)
        case "horse":
            return animals.horse(
                f, p, rng, float(rng.uniform(2.0, 3.4)), bool(args.get("rider", rng.uniform() < 0.3)), haze
            )
        case "birds":
            return animals.birds(f, p, rng, int(rng.integers(3, 9)))
        case "doorway":
            return built.doorway(f, p, rng, scene.other, float(rng.uniform(0.4, 0.6)), bool(args.get("leaf", True)))
        case "arcade":
            return _arcade(item, scene, rng)
        case "tower":
            return built.tower(f, p, rng, haze)
        case "stair":
            return built.stair(f, p, rng, int(rng.integers(7, 12)))
        case "tall_table":
            return _table(item, f, scene, rng)
        case "cypress":
            return built.cypress(f, p, rng, haze)
        case "boat":
            return built.boat(f, p, rng, haze=haze)
        case "watch_tree":
            return _watch_tree(item, f, scene, rng)
        case "watch_block":
            return _watch_block(item, f, scene, rng)
        case "hung_cloth":
            return _hung_cloth(item, f, scene, rng)
        case "egg":
            return _egg(item, f, scene, rng)
        case "moon":
            return objects.moon(f, p, rng)
        case "tear":
            return built.sky_tear(f, p, rng, scene.other)
        case "ladder":
            return built.ladder(f, p, rng)
        case "fish":
            return animals.fish(f, p, rng)
        case "ledge":
            return _ledge(scene, rng)
        case "on_ledge":
            return _on_ledge(str(args["thing"]), f, scene, rng)
    simple = {"sphere": objects.sphere, "boulder": objects.boulder}
    if item.kind == "stones":
        return objects.stones(f, p, rng, int(args.get("count", 4)))
    return simple[item.kind](f, p, rng)


def _ridge(item: Item, scene: Scene, rng: Rng) -> list[Part]:
    wide = float(item.args["wide"]) * scene.width
    return terrain.ridge(
        scene.palette,
        item.x,
        item.x + wide,
        item.y,
        item.size,
        float(item.args["haze"]),
        rng,
        float(item.args.get("steep", 0.5)),
    )


def _arcade(item: Item, scene: Scene, rng: Rng) -> list[Part]:
    left = bool(item.args["left"])
    x0, x1 = (-0.04, 0.44) if left else (1.04, 0.56)
    return built.arcade(
        x0 * scene.width,
        x1 * scene.width,
        0.06 * scene.height,
        item.y,
        scene.horizon,
        scene.palette,
        rng,
        scene.light.x,
        scene.light.reach,
    )


def _table(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    p = scene.palette
    parts = built.tall_table(f, p, rng, float(rng.uniform(0.45, 0.7)), bool(item.args.get("back")))
    load = str(item.args.get("load", ""))
    at = Frame(f.x + 0.04 * f.size, f.y - 1.01 * f.size, 0.24 * f.size, item.flip)
    if load == "egg":
        parts += objects.egg(at, p, rng, scene.other)
    elif load == "walker":
        parts += figures.walker(at, p, rng)
    elif load == "cypress":
        parts += built.cypress(Frame(at.x, at.y, 0.4 * f.size), p, rng)
    elif load == "watch":
        edge = Frame(f.x - 0.02 * f.size, f.y - 0.975 * f.size, 0.17 * f.size)
        parts += objects.soft_watch(edge, p, rng, bend=0.1)
    return parts


def _watch_tree(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    parts, hooks = built.dead_tree(f, scene.palette, rng)
    count = int(item.args.get("watches", 1))
    for x, y in ([hooks[1]] if count == 1 else hooks)[:count]:
        size = f.size * rng.uniform(0.085, 0.13)
        watch = Frame(x, y, size, bool(rng.uniform() < 0.5))
        parts += objects.soft_watch(
            watch, scene.palette, rng, bend=0.72, top=0.25, stretch=float(rng.uniform(1.2, 1.7))
        )
    return parts


def _watch_block(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    wide, high = float(rng.uniform(1.0, 1.7)), float(rng.uniform(0.55, 0.9))
    g = Frame(f.x - 0.5 * wide * f.size * f.sign, f.y, f.size, item.flip)
    parts = objects.block(g, scene.palette, rng, wide, high, float(rng.uniform(0.4, 0.8)))
    count = int(item.args.get("count", 1))
    for i in range(count):
        x = g([(wide * (i + 0.5 + rng.uniform(-0.1, 0.1)) / count, high)])[0]
        size = f.size * min(0.43 * high, 0.42 * wide / count) * rng.uniform(0.85, 1.0)
        parts += objects.soft_watch(
            Frame(float(x[0]), float(x[1]), size), scene.palette, rng, bend=float(rng.uniform(-0.1, 0.35)), ants=i == 1
        )
    return parts


def _hung_cloth(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    """A cloth between two tall crutches."""
    p, s = scene.palette, f.size
    half = float(rng.uniform(0.34, 0.46)) * s
    tops = [(f.x - half, f.y - s * rng.uniform(0.9, 1.0)), (f.x + half, f.y - s * rng.uniform(0.9, 1.0))]
    tint = [p.cloth, p.accent, 0.5 * p.cloth + 0.5 * p.flesh][int(rng.integers(0, 3))]
    parts: list[Part] = []
    for (x, y), push in zip(tops, (-0.05, 0.05)):
        parts += objects.crutch((x + push * s, f.y), (x, y), p, rng, 0.020 * s)
    parts += objects.cloth(
        tops[0],
        tops[1],
        f.y - s * float(rng.uniform(0.08, 0.3)),
        p,
        rng,
        tint,
        float(rng.uniform(0.05, 0.16)),
        base=f.y,
    )
    if item.args.get("watch"):
        parts += objects.soft_watch(Frame(f.x, f.y - 0.84 * s, 0.12 * s), p, rng, bend=0.5)
    return parts


def _egg(item: Item, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    p, s = scene.palette, f.size
    tilt = float(rng.normal(0, 0.10))
    cracked = bool(item.args.get("cracked", rng.uniform() < 0.2)) and s > 0.09
    parts = objects.egg(f, p, rng, scene.other if cracked else None, tilt)
    if item.role == "main" and cracked and rng.uniform() < 0.5:
        rim = Frame(f.x + float(rng.uniform(-0.06, 0.06)) * s, f.y - 0.44 * s, 0.13 * s)
        parts += objects.soft_watch(rim, p, rng, bend=0.55, ants=True)
    if item.args.get("ants"):
        parts += objects.ant_swarm(Frame(f.x + rng.uniform(-0.1, 0.1) * s, f.y - 0.25 * s, 0.3 * s), p, rng, 12, 0.09)
    if item.args.get("propped"):
        for side in rng.permutation([-1, 1])[: int(rng.integers(1, 3))]:
            top = (f.x + side * 0.31 * s, f.y - 0.66 * s)
            parts += objects.crutch((top[0] + side * 0.16 * s, f.y + 0.02 * s), top, p, rng, 0.016 * s)
    return parts


def _ledge(scene: Scene, rng: Rng) -> list[Part]:
    """A parapet along the lower edge."""
    p, w, h = scene.palette, scene.width, scene.height
    top, edge = scene.plain.at(LEDGE[0]), scene.plain.at(LEDGE[2])
    stone = 0.55 * p.rock + 0.45 * p.cloth
    look = dict(mode="flat", bump=0.9, grain="rock", scale=0.9, detail=0.55, shadow=False)
    return [
        Part(quad(-0.1, top, w + 0.1, edge), stone, normal=(0, -0.9, 0.5), drop=0.02, **look),
        Part(quad(-0.1, edge, w + 0.1, h + 0.1), stone * 0.85, normal=(-0.1, 0.25, 0.8), **look),
    ]


def _on_ledge(thing: str, f: Frame, scene: Scene, rng: Rng) -> list[Part]:
    p = scene.palette
    if thing == "watch":
        edge = Frame(f.x, scene.plain.at(LEDGE[2]), 0.85 * f.size)
        return objects.soft_watch(edge, p, rng, bend=-0.25, top=0.5, stretch=1.2, ants=True)
    g = Frame(f.x, scene.plain.at(LEDGE[1]), f.size, f.sign < 0)
    make = {"bread": objects.bread, "egg": objects.egg, "sphere": objects.sphere}[thing]
    return make(g, p, rng)
