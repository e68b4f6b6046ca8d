"""Paper for a sketch: it takes watercolor washes and pencil lines."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from stages.museum import texture
from stages.museum.shapes import Points, spline

WIDTH, HEIGHT = 1200, 900  # pixels


class Paper:
    """Paper that takes washes (absorbing light) and graphite (a darkness)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tooth = texture.sample(texture.fbm(0.9, 1), (HEIGHT, WIDTH), (0, 0), 1.0)
        self.grain = texture.sample(texture.fbm(1.25, 2), (HEIGHT, WIDTH), (0, 0), 0.8)
        self.wander = texture.sample(texture.fbm(1.9, 0), (HEIGHT, WIDTH), (0, 0), 0.6)
        self.ink = np.zeros((HEIGHT, WIDTH, 3), np.float32)  # absorbance of the washes
        self.graphite = np.zeros((HEIGHT, WIDTH), np.float32)

    def wash(
        self,
        pts: Points,
        color: tuple[int, int, int],
        strength: float = 0.8,
        fade: tuple[float, float] | None = None,
        wet: float = 9.0,
        pool: float = 0.6,
        crisp: float = 26.0,
    ) -> None:
        """A watercolor wash: uneven border, pigment at the drying edge, granulation.

        A low `crisp` is paint laid into wet paper: it spreads and leaves no edge.
        """
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.fillPoly(mask, [np.round(pts * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), wet)
        level = 0.5 + 0.08 * self.grain + 0.12 * self.wander
        body = 1 / (1 + np.exp(-np.clip((soft - level) * crisp, -30, 30)))
        body *= np.clip(soft * 3 - 0.15, 0, 1)  # no pigment where the brush never was
        inner = cv2.GaussianBlur(body, (0, 0), 5.5)
        edge = np.clip(body * (1 - inner) * 2, 0, 1)
        flow = np.clip(1 + 0.24 * self.wander + 0.10 * self.grain + 0.09 * self.tooth, 0.25, 2)
        amount = strength * (body * flow + pool * edge)
        if fade is not None:  # clear water pulls the color out downwards
            y = np.linspace(0, HEIGHT, HEIGHT, dtype=np.float32)[:, None]
            amount *= np.clip((y - fade[0]) / (fade[1] - fade[0]), 0.0, 1.0)
        pigment = -np.log(np.clip(np.array(color, np.float32) / 255.0, 0.03, 1))
        self.ink += amount[..., None] * pigment

    def line(self, pts: Points, weight: float = 1.0, width: float = 1.6, wobble: float = 1.6, passes: int = 2) -> None:
        """A searching pencil line: drawn more than once, never twice the same."""
        for _ in range(passes):
            path = self._shaky(pts, wobble)
            n = len(path)
            pressure = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, 6), self.rng.uniform(0.45, 1.0, 6)) * weight
            pressure *= np.interp(np.linspace(0, 1, n), [0, 0.06, 0.92, 1], [0.4, 1, 1, 0.25])
            x0, y0 = np.clip(path.min(0).astype(int) - 4, 0, [WIDTH - 1, HEIGHT - 1])
            x1, y1 = np.clip(path.max(0).astype(int) + 5, 1, [WIDTH, HEIGHT])
            here = self.graphite[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
            layer = np.zeros(here.shape, np.float32)
            fixed = np.round((path - (x0, y0)) * 16).astype(np.int32)
            for i in range(0, n - 1, 2):
                piece = fixed[i : i + 3]
                cv2.polylines(layer, [piece], False, float(pressure[i]), max(1, round(width)), cv2.LINE_AA, 4)
            here[:] = np.maximum(here, layer) + 0.3 * np.minimum(here, layer)

    def _shaky(self, pts: Points, wobble: float) -> np.ndarray:
        """Even steps along the curve, off by a slow drift and a small tremor."""
        step = np.r_[0, np.cumsum(np.hypot(*np.diff(pts, axis=0).T))]
        n = max(8, int(step[-1] / 4))
        at = np.linspace(0, step[-1], n)
        path = np.stack([np.interp(at, step, pts[:, k]) for k in (0, 1)], 1)
        knots = max(3, n // 14)
        places = np.linspace(0, n, knots)
        drift = np.stack([np.interp(np.arange(n), places, self.rng.normal(0, wobble, knots)) for _ in (0, 1)], 1)
        return path + drift + self.rng.normal(0, 0.22, path.shape)

    def hatch(self, region: Points, angle: float, gap: float, weight: float) -> None:
        """Parallel strokes clipped to a region, with gaps, slants and overshoot."""
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [np.round(region).astype(np.int32)], 255)
        direction = np.array([np.cos(angle), np.sin(angle)])
        normal = np.array([-direction[1], direction[0]])
        center = region.mean(0)
        reach = float(np.linalg.norm(region - center, axis=1).max())
        offset = -reach
        while offset < reach:
            start = center + normal * offset
            ts = np.arange(-reach, reach, 3.0)
            xy = start + ts[:, None] * direction
            ix = np.clip(xy.astype(int), 0, [WIDTH - 1, HEIGHT - 1])
            inside = np.flatnonzero(mask[ix[:, 1], ix[:, 0]])
            if len(inside) > 2:
                tilt = normal * self.rng.normal(0, 1.6)
                ends = xy[[inside[0], inside[-1]]] + self.rng.normal(0, 3.0, (2, 2))
                bow = (ends[0] + ends[1]) / 2 + normal * self.rng.normal(0, 1.8)
                curve = spline([ends[0] + tilt, bow, ends[1] - tilt], False, 6)
                self.line(curve, weight * self.rng.uniform(0.75, 1.25), 1.2, 0.5, 1)
            offset += gap * self.rng.uniform(0.55, 1.5)

    def develop(self) -> Image.Image:
        """Light through the washes, graphite on the tooth of the paper."""
        white = np.array([0.972, 0.958, 0.925], np.float32)
        light = white * (1 + 0.010 * self.tooth + 0.012 * self.wander)[..., None]
        light = light * np.exp(-self.ink)
        lead = cv2.GaussianBlur(self.graphite, (0, 0), 0.75) * 1.5
        catch = 1 / (1 + np.exp(-np.clip((lead * 2.6 - 0.75 + 0.5 * self.tooth) * 2.6, -30, 30)))
        dark = np.clip(catch * np.clip(lead * 2.4, 0, 1), 0, 0.84)[..., None]
        light = light * (1 - dark) + np.array([0.31, 0.30, 0.32], np.float32) * dark
        return Image.fromarray(np.clip(light * 255, 0, 255).astype(np.uint8))
