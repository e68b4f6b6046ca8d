"""People: small far figures, the torso of drawers, the stone head, the sleeper."""

from __future__ import annotations

import numpy as np

from stages.museum.motifs_built import cypress
from stages.museum.motifs_objects import CREAM, GOLD, INK, ant_swarm, cloth, crutch, egg, sphere
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Part, ellipse, limb, spline

Rng = np.random.Generator

# A face in profile that looks upwards: x runs from the crown to the chin.
PROFILE = [
    (0.02, 0.36),
    (0.05, 0.55),
    (0.16, 0.71),
    (0.30, 0.785),
    (0.40, 0.80),
    (0.445, 0.765),
    (0.49, 0.80),
    (0.545, 0.885),
    (0.59, 0.945),
    (0.625, 0.94),
    (0.642, 0.875),
    (0.648, 0.815),
    (0.675, 0.835),
    (0.70, 0.825),
    (0.712, 0.785),
    (0.735, 0.815),
    (0.765, 0.80),
    (0.785, 0.755),
    (0.825, 0.785),
    (0.87, 0.765),
    (0.895, 0.69),
    (0.905, 0.60),
]


def walker(f: Frame, p: Palette, rng: Rng, kind: str = "", haze: float = 0.0) -> list[Part]:
    """A standing figure of height 1, seen from afar."""
    kind = kind or str(rng.choice(["man", "woman", "woman", "child", "pointing"]))
    coat = mix(INK, p.accent, rng.uniform(0.15, 0.8))
    dress = mix(p.cloth, p.accent, rng.choice([0.0, 0.15, 0.9]))
    common = dict(haze=haze, detail=1.0)
    if kind == "woman":
        gown = spline(
            [
                (-0.07, 0.78),
                (-0.11, 0.70),
                (-0.07, 0.55),
                (-0.15, 0.25),
                (-0.22, 0.0),
                (0.0, -0.01),
                (0.22, 0.0),
                (0.15, 0.28),
                (0.07, 0.55),
                (0.11, 0.70),
                (0.07, 0.78),
            ]
        )
        pins = f([(0.0, 0.8)])[:, 0]
        parts = [
            Part(f(gown), dress, mode="folds", folds=(12.0, rng.uniform(0, 6), *pins), radius=0.07 * f.size, **common),
            Part(f(limb([(0.09, 0.74), (0.17, 0.6), (0.12, 0.45)], [0.035, 0.028, 0.02])), p.flesh, **common),
        ]
        hair = ellipse(*f([(-0.01, 0.915)])[0], 0.068 * f.size, 0.075 * f.size)
    else:
        tall = 0.68 if kind == "child" else 1.0
        g = Frame(f.x, f.y, f.size * tall, f.sign < 0)
        step = rng.uniform(0.03, 0.11)
        parts = [
            Part(
                g(limb([(s * 0.04, 0.46), (s * step, 0.22), (s * step * 1.3, 0.0)], [0.07, 0.05, 0.035])),
                coat * 0.8,
                **common,
            )
            for s in (-1, 1)
        ]
        parts += [Part(g(limb([(0.0, 0.42), (0.0, 0.62), (0.0, 0.78)], [0.10, 0.10, 0.09])), coat, **common)]
        hand = (0.38, 0.80) if kind == "pointing" else (0.17, 0.42)
        parts.append(
            Part(
                g(limb([(0.06, 0.76), ((0.08 + hand[0]) / 2, 0.68), hand], [0.045, 0.035, 0.025])), coat * 1.1, **common
            )
        )
        if kind == "child":
            ring = ellipse(*g([(0.42, 0.28)])[0], 0.27 * g.size, 0.28 * g.size)
            parts.append(
                Part(np.concatenate([ring, ring[:1]]), GOLD, mode="line", width=0.035 * g.size, haze=haze, detail=1.0)
            )
        f = g
        hair = ellipse(*f([(-0.01, 0.93)])[0], 0.066 * f.size, 0.06 * f.size)
    face = ellipse(*f([(0.012, 0.885)])[0], 0.058 * f.size, 0.075 * f.size)
    return parts + [Part(face, p.flesh, **common), Part(hair, coat * 0.7, **common)]


def torso(f: Frame, p: Palette, rng: Rng, drawers: int = 4) -> list[Part]:
    """A torso without head or arms on a draped plinth, with open drawers in it."""
    s = f.size
    half = [
        (0.055, 1.0),
        (0.06, 0.94),
        (0.15, 0.90),
        (0.225, 0.85),
        (0.235, 0.76),
        (0.19, 0.66),
        (0.145, 0.54),
        (0.155, 0.46),
        (0.21, 0.36),
        (0.225, 0.25),
        (0.20, 0.12),
    ]
    sway = rng.uniform(-0.05, 0.05)

    def lean(pts: list[tuple[float, float]]) -> np.ndarray:
        q = np.array(pts)
        q[:, 0] += sway * np.sin((q[:, 1] - 0.2) * 3.2)
        return q

    outline = lean(half + [(-x, y) for x, y in half[::-1]])
    flesh = mix(p.flesh, p.cloth, rng.uniform(0.0, 0.6))

    def dent(x: float, y: float, rx: float, ry: float, a: float) -> tuple[float, ...]:
        cx, cy = f(lean([(x, y)]))[0]
        return (cx, cy, rx * s, ry * s, a * s)

    dents = [
        dent(-0.10, 0.74, 0.075, 0.075, 0.055),
        dent(0.10, 0.74, 0.075, 0.075, 0.055),
        dent(0.0, 0.62, 0.03, 0.16, -0.025),
        dent(0.0, 0.42, 0.09, 0.09, 0.03),
        dent(0.0, 0.455, 0.014, 0.018, -0.02),
        dent(0.0, 0.90, 0.05, 0.03, -0.02),
    ]
    body = Part(f(spline(outline)), flesh, dents=dents, radius=0.17 * s, bulge=0.9, gloss=0.1, bump=0.15, detail=0.85)
    neck = ellipse(*f(lean([(0.0, 1.0)]))[0], 0.055 * s, 0.018 * s)
    parts = cloth(
        tuple(f([(-0.22 * f.sign, 0.24)])[0]),
        tuple(f([(0.22 * f.sign, 0.24)])[0]),
        f.y,
        p,
        rng,
        color=mix(p.cloth, p.accent, float(rng.choice([0.1, 0.8]))),
        sag=-0.05,
    )
    parts = [body, Part(neck, flesh * 0.55, radius=0.01, shadow=False, detail=0.9)] + parts
    rows = [0.80, 0.69, 0.52, 0.36][:drawers] if drawers < 5 else [0.82, 0.73, 0.6, 0.48, 0.34]
    for i, y in enumerate(rows):
        width = (0.16, 0.15, 0.13, 0.19, 0.2)[i] * rng.uniform(0.9, 1.1)
        parts += _drawer(f, lean([(rng.uniform(-0.03, 0.03), y)])[0], width, flesh, rng.uniform(0.03, 0.13), p, rng)
    return parts + _instead_of_a_head(Frame(*f(lean([(0.0, 1.0)]))[0], s), p, rng)


def _instead_of_a_head(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """What hovers over the neck: an egg, a sphere, a small cypress, or nothing."""
    kind = str(rng.choice(["egg", "sphere", "cypress", "nothing"]))
    at = Frame(f.x, f.y - 0.035 * f.size, 0.17 * f.size)
    if kind == "egg":
        return egg(at, p, rng)
    if kind == "sphere":
        return sphere(at, p, rng)
    if kind == "cypress":
        return cypress(Frame(f.x, f.y + 0.02 * f.size, 0.24 * f.size), p, rng)
    return []


def face_ridge(f: Frame, p: Palette, rng: Rng, haze: float = 0.3) -> list[Part]:
    """A mountain that is also a face looking upwards; height about 1."""
    top = np.array(PROFILE) * (2.4, 1.06) - (1.1, 0.0)
    top[:, 1] += rng.normal(0, 0.005, len(top))
    foot = [(1.35, 0.34), (1.75, 0.20), (2.3, 0.0), (-2.0, 0.0), (-1.6, 0.14), (-1.2, 0.22)]
    pts = f(spline(np.concatenate([top, foot]), steps=4))
    pts[:, 1] = np.minimum(pts[:, 1], f.y + 0.003)
    x, y = f([(-0.05, 0.66)])[0]
    s = f.size
    dents = [(x, y, 0.12 * s, 0.08 * s, -0.05 * s), (x + f.sign * 0.5 * s, y, 0.2 * s, 0.2 * s, 0.04 * s)]
    return [
        Part(
            pts,
            p.rock,
            radius=0.55 * s,
            bulge=0.7,
            dents=dents,
            grain="rock",
            bump=0.4 + 1.1 * s,
            scale=0.3 + 0.9 * s,
            haze=haze,
            detail=0.75,
        )
    ]


def _drawer(f: Frame, at: np.ndarray, width: float, color: np.ndarray, out: float, p: Palette, rng: Rng) -> list[Part]:
    """A drawer pulled out by `out` toward the viewer, to the lower side."""
    x, y = at
    w, h = width / 2, 0.034
    dx, dy = 0.55 * out, -0.42 * out
    back = [(x - w, y + h), (x + w, y + h), (x + w, y - h), (x - w, y - h)]
    front = [(a + dx, b + dy) for a, b in back]
    top = [back[0], back[1], front[1], front[0]]
    side = [back[0], front[0], front[3], back[3]]
    knob = ellipse(*f([(x + dx, y + dy)])[0], 0.014 * f.size, 0.014 * f.size)
    wood = mix(color, mix(p.rock, CREAM, 0.3), 0.35)
    flat = dict(mode="flat", detail=0.95, shadow=False)
    return [
        Part(f(back), INK, drop=0.02 * f.size, **flat),
        Part(f(top), mix(INK, wood, 0.28), normal=(0, -0.2, 1), **flat),
        Part(f(side), wood, normal=(-0.8 * f.sign, 0, 0.4), **flat),
        Part(f(front), wood, normal=(0.1, 0.0, 1.0), bump=0.2, drop=0.025 * f.size, **flat),
        Part(knob, GOLD, gloss=0.5, drop=0.008 * f.size, shadow=False, detail=1.0),
    ]


def stone_head(f: Frame, p: Palette, rng: Rng, hollow: bool = True) -> list[Part]:
    """A colossal head of stone in profile, standing in the plain, broken open behind."""
    s = f.size
    face = np.array([(y - 0.45, 1.04 - x) for x, y in PROFILE])
    back = [
        (0.07, 0.06),
        (0.12, -0.02),
        (-0.22, -0.02),
        (-0.26, 0.2),
        (-0.36, 0.40),
        (-0.44, 0.62),
        (-0.38, 0.86),
        (-0.22, 0.99),
    ]
    outline = f(spline(np.concatenate([face, back]), steps=5))
    stone = mix(p.rock, p.cloth, rng.uniform(0.35, 0.8))

    def dent(x: float, y: float, rx: float, ry: float, a: float) -> tuple[float, ...]:
        cx, cy = f([(x, y)])[0]
        return (cx, cy, rx * s, ry * s, a * s)

    dents = [
        dent(0.23, 0.60, 0.08, 0.055, -0.035),
        dent(0.22, 0.585, 0.045, 0.028, 0.045),
        dent(0.16, 0.44, 0.10, 0.08, 0.03),
        dent(0.0, 0.28, 0.25, 0.05, -0.03),
        dent(0.25, 0.30, 0.05, 0.012, -0.018),
    ]
    parts = [
        Part(outline, stone, radius=0.30 * s, dents=dents, bump=0.5 + 0.9 * s, grain="rock", scale=0.7, detail=0.85)
    ]
    lid = spline([(0.155, 0.595), (0.20, 0.572), (0.26, 0.575), (0.285, 0.59)], False, 5)
    mouth = spline([(0.335, 0.328), (0.27, 0.318), (0.22, 0.305)], False, 5)
    for curve, width in ((lid, 0.010), (mouth, 0.009)):
        parts.append(Part(f(curve), mix(INK, stone, 0.25), mode="line", width=width * s, detail=1.0))
    parts += [
        Part(
            f(
                spline(
                    [
                        (-0.06, 0.60),
                        (-0.10, 0.68),
                        (-0.03, 0.72),
                        (0.02, 0.64),
                        (-0.01, 0.55),
                        (-0.05, 0.50),
                        (-0.06, 0.55),
                    ]
                )
            ),
            stone,
            drop=0.02 * s,
            radius=0.03 * s,
            shadow=False,
            detail=0.9,
        )
    ]
    if hollow:
        hole = spline(
            [
                (-0.30, 0.86),
                (-0.12, 0.92),
                (0.02, 0.86),
                (-0.02, 0.76),
                (-0.14, 0.70),
                (-0.16, 0.60),
                (-0.30, 0.58),
                (-0.34, 0.72),
            ],
            steps=2,
        )
        stops = np.stack([p.sky[0], p.sky[1], p.sky[2], p.ground[1], p.ground[2]])
        parts.append(Part(f(hole), stops, mode="window", shadow=False, detail=0.9))
        parts.append(Part(f(np.concatenate([hole, hole[:1]])), stone * 0.45, mode="line", width=0.016 * s, detail=0.9))
    n = 9
    crack = np.stack([-0.05 + np.cumsum(rng.normal(0.012, 0.02, n)), np.linspace(0.9, 0.62, n)], 1)
    parts.append(Part(f(crack), INK, mode="line", width=0.006 * s, alpha=0.8, detail=1.0))
    return parts


def sleeper_outline(rng: Rng) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The sleeper: a face upwards, a body that trails away; and where crutches carry it."""
    trail = [
        (0.93, 0.53),
        (1.03, 0.47),
        (1.20, 0.53),
        (1.40, 0.55),
        (1.62, 0.44),
        (1.85, 0.40),
        (2.08, 0.26),
        (2.32, 0.16),
        (2.50, -0.10),
        (2.60, -0.42),
        (2.72, -0.56),
        (2.62, -0.60),
        (2.48, -0.46),
        (2.38, -0.18),
        (2.24, 0.02),
        (2.05, 0.10),
    ]
    under = [
        (1.86, 0.22),
        (1.66, 0.20),
        (1.46, 0.33),
        (1.26, 0.25),
        (1.08, 0.24),
        (0.94, 0.33),
        (0.82, 0.20),
        (0.66, 0.02),
        (0.50, -0.06),
        (0.36, 0.00),
        (0.20, -0.04),
        (0.08, 0.08),
        (0.0, 0.22),
    ]
    supports = [(0.36, 0.0), (0.66, 0.02), (0.94, 0.34), (1.46, 0.34), (1.86, 0.22), (2.24, 0.02)]
    jitter = [(x + rng.normal(0, 0.008), y + rng.normal(0, 0.012)) for x, y in trail + under]
    return spline(np.array(PROFILE + jitter), steps=6), supports


def sleeper(f: Frame, p: Palette, rng: Rng, lift: float = 0.62) -> list[Part]:
    """A large soft head, asleep, held above the plain by many crutches."""
    s = f.size
    outline, supports = sleeper_outline(rng)
    g = Frame(f.x, f.y - lift * s, s, f.sign < 0)
    flesh = mix(p.flesh, p.light, 0.15)

    def dent(x: float, y: float, rx: float, ry: float, a: float) -> tuple[float, ...]:
        cx, cy = g([(x, y)])[0]
        return (cx, cy, rx * s, ry * s, a * s)

    dents = [
        dent(0.46, 0.70, 0.06, 0.09, -0.05),
        dent(0.475, 0.665, 0.045, 0.05, 0.055),
        dent(0.62, 0.52, 0.14, 0.13, 0.05),
        dent(0.72, 0.70, 0.03, 0.10, 0.015),
        dent(0.30, 0.50, 0.12, 0.14, 0.03),
        dent(0.93, 0.46, 0.06, 0.2, -0.07),
        dent(0.82, 0.62, 0.08, 0.09, 0.03),
        dent(0.60, 0.80, 0.03, 0.05, 0.02),
        dent(1.26, 0.42, 0.05, 0.18, -0.03),
        dent(1.66, 0.34, 0.05, 0.14, -0.03),
        dent(0.24, 0.1, 0.05, 0.2, -0.03),
        dent(0.80, 0.33, 0.06, 0.16, -0.03),
    ]
    front = []
    for i, (x, y) in enumerate(supports):
        top = g([(x, y - 0.01)])[0]
        foot = (float(top[0] + rng.uniform(-0.10, 0.10) * s), float(f.y + rng.uniform(-0.1, 0.1) * s))
        front += crutch(foot, (float(top[0]), float(top[1])), p, rng, 0.020 * s)
    far = []
    for x, y in ((1.2, 0.35),):  # the seventh stands behind
        top = g([(x, y)])[0]
        far += crutch((float(top[0] + 0.06 * s), f.y - 0.13 * s), (float(top[0]), float(top[1])), p, rng, 0.014 * s)
    body = Part(
        g(outline), flesh, radius=0.30 * s, dents=dents, gloss=0.10, bump=0.12, scale=0.6, drop=0.0, detail=0.85
    )
    sheet = cloth(
        tuple(g([(1.22 if f.sign > 0 else 1.80, 0.50)])[0]),
        tuple(g([(1.80 if f.sign > 0 else 1.22, 0.42)])[0]),
        float(f.y - 0.25 * s),
        p,
        rng,
        color=mix(p.cloth, p.accent, float(rng.choice([0.0, 0.7]))),
        sag=-0.04,
        base=f.y,
    )
    return far + [body] + _features(g, p, flesh, rng) + sheet + front


def _features(g: Frame, p: Palette, flesh: np.ndarray, rng: Rng) -> list[Part]:
    """Closed eye with lashes, nostril, lips, brow, ear."""
    s = g.size
    dark = mix(INK, flesh, 0.22)

    def line(points: list[tuple[float, float]], width: float, color: np.ndarray) -> Part:
        return Part(g(spline(points, False, 5)), color, mode="line", width=width * s, detail=1.0)

    lid = spline([(0.425, 0.585), (0.462, 0.600), (0.487, 0.645), (0.492, 0.695), (0.478, 0.74)], False, 6)
    parts = [Part(g(lid), dark, mode="line", width=0.010 * s, detail=1.0)]
    for k in (7, 11, 15, 19, 22):
        x, y = lid[min(k, len(lid) - 1)]
        parts.append(line([(x, y), (x + 0.022, y - 0.004), (x + 0.04, y + 0.010)], 0.005, dark))
    crease = [(0.43, 0.61), (0.448, 0.66), (0.455, 0.705), (0.45, 0.74)]
    parts.append(line(crease, 0.006, mix(dark, flesh, 0.55)))
    brow = limb([(0.352, 0.60), (0.372, 0.66), (0.376, 0.72), (0.370, 0.755)], [0.005, 0.013, 0.012, 0.006])
    parts.append(Part(g(brow), mix(dark, flesh, 0.42), shadow=False, detail=1.0))
    parts += [
        Part(
            g(spline([(0.622, 0.855), (0.61, 0.885), (0.598, 0.86), (0.612, 0.83)])),
            mix(dark, p.accent, 0.2),
            radius=0.01 * s,
            bulge=-0.5,
            shadow=False,
            detail=1.0,
        ),
        line([(0.712, 0.79), (0.712, 0.73), (0.722, 0.665)], 0.012, dark),
        Part(
            g(spline([(0.668, 0.835), (0.70, 0.825), (0.71, 0.78), (0.712, 0.71), (0.695, 0.75)])),
            mix(flesh, np.array([0.72, 0.25, 0.22]), 0.5),
            radius=0.02 * s,
            shadow=False,
            detail=0.95,
            gloss=0.15,
        ),
        Part(
            g(spline([(0.735, 0.815), (0.765, 0.80), (0.752, 0.74), (0.72, 0.69), (0.716, 0.77)])),
            mix(flesh, np.array([0.72, 0.25, 0.22]), 0.45),
            radius=0.02 * s,
            shadow=False,
            detail=0.95,
            gloss=0.2,
        ),
    ]
    ear = spline([(0.50, 0.36), (0.42, 0.40), (0.38, 0.33), (0.44, 0.25), (0.54, 0.23), (0.60, 0.28), (0.56, 0.33)])
    parts += [
        Part(
            g(ear),
            mix(flesh, np.array([0.75, 0.35, 0.3]), 0.18),
            radius=0.035 * s,
            drop=0.02 * s,
            shadow=False,
            detail=0.95,
        ),
        line([(0.45, 0.35), (0.43, 0.31), (0.49, 0.27), (0.55, 0.285)], 0.012, mix(dark, flesh, 0.4)),
    ]
    spot = g([(0.3, 0.42)])[0]
    return parts + ant_swarm(Frame(float(spot[0]), float(spot[1]), 0.22 * s), p, rng, 7, 0.13)
