"""A sketch by hand: the sleeper on its crutches in pencil and watercolor.

`python -m stages.museum.sketch [path]` writes it to data/sketch/sketch.jpg. It is drawn from the sleeper's outline
alone: loose washes with wet edges first, then searching pencil lines, hatching and the construction lines nobody rubbed
out.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from stages.common.cli import run_cli
from stages.common.files import write_bytes
from stages.museum.motifs.sleeper import sleeper_outline
from stages.museum.paper import HEIGHT, WIDTH, Paper
from stages.museum.shapes import Frame, Points, limb, spline

DEFAULT = Path("data/sketch/sketch.jpg")
_SCALE, _LEFT, _GROUND, _LIFT = 352.0, 118.0, 742.0, 0.66
_HORIZON = 566.0


def draw() -> Image.Image:
    """The whole sketch; the same bytes every time."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([1937, 4])
    paper = Paper(rng)
    outline, supports = sleeper_outline(rng)
    place = Frame(_LEFT, _GROUND - _LIFT * _SCALE, _SCALE)
    body = place(outline)
    crutches = [_crutch(place([(x, y)])[0], rng) for x, y in supports]
    _washes(paper, body, place)
    _construction(paper, place)
    _pencil(paper, body, place, crutches)
    return paper.develop()


def _crutch(top: np.ndarray, rng: np.random.Generator) -> list[Points]:
    """The strokes of one crutch: two sides of the shaft, a fork, a pad."""
    foot = np.array([top[0] + rng.uniform(-26, 26), _GROUND + rng.uniform(-26, 30)])
    axis = (top - foot) / np.linalg.norm(top - foot)
    across = np.array([-axis[1], axis[0]])
    neck = top - axis * 46
    shaft = [np.stack([foot + across * s * 3, neck + across * s * 4.5]) for s in (-1, 1)]
    fork = [
        spline([neck + across * s * 3, neck + axis * 22 + across * s * 15, top + across * s * 18], False, 5)
        for s in (-1, 1)
    ]
    pad = limb([top - across * 25, top - axis * 4, top + across * 25], [5.5, 6, 5.5])
    return [*shaft, *fork, pad]


def _washes(paper: Paper, body: Points, place: Frame) -> None:
    """Sky, clouds, land and hills, then the sleeper."""
    upper = [(96, 80), (560, 62), (1096, 86), (1110, 300)]
    sky = spline([*upper, (1100, _HORIZON - 4), (700, _HORIZON + 2), (110, _HORIZON - 5), (88, 300)])
    paper.wash(sky, (92, 124, 182), 0.66, (500, 40), 16, 0.25)
    paper.wash(sky, (250, 186, 132), 0.72, (300, 590), 14, 0.35)
    cloud = spline([(640, 150), (800, 120), (1010, 150), (980, 190), (760, 200)])
    paper.wash(cloud, (150, 130, 170), 0.40, None, 26, 0.15, 7.0)
    paper.wash(spline([(146, 664), (172, 664), (176, 700), (146, 700)]), (150, 90, 90), 0.6, None, 4, 0.5)
    paper.wash(cloud * (0.8, 0.7) + np.array((-260, 60)), (140, 130, 176), 0.30, None, 24, 0.1, 6.0)
    far = [(92, _HORIZON + 4), (600, _HORIZON), (1108, _HORIZON + 5)]
    land = spline([*far, (1116, 700), (1080, 838), (560, 852), (118, 834), (84, 690)])
    paper.wash(land, (226, 176, 112), 0.62, None, 9, 0.5)
    near = spline([(96, 700), (560, 724), (1110, 696), (1084, 832), (560, 850), (116, 830)])
    paper.wash(near, (172, 112, 84), 0.42, (640, 860), 14, 0.4)
    hills = spline([(90, _HORIZON), (170, 524), (260, 546), (330, 530), (430, _HORIZON + 2)])
    paper.wash(hills, (122, 116, 160), 0.62, None, 5, 0.7)
    _wash_body(paper, body, place)


def _wash_body(paper: Paper, body: Points, place: Frame) -> None:
    """The sleeper with its cast shadow, and the cloth over it."""
    rise = _GROUND - body[:, 1]
    shadow = np.stack([body[:, 0] + 0.42 * rise, _GROUND - 24 + 0.20 * rise], 1)
    paper.wash(shadow, (112, 96, 140), 0.62, None, 9, 0.45, 16.0)
    paper.ink *= 1 - 0.82 * _cover(body)[..., None]  # the body was kept out of the sky
    paper.wash(body, (244, 196, 160), 0.85, None, 6, 0.9)
    upper = [(0.06, 0.30), (0.3, 0.24), (0.56, 0.28), (0.84, 0.44), (0.95, 0.46), (1.3, 0.42), (1.7, 0.34), (2.1, 0.16)]
    lower = [(2.46, -0.2), (2.3, -0.14), (2.0, 0.12), (1.5, 0.36), (1.0, 0.3), (0.8, 0.2), (0.5, -0.02), (0.15, 0.02)]
    under = spline(place([*upper, *lower]))
    paper.wash(under, (206, 150, 140), 0.66, None, 15, 0.12, 7.0)
    paper.wash(under + np.array((4, 14)), (168, 130, 150), 0.42, None, 10, 0.3, 12.0)
    cheek = spline(place([(0.52, 0.56), (0.66, 0.62), (0.74, 0.52), (0.62, 0.44)]))
    paper.wash(cheek, (232, 138, 120), 0.5, None, 20, 0.0, 5.0)
    cloth = spline(
        place([(1.22, 0.53), (1.5, 0.56), (1.78, 0.42), (1.86, -0.12), (1.62, -0.2), (1.42, -0.1), (1.16, -0.18)])
    )
    paper.ink *= 1 - 0.7 * _cover(cloth)[..., None]
    paper.wash(cloth, (92, 138, 168), 0.85, None, 6, 0.9)
    for x, lean, low in ((1.29, -0.05, -0.08), (1.50, 0.03, -0.10), (1.70, 0.09, -0.12)):
        fold = place([(x, 0.50), (x + 0.02, 0.48), (x + lean + 0.09, low), (x + lean - 0.02, low)])
        paper.wash(fold, (70, 96, 140), 0.55, None, 7, 0.25, 9.0)


def _cover(pts: Points) -> np.ndarray:
    """Where an outline covers the paper, 0..1, with a soft edge."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.fillPoly(mask, [np.round(pts).astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), 3)


def _construction(paper: Paper, place: Frame) -> None:
    """The help lines: horizon, axes, the circle of the skull, the vanishing of the shadow."""
    for y in (_HORIZON, _HORIZON + 3):
        paper.line(np.array([(60.0, y), (1150.0, y + 2)]), 0.55, 1, 1.2, 1)
    angle = np.linspace(0, 2.15 * np.pi, 60)
    center = place([(0.34, 0.38)])[0]
    ring = center + _SCALE * 0.40 * np.stack([np.cos(angle), np.sin(angle)], 1)
    paper.line(ring, 0.34, 1, 3.0, 2)
    for a, b in (
        ((-0.05, 0.68), (1.1, 0.68)),
        ((0.47, 1.1), (0.47, -0.1)),
        ((0.70, 1.0), (0.70, 0.2)),
        ((0.55, 1.02), (2.9, -0.62)),
        ((0.9, 0.62), (2.75, -0.1)),
    ):
        paper.line(place([a, b]), 0.30, 1, 1.0, 1)
    paper.line(np.array([(52.0, 50.0), (1148.0, 46.0), (1152.0, 862.0), (50.0, 866.0), (52.0, 50.0)]), 0.28, 1, 1.0, 1)


def _pencil(paper: Paper, body: Points, place: Frame, crutches: list[list[Points]]) -> None:
    """Outlines and features, then hatching in the shade."""
    paper.line(np.concatenate([body, body[:6]]), 0.80, 1, 2.2, 3)
    paper.line(body[40:110], 0.95, 2, 1.2, 1)  # the profile was gone over again
    for crutch in crutches:
        for stroke in crutch:
            paper.line(stroke, 0.82, 1, 1.2, 2)
    face = [
        ([(0.425, 0.585), (0.462, 0.60), (0.487, 0.645), (0.492, 0.695), (0.478, 0.74)], 1.0),
        ([(0.43, 0.62), (0.448, 0.66), (0.455, 0.705)], 0.5),
        ([(0.352, 0.60), (0.372, 0.66), (0.376, 0.72), (0.37, 0.755)], 0.8),
        ([(0.715, 0.79), (0.712, 0.73), (0.722, 0.66)], 1.0),
        ([(0.62, 0.86), (0.605, 0.88), (0.597, 0.85), (0.612, 0.83)], 0.9),
        ([(0.60, 0.90), (0.575, 0.82), (0.585, 0.76), (0.62, 0.75)], 0.5),
        ([(0.50, 0.36), (0.42, 0.40), (0.38, 0.33), (0.44, 0.25), (0.54, 0.23), (0.60, 0.28), (0.55, 0.34)], 0.9),
        ([(0.45, 0.35), (0.43, 0.31), (0.49, 0.27), (0.55, 0.285)], 0.6),
        ([(1.22, 0.53), (1.18, 0.2), (1.16, -0.18)], 0.9),
        ([(1.78, 0.42), (1.83, 0.1), (1.86, -0.12)], 0.9),
        ([(1.16, -0.18), (1.28, -0.13), (1.42, -0.10), (1.54, -0.16), (1.62, -0.2), (1.74, -0.14), (1.86, -0.12)], 0.9),
        ([(1.36, 0.5), (1.34, 0.2), (1.36, -0.08)], 0.5),
        ([(1.56, 0.5), (1.6, 0.2), (1.58, -0.12)], 0.6),
    ]
    for points, weight in face:
        paper.line(place(spline(points, False, 6)), weight, 1, 1.1, 3)
    for x, y in ((0.465, 0.605), (0.483, 0.64), (0.491, 0.675), (0.491, 0.71), (0.482, 0.735)):
        paper.line(place([(x, y), (x + 0.03, y + 0.002), (x + 0.048, y + 0.018)]), 0.8, 1, 0.5, 1)
    _hatching(paper, place, crutches)
    _surroundings(paper)


def _hatching(paper: Paper, place: Frame, crutches: list[list[Points]]) -> None:
    """The shaded sides, and the cast shadows."""
    shade = place(
        [(0.10, 0.16), (0.30, 0.10), (0.52, 0.06), (0.74, 0.20), (0.90, 0.42), (0.80, 0.46), (0.52, 0.22), (0.24, 0.24)]
    )
    paper.hatch(shade, -0.9, 9, 0.62)
    paper.hatch(place([(0.44, 0.02), (0.66, 0.06), (0.84, 0.30), (0.7, 0.26), (0.5, 0.12)]), -0.45, 9, 0.55)
    paper.hatch(place([(0.88, 0.56), (0.98, 0.48), (1.2, 0.42), (1.2, 0.28), (0.98, 0.34)]), -1.0, 8, 0.6)
    paper.hatch(place([(1.86, 0.34), (2.2, 0.12), (2.5, -0.3), (2.4, -0.34), (2.1, 0.06)]), -0.8, 8, 0.55)
    paper.hatch(place([(1.52, 0.46), (1.64, 0.42), (1.66, -0.1), (1.54, -0.1)]), 1.25, 7, 0.5)
    for crutch in crutches:  # shadows of the crutches, hatched on the ground
        foot = crutch[0][0]
        streak = foot + np.array([(0, 0), (150, 52), (152, 62), (4, 9)])
        paper.hatch(streak, 0.36, 4, 0.5)
    ground = np.array([(360, 748), (960, 742), (1090, 772), (700, 800), (420, 776)], float)
    paper.hatch(ground, 0.06, 9, 0.5)


def _surroundings(paper: Paper) -> None:
    """Hills, a far boat and a child, stones, birds, a note of the light."""
    hills = [(90, _HORIZON), (170, 524), (214, 540), (260, 546), (330, 530), (430, _HORIZON)]
    paper.line(spline(hills, False, 6), 0.6, 1, 1.2, 2)
    paper.hatch(np.array([(170, 526), (214, 541), (200, 562), (130, 562)], float), 1.0, 6, 0.4)
    paper.line(spline([(1050, 560), (1062, 569), (1094, 569), (1108, 558)], False, 5), 0.7, 1, 0.6, 2)
    paper.line(np.array([(1076.0, 566.0), (1078.0, 522.0), (1102.0, 552.0), (1078.0, 554.0)]), 0.7, 1, 0.6, 1)
    for points in (
        [(152, 662), (149, 690), (146, 716)],
        [(166, 662), (168, 690), (172, 716)],
        [(152, 662), (150, 682), (168, 682), (166, 662), (152, 662)],
        [(166, 666), (182, 674), (190, 668)],
    ):
        paper.line(spline(points, False, 4), 0.8, 1, 0.6, 2)
    paper.hatch(np.array([(150, 662), (168, 662), (172, 716), (148, 716)], float), 1.2, 4, 0.6)
    angle = np.linspace(0, 2 * np.pi, 16)
    for x, y, r in ((159, 651, 7), (198, 694, 21)):
        paper.line(np.stack([x + r * np.cos(angle), y + r * np.sin(angle)], 1), 0.75, 1, 0.6, 2)
    paper.hatch(np.array([(170, 714), (300, 748), (300, 756), (166, 720)], float), 0.25, 4, 0.5)
    for x, y, r in ((210, 806, 13), (246, 818, 8), (860, 826, 11), (990, 806, 7)):
        stone = np.stack([x + 1.5 * r * np.cos(angle), y + 0.8 * r * np.sin(angle)], 1)
        paper.line(stone, 0.7, 1, 1.4, 2)
        paper.hatch(stone + np.array((r, r * 0.8)), 0.1, 5, 0.5)
    for x, y, s in ((760, 250, 13), (800, 232, 9), (838, 262, 8)):
        wings = [(x - s, y - 3), (x - s / 2, y - s / 2), (x, y), (x + s / 2, y - s / 2), (x + s, y - 2)]
        paper.line(spline(wings, False, 5), 0.75, 1, 0.6, 1)


def write(path: Path) -> None:
    """Write the sketch as a JPEG, whole or not at all."""
    data = io.BytesIO()
    draw().save(data, "JPEG", quality=84, optimize=True)
    write_bytes(path, data.getvalue())


def main() -> None:
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)


if __name__ == "__main__":
    run_cli(main)
