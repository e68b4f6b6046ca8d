"""Things: soft watches, crutches, eggs, stones, blocks, cloth, spheres, bread, ants."""

from __future__ import annotations

import numpy as np

from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Part, blob, ellipse, limb, spline

Rng = np.random.Generator


def hexa(code: str) -> np.ndarray:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


GOLD, CREAM, INK = hexa("c79a3e"), hexa("f4ead0"), hexa("2a211c")
WOOD, BONE, BREAD = hexa("8a5f38"), hexa("eee3cc"), hexa("c98d4a")


def soft_watch(
    f: Frame, p: Palette, rng: Rng, bend: float = 0.25, top: float = 0.34, stretch: float = 1.45, ants: bool = False
) -> list[Part]:
    """A watch that lies on an edge and hangs over it; origin at the edge, radius 1.

    Above `bend` the disc lies back (foreshortened by `top`); below, it hangs down,
    longer and longer, and sways a little, as a heavy cloth would.
    """
    sway, phase, skew = rng.uniform(-0.25, 0.25), rng.uniform(0, 6.28), rng.uniform(-0.35, 0.35)
    spin = rng.uniform(0, 2 * np.pi)

    def bent(u: object, v: object) -> np.ndarray:
        u, v = np.asarray(u, float), np.asarray(v, float)
        over = np.clip(v - bend, 0, None)
        down = np.clip(bend - v, 0, None)
        drop = down * stretch * (1 + 0.22 * down)
        x = u * (1 - 0.10 * down) + skew * over + sway * drop**2 * 0.35
        y = over * top - drop + 0.10 * np.sin(2.6 * u + phase) * np.clip(down, 0, 1)
        return f(np.stack([x, y], -1).reshape(-1, 2))

    def ring(r: float) -> np.ndarray:
        a = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        return bent(r * np.cos(a), r * np.sin(a))

    def at(angle: float, r0: float, r1: float, n: int = 5) -> np.ndarray:
        r = np.linspace(r0, r1, n)
        return bent(r * np.sin(angle + spin), r * np.cos(angle + spin))

    s = f.size
    edge = [(f.x, f.y - 0.02 * s, 1.1 * s, 0.16 * s, 0.10 * s)]
    dial = mix(CREAM, mix(p.sky[1], p.sky[2], 0.5), float(rng.choice([0.0, 0.15, 0.55])))
    crown = bent([-0.09, 0.09, 0.13, -0.13], [1.0, 1.0, 1.26, 1.26])
    parts = [
        Part(crown, GOLD * 0.9, radius=0.06 * s, gloss=0.4, drop=0.05 * s, detail=0.9),
        Part(ring(1.0), GOLD, radius=0.13 * s, gloss=0.55, dents=edge, drop=0.12 * s, detail=0.95),
        Part(ring(0.855), mix(GOLD, INK, 0.55), radius=0.05 * s, shadow=False, detail=1.0),
        Part(ring(0.82), dial, radius=0.5 * s, bulge=0.22, dents=edge, gloss=0.10, shadow=False, detail=1.0),
    ]
    for hour in range(12):
        a = hour * np.pi / 6
        heavy = hour % 3 == 0
        parts.append(
            Part(
                at(a, 0.60 if heavy else 0.66, 0.75),
                INK,
                mode="line",
                width=(0.075 if heavy else 0.045) * s,
                detail=1.0,
            )
        )
        if heavy:
            for side in (-0.085, 0.085):
                parts.append(Part(at(a + side, 0.60, 0.75), INK, mode="line", width=0.026 * s, detail=1.0))
    hour_angle = rng.uniform(0, 2 * np.pi)
    for length, width, a in ((0.42, 0.085, hour_angle), (0.66, 0.05, rng.uniform(0, 2 * np.pi))):
        parts.append(Part(at(a, -0.12, length, 9), mix(INK, p.accent, 0.25), mode="line", width=width * s, detail=1.0))
    parts.append(
        Part(
            bent(*(0.07 * np.array([np.cos(t := np.linspace(0, 6.28, 14)), np.sin(t)]))),
            GOLD,
            radius=0.04 * s,
            gloss=0.5,
            shadow=False,
            detail=1.0,
        )
    )
    if ants:
        parts += ant_swarm(Frame(f.x, f.y + 0.5 * s, 0.55 * s), p, rng, 9, 0.16)
    return parts


def crutch(
    foot: tuple[float, float], head: tuple[float, float], p: Palette, rng: Rng, thick: float = 0.011
) -> list[Part]:
    """A forked crutch between a point on the ground and the weight it carries."""
    a, b = np.asarray(foot, float), np.asarray(head, float)
    axis = b - a
    length = float(np.linalg.norm(axis)) + 1e-6
    axis /= length
    across = np.array([-axis[1], axis[0]])
    thick = min(thick, 0.06 * length)
    fork = min(0.20 * length, 9 * thick)
    neck = b - axis * fork
    wood = mix(WOOD, p.rock, rng.uniform(0.0, 0.35)) * rng.uniform(0.9, 1.1)
    wobble = across * length * rng.uniform(-0.012, 0.012)
    parts = [
        Part(
            limb([a, (a + neck) / 2 + wobble, neck], [thick * 0.62, thick, thick * 0.95]),
            wood,
            gloss=0.12,
            drop=thick * 0.9,
            base=foot[1],
            detail=0.95,
        )
    ]
    for side in (-1, 1):
        tip = b + across * side * fork * 0.36
        mid = neck + axis * fork * 0.45 + across * side * fork * 0.30
        parts.append(
            Part(
                limb([neck - axis * fork * 0.15, mid, tip], [thick * 0.9, thick * 0.72, thick * 0.66]),
                wood,
                gloss=0.1,
                base=foot[1],
                detail=0.95,
            )
        )
    pad = limb(
        [b - across * fork * 0.52, b - axis * thick * 0.7, b + across * fork * 0.52],
        [thick * 0.9, thick * 1.05, thick * 0.9],
    )
    parts.append(Part(pad, mix(wood, CREAM, 0.35), gloss=0.1, base=foot[1], detail=0.95))
    ring = neck - axis * fork * 0.10
    parts.append(
        Part(
            limb([ring - across * thick * 0.9, ring + across * thick * 0.9], [thick * 0.6, thick * 0.6]),
            INK * 1.4,
            shadow=False,
            detail=0.9,
        )
    )
    return parts


def egg(f: Frame, p: Palette, rng: Rng, inside: Palette | None = None, tilt: float = 0.0) -> list[Part]:
    """An egg of height 1 on the ground; broken open, it shows the weather `inside`."""
    s = f.size
    body = ellipse(f.x, f.y - 0.49 * s, 0.37 * s, 0.5 * s, tilt, 0.13, 56)
    parts = [Part(body, mix(BONE, p.light, 0.3), gloss=0.16, bulge=1.15, bump=0.12 * s, scale=0.5, detail=0.75)]
    if inside is None:
        return parts
    n = 21
    a = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform(-0.1, 0.1, n)
    r = 0.165 * (1 + 0.12 * np.sin(2 * a + rng.uniform(0, 6)) + rng.normal(0, 0.085, n))
    x0, y0 = rng.uniform(-0.07, 0.07), 0.58
    rim = np.stack([x0 + 1.15 * r * np.cos(a), y0 + r * np.sin(a)], 1)
    hole = (rim - (x0, y0)) * 0.90 + (x0 - 0.012 * f.sign, y0 - 0.008)
    for k in rng.permutation(n)[:5]:  # cracks run on from the corners
        reach = np.linspace(1.0, rng.uniform(1.3, 1.9), 5)[:, None]
        crack = (x0, y0) + (rim[k] - (x0, y0)) * reach + rng.normal(0, 0.010, (5, 2))
        parts.append(Part(f(crack), mix(INK, BONE, 0.15), mode="line", width=0.005 * s, detail=0.95))
    stops = np.stack([inside.sky[0], inside.sky[1], inside.sky[3], inside.ground[0], inside.ground[2]])
    hills = np.array([(-0.9, 0), (-0.5, 0.10), (-0.2, 0.03), (0.2, 0.16), (0.5, 0.02), (0.9, 0)])
    hills = hills * (0.12, 0.35) + (x0, y0 - 0.035)
    return parts + [
        Part(f(rim), mix(BONE, p.light, 0.5), radius=0.02 * s, shadow=False, drop=0.006 * s, detail=0.95),
        Part(f(hole), stops, mode="window", shadow=False, detail=0.95),
        Part(f(hills), mix(inside.rock, inside.haze, 0.4), mode="flat", shadow=False, detail=0.95),
    ]


def moon(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """A pale disc in the sky, full or crescent, with a halo."""
    tint = mix(p.light, p.sky[3], 0.25)
    parts = [
        Part(
            ellipse(f.x, f.y, k * f.size, k * f.size), tint, mode="flat", glow=1.0, alpha=0.07, shadow=False, detail=0.0
        )
        for k in (2.6, 2.2, 1.85, 1.55, 1.3)
    ]
    disc = ellipse(f.x, f.y, f.size, f.size, n=48)
    if rng.uniform() < 0.5:
        a = np.linspace(-np.pi / 2, np.pi / 2, 20)
        outer = np.stack([np.cos(a), np.sin(a)], 1)
        inner = np.stack([0.45 * np.cos(a), np.sin(a)], 1)[::-1]
        disc = (np.concatenate([outer, inner]) * (f.sign, 1)) * f.size + (f.x, f.y)
    return parts + [Part(disc, tint, mode="flat", glow=0.85, bump=0.2, shadow=False, detail=0.7)]


def sphere(f: Frame, p: Palette, rng: Rng, color: np.ndarray | None = None) -> list[Part]:
    """A ball of diameter 1 resting on the origin."""
    tint = color if color is not None else mix(p.cloth, p.accent, rng.choice([0.0, 0.3, 0.8]))
    body = ellipse(f.x, f.y - 0.5 * f.size, 0.5 * f.size, 0.5 * f.size, n=56)
    return [Part(body, tint, gloss=0.45, bulge=1.2, detail=0.7)]


def stones(f: Frame, p: Palette, rng: Rng, count: int = 5) -> list[Part]:
    """A scatter of stones, the far ones first."""
    parts: list[Part] = []
    for depth in sorted(rng.uniform(-0.22, 0.22, count)):
        size = f.size * rng.uniform(0.06, 0.24) * (1 + depth)
        x, y = f.x + f.size * rng.uniform(-0.8, 0.8), f.y + depth * f.size * 0.6
        tint = mix(p.rock, p.ground[1], rng.uniform(0, 0.6)) * rng.uniform(0.9, 1.2)
        parts.append(
            Part(
                blob(x, y - size * 0.30, size * 0.55, size * 0.36, rng),
                tint,
                bump=2.2 * size / 0.1,
                grain="rock",
                scale=0.4,
                drop=0.03 * size,
                base=y,
                detail=0.7,
            )
        )
    return parts


def boulder(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """One large weathered rock of height 1."""
    pts = blob(f.x, f.y - 0.47 * f.size, 0.58 * f.size, 0.5 * f.size, rng, 0.13, 9)
    return [
        Part(pts, p.rock, grain="rock", bump=0.4 + 4.5 * f.size, scale=1.3 * f.size, detail=0.65, radius=0.35 * f.size)
    ]


def block(
    f: Frame, p: Palette, rng: Rng, w: float = 1.0, h: float = 0.5, depth: float = 0.5, color: np.ndarray | None = None
) -> list[Part]:
    """A box standing on the plain: front, side and top in oblique view."""
    tint = color if color is not None else mix(p.rock, WOOD, 0.5)
    ox, oy = 0.42 * depth, 0.26 * depth
    front = f([(0, 0), (w, 0), (w, h), (0, h)])
    side = f([(w, 0), (w + ox, oy), (w + ox, h + oy), (w, h)])
    top = f([(0, h), (w, h), (w + ox, h + oy), (ox, h + oy)])
    turn = 0.9 * f.sign
    grain = dict(bump=0.22, grain="bark", scale=0.8, detail=0.6)
    return [
        Part(side, tint, mode="flat", normal=(turn, 0.05, 0.35), **grain),
        Part(front, tint, mode="flat", normal=(-0.12 * f.sign, 0.1, 0.8), **grain),
        Part(top, tint * 1.05, mode="flat", normal=(0.0, -1.0, 0.35), **grain),
    ]


def cloth(
    left: tuple[float, float],
    right: tuple[float, float],
    hem: float,
    p: Palette,
    rng: Rng,
    color: np.ndarray | None = None,
    sag: float = 0.25,
    base: float | None = None,
) -> list[Part]:
    """A cloth hung from two points: a sagging upper edge, folds, a wavy hem."""
    (x0, y0), (x1, y1) = left, right
    span = x1 - x0
    t = np.linspace(0, 1, 14)
    top = np.stack([x0 + span * t, y0 + (y1 - y0) * t + sag * abs(span) * 4 * t * (1 - t)], 1)
    t = np.linspace(0, 1, 16)
    wave = 0.05 * np.sin(t * rng.uniform(9, 14) + rng.uniform(0, 6)) + rng.normal(0, 0.02, 16)
    flare = 0.10 * span
    bottom = np.stack(
        [x0 - flare + (span + 2 * flare) * t, hem - abs(span) * (0.10 * np.sin(np.pi * t) * rng.uniform(-1, 1) + wave)],
        1,
    )
    pts = np.concatenate([spline(top, False, 4), spline(bottom[::-1], False, 4)])
    tint = color if color is not None else p.cloth
    folds = (float(rng.uniform(8, 13)), float(rng.uniform(0, 6.28)), x0, x1)
    return [Part(pts, tint, mode="folds", folds=folds, radius=0.03, bulge=0.7, drop=0.012, base=base, detail=0.75)]


def bread(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """A loaf lying on the ground, length 1, cut open at one end."""
    s = f.size
    crust = f(
        spline(
            [
                (-0.5, 0.06),
                (-0.46, 0.24),
                (-0.2, 0.33),
                (0.2, 0.33),
                (0.46, 0.26),
                (0.52, 0.12),
                (0.4, 0.01),
                (-0.3, 0.0),
            ]
        )
    )
    parts = [Part(crust, BREAD, bump=1.2, scale=0.5, gloss=0.08, detail=0.85)]
    for x in (-0.22, -0.02, 0.18):
        cut = f(spline([(x - 0.07, 0.27), (x, 0.31), (x + 0.10, 0.16), (x + 0.05, 0.13)]))
        parts.append(Part(cut, mix(BREAD, CREAM, 0.6), radius=0.02 * s, bulge=0.6, shadow=False, detail=0.9))
    face = ellipse(f.x + f.sign * 0.46 * s, f.y - 0.145 * s, 0.065 * s, 0.125 * s, 0.08)
    parts.append(Part(face, CREAM, radius=0.02 * s, bump=0.6, scale=0.2, shadow=False, detail=0.9))
    return parts


def ant_swarm(f: Frame, p: Palette, rng: Rng, count: int = 14, size: float = 0.05) -> list[Part]:
    """Ants: three beads and six legs each, drifting toward one point."""
    parts: list[Part] = []
    for _ in range(count):
        r, a = np.sqrt(rng.uniform(0, 1)) * 0.5, rng.uniform(0, 2 * np.pi)
        x, y = f.x + f.size * r * np.cos(a), f.y - f.size * r * np.sin(a) * 0.8
        turn = a + np.pi + rng.normal(0, 0.5)
        d = np.array([np.cos(turn), -np.sin(turn)])
        n = np.array([-d[1], d[0]])
        s = size * f.size
        for k in (-0.28, 0.02, 0.30):
            for side in (-1, 1):
                hip = np.array([x, y]) + d * k * 0.4 * s
                parts.append(
                    Part(
                        np.stack([hip, hip + n * side * 0.42 * s + d * k * 0.9 * s]),
                        INK,
                        mode="line",
                        width=0.075 * s,
                        detail=1.0,
                    )
                )
        for k, rx in ((-0.38, 0.26), (0.02, 0.14), (0.30, 0.17)):
            c = np.array([x, y]) + d * k * s
            parts.append(
                Part(ellipse(c[0], c[1], rx * s, rx * 0.72 * s, -turn, n=12), INK, gloss=0.25, shadow=False, detail=1.0)
            )
    return parts
