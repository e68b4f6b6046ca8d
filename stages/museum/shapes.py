"""Outlines and shapes: the vocabulary in which a motif describes its bodies.

A motif returns a list of `Shape`s in scene units (the square root of the picture's area is 1; x to the right, y
downwards). The canvas turns shapes into shaded pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

Points = np.ndarray  # (n, 2), float64
Rng = np.random.Generator
Mode = Literal["round", "flat", "line", "folds", "window", "shade"]
Grain = Literal["soft", "rock", "bark"]
Dent = tuple[float, float, float, float, float]  # center x and y, radius along x and y, depth (below 0: into the body)


@dataclass
class Shape:
    """One body: an outline, and how it takes the light."""

    pts: Points
    color: np.ndarray  # (3,); of a window (5, 3), from its upper to its lower edge
    mode: Mode = "round"
    radius: float = 0.0  # rounding in scene units; 0: as thick as it is wide
    bulge: float = 1.0  # how strongly a round body turns away at its edge
    normal: tuple[float, float, float] = (0.0, 0.0, 1.0)  # of a flat shape
    bump: float = 0.0  # amplitude of surface relief
    grain: Grain = "soft"  # kind of relief
    scale: float = 1.0  # size of the relief
    gloss: float = 0.0
    dents: list[Dent] = field(default_factory=list)
    folds: tuple[float, ...] = ()  # count, phase, pins x...
    drop: float = 0.0  # contact shadow thrown on what lies behind
    width: float = 0.002  # of a line
    base: float | None = None  # ground line for the cast shadow
    shadow: bool = True
    detail: float = 0.6  # how fine the brush has to be here
    alpha: float = 1.0
    glow: float = 0.0  # light of its own
    haze: float = 0.0


def spline(points: ArrayLike, closed: bool = True, steps: int = 8) -> Points:
    """A Catmull-Rom curve through the points."""
    p = np.asarray(points, np.float64)
    before, after = (p[-1:], p[:2]) if closed else (2 * p[:1] - p[1:2], 2 * p[-1:] - p[-2:-1])
    p = np.concatenate([before, p, after])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None, :] for i in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, p[-2:-1]])


def limb(points: ArrayLike, radii: ArrayLike, steps: int = 6) -> Points:
    """The outline of a tube: a curved axis with a radius at each of its points."""
    axis = spline(points, closed=False, steps=steps)
    knots = np.linspace(0, 1, len(np.atleast_1d(radii)))
    r = np.interp(np.linspace(0, 1, len(axis)), knots, np.atleast_1d(radii))[:, None]
    tangent = np.gradient(axis, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    ends = []
    for end, sign in ((-1, 1.0), (0, -1.0)):  # round caps
        angle = np.linspace(np.pi / 2, -np.pi / 2, 5)[1:-1]
        ends.append(
            axis[end]
            + r[end] * (np.sin(angle)[:, None] * normal[end] * sign + np.cos(angle)[:, None] * tangent[end] * sign)
        )
    return np.concatenate([axis + normal * r, ends[0], (axis - normal * r)[::-1], ends[1]])


def ellipse(cx: float, cy: float, rx: float, ry: float, tilt: float = 0.0, taper: float = 0.0, n: int = 40) -> Points:
    """An ellipse; with `taper` an egg (narrower toward its upper end)."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    x = rx * np.cos(a) * (1 + taper * np.sin(a))
    y = ry * np.sin(a)
    c, s = np.cos(tilt), np.sin(tilt)
    return np.stack([cx + c * x - s * y, cy + s * x + c * y], 1)


def quad(x0: float, y0: float, x1: float, y1: float) -> Points:
    """A rectangle."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def blob(
    cx: float, cy: float, rx: float, ry: float, rng: np.random.Generator, rough: float = 0.12, n: int = 11
) -> Points:
    """An irregular rounded stone."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform(-0.15, 0.15, n)
    r = 1 + rng.normal(0, rough, n)
    return spline(np.stack([cx + rx * r * np.cos(a), cy + ry * r * np.sin(a)], 1), steps=5)


class Frame:
    """Local coordinates of a motif: origin on the ground, y upwards, mirrored at will."""

    def __init__(self, x: float, y: float, size: float, flip: bool = False) -> None:
        self.x, self.y, self.size = x, y, size
        self.sign = -1.0 if flip else 1.0

    def __call__(self, points: ArrayLike) -> Points:
        """Points of the motif in scene units."""
        p = np.asarray(points, np.float64).reshape(-1, 2)
        return np.stack([self.x + self.sign * p[:, 0] * self.size, self.y - p[:, 1] * self.size], 1)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """One point in scene units; NumPy scalars, which make float64 of what they are computed with."""
        px, py = self([(x, y)])[0]
        return px, py

    def dent(self, x: float, y: float, rx: float, ry: float, depth: float) -> Dent:
        """A dent of a round shape in scene units."""
        return (*self.point(x, y), rx * self.size, ry * self.size, depth * self.size)
