"""The themes of the compositions: each places its motifs on the empty plain.

A theme calls `layout.add(rng, kind, x, depth, size, ...)`: x as a share of the width, depth of the foot from the
horizon (0) to the lower edge (1; below 0: in the sky), size in scene units. compositions.py names the themes.
"""

from __future__ import annotations

from stages.museum.layout import Layout
from stages.museum.shapes import Rng


def sleeper(layout: Layout, rng: Rng) -> None:
    size = min(0.98 * layout.width / 2.95, 0.46 * layout.height)
    layout.add(rng, "sleeper", 0.075, 0.62, size, role="main", flip=False)
    layout.add(rng, "moon", 0.80, -1.15, 0.045, role="backdrop")
    layout.add(rng, "boat", 0.86, 0.12, 0.06, haze=0.3)
    layout.add(rng, "walker", 0.93, 0.34, 0.085, who="child")


def procession(layout: Layout, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    count = int(rng.integers(2, 5))
    kinds = ["horse" if rng.uniform() < 0.25 else "elephant" for _ in range(count)]
    for i, kind in enumerate(kinds):
        k = 0.62**i
        x = 0.26 + 0.52 * (1 - k) / 0.62 + rng.uniform(-0.03, 0.03)
        size = layout.fit(0.80 * layout.height * k, 0.62, 0.62)
        layout.add(
            rng,
            kind,
            1 - x if flip else x,
            0.80 * k**1.3,
            size,
            role="main",
            flip=not flip,
            burden=str(rng.choice(["obelisk", "house", "ball", "obelisk"])),
            haze=0.22 * i,
        )


def soft_hours(layout: Layout, rng: Rng) -> None:
    side = bool(rng.uniform() < 0.5)
    layout.add(
        rng,
        "watch_block",
        0.30 if side else 0.70,
        0.72,
        0.36,
        role="main",
        flip=not side,
        count=int(rng.integers(2, 4)),
    )
    layout.add(rng, "watch_tree", 0.74 if side else 0.24, 0.50, layout.fit(0.52, 0.4, 0.6), role="main", flip=side)
    layout.add(rng, "egg", 0.55 + rng.uniform(-0.1, 0.1), 0.88, 0.10)


def threshold(layout: Layout, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.14, 0.14)
    layout.add(rng, "doorway", x, 0.62, layout.fit(0.74 * layout.height, 0.66, 0.95), role="main")
    layout.add(rng, "walker", float(x + rng.choice([-0.25, 0.27])), 0.60, 0.20)
    for k in range(int(rng.integers(0, 4))):
        layout.add(
            rng,
            "doorway",
            float(x + (k + 1) * 0.13 * rng.choice([-1, 1])),
            0.22 - 0.05 * k,
            0.17 - 0.04 * k,
            leaf=False,
        )


def great_egg(layout: Layout, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.16, 0.16)
    size = layout.fit(0.72 * layout.height, 0.62, 0.8)
    layout.add(rng, "egg", x, 0.62, size, role="main", cracked=True, propped=True, ants=True)
    for _ in range(int(rng.integers(0, 4))):
        layout.add(rng, "egg", rng.uniform(0.08, 0.92), rng.uniform(0.1, 0.9), 0.07)


def drawers(layout: Layout, rng: Rng) -> None:
    x = float(rng.choice([0.36, 0.5, 0.62]))
    layout.add(rng, "torso", x, 0.80, 0.82 * layout.height, role="main", drawers=int(rng.integers(3, 6)))
    layout.add(rng, "egg", x + 0.26, 0.86, 0.12)
    if rng.uniform() < 0.5:
        layout.add(rng, "torso", (x + 0.42) % 0.9 + 0.05, 0.22, 0.24, drawers=3)


def shore(layout: Layout, rng: Rng) -> None:
    x = float(rng.choice([0.34, 0.62]))
    layout.add(rng, "boat", x, 0.66, layout.fit(0.62, 0.62, 1.05), role="main")
    layout.add(rng, "boat", rng.uniform(0.1, 0.9), 0.14, 0.10, haze=0.3)
    layout.add(rng, "walker", x + float(rng.choice([-0.27, 0.28])), 0.66, 0.17)


def levitation(layout: Layout, rng: Rng) -> None:
    kind = str(rng.choice(["sphere", "boulder", "egg", "mixed"]))
    for i in range(int(rng.integers(5, 12))):
        size = rng.uniform(0.04, 0.13) if i else rng.uniform(0.26, 0.36)
        depth = rng.uniform(0.12, 0.7) if i else 0.5
        one = str(rng.choice(["sphere", "boulder", "egg"])) if kind == "mixed" else kind
        layout.add(
            rng,
            one,
            rng.uniform(0.08, 0.92) if i else rng.uniform(0.35, 0.65),
            depth,
            size,
            role="lesser" if i > 2 else "main",
            lift=rng.uniform(0.06, 0.62) * layout.height,
        )
    layout.add(rng, "walker", rng.uniform(0.25, 0.75), 0.55, 0.15, who="pointing")


def drapery(layout: Layout, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.1, 0.1)
    layout.add(
        rng,
        "hung_cloth",
        x,
        0.70,
        layout.fit(0.70 * layout.height, 0.72, 1.0),
        role="main",
        watch=bool(rng.uniform() < 0.5),
    )
    layout.add(rng, "sphere", x + float(rng.choice([-0.3, 0.3])), 0.84, 0.11)


def arcade(layout: Layout, rng: Rng) -> None:
    left = bool(rng.uniform() < 0.5)
    layout.add(rng, "arcade", 0.0, 0.86, 0.9, role="backdrop", left=left)
    layout.add(rng, "walker", 0.60 if left else 0.40, 0.52, 0.17, role="main", who="child")
    layout.add(rng, "tower", 0.74 if left else 0.24, 0.16, 0.34, role="main")
    layout.add(rng, str(rng.choice(["egg", "sphere", "watch_block"])), 0.78 if left else 0.2, 0.70, 0.16)


def ledge(layout: Layout, rng: Rng) -> None:
    layout.add(rng, "ledge", 0.5, 0.985, 1.0, role="backdrop")
    things = [str(v) for v in rng.permutation(["bread", "egg", "watch", "sphere", "egg"])]
    for i, kind in enumerate(["watch", *[t for t in things if t != "watch"][:3]]):
        size = {"bread": 0.30, "egg": 0.17, "watch": 0.13, "sphere": 0.13}[kind]
        layout.add(
            rng,
            "on_ledge",
            (0.20, 0.46, 0.67, 0.85)[i] + rng.uniform(-0.05, 0.05),
            0.90,
            size * rng.uniform(0.9, 1.25),
            role="main",
            thing=kind,
        )
    far = str(rng.choice(["elephant", "stone_head", "tower", "horse"]))
    layout.add(rng, far, rng.uniform(0.3, 0.75), 0.24, 0.42 * layout.height, haze=0.1)


def stair(layout: Layout, rng: Rng) -> None:
    size = 0.72 * layout.height
    flip = bool(rng.uniform() < 0.5)
    layout.add(rng, "stair", 0.80 if flip else 0.20, 0.68, layout.fit(size, 0.6, 1.0), role="main", flip=flip)
    layout.add(rng, "walker", 0.14 if flip else 0.86, 0.66, 0.18, who="woman")
    layout.add(rng, "sphere", 0.24 if flip else 0.72, 0.80, 0.13)


def rider(layout: Layout, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    layout.add(
        rng,
        "horse",
        0.52 + rng.uniform(-0.1, 0.1),
        0.80,
        layout.fit(0.62 * layout.height, 0.66, 0.66),
        role="main",
        flip=flip,
        rider=True,
    )
    layout.add(rng, "horse", 0.18 if flip else 0.84, 0.2, 0.22, haze=0.35, flip=flip)


def stone_head(layout: Layout, rng: Rng) -> None:
    flip = bool(rng.uniform() < 0.5)
    layout.add(
        rng,
        "stone_head",
        0.5 + rng.uniform(-0.12, 0.12),
        0.66,
        layout.fit(0.78 * layout.height, 0.7, 0.9),
        role="main",
        flip=flip,
    )
    layout.add(rng, "walker", 0.88 if not flip else 0.12, 0.6, 0.14)
    layout.add(rng, "cypress", 0.14 if not flip else 0.86, 0.34, 0.30)


def tall_table(layout: Layout, rng: Rng) -> None:
    back = bool(rng.uniform() < 0.5)
    x = 0.48 + rng.uniform(-0.12, 0.12)
    layout.add(
        rng,
        "tall_table",
        x,
        0.76,
        layout.fit((0.50 if back else 0.62) * layout.height, 0.7, 0.8),
        role="main",
        back=back,
        load=str(rng.choice(["egg", "watch", "walker", "cypress"])),
    )
    layout.add(rng, "walker", x + float(rng.choice([-0.32, 0.34])), 0.58, 0.13)


def cypress_walk(layout: Layout, rng: Rng) -> None:
    for i in range(int(rng.integers(4, 8))):
        k = 0.70**i
        for side in (-1, 1):
            x = 0.5 + side * (0.48 * k + 0.02) + rng.uniform(-0.02, 0.02)
            layout.add(rng, "cypress", x, 0.84 * k, 0.82 * layout.height * k, role="main", haze=min(0.6, 0.13 * i))
    layout.add(rng, str(rng.choice(["doorway", "stone_head", "egg", "tower"])), 0.5, 0.2, 0.30, role="main")
    layout.add(rng, "walker", 0.5 + rng.uniform(-0.1, 0.1), 0.62, 0.18, who="woman")


def watch_tree(layout: Layout, rng: Rng) -> None:
    x = float(rng.choice([0.36, 0.6]))
    layout.add(
        rng, "watch_tree", x, 0.76, layout.fit(0.84 * layout.height, 0.64, 1.0), role="main", flip=x > 0.5, watches=3
    )
    layout.add(rng, "watch_block", 0.84 if x < 0.5 else 0.16, 0.86, 0.20, count=1)


def egg_field(layout: Layout, rng: Rng) -> None:
    rows = 5
    for i in range(rows):
        k = 0.60**i
        for j in range(-3, 4):
            x = 0.5 + (j + 0.5 * (i % 2)) * 0.42 * k + rng.uniform(-0.03, 0.03)
            if -0.05 < x < 1.05 and rng.uniform() < 0.85:
                layout.add(
                    rng,
                    "egg",
                    x,
                    0.90 * k,
                    0.24 * k * rng.uniform(0.85, 1.15),
                    role="main" if i < 1 else "lesser",
                    cracked=bool(rng.uniform() < 0.15),
                )
    layout.add(
        rng, "elephant", rng.uniform(0.3, 0.7), 0.30, 0.62 * layout.height, role="main", haze=0.12, burden="obelisk"
    )


def cliff(layout: Layout, rng: Rng) -> None:
    layout.add(rng, "face_ridge", rng.uniform(0.35, 0.65), 0.03, rng.uniform(0.18, 0.27), role="backdrop", haze=0.30)
    layout.add(rng, "boulder", float(rng.choice([0.25, 0.75])), 0.58, 0.24, role="main")
    layout.add(rng, "watch_block", 0.5 + rng.uniform(-0.15, 0.15), 0.76, 0.26, role="main", count=1)
    layout.add(rng, "boat", rng.uniform(0.2, 0.8), 0.16, 0.09, haze=0.25)


def moon_boat(layout: Layout, rng: Rng) -> None:
    x = 0.5 + rng.uniform(-0.12, 0.12)
    layout.add(rng, "boat", x, 0.52, layout.fit(0.5, 0.6, 1.05), role="main", lift=0.22 * layout.height)
    for _ in range(int(rng.integers(1, 4))):
        layout.add(
            rng, "boat", rng.uniform(0.08, 0.92), 0.2, 0.11, lift=rng.uniform(0.1, 0.45) * layout.height, haze=0.3
        )
    layout.add(rng, "walker", x + float(rng.choice([-0.2, 0.2])), 0.66, 0.16, who="pointing")
