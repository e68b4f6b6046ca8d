"""Animals on stilts: elephants and horses with endless thin legs, and birds."""

from __future__ import annotations

import numpy as np

from stages.museum.motifs_objects import BONE, INK, hexa
from stages.museum.palettes import Palette, mix
from stages.museum.shapes import Frame, Part, limb, spline

Rng = np.random.Generator
_HIDE = hexa("8d847c")


def _stilt(
    f: Frame,
    hip: tuple[float, float],
    foot: float,
    legs: float,
    thick: float,
    color: np.ndarray,
    rng: Rng,
    shift: float,
    haze: float,
) -> Part:
    """One leg: a thigh that dwindles to a stick with knots for joints."""
    x, y = hip
    bow = rng.uniform(-0.05, 0.05)
    drop = np.array([0, 0.10, 0.24, 0.42, 0.60, 0.80, 0.97, 1.0])
    xs = x + (foot - x) * drop + bow * np.sin(np.pi * drop) * np.array([0, 1, 0.2, 1.4, -0.8, 0.8, 0, 0])
    ys = y - (y + legs - shift) * drop
    radii = np.array([1.0, 0.74, 0.34, 0.30, 0.17, 0.20, 0.11, 0.11, 0.13, 0.085, 0.08, 0.075, 0.16, 0.19]) * thick
    return Part(
        f(limb(np.stack([xs, ys], 1), radii, steps=6)),
        color,
        bulge=1.1,
        base=f.y - shift * f.size,
        detail=0.95,
        haze=haze,
        radius=thick * f.size,
    )


def elephant(f: Frame, p: Palette, rng: Rng, legs: float = 3.4, burden: str = "", haze: float = 0.0) -> list[Part]:
    """A stilted elephant of height 1 walking to the right (local body unit: shoulder 0.8)."""
    g = Frame(f.x, f.y - f.size * legs / (legs + 1.0), f.size / (legs + 1.0), f.sign < 0)
    hide = mix(_HIDE, p.rock, rng.uniform(0.2, 0.6)) * rng.uniform(0.95, 1.2)
    far = hide * 0.66
    stride = rng.uniform(0.08, 0.32)
    parts = [
        _stilt(g, (-0.42, 0.2), -0.42 - stride, legs, 0.17, far, rng, 0.16, haze + 0.08),
        _stilt(g, (0.50, 0.2), 0.55 + stride, legs, 0.17, far, rng, 0.16, haze + 0.08),
    ]
    tail = limb([(-0.74, 0.42), (-0.86, 0.2), (-0.84, -0.15), (-0.9, -0.3)], [0.05, 0.025, 0.03])
    body = spline(
        [
            (-0.76, 0.05),
            (-0.83, 0.32),
            (-0.68, 0.62),
            (-0.32, 0.76),
            (0.05, 0.72),
            (0.38, 0.74),
            (0.58, 0.55),
            (0.62, 0.2),
            (0.5, -0.04),
            (0.15, -0.16),
            (-0.25, -0.18),
            (-0.55, -0.1),
        ]
    )
    skin = dict(bump=0.25 + 0.6 * f.size, scale=0.4, haze=haze, detail=0.9, base=f.y)
    parts += [Part(g(tail), hide, haze=haze, detail=0.9, base=f.y), Part(g(body), hide, **skin)]
    parts += [
        _stilt(g, (-0.56, 0.16), -0.52 + stride, legs, 0.20, hide, rng, 0.0, haze),
        _stilt(g, (0.36, 0.16), 0.30 - stride * 0.4, legs, 0.20, hide, rng, 0.0, haze),
    ]
    head = spline(
        [
            (0.44, 0.50),
            (0.52, 0.80),
            (0.74, 0.92),
            (0.96, 0.82),
            (1.06, 0.58),
            (1.02, 0.34),
            (0.86, 0.2),
            (0.62, 0.2),
            (0.46, 0.32),
        ]
    )
    if rng.uniform() < 0.5:
        trunk = [(0.94, 0.5), (1.12, 0.3), (1.16, -0.1), (1.10, -0.5), (1.16, -0.85), (1.3, -0.95)]
    else:
        trunk = [(0.94, 0.46), (1.16, 0.48), (1.38, 0.72), (1.46, 1.06), (1.40, 1.34), (1.26, 1.42)]
    parts += [
        Part(
            g(limb([(0.9, 0.36), (1.05, 0.14), (1.3, 0.12)], [0.05, 0.035, 0.01])),
            BONE * 0.85,
            haze=haze,
            detail=0.95,
            base=f.y,
        ),
        Part(g(head), hide * 1.04, **skin),
        Part(g(limb(trunk, [0.2, 0.15, 0.11, 0.085, 0.06, 0.045])), hide * 1.04, **skin),
        Part(
            g(limb([(0.86, 0.34), (1.02, 0.1), (1.24, 0.02)], [0.055, 0.04, 0.01])),
            BONE,
            haze=haze,
            gloss=0.2,
            detail=0.95,
            base=f.y,
        ),
    ]
    ear = spline(
        [(0.64, 0.74), (0.50, 0.84), (0.30, 0.74), (0.20, 0.46), (0.28, 0.16), (0.44, 0.04), (0.54, 0.22), (0.60, 0.48)]
    )
    parts += [
        Part(
            g(ear),
            hide * 0.93,
            drop=0.05 * g.size,
            radius=0.12 * g.size,
            bulge=0.7,
            dents=[(*g([(0.42, 0.45)])[0], 0.1 * g.size, 0.22 * g.size, -0.05 * g.size)],
            haze=haze,
            detail=0.9,
            base=f.y,
        )
    ]
    parts += [Part(g(limb([(0.80, 0.62), (0.84, 0.62)], [0.03])), INK, haze=haze, detail=1.0, shadow=False)]
    return parts + _burden(g, p, rng, burden, haze, f.y)


def _burden(g: Frame, p: Palette, rng: Rng, kind: str, haze: float, base: float) -> list[Part]:
    """What the animal carries: a cloth and, on it, an obelisk, a house or a sphere."""
    if not kind:
        return []
    tint = mix(p.accent, p.cloth, rng.uniform(0.0, 0.4))
    saddle = spline(
        [(-0.42, 0.72), (-0.05, 0.80), (0.30, 0.76), (0.36, 0.5), (0.34, 0.2), (0.0, 0.12), (-0.36, 0.2), (-0.46, 0.5)]
    )
    pins = g([(-0.3, 0.8), (0.2, 0.8)])[:, 0]
    parts = [
        Part(
            g(saddle),
            tint,
            mode="folds",
            folds=(9.0, 1.0, *pins),
            radius=0.05 * g.size,
            drop=0.03 * g.size,
            haze=haze,
            detail=0.9,
            base=base,
        )
    ]
    stone = mix(p.cloth, p.rock, 0.35)
    common = dict(haze=haze, detail=0.9, base=base)
    if kind == "obelisk":
        lit, dim = (
            [(-0.22, 0.78), (0.02, 0.76), (0.0, 2.0), (-0.14, 2.02)],
            [(0.02, 0.76), (0.18, 0.8), (0.06, 2.02), (0.0, 2.0)],
        )
        cap = [(-0.14, 2.02), (0.0, 2.0), (0.06, 2.02), (-0.03, 2.25)]
        parts += [
            Part(g(lit), stone, mode="flat", normal=(-0.5 * g.sign, 0, 0.6), bump=0.5, **common),
            Part(g(dim), stone, mode="flat", normal=(0.8 * g.sign, 0, 0.4), bump=0.5, **common),
            Part(g(cap), p.accent, mode="flat", normal=(0.1, -0.6, 0.6), **common),
        ]
    elif kind == "house":
        parts += [
            Part(
                g([(-0.3, 0.76), (0.15, 0.76), (0.15, 1.25), (-0.3, 1.25)]),
                stone,
                mode="flat",
                normal=(-0.4 * g.sign, 0, 0.7),
                bump=0.4,
                **common,
            ),
            Part(
                g([(0.15, 0.76), (0.3, 0.8), (0.3, 1.28), (0.15, 1.25)]),
                stone,
                mode="flat",
                normal=(0.8 * g.sign, 0, 0.4),
                **common,
            ),
            Part(
                g([(-0.36, 1.23), (0.15, 1.25), (0.34, 1.28), (0.22, 1.5), (-0.26, 1.5)]),
                hexa("9a4a32"),
                mode="flat",
                normal=(0, -0.8, 0.6),
                bump=0.6,
                **common,
            ),
            Part(g([(-0.12, 0.76), (0.0, 0.76), (0.0, 1.02), (-0.12, 1.02)]), INK, mode="flat", **common),
        ]
    else:
        a = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ball = np.stack([-0.05 + 0.36 * np.cos(a), 1.12 + 0.36 * np.sin(a)], 1)
        parts.append(Part(g(ball), mix(p.cloth, p.accent, 0.25), gloss=0.35, **common))
    return parts


def horse(f: Frame, p: Palette, rng: Rng, legs: float = 2.6, rider: bool = False, haze: float = 0.0) -> list[Part]:
    """A stilted horse of height 1 (without rider), turned to the right."""
    g = Frame(f.x, f.y - f.size * legs / (legs + 1.35), f.size / (legs + 1.35), f.sign < 0)
    coat = mix(hexa(str(rng.choice(["e9e0cf", "8a5a3a", "4b3d3a", "c9a06a"]))), p.rock, 0.2)
    far = coat * 0.62
    s = rng.uniform(0.15, 0.45)
    parts = [
        _stilt(g, (-0.46, 0.3), -0.55 - s, legs, 0.15, far, rng, 0.14, haze + 0.08),
        _stilt(g, (0.48, 0.25), 0.62 + s, legs, 0.13, far, rng, 0.14, haze + 0.08),
    ]
    common = dict(haze=haze, detail=0.92, base=f.y)
    hair = coat * 0.45
    tail = limb([(-0.66, 0.5), (-0.9, 0.45), (-1.0, 0.1), (-0.95, -0.4), (-1.1, -0.7)], [0.06, 0.12, 0.13, 0.08, 0.01])
    body = spline(
        [
            (-0.74, 0.32),
            (-0.70, 0.54),
            (-0.46, 0.66),
            (-0.1, 0.57),
            (0.2, 0.60),
            (0.46, 0.70),
            (0.66, 0.56),
            (0.66, 0.26),
            (0.48, 0.08),
            (0.1, 0.02),
            (-0.25, 0.08),
            (-0.52, 0.10),
        ]
    )
    neck = limb([(0.42, 0.40), (0.64, 0.70), (0.80, 1.02), (0.94, 1.2)], [0.28, 0.18, 0.14, 0.12])
    head = spline(
        [
            (0.84, 1.22),
            (0.98, 1.34),
            (1.10, 1.24),
            (1.28, 1.0),
            (1.38, 0.86),
            (1.33, 0.76),
            (1.22, 0.79),
            (1.06, 0.96),
            (0.92, 1.04),
        ]
    )
    mane = limb([(0.90, 1.34), (0.72, 1.16), (0.56, 0.92), (0.40, 0.72), (0.3, 0.62)], [0.04, 0.11, 0.12, 0.09, 0.02])
    parts += [
        Part(g(tail), hair, grain="bark", bump=2.0, **common),
        Part(g(body), coat, gloss=0.12, bump=0.3, **common),
        _stilt(g, (-0.56, 0.28), -0.36 + s * 0.6, legs, 0.19, coat, rng, 0.0, haze),
        _stilt(g, (0.46, 0.22), 0.30 - s * 0.3, legs, 0.16, coat, rng, 0.0, haze),
        Part(g(neck), coat, gloss=0.12, **common),
        Part(g(mane), hair, **common),
        Part(g(head), coat * 1.03, gloss=0.12, **common),
        Part(g([(0.90, 1.28), (0.91, 1.44), (0.98, 1.32)]), coat * 0.9, **common),
        Part(g(limb([(1.05, 1.14), (1.08, 1.12)], [0.022])), INK, shadow=False, detail=1.0),
        Part(g(limb([(1.30, 0.86), (1.32, 0.84)], [0.018])), INK, shadow=False, detail=1.0),
    ]
    if rider:
        parts += _rider(g, p, rng, common)
    return parts


def _rider(g: Frame, p: Palette, rng: Rng, common: dict[str, object]) -> list[Part]:
    """A thin rider larger than life: boot, coat, a cloak in the wind, a hat and a lance."""
    wind = spline(
        [
            (0.02, 1.52),
            (-0.16, 1.40),
            (-0.42, 1.12),
            (-0.86, 0.98),
            (-1.02, 0.72),
            (-0.72, 0.70),
            (-0.46, 0.50),
            (-0.20, 0.48),
            (0.02, 0.72),
        ]
    )
    coat = spline(
        [
            (-0.02, 1.56),
            (-0.14, 1.40),
            (-0.13, 1.0),
            (-0.20, 0.62),
            (0.02, 0.50),
            (0.24, 0.60),
            (0.18, 1.0),
            (0.20, 1.40),
            (0.10, 1.56),
        ]
    )
    leg = limb(
        [(0.06, 0.62), (0.26, 0.42), (0.20, 0.10), (0.22, -0.16), (0.34, -0.20)], [0.10, 0.085, 0.06, 0.05, 0.035]
    )
    arm = limb([(0.10, 1.42), (0.26, 1.20), (0.42, 1.16)], [0.07, 0.055, 0.04])
    dark = mix(INK, p.accent, 0.35)
    hat = spline(
        [
            (-0.16, 1.86),
            (0.04, 1.83),
            (0.26, 1.84),
            (0.17, 1.90),
            (0.13, 2.04),
            (0.04, 2.07),
            (-0.04, 2.03),
            (-0.07, 1.91),
        ]
    )
    pins = g([(0.0, 1.5)])[:, 0]
    return [
        Part(g(wind), p.accent, mode="folds", folds=(9.0, rng.uniform(0, 6), *pins), radius=0.06 * g.size, **common),
        Part(g(coat), mix(p.accent, dark, 0.6), radius=0.14 * g.size, drop=0.01, **common),
        Part(g(leg), dark, drop=0.01, **common),
        Part(g(limb([(0.52, -0.1), (0.42, 1.16), (0.30, 2.3)], [0.016, 0.02, 0.010])), INK * 1.6, **common),
        Part(g(arm), mix(p.accent, dark, 0.45), drop=0.01, **common),
        Part(g(limb([(0.05, 1.66), (0.07, 1.74)], [0.09, 0.10])), p.flesh, **common),
        Part(g(hat), dark, drop=0.008, **common),
    ]


def birds(f: Frame, p: Palette, rng: Rng, count: int = 6) -> list[Part]:
    """Far birds: two wing strokes each."""
    parts: list[Part] = []
    for _ in range(count):
        x, y = f.x + f.size * rng.uniform(-1, 1), f.y + f.size * rng.uniform(-0.5, 0.5)
        s = f.size * rng.uniform(0.06, 0.14)
        lift = rng.uniform(0.1, 0.5)
        wing = spline(
            [
                (x - s, y - lift * s),
                (x - 0.4 * s, y - 0.5 * s),
                (x, y),
                (x + 0.45 * s, y - 0.55 * s),
                (x + s, y - lift * s),
            ],
            False,
            4,
        )
        parts.append(Part(wing, mix(INK, p.sky[0], 0.3), mode="line", width=0.16 * s, detail=1.0))
    return parts


def fish(f: Frame, p: Palette, rng: Rng) -> list[Part]:
    """A fish of length 1 that swims through the air."""
    skin = mix(p.water, p.accent, rng.uniform(0.0, 0.8))
    body = spline(
        [
            (0.5, 0.02),
            (0.36, 0.13),
            (0.1, 0.18),
            (-0.18, 0.12),
            (-0.36, 0.03),
            (-0.36, -0.03),
            (-0.16, -0.10),
            (0.12, -0.14),
            (0.38, -0.09),
        ]
    )
    tail = spline([(-0.32, 0.0), (-0.48, 0.15), (-0.58, 0.16), (-0.50, 0.0), (-0.58, -0.15), (-0.48, -0.13)], steps=4)
    back = spline([(0.16, 0.15), (0.02, 0.29), (-0.16, 0.22), (-0.14, 0.11)], steps=4)
    parts = [
        Part(f(tail), skin * 0.8, grain="bark", bump=0.4, detail=0.9),
        Part(f(back), skin * 0.75, grain="bark", bump=0.4, detail=0.9),
        Part(f(body), skin, gloss=0.5, bump=0.3, scale=0.2, detail=0.9),
    ]
    for x in np.linspace(-0.2, 0.2, 5):
        gill = spline([(x, 0.09), (x + 0.03, 0.02), (x, -0.07)], False, 4)
        parts.append(Part(f(gill), skin * 0.55, mode="line", width=0.008 * f.size, alpha=0.6, detail=1.0))
    eye = f([(0.36, 0.04)])[0]
    circle = limb([eye, eye + (0.001, 0.0)], [0.032 * f.size])
    return parts + [
        Part(circle, BONE, gloss=0.4, shadow=False, detail=1.0),
        Part(limb([eye, eye + (0.001, 0.0)], [0.016 * f.size]), INK, shadow=False, detail=1.0),
    ]
