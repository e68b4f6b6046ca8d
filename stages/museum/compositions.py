"""Compositions: the themes of the painter, each with its way to set up the plain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stages.museum.plain import Plain

Rng = np.random.Generator


def arrange(name: str, plain: Plain, rng: Rng) -> None:
    """Backdrop, the theme, and what the plain holds besides."""
    low, high = _HORIZONS.get(name, (0.50, 0.72))
    plain.horizon = plain.height * float(rng.uniform(low, high))
    _backdrop(plain, rng, name)
    _THEMES[name](plain, rng)
    _company(plain, rng, name)


def _backdrop(plain: Plain, rng: Rng, name: str) -> None:
    """Mountains on the horizon, sometimes a cape from one side, sometimes a sea."""
    if name in ("shore", "cliff") or rng.uniform() < 0.24:
        plain.sea = float(rng.uniform(0.18, 0.42)) * (plain.height - plain.horizon)
    for _ in range(int(rng.integers(0, 4))):
        x, wide = rng.uniform(-0.1, 0.9), rng.uniform(0.15, 0.55)
        plain.add(
            "ridge",
            float(x),
            0.004,
            float(rng.uniform(0.015, 0.07)),
            role="backdrop",
            rng=rng,
            wide=float(wide),
            haze=float(rng.uniform(0.55, 0.8)),
        )
    if rng.uniform() < 0.10:
        plain.add(
            "face_ridge",
            float(rng.uniform(0.15, 0.85)),
            0.012,
            float(rng.uniform(0.07, 0.12)),
            role="backdrop",
            rng=rng,
            haze=0.5,
        )
    elif rng.uniform() < 0.22 and name != "cliff":
        side = bool(rng.uniform() < 0.5)
        tall = rng.uniform(0.09, 0.2)
        plain.add(
            "ridge",
            -0.18 if side else 0.62,
            0.05,
            float(tall),
            role="backdrop",
            rng=rng,
            wide=0.56,
            haze=0.28,
            steep=0.32,
        )


def _company(plain: Plain, rng: Rng, name: str) -> None:
    """Small far figures for scale, stones in front, birds, one odd guest."""
    for _ in range(int(rng.integers(1, 4))):
        depth = float(rng.uniform(0.05, 0.30))
        x = float(rng.uniform(0.06, 0.94))
        for k in range(int(rng.choice([1, 1, 2]))):
            plain.add("walker", x + 0.022 * k, depth, 0.022 + 0.15 * depth, rng=rng)
    if rng.uniform() < 0.75:
        for _ in range(int(rng.integers(1, 4))):
            plain.add(
                "stones",
                float(rng.uniform(0.02, 0.98)),
                float(rng.uniform(0.35, 0.97)),
                float(rng.uniform(0.06, 0.16)),
                rng=rng,
                count=int(rng.integers(2, 7)),
            )
    if rng.uniform() < 0.22 and name not in ("ledge", "sleeper", "cypress_walk", "arcade"):
        # A dark mass cut by the edge makes the plain behind it deep.
        plain.add(
            "boulder", float(rng.choice([-0.03, 1.03])), 0.99, float(rng.uniform(0.22, 0.40)), role="backdrop", rng=rng
        )
    if rng.uniform() < 0.3:
        plain.add("birds", float(rng.uniform(0.2, 0.8)), -float(rng.uniform(0.5, 0.9)), 0.13, rng=rng)
    if rng.uniform() < 0.30 and name != "sleeper":
        plain.add(
            "moon",
            float(rng.choice([0.16, 0.3, 0.72, 0.86])),
            -float(rng.uniform(0.7, 1.4)),
            float(rng.uniform(0.018, 0.055)),
            role="backdrop",
            rng=rng,
        )
    if rng.uniform() < 0.13 and name not in ("sleeper", "levitation", "moon_boat"):
        plain.add(
            "tear",
            float(rng.uniform(0.2, 0.8)),
            -float(rng.uniform(0.7, 1.1)),
            float(rng.uniform(0.22, 0.4)),
            role="backdrop",
            rng=rng,
        )
    if rng.uniform() < 0.16:
        depth = float(rng.uniform(0.2, 0.6))
        plain.add("ladder", float(rng.choice([0.1, 0.22, 0.78, 0.9])), depth, 0.30 + 0.55 * depth, rng=rng)
    if rng.uniform() < 0.14:
        plain.add(
            "fish",
            float(rng.uniform(0.15, 0.85)),
            float(rng.uniform(0.15, 0.4)),
            float(rng.uniform(0.08, 0.2)),
            rng=rng,
            lift=float(rng.uniform(0.3, 0.6)) * plain.height,
        )
    guests = {
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
    for kind in rng.permutation(list(guests))[: int(rng.integers(0, 3))]:
        depth = float(rng.uniform(0.04, 0.16))
        plain.add(
            str(kind),
            float(rng.choice([0.10, 0.2, 0.8, 0.9]) + rng.normal(0, 0.03)),
            depth,
            guests[str(kind)] * (0.45 + 2.6 * depth),
            rng=rng,
        )


# -- themes ---------------------------------------------------------------------------


def _sleeper(p: Plain, rng: Rng) -> None:
    size = min(0.98 * p.width / 2.95, 0.46 * p.height)
    p.add("sleeper", 0.075, 0.62, size, role="main", rng=rng, flip=False)
    p.add("moon", 0.80, -1.15, 0.045, role="backdrop", rng=rng)
    p.add("boat", 0.86, 0.12, 0.06, rng=rng, haze=0.3)
    p.add("walker", 0.93, 0.34, 0.085, rng=rng, who="child")


def _procession(p: Plain, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    count = int(rng.integers(2, 5))
    kinds = ["horse" if rng.uniform() < 0.25 else "elephant" for _ in range(count)]
    for i, kind in enumerate(kinds):
        k = 0.62**i
        x = 0.26 + 0.52 * (1 - k) / 0.62 + rng.uniform(-0.03, 0.03)
        size = p.fit(0.80 * p.height * k, 0.62, 0.62)
        p.add(
            kind,
            1 - x if flip else x,
            0.80 * k**1.3,
            size,
            role="main",
            rng=rng,
            flip=not flip,
            burden=str(rng.choice(["obelisk", "house", "ball", "obelisk"])),
            haze=0.22 * i,
        )


def _soft_hours(p: Plain, rng: Rng) -> None:
    side = bool(rng.uniform() < 0.5)
    p.add(
        "watch_block",
        0.30 if side else 0.70,
        0.72,
        0.36,
        role="main",
        rng=rng,
        flip=not side,
        count=int(rng.integers(2, 4)),
    )
    p.add("watch_tree", 0.74 if side else 0.24, 0.50, p.fit(0.52, 0.4, 0.6), role="main", rng=rng, flip=side)
    p.add("egg", 0.55 + rng.uniform(-0.1, 0.1), 0.88, 0.10, rng=rng)


def _threshold(p: Plain, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.14, 0.14)
    p.add("doorway", float(x), 0.62, p.fit(0.74 * p.height, 0.66, 0.95), role="main", rng=rng)
    p.add("walker", float(x + rng.choice([-0.25, 0.27])), 0.60, 0.20, rng=rng)
    for k in range(int(rng.integers(0, 4))):
        p.add(
            "doorway",
            float(x + (k + 1) * 0.13 * rng.choice([-1, 1])),
            0.22 - 0.05 * k,
            0.17 - 0.04 * k,
            rng=rng,
            leaf=False,
        )


def _great_egg(p: Plain, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.16, 0.16)
    size = p.fit(0.72 * p.height, 0.62, 0.8)
    p.add("egg", float(x), 0.62, size, role="main", rng=rng, cracked=True, propped=True, ants=True)
    for _ in range(int(rng.integers(0, 4))):
        p.add("egg", float(rng.uniform(0.08, 0.92)), float(rng.uniform(0.1, 0.9)), 0.07, rng=rng)


def _drawers(p: Plain, rng: Rng) -> None:
    x = float(rng.choice([0.36, 0.5, 0.62]))
    p.add("torso", x, 0.80, 0.82 * p.height, role="main", rng=rng, drawers=int(rng.integers(3, 6)))
    p.add("egg", x + 0.26, 0.86, 0.12, rng=rng)
    if rng.uniform() < 0.5:
        p.add("torso", (x + 0.42) % 0.9 + 0.05, 0.22, 0.24, rng=rng, drawers=3)


def _shore(p: Plain, rng: Rng) -> None:
    x = float(rng.choice([0.34, 0.62]))
    p.add("boat", x, 0.66, p.fit(0.62, 0.62, 1.05), role="main", rng=rng)
    p.add("boat", float(rng.uniform(0.1, 0.9)), 0.14, 0.10, rng=rng, haze=0.3)
    p.add("walker", x + float(rng.choice([-0.27, 0.28])), 0.66, 0.17, rng=rng)


def _levitation(p: Plain, rng: Rng) -> None:
    kind = str(rng.choice(["sphere", "boulder", "egg", "mixed"]))
    for i in range(int(rng.integers(5, 12))):
        size = float(rng.uniform(0.04, 0.13) if i else rng.uniform(0.26, 0.36))
        depth = float(rng.uniform(0.12, 0.7)) if i else 0.5
        one = str(rng.choice(["sphere", "boulder", "egg"])) if kind == "mixed" else kind
        p.add(
            one,
            float(rng.uniform(0.08, 0.92) if i else rng.uniform(0.35, 0.65)),
            depth,
            size,
            role="lesser" if i > 2 else "main",
            rng=rng,
            lift=float(rng.uniform(0.06, 0.62)) * p.height,
        )
    p.add("walker", float(rng.uniform(0.25, 0.75)), 0.55, 0.15, rng=rng, who="pointing")


def _drapery(p: Plain, rng: Rng) -> None:
    x = float(0.5 + rng.uniform(-0.1, 0.1))
    p.add(
        "hung_cloth", x, 0.70, p.fit(0.70 * p.height, 0.72, 1.0), role="main", rng=rng, watch=bool(rng.uniform() < 0.5)
    )
    p.add("sphere", x + float(rng.choice([-0.3, 0.3])), 0.84, 0.11, rng=rng)


def _arcade(p: Plain, rng: Rng) -> None:
    left = bool(rng.uniform() < 0.5)
    p.add("arcade", 0.0, 0.86, 0.9, role="backdrop", rng=rng, left=left)
    p.add("walker", 0.60 if left else 0.40, 0.52, 0.17, role="main", rng=rng, who="child")
    p.add("tower", 0.74 if left else 0.24, 0.16, 0.34, role="main", rng=rng)
    p.add(str(rng.choice(["egg", "sphere", "watch_block"])), 0.78 if left else 0.2, 0.70, 0.16, rng=rng)


def _ledge(p: Plain, rng: Rng) -> None:
    p.add("ledge", 0.5, 0.985, 1.0, role="backdrop", rng=rng)
    things = [str(v) for v in rng.permutation(["bread", "egg", "watch", "sphere", "egg"])]
    for i, kind in enumerate(["watch", *[t for t in things if t != "watch"][:3]]):
        size = {"bread": 0.30, "egg": 0.17, "watch": 0.13, "sphere": 0.13}[kind]
        p.add(
            "on_ledge",
            (0.20, 0.46, 0.67, 0.85)[i] + float(rng.uniform(-0.05, 0.05)),
            0.90,
            size * float(rng.uniform(0.9, 1.25)),
            role="main",
            rng=rng,
            thing=kind,
        )
    far = str(rng.choice(["elephant", "stone_head", "tower", "horse"]))
    p.add(far, float(rng.uniform(0.3, 0.75)), 0.24, 0.42 * p.height, rng=rng, haze=0.1)


def _stair(p: Plain, rng: Rng) -> None:
    size = 0.72 * p.height
    flip = bool(rng.uniform() < 0.5)
    p.add("stair", 0.80 if flip else 0.20, 0.68, p.fit(size, 0.6, 1.0), role="main", rng=rng, flip=flip)
    p.add("walker", 0.14 if flip else 0.86, 0.66, 0.18, rng=rng, who="woman")
    p.add("sphere", 0.24 if flip else 0.72, 0.80, 0.13, rng=rng)


def _rider(p: Plain, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    p.add(
        "horse",
        0.52 + float(rng.uniform(-0.1, 0.1)),
        0.80,
        p.fit(0.62 * p.height, 0.66, 0.66),
        role="main",
        rng=rng,
        flip=flip,
        rider=True,
    )
    p.add("horse", 0.18 if flip else 0.84, 0.2, 0.22, rng=rng, haze=0.35, flip=flip)


def _stone_head(p: Plain, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    p.add(
        "stone_head",
        0.5 + float(rng.uniform(-0.12, 0.12)),
        0.66,
        p.fit(0.78 * p.height, 0.7, 0.9),
        role="main",
        rng=rng,
        flip=flip,
    )
    p.add("walker", 0.88 if not flip else 0.12, 0.6, 0.14, rng=rng)
    p.add("cypress", 0.14 if not flip else 0.86, 0.34, 0.30, rng=rng)


def _tall_table(p: Plain, rng: Rng) -> None:
    back = bool(rng.uniform() < 0.5)
    x = 0.48 + float(rng.uniform(-0.12, 0.12))
    p.add(
        "tall_table",
        x,
        0.76,
        p.fit((0.50 if back else 0.62) * p.height, 0.7, 0.8),
        role="main",
        rng=rng,
        back=back,
        load=str(rng.choice(["egg", "watch", "walker", "cypress"])),
    )
    p.add("walker", x + float(rng.choice([-0.32, 0.34])), 0.58, 0.13, rng=rng)


def _cypress_walk(p: Plain, rng: Rng) -> None:
    for i in range(int(rng.integers(4, 8))):
        k = 0.70**i
        for side in (-1, 1):
            x = 0.5 + side * (0.48 * k + 0.02) + rng.uniform(-0.02, 0.02)
            p.add("cypress", float(x), 0.84 * k, 0.82 * p.height * k, role="main", rng=rng, haze=min(0.6, 0.13 * i))
    p.add(str(rng.choice(["doorway", "stone_head", "egg", "tower"])), 0.5, 0.2, 0.30, role="main", rng=rng)
    p.add("walker", 0.5 + float(rng.uniform(-0.1, 0.1)), 0.62, 0.18, rng=rng, who="woman")


def _watch_tree(p: Plain, rng: Rng) -> None:
    x = float(rng.choice([0.36, 0.6]))
    p.add("watch_tree", x, 0.76, p.fit(0.84 * p.height, 0.64, 1.0), role="main", rng=rng, flip=x > 0.5, watches=3)
    p.add("watch_block", 0.84 if x < 0.5 else 0.16, 0.86, 0.20, rng=rng, count=1)


def _egg_field(p: Plain, rng: Rng) -> None:
    rows = 5
    for i in range(rows):
        k = 0.60**i
        for j in range(-3, 4):
            x = 0.5 + (j + 0.5 * (i % 2)) * 0.42 * k + rng.uniform(-0.03, 0.03)
            if -0.05 < x < 1.05 and rng.uniform() < 0.85:
                p.add(
                    "egg",
                    float(x),
                    0.90 * k,
                    0.24 * k * float(rng.uniform(0.85, 1.15)),
                    role="main" if i < 1 else "lesser",
                    rng=rng,
                    cracked=bool(rng.uniform() < 0.15),
                )
    p.add(
        "elephant",
        float(rng.uniform(0.3, 0.7)),
        0.30,
        0.62 * p.height,
        role="main",
        rng=rng,
        haze=0.12,
        burden="obelisk",
    )


def _cliff(p: Plain, rng: Rng) -> None:
    p.add(
        "face_ridge",
        float(rng.uniform(0.35, 0.65)),
        0.03,
        float(rng.uniform(0.18, 0.27)),
        role="backdrop",
        rng=rng,
        haze=0.30,
    )
    p.add("boulder", float(rng.choice([0.25, 0.75])), 0.58, 0.24, role="main", rng=rng)
    p.add("watch_block", 0.5 + float(rng.uniform(-0.15, 0.15)), 0.76, 0.26, role="main", rng=rng, count=1)
    p.add("boat", float(rng.uniform(0.2, 0.8)), 0.16, 0.09, rng=rng, haze=0.25)


def _moon_boat(p: Plain, rng: Rng) -> None:
    x = 0.5 + float(rng.uniform(-0.12, 0.12))
    p.add("boat", x, 0.52, p.fit(0.5, 0.6, 1.05), role="main", rng=rng, lift=0.22 * p.height)
    for _ in range(int(rng.integers(1, 4))):
        p.add(
            "boat",
            float(rng.uniform(0.08, 0.92)),
            0.2,
            0.11,
            rng=rng,
            lift=float(rng.uniform(0.1, 0.45)) * p.height,
            haze=0.3,
        )
    p.add("walker", x + float(rng.choice([-0.2, 0.2])), 0.66, 0.16, rng=rng, who="pointing")


_THEMES: dict[str, Callable[[Plain, Rng], None]] = {
    "sleeper": _sleeper,
    "procession": _procession,
    "soft_hours": _soft_hours,
    "threshold": _threshold,
    "great_egg": _great_egg,
    "drawers": _drawers,
    "shore": _shore,
    "levitation": _levitation,
    "drapery": _drapery,
    "arcade": _arcade,
    "ledge": _ledge,
    "stair": _stair,
    "rider": _rider,
    "stone_head": _stone_head,
    "tall_table": _tall_table,
    "cypress_walk": _cypress_walk,
    "watch_tree": _watch_tree,
    "egg_field": _egg_field,
    "cliff": _cliff,
    "moon_boat": _moon_boat,
}
_HORIZONS = {
    "sleeper": (0.60, 0.64),
    "levitation": (0.62, 0.8),
    "moon_boat": (0.68, 0.8),
    "ledge": (0.46, 0.58),
    "egg_field": (0.40, 0.52),
    "cypress_walk": (0.46, 0.6),
}
COMPOSITIONS: tuple[str, ...] = tuple(name for name in _THEMES if name != "sleeper")
