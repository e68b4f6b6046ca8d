"""Standing things: doorways, arcades, towers, stairs, tall tables, trees, boats."""

from __future__ import annotations

import numpy as np

from stages.museum.motifs_objects import CREAM, GOLD, INK, WOOD, cloth, hexa
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Part, ellipse, limb, spline

Rng = np.random.Generator


def doorway(f: Frame, p: Palette, rng: Rng, other: Palette, wide: float = 0.48, leaf: bool = True) -> list[Part]:
    """A frame of height 1 standing alone; through it one sees another weather."""
    w, t = wide / 2, 0.055
    wood = mix(WOOD, p.rock, rng.uniform(0, 0.6)) * rng.uniform(0.85, 1.15)
    depth = 0.05
    flat = dict(mode="flat", bump=0.18, grain="bark", scale=0.6, detail=0.9)
    stops = np.stack([other.sky[0], other.sky[1], other.sky[3], other.ground[0], other.ground[2]])
    parts = [Part(f([(-w, 0), (w, 0), (w, 1 - t), (-w, 1 - t)]), stops, mode="window", shadow=False, detail=0.85)]
    xs = np.linspace(-w, w, 12)
    tops = 0.335 + 0.06 * np.abs(np.convolve(rng.normal(0, 1, 14), [0.3, 0.5, 0.3], "valid"))
    hills = np.concatenate([np.stack([xs, tops], 1), [(w, 0.325), (-w, 0.325)]])
    parts.append(Part(f(hills), mix(other.rock, other.haze, 0.5), mode="flat", bump=0.3, shadow=False, detail=0.8))
    sun = f([(rng.uniform(-0.6, 0.6) * w, rng.uniform(0.5, 0.8))])[0]
    parts.append(
        Part(
            ellipse(*sun, 0.035 * f.size, 0.035 * f.size), other.light, mode="flat", glow=0.8, shadow=False, detail=0.8
        )
    )
    parts += [
        Part(
            f([(w - depth * 0.2, 0.0), (w - depth * 0.2, 1 - t), (w - depth, 1 - t - 0.02), (w - depth, 0.03)]),
            wood * 0.6,
            normal=(-0.8 * f.sign, 0, 0.4),
            **flat,
        )
    ]
    for x0, x1 in ((-w - t, -w), (w, w + t)):
        parts.append(Part(f([(x0, 0), (x1, 0), (x1, 1), (x0, 1)]), wood, normal=(0, 0, 1), drop=0.012 * f.size, **flat))
    parts += [
        Part(
            f([(w + t, 0), (w + t + depth, 0.03), (w + t + depth, 1.02), (w + t, 1)]),
            wood,
            normal=(0.9 * f.sign, 0, 0.4),
            **flat,
        ),
        Part(
            f([(-w - 1.5 * t, 1 - t), (w + 1.5 * t, 1 - t), (w + 1.5 * t, 1.01), (-w - 1.5 * t, 1.01)]),
            wood * 1.08,
            normal=(0, -0.1, 1),
            drop=0.015 * f.size,
            **flat,
        ),
    ]
    if leaf:  # the door itself stands ajar to one side
        swing = rng.uniform(0.16, 0.32)
        door = [(-w, 0), (-w - swing, -0.10), (-w - swing, 0.93 + 0.08), (-w, 1 - t)]
        parts.append(Part(f(door), mix(wood, p.accent, 0.45), normal=(-0.7 * f.sign, 0, 0.6), **flat))
        for y0, y1 in ((0.08, 0.42), (0.52, 0.88)):
            a, b = -w - 0.18 * swing, -w - 0.82 * swing
            parts.append(
                Part(
                    f([(a, y0 - 0.01), (b, y0 - 0.06), (b, y1 + 0.03), (a, y1)]),
                    mix(wood, p.accent, 0.45) * 0.7,
                    normal=(-0.5 * f.sign, 0.2, 0.6),
                    **(flat | dict(shadow=False)),
                )
            )
        knob = f([(-w - 0.85 * swing, 0.44)])[0]
        parts.append(Part(ellipse(*knob, 0.018 * f.size, 0.018 * f.size), GOLD, gloss=0.6, shadow=False, detail=1.0))
    return parts


def arcade(
    x0: float, x1: float, top: float, foot: float, horizon: float, p: Palette, rng: Rng, light: float, reach: float
) -> list[Part]:
    """A wall of arches that runs from the picture's edge (x0) toward its vanishing point."""
    count = int(rng.integers(4, 7))
    stone = mix(p.cloth, p.rock, rng.uniform(0.25, 0.6))

    def at(t: float, y: float) -> tuple[float, float]:
        """Position along the wall (0 near, 1 far) with perspective about the horizon."""
        k = 1 / (1 + 3.2 * t)
        x = x1 + (x0 - x1) * (k - 1 / 4.2) / (1 - 1 / 4.2)
        return x, horizon + (y - horizon) * k

    ts = np.linspace(0, 1, 12)
    ground = [at(t, foot) for t in ts]
    roof = [at(t, top) for t in ts]
    side = 1.0 if x0 < x1 else -1.0
    wall = Part(
        np.array(ground + roof[::-1]),
        stone,
        mode="flat",
        normal=(0.75 * side, 0, 0.55),
        bump=0.7,
        scale=0.8,
        detail=0.6,
        shadow=False,
    )
    parts = [wall]
    if light * side < 0:  # the light comes from behind the wall: it throws a shadow
        cast = [(x + side * reach * (g - y) * 0.55, g + 0.10 * (g - y)) for (x, y), (_, g) in zip(roof, ground)]
        parts.insert(0, Part(np.array(ground + cast[::-1]), stone, mode="shade"))
    cornice = [at(t, top - 0.012) for t in ts] + [at(t, top + 0.03) for t in ts[::-1]]
    parts.append(
        Part(
            np.array(cornice),
            stone * 1.1,
            mode="flat",
            normal=(0.4 * side, -0.6, 0.6),
            shadow=False,
            drop=0.008,
            detail=0.7,
        )
    )
    spring = top + 0.42 * (foot - top)
    for i in range(count):
        a, b = (i + 0.2) / count, (i + 0.82) / count
        arc = [
            ((a + b) / 2 - (b - a) / 2 * np.cos(t), spring - 0.20 * (foot - top) * np.sin(t))
            for t in np.linspace(0, np.pi, 14)
        ]
        hole = [at(a, foot), *(at(t, y) for t, y in arc), at(b, foot)]
        deep = mix(INK, mix(p.shade, p.sky[0], 0.5), 0.55)
        parts.append(
            Part(np.array(hole), stone * 0.8, mode="flat", normal=(-0.5 * side, 0, 0.6), shadow=False, detail=0.7)
        )
        shift = (b - a) * 0.16
        inner = [at(a + shift, foot - 0.006), *(at(min(t + shift, b), y + 0.01) for t, y in arc), at(b, foot)]
        parts.append(Part(np.array(inner), deep, mode="flat", normal=(-0.6 * side, 0.2, 0.5), shadow=False, detail=0.7))
    return parts


def tower(f: Frame, p: Palette, rng: Rng, haze: float = 0.0) -> list[Part]:
    """A round tower of height 1 with a gallery and pennant."""
    stone = mix(p.cloth, p.rock, rng.uniform(0.2, 0.7))
    common = dict(haze=haze, detail=0.8)
    parts: list[Part] = []
    level, wide = 0.0, 0.17
    for _ in range(int(rng.integers(2, 4))):
        high = rng.uniform(0.26, 0.36)
        parts.append(
            Part(
                f([(-wide, level), (wide, level), (wide * 0.96, level + high), (-wide * 0.96, level + high)]),
                stone,
                radius=wide * f.size,
                bump=0.4,
                **common,
            )
        )
        parts.append(
            Part(
                f(
                    [
                        (-wide * 1.12, level + high - 0.03),
                        (wide * 1.12, level + high - 0.03),
                        (wide * 1.12, level + high),
                        (-wide * 1.12, level + high),
                    ]
                ),
                stone * 1.1,
                radius=wide * f.size,
                drop=0.02 * f.size,
                **common,
            )
        )
        for x in (-0.5, 0.0, 0.5):
            arch = [
                (x * wide - 0.025, level + 0.05),
                (x * wide + 0.025, level + 0.05),
                (x * wide + 0.025, level + high * 0.55),
                (x * wide, level + high * 0.68),
                (x * wide - 0.025, level + high * 0.55),
            ]
            parts.append(Part(f(arch), mix(INK, p.shade, 0.4), mode="flat", shadow=False, **common))
        level, wide = level + high, wide * 0.68
    parts.append(
        Part(
            f([(-wide * 1.2, level), (wide * 1.2, level), (0, level + 0.16)]),
            hexa("8d4030"),
            radius=wide * f.size,
            **common,
        )
    )
    flag = spline(
        [(0, level + 0.30), (0.10, level + 0.29), (0.2, level + 0.25), (0.1, level + 0.23), (0, level + 0.22)], steps=4
    )
    parts += [
        Part(f([(0, level + 0.14), (0, level + 0.31)]), INK, mode="line", width=0.008 * f.size, haze=haze, detail=1.0),
        Part(f(flag), p.accent, radius=0.02, **common),
    ]
    return parts


def stair(f: Frame, p: Palette, rng: Rng, steps: int = 9) -> list[Part]:
    """A flight of steps that leads to nothing; height 1."""
    stone = mix(p.cloth, p.rock, rng.uniform(0.5, 0.85))
    parts: list[Part] = []
    rise, run, ox, oy = 1.0 / steps, 0.75 / steps, -0.22, 0.07
    for i in range(steps - 1, -1, -1):
        x, y = i * run, (i + 1) * rise
        flat = dict(mode="flat", detail=0.7, bump=0.3)
        parts += [
            Part(
                f([(x, y), (x + ox, y + oy), (x + run + ox, y + oy), (x + run, y)]),
                stone * 1.1,
                normal=(0, -1, 0.5),
                **flat,
            ),
            Part(
                f([(x, y - rise), (x + ox, y - rise + oy), (x + ox, y + oy), (x, y)]),
                stone,
                normal=(-0.8 * f.sign, 0, 0.5),
                **flat,
            ),
        ]
    outline = [(0.0, 0.0)]
    for i in range(steps):
        outline += [(i * run, (i + 1) * rise), ((i + 1) * run, (i + 1) * rise)]
    outline.append((steps * run, 0.0))
    parts.append(
        Part(
            f(outline),
            stone * 0.92,
            mode="flat",
            normal=(0.3, 0.25, 0.75),
            bump=0.4,
            grain="rock",
            scale=0.7,
            detail=0.6,
        )
    )
    for i in range(1, steps):  # courses of stone
        joint = [(i * run + 0.01, i * rise), (steps * run, i * rise)]
        parts.append(Part(f(joint), stone * 0.6, mode="line", width=0.005, alpha=0.6, detail=0.8))
    a = np.linspace(0, np.pi, 14)
    arch = [(0.60, 0.0), *zip(0.535 + 0.065 * np.cos(a), 0.20 + 0.10 * np.sin(a)), (0.47, 0.0)]
    return parts + [Part(f(arch), mix(INK, p.shade, 0.4), mode="flat", shadow=False, detail=0.9)]


def tall_table(f: Frame, p: Palette, rng: Rng, wide: float = 0.6, back: bool = False) -> list[Part]:
    """A table (or, with a back, a chair) on very long legs; its top is at height 1."""
    wood = mix(WOOD, p.rock, rng.uniform(0, 0.5))
    w = wide / 2
    flat = dict(mode="flat", bump=0.18, grain="bark", scale=0.6, detail=0.9)
    parts = [
        Part(
            f(limb([(x, 0.97), (x * 1.05, 0.5), (x * 1.12, lift)], [0.022, 0.016, 0.014])),
            wood * 0.75,
            base=f.y - lift * f.size,
            detail=0.95,
        )
        for x, lift in ((-w * 0.62, 0.07), (w * 1.02, 0.07))
    ]
    parts += [
        Part(f([(-w, 0.97), (-w + 0.16, 1.06), (w + 0.16, 1.06), (w, 0.97)]), wood * 1.1, normal=(0, -1, 0.4), **flat),
        Part(f([(-w, 0.93), (w, 0.93), (w, 0.97), (-w, 0.97)]), wood, normal=(0, 0, 1), **flat),
        Part(
            f([(w, 0.93), (w + 0.16, 1.02), (w + 0.16, 1.06), (w, 0.97)]), wood, normal=(0.9 * f.sign, 0, 0.4), **flat
        ),
    ]
    parts += [
        Part(
            f(limb([(x * 0.9, 0.94), (x * 0.98, 0.5), (x * 1.06, 0.0)], [0.028, 0.018, 0.015])),
            wood,
            gloss=0.1,
            detail=0.95,
        )
        for x in (-w, w)
    ]
    if back:
        for x in (-w + 0.16, w + 0.14):
            parts.append(Part(f(limb([(x, 1.05), (x + 0.03, 1.6)], [0.022, 0.018])), wood, detail=0.95))
        for y in (1.2, 1.36, 1.54):
            parts.append(
                Part(
                    f([(-w + 0.16, y), (w + 0.16, y), (w + 0.17, y + 0.06), (-w + 0.17, y + 0.06)]),
                    wood,
                    normal=(0, 0, 1),
                    **flat,
                )
            )
    return parts


def cypress(f: Frame, p: Palette, rng: Rng, haze: float = 0.0) -> list[Part]:
    """A dark flame of a tree, height 1."""
    wide = rng.uniform(0.10, 0.15)
    ys = np.linspace(0.05, 1, 9)
    half = wide * np.sin(np.pi * np.clip(ys, 0, 1) ** 0.62) ** 0.8
    left = np.stack([-half * (1 + rng.normal(0, 0.10, 9)), ys], 1)
    right = np.stack([half * (1 + rng.normal(0, 0.10, 9)), ys], 1)[::-1]
    green = mix(hexa("16301f"), p.ground[2], rng.uniform(0.05, 0.3)) * 0.85
    return [
        Part(f(limb([(0, 0), (0, 0.12)], [0.018])), WOOD * 0.7, haze=haze),
        Part(
            f(spline(np.concatenate([left, right]), steps=4)),
            green,
            grain="bark",
            bump=0.5 + 2.0 * f.size,
            scale=0.35,
            haze=haze,
            detail=0.8,
        ),
    ]


def dead_tree(f: Frame, p: Palette, rng: Rng) -> tuple[list[Part], list[tuple[float, float]]]:
    """A bare olive with one long arm; also returns points along the arm to hang things on."""
    bark = mix(WOOD, p.rock, rng.uniform(0.2, 0.7)) * 0.85
    arm_y = rng.uniform(0.62, 0.72)
    axis = [(0, 0), (0.03, 0.25), (-0.03, 0.48), (0.02, arm_y)]
    arm = [(0.0, arm_y - 0.06), (0.14, arm_y + 0.03), (0.34, arm_y + 0.0), (0.56, arm_y + 0.04)]
    common = dict(grain="bark", bump=1.6, scale=0.5, detail=0.9)
    parts = [
        Part(f(limb([(0.02, arm_y - 0.1), (-0.06, 0.8), (-0.02, 1.0)], [0.035, 0.022, 0.008])), bark, **common),
        Part(f(limb([(-0.01, 0.55), (-0.16, 0.66), (-0.22, 0.84)], [0.025, 0.015, 0.006])), bark, **common),
        Part(f(limb(arm, [0.04, 0.03, 0.025, 0.010])), bark, **common),
        Part(f(limb([(0.36, arm_y), (0.44, arm_y + 0.1), (0.45, arm_y + 0.2)], [0.015, 0.009, 0.004])), bark, **common),
        Part(f(limb(axis, [0.075, 0.045, 0.05, 0.035])), bark, drop=0.006, **common),
    ]
    hooks = [tuple(f([(x, arm_y + 0.02)])[0]) for x in (0.18, 0.34, 0.48)]
    return parts, hooks


def boat(f: Frame, p: Palette, rng: Rng, sail: bool = True, haze: float = 0.0) -> list[Part]:
    """A beached boat of length 1, with a mast and a slack sail."""
    paint = mix(p.accent, WOOD, rng.uniform(0.1, 0.7))
    hull = spline(
        [
            (-0.52, 0.26),
            (-0.30, 0.17),
            (0.0, 0.14),
            (0.30, 0.18),
            (0.54, 0.30),
            (0.44, 0.10),
            (0.26, 0.0),
            (-0.24, 0.0),
            (-0.42, 0.09),
        ],
        steps=5,
    )
    inside = spline(
        [(-0.50, 0.255), (-0.2, 0.235), (0.2, 0.245), (0.52, 0.295), (0.28, 0.185), (0.0, 0.15), (-0.3, 0.18)], steps=5
    )
    common = dict(haze=haze, detail=0.9, base=f.y)
    parts: list[Part] = []
    if sail:
        parts.append(Part(f(limb([(0.02, 0.1), (0.03, 1.05)], [0.016, 0.009])), WOOD, **common))
    parts += [
        Part(f(hull), paint, bump=0.3, scale=0.5, **common),
        Part(f(inside), mix(INK, paint, 0.35), mode="flat", **(common | dict(shadow=False))),
        Part(
            f([(-0.5, 0.24), (-0.28, 0.155), (0.0, 0.125), (0.3, 0.165), (0.52, 0.28)]),
            CREAM,
            mode="line",
            width=0.014 * f.size,
            haze=haze,
            detail=1.0,
        ),
    ]
    for k in (0.32, 0.60):  # planks
        plank = [
            (x * (1 - 0.16 * k), y * (1 - k))
            for x, y in ((-0.47, 0.22), (-0.28, 0.155), (0.0, 0.125), (0.3, 0.165), (0.49, 0.26))
        ]
        parts.append(
            Part(
                f(spline(plank, False, 5)),
                paint * 0.55,
                mode="line",
                alpha=0.7,
                width=0.008 * f.size,
                haze=haze,
                detail=1.0,
            )
        )
    if sail:
        a, b = f([(0.04, 1.0)])[0], f([(0.40, 0.78)])[0]
        left, right = (a, b) if a[0] < b[0] else (b, a)
        parts += cloth(tuple(left), tuple(right), f.y - 0.34 * f.size, p, rng, sag=0.10, base=f.y)
    return parts


def ladder(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """A ladder that leans on nothing, height 1."""
    wood = mix(WOOD, p.cloth, rng.uniform(0.0, 0.4))
    lean = rng.uniform(0.10, 0.30)
    parts = [Part(f(limb([(x, 0), (x * 0.8 + lean, 1.0)], [0.013, 0.009])), wood, detail=0.95) for x in (-0.08, 0.08)]
    for y in np.linspace(0.07, 0.95, 12):
        x, half = lean * y, 0.08 * (1 - 0.2 * y)
        parts.append(
            Part(f(limb([(x - half, y), (x + half, y + 0.004)], [0.008])), wood * 0.9, drop=0.004, detail=0.95)
        )
    return parts


def sky_tear(f: Frame, p: Palette, rng: Rng, other: Palette) -> list[Part]:
    """A corner of the sky torn open: behind it is another sky, the flap curls down."""
    n = 19
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    r = 1 + 0.2 * np.sin(2 * a + rng.uniform(0, 6)) + rng.normal(0, 0.10, n)
    jag = np.stack([0.46 * r * np.cos(a), 0.05 + 0.24 * r * np.sin(a)], 1)
    stops = np.stack([other.sky[0] * 0.6, other.sky[0], other.sky[1], other.sky[2], other.sky[3]])
    rim = mix(p.light, p.sky[3], 0.5)
    parts = [
        Part(f(jag * 1.05), rim, mode="flat", shadow=False, drop=0.01 * f.size, detail=0.8),
        Part(f(jag), stops, mode="window", shadow=False, detail=0.8),
    ]
    for _ in range(9 if float(other.sky[0].mean()) < 0.33 else 0):  # stars, if it is dark
        x, y = f([(rng.uniform(-0.3, 0.3), rng.uniform(-0.08, 0.2))])[0]
        r = f.size * rng.uniform(0.004, 0.010)
        parts.append(Part(ellipse(x, y, r, r, n=8), CREAM, mode="flat", glow=0.9, shadow=False, detail=1.0))
    low = int(np.argmin(jag[:, 1]))  # the torn piece hangs from the lower edge
    left, right = jag[(low - 1) % n], jag[(low + 2) % n]
    flap = spline(
        [
            left,
            (left + right) / 2 + (0, 0.02),
            right,
            right + (-0.02, -0.16),
            right + (0.06, -0.30),
            right + (-0.02, -0.40),
            left + (0.06, -0.26),
            left + (0.03, -0.10),
        ],
        steps=4,
    )
    pins = f([left, right])[:, 0]
    return parts + [
        Part(
            f(flap),
            mix(p.sky[1], p.sky[2], 0.5),
            mode="folds",
            folds=(8.0, 0.7, *pins),
            radius=0.05 * f.size,
            drop=0.02 * f.size,
            shadow=False,
            detail=0.7,
        )
    ]
