"""The canvas: turns shapes into shaded pixels under one light, with cast shadows.

Round bodies get a height field by inflating their outline (distance to the edge), and from its slope a soft Lambertian
shading with a warm light, a cool shadow and a reflex from the ground. Cast shadows are the outlines themselves, sheared
onto the ground plane, sharp near the foot and soft far away.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from stages.museum import texture
from stages.museum.palettes import Palette
from stages.museum.shapes import Shape, ellipse

Box = tuple[int, int, int, int]  # pixels: left, top, right, bottom (the last two exclusive)
_SHIFT = 4  # sub-pixel bits of OpenCV's fixed point coordinates


@dataclass(frozen=True)
class Light:
    """One light: direction toward it (x right, y down, z to the viewer)."""

    x: float
    y: float
    z: float
    reach: float  # shadow length per height
    slant: float  # how far shadows come toward the viewer per height

    @property
    def vector(self) -> np.ndarray:
        """The direction with length 1, (3,), float32."""
        v = np.array([self.x, self.y, self.z], np.float32)
        return v / np.linalg.norm(v)


def spread(color: ArrayLike) -> np.ndarray:
    """A color as (3, 1, 1), float32, for arithmetic with planes (3, h, w)."""
    return np.asarray(color, np.float32).reshape(3, 1, 1)


class Canvas:
    """A picture under way: `image` (float RGB, a plane each: [3, H, W]), `detail` (where fine brushes work)."""

    def __init__(self, width: int, height: int, palette: Palette, light: Light) -> None:
        self.w, self.h = width, height
        self.unit = float(np.sqrt(width * height))
        self.palette, self.light = palette, light
        self.image = np.zeros((3, height, width), np.float32)
        self.detail = np.zeros((height, width), np.float32)
        self.shadow = np.zeros(((height + 1) // 2, (width + 1) // 2), np.float32)

    # -- outlines -----------------------------------------------------------------

    def _window(self, pts: np.ndarray, pad: float) -> Box | None:
        """The pixel box around an outline, or None when it lies outside the picture."""
        px = pts * self.unit
        x0, y0 = np.floor(px.min(0) - pad).astype(int)
        x1, y1 = np.ceil(px.max(0) + pad).astype(int) + 1
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, self.w), min(y1, self.h)
        return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None

    def _fixed(self, pts: np.ndarray, x0: int, y0: int, scale: float = 1.0) -> list[np.ndarray]:
        """One polygon in OpenCV's fixed point coordinates, relative to a pixel."""
        px = (pts * self.unit * scale - (x0, y0)) * (1 << _SHIFT)
        return [np.clip(np.round(px), -(2**20), 2**20).astype(np.int32)]

    def mask(self, pts: np.ndarray, box: Box) -> np.ndarray:
        """How much of each pixel of the box lies inside an outline, 0 to 255."""
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, self._fixed(pts, x0, y0), 255, cv2.LINE_AA, _SHIFT)
        return mask

    # -- shading ------------------------------------------------------------------

    def tone(
        self, color: np.ndarray, lambert: np.ndarray, bounce: np.ndarray | float, gloss: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Color under the light (3, h, w): cool dark, local color, warm light, ground reflex."""
        p = self.palette
        color = spread(color)
        dark = color * (0.22 + 0.55 * spread(p.shade))
        lit = 1 - (1 - color) * (1 - 0.62 * spread(p.light))
        t = np.clip((lambert + 0.30) / 1.25, 0, 1)
        t = t * t * (3 - 2 * t)
        low = np.clip(t * 1.7, 0, 1)
        high = np.clip((t - 0.52) * 1.7, 0, 1)
        out = dark + (color - dark) * low + (lit - color) * high * 0.85
        reflex = np.asarray(bounce, np.float32) * (1 - low) * spread(p.ground[1]) * 0.42
        return out + reflex + np.asarray(gloss, np.float32) * spread(p.light)

    def _height(self, shape: Shape, mask: np.ndarray, box: Box) -> np.ndarray:
        """Inflate an outline: the distance to its edge, rounded like a dome."""
        padded = cv2.copyMakeBorder((mask > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        full = float(distance.max()) + 1e-3
        radius = min(full, shape.radius * self.unit) if shape.radius else full
        t = np.clip(distance / radius, 0, 1)
        height = np.sqrt(np.clip(1 - (1 - t) ** 2, 0, 1)) * (radius * shape.bulge)
        height = cv2.GaussianBlur(height, (0, 0), max(0.6, 0.16 * radius))
        x0, y0 = box[0], box[1]
        for cx, cy, rx, ry, amount in shape.dents:
            ys = ((np.arange(mask.shape[0]) + y0) / self.unit - cy) / ry
            xs = ((np.arange(mask.shape[1]) + x0) / self.unit - cx) / rx
            dent = np.exp(-(ys**2))[:, None] * np.exp(-(xs**2))[None, :]
            height += (dent * amount * self.unit).astype(np.float32)
        return height

    def _relief(self, shape: Shape, size: tuple[int, int], box: Box, seed: float) -> np.ndarray:
        scale = 620.0 / (self.unit * shape.scale)
        if shape.grain == "rock":
            tile, stretch = texture.ridged(), (1.0, 0.8)
        elif shape.grain == "bark":
            tile, stretch = texture.fbm(1.5, 1), (2.4, 0.35)
        else:
            tile, stretch = texture.fbm(1.6, 1), (1.0, 1.0)
        noise = texture.sample(tile, size, (box[0], box[1]), scale, (seed, seed * 1.7), stretch)
        return noise * (shape.bump * 0.0045 * self.unit)

    def _fold_height(self, shape: Shape, mask: np.ndarray, box: Box) -> np.ndarray:
        """Hanging cloth: folds run down from the pins and open toward the hem."""
        count, phase, *pins = shape.folds
        ys = (np.arange(mask.shape[0], dtype=np.float32) + box[1])[:, None] / self.unit
        xs = (np.arange(mask.shape[1], dtype=np.float32) + box[0])[None, :] / self.unit
        top = float(shape.pts[:, 1].min())
        span = float(np.ptp(shape.pts[:, 0])) + 1e-6
        total = np.zeros(mask.shape, np.float32)
        weight = np.zeros(mask.shape, np.float32) + 1e-4
        for i, pin in enumerate(pins or (float(shape.pts[:, 0].mean()),)):
            dx, dy = xs - pin, ys - top + 0.10 * span
            angle = np.arctan2(dx, dy)
            near = 1.0 / (0.02 + (dx / span) ** 2)
            wave = np.sin(angle * count + phase + 2.1 * i + 1.3 * np.sin(3 * angle + phase))
            total += near * wave * np.clip(np.hypot(dx, dy) / span, 0.05, 0.8)
            weight += near
        return (total / weight * (0.085 * span * self.unit)).astype(np.float32)

    def _slopes(self, shape: Shape, mask: np.ndarray, box: Box, seed: float) -> tuple[np.ndarray, np.ndarray]:
        if shape.mode == "folds":
            height = self._fold_height(shape, mask, box)
            height += self._height(shape, mask, box) * 0.35
        elif shape.mode == "round":
            height = self._height(shape, mask, box)
        else:
            height = np.zeros(mask.shape, np.float32)
        if shape.bump:
            height += self._relief(shape, mask.shape, box, seed)
        dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        return dx, dy

    def _shade(self, shape: Shape, mask: np.ndarray, box: Box, seed: float) -> np.ndarray:
        dx, dy = self._slopes(shape, mask, box, seed)
        nx, ny, nz = shape.normal
        vx, vy = nx - dx * nz, ny - dy * nz
        length = np.sqrt(vx * vx + vy * vy + nz * nz) + 1e-6
        lx, ly, lz = self.light.vector
        lambert = (vx * lx + vy * ly + nz * lz) / length
        if shape.mode == "flat":  # a flat face still darkens away from the light
            ramp = np.linspace(0.10, -0.10, mask.shape[1], dtype=np.float32)
            lambert = lambert + np.sign(-lx) * ramp[None, :] * 0.6
        bounce = np.clip(vy / length, 0, 1)
        gloss = 0.0
        if shape.gloss:
            half = np.array([lx, ly, lz + 1.0]) / np.linalg.norm([lx, ly, lz + 1.0])
            spec = np.clip((vx * half[0] + vy * half[1] + nz * half[2]) / length, 0, 1)
            gloss = shape.gloss * (spec**26 + 0.16 * spec**6)
        out = self.tone(shape.color, lambert, bounce, gloss)
        if shape.glow:
            out = out * (1 - shape.glow) + spread(shape.color) * shape.glow
        return out

    def _view(self, shape: Shape, box: Box) -> np.ndarray:
        """What is seen through an opening: another sky over another plain."""
        top, low = shape.pts[:, 1].min(), shape.pts[:, 1].max()
        t = ((np.arange(box[1], box[3]) / self.unit) - top) / (low - top)
        knots = [0.0, 0.38, 0.66, 0.68, 1.0]
        stops = np.asarray(shape.color)
        column = np.stack([np.interp(t, knots, stops[:, c]) for c in range(3)]).astype(np.float32)
        return np.repeat(column[:, :, None], box[2] - box[0], axis=2)

    # -- painting -----------------------------------------------------------------

    def paint(self, shape: Shape, seed: float = 0.0) -> None:
        """Lay one shape over what is there."""
        if shape.mode == "shade":  # only a shadow on the ground
            return
        if shape.mode == "line":
            self._line(shape)
            return
        if shape.drop:
            self._drop(shape)
        box = self._window(shape.pts, 1)
        if box is None:
            return
        mask = self.mask(shape.pts, box)
        color = self._view(shape, box) if shape.mode == "window" else self._shade(shape, mask, box, seed)
        self._lay(shape, color, mask, shape.alpha / 255.0, box)

    def _lay(self, shape: Shape, color: np.ndarray, mask: np.ndarray, opacity: float, box: Box) -> None:
        """Blend a color into the picture where the mask is, and ask for fine brushes there."""
        x0, y0, x1, y1 = box
        if shape.haze:
            color = color * (1 - shape.haze) + spread(self.palette.haze) * shape.haze
        cover = mask.astype(np.float32)
        view = self.image[:, y0:y1, x0:x1]
        view += (color - view) * (cover * opacity)
        spot = self.detail[y0:y1, x0:x1]
        np.maximum(spot, cover * (shape.detail / 255.0), out=spot)

    def _drop(self, shape: Shape) -> None:
        """A soft contact shadow on whatever lies behind the shape."""
        shift = np.array([-np.sign(self.light.x) * shape.drop, shape.drop * 0.7])
        blur = max(1.0, shape.drop * self.unit * 0.5)
        box = self._window(shape.pts + shift, 2.5 * blur)
        if box is None:
            return
        x0, y0, x1, y1 = box
        mask = cv2.GaussianBlur(self.mask(shape.pts + shift, box), (0, 0), blur)
        dark = mask.astype(np.float32) * (0.62 * shape.alpha / 255.0)
        self.image[:, y0:y1, x0:x1] *= 1 - dark * (1 - spread(self.palette.shade))

    def _line(self, shape: Shape) -> None:
        px = shape.width * self.unit
        box = self._window(shape.pts, px + 2)
        if box is None:
            return
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.polylines(mask, self._fixed(shape.pts, x0, y0), False, 255, max(1, round(px)), cv2.LINE_AA, _SHIFT)
        # Lines thinner than a pixel keep their weight by opacity.
        self._lay(shape, spread(shape.color), mask, shape.alpha * min(1.0, px + 0.25) / 255.0, box)

    # -- cast shadows -------------------------------------------------------------

    def cast_shadows(self, shapes: list[Shape], base: float) -> None:
        """Shadows of one motif on the ground: outlines sheared along the light."""
        layers: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(self.shadow.shape, np.uint8))
        for shape in shapes:
            if shape.shadow and shape.mode != "line":
                self._cast_outline(shape, shape.base if shape.base is not None else base, layers)
        for softness, layer in layers.items():
            blur = max(0.5, (0.0016, 0.005, 0.013)[softness] * self.unit * 0.5)
            x, y, w, h = cv2.boundingRect(layer)
            reach = int(3 * blur) + 3  # beyond it there is no shadow
            near = np.s_[max(0, y - reach) : y + h + reach, max(0, x - reach) : x + w + reach]
            soft = cv2.GaussianBlur(layer[near], (0, 0), blur).astype(np.float32) / 255.0
            np.maximum(self.shadow[near], soft * (1.0, 0.95, 0.86)[softness], out=self.shadow[near])

    def _cast_outline(self, shape: Shape, base: float, layers: dict[int, np.ndarray]) -> None:
        rise = base - shape.pts[:, 1]
        if rise.max() <= 0:
            return
        side = -np.sign(self.light.x)
        if shape.mode == "shade":
            ground, rise = shape.pts, np.full(len(shape.pts), 0.1)
        else:
            ground = np.stack([shape.pts[:, 0] + side * self.light.reach * rise, base + self.light.slant * rise], 1)
        mean = float(np.clip(rise, 0, None).mean())
        x, y = shape.pts[:, 0], shape.pts[:, 1]
        area = abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2
        thin = area / (np.ptp(x) + np.ptp(y) + 1e-9) < 0.016
        softness = 0 if mean < 0.06 or thin else (1 if mean < 0.22 else 2)
        cv2.fillPoly(layers[softness], self._fixed(ground, 0, 0, 0.5), 255, cv2.LINE_AA, _SHIFT)
        foot = shape.pts[np.abs(base - shape.pts[:, 1]) < 0.012]
        if len(foot) > 1:  # where it touches the ground it is darkest
            half = 0.55 * float(np.ptp(foot[:, 0])) + 0.004
            contact = ellipse(float(foot[:, 0].mean()), base, half, min(0.012, 0.3 * half), n=20)
            cv2.fillPoly(layers[1], self._fixed(contact, 0, 0, 0.5), 255, cv2.LINE_AA, _SHIFT)

    def lay_shadows(self, top: float, bottom: float | None = None, fade: float = 0.05) -> None:
        """Multiply the cast shadows into the ground between two lines, and forget them."""
        shadow = cv2.resize(self.shadow, (self.w, self.h), interpolation=cv2.INTER_LINEAR)
        rows = np.arange(self.h, dtype=np.float32) / self.unit
        near = np.clip((rows - top) / fade, 0, 1) * (rows < (bottom or 1e9))
        near = near.astype(np.float32)
        weight = shadow * near[:, None] * 0.9
        self.image *= 1 - weight * (1 - (0.12 + 0.78 * spread(self.palette.shade)))
        np.maximum(self.detail, 0.62 * shadow * near[:, None], out=self.detail)
        self.shadow[:] = 0
