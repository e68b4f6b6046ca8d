"""Brush strokes, canvas and light on the paint: from a drawn scene to a painting.

Layered curved strokes after Hertzmann (1998): large brushes first, smaller ones only where the picture still differs
from the scene; strokes run along the normal of the gradient. A fourth channel carries the height of the paint, from
which a light emboss and, with the weave of the canvas, the surface is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from stages.museum import texture

LEVELS = 12.0  # color jitter of a stroke, in 8-bit levels
_NOMINAL = 800.0  # long edge for which the radii are given


@dataclass(frozen=True)
class Layer:
    """Strokes of one brush."""

    radius: float
    threshold: float | None  # error that calls for a stroke, summed over the channels; None: strokes everywhere
    steps: int  # longest stroke
    jitter: float  # of the color, times LEVELS
    tolerance: float  # change of color, summed over the channels, that ends a stroke
    spacing: float  # between strokes, in radii


_LAYERS = (
    Layer(16.0, None, 7, 1.0, 70.0, 1.25),
    Layer(8.0, 26.0, 7, 1.0, 60.0, 1.25),
    Layer(4.0, 22.0, 7, 0.75, 45.0, 1.25),
    Layer(2.0, 20.0, 6, 0.5, 36.0, 1.75),
)


def direction_field(image: np.ndarray, prior: np.ndarray, radius: float) -> np.ndarray:
    """Unit vectors (2, h, w) along the edges of the image, and along `prior` where it is even.

    The smoothed structure tensor gives orientations that do not flicker; the prior (an angle per pixel) enters as a
    weak tensor of its own.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    gray = cv2.GaussianBlur(gray, (0, 0), max(1.0, 0.5 * radius))
    gx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=3)
    sigma = max(1.5, radius)
    cos2 = cv2.GaussianBlur(gx * gx - gy * gy, (0, 0), sigma)
    sin2 = cv2.GaussianBlur(2 * gx * gy, (0, 0), sigma)
    # The edge runs across the gradient, hence the sign; 60 is a faint slope squared.
    cos2 = -cos2 + 60.0 * np.cos(2 * prior)
    sin2 = -sin2 + 60.0 * np.sin(2 * prior)
    half = 0.5 * np.arctan2(sin2, cos2)
    return np.stack([np.cos(half), np.sin(half)])


def _starts(shape: tuple[int, int], step: float, need: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Jittered grid points at which the picture still needs a stroke."""
    h, w = shape
    xs, ys = np.meshgrid(np.arange(step / 2, w, step), np.arange(step / 2, h, step))
    points = np.stack([xs.ravel(), ys.ravel()], 1)
    points += rng.uniform(-0.5, 0.5, points.shape) * step
    points = np.clip(points, 0, [w - 1, h - 1])
    wanted = need[points[:, 1].astype(int), points[:, 0].astype(int)]
    points = points[wanted]
    return points[rng.permutation(len(points))]


def _change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far 8-bit colors (n, m, 3) are apart, summed over the channels; (n, m), float32."""
    return cv2.transform(cv2.absdiff(a, b).astype(np.float32), np.ones((1, 3), np.float32))


def _trace(
    starts: np.ndarray, field: np.ndarray, image: np.ndarray, step: float, steps: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Follow the field from all starts at once; a stroke ends where color changes.

    Returns the points (n, steps + 1, 2), how many of them each stroke has, and its color (n, 1, 3).
    """
    h, w = image.shape[:2]
    vectors, pixels = field.reshape(2, -1), image.reshape(-1, 1, 3)
    limit = np.array([[w - 1], [h - 1]], np.float32)
    path = np.empty((steps + 1, 2, len(starts)), np.float32)
    path[0] = starts.T
    length = np.full(len(starts), steps + 1)
    x, y = starts.T.astype(int)
    color = pixels.take(y * w + x, 0)
    heading = vectors.take(y * w + x, 1)
    heading[:, ::2] *= -1  # half of the strokes run the other way
    for k in range(1, steps + 1):
        path[k] = np.clip(path[k - 1] + heading * step, 0, limit)
        x, y = path[k].astype(int)
        ended = _change(pixels.take(y * w + x, 0), color)[:, 0] > tolerance
        length = np.where(ended & (length > k), k, length)
        turn = vectors.take(y * w + x, 1)
        turn *= np.where((turn * heading).sum(0) < 0, np.float32(-1), np.float32(1))
        heading = 0.35 * heading + 0.65 * turn
    return path.transpose(2, 0, 1), np.maximum(length, 2), color


def _paint_layer(
    canvas: np.ndarray,
    image: np.ndarray,
    field: np.ndarray,
    need: np.ndarray,
    layer: Layer,
    radius: float,
    rng: np.random.Generator,
) -> None:
    """Draw the strokes of one layer, with a brush of `radius` pixels, onto the 4-channel canvas."""
    starts = _starts(image.shape[:2], max(2.0, radius * layer.spacing), need, rng)
    if not len(starts):
        return
    path, length, drawn = _trace(starts, field, image, max(1.5, radius * 1.1), layer.steps, layer.tolerance)
    color = drawn[:, 0].astype(np.float32)
    jitter = LEVELS * layer.jitter
    # Value moves more than hue: one shared draw and a small one per channel.
    color += rng.normal(0, jitter * 0.42, (len(starts), 1))
    color += rng.normal(0, jitter * 0.26, color.shape)
    height = rng.uniform(40, 215, (len(starts), 1))
    mixed = np.rint(np.clip(np.concatenate([color, height], 1), 0, 255)).astype(np.uint8)
    fixed = np.round(path * 8).astype(np.int32)[:, :, None, :]
    width = np.maximum(1, np.round(2 * radius * rng.uniform(0.6, 1.0, len(starts)))).astype(int)
    style = cv2.LINE_AA if radius < 2.5 else cv2.LINE_8
    paints = zip(*mixed.T.tolist(), strict=True)  # tuples one by one: a list of lists would busy the garbage collector
    for points, n, paint, thick in zip(fixed, length.tolist(), paints, width.tolist(), strict=True):
        cv2.polylines(canvas, [points[:n]], False, paint, thick, style, 3)


def _edges(scene: np.ndarray, scale: float) -> np.ndarray:
    """Contours ask for fine brushes on both of their sides, or colors would run over."""
    gray = cv2.GaussianBlur(cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY), (0, 0), max(0.7, scale))
    slope = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    reach = int(5 * scale) * 2 + 1
    wide = cv2.dilate(slope, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.clip((wide.astype(np.float32) - 6.0) / 16.0, 0, 0.92)


def strokes(
    scene: np.ndarray, detail: np.ndarray, prior: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paint the scene (8-bit RGB); returns colors with the height of the paint (h, w, 4), and directions (2, h, w)."""
    scale = max(scene.shape[:2]) / _NOMINAL
    canvas = cv2.cvtColor(cv2.GaussianBlur(scene, (0, 0), 8 * scale), cv2.COLOR_RGB2RGBA)
    canvas[..., 3] = 128
    field = direction_field(scene, prior, 5 * scale)
    for layer in _LAYERS:
        r = max(1.0, layer.radius * scale)
        reference = cv2.GaussianBlur(scene, (0, 0), max(0.5, 0.35 * r))
        if layer.threshold is None:
            need = np.ones(scene.shape[:2], bool)
        else:
            error = _change(cv2.cvtColor(canvas, cv2.COLOR_RGBA2RGB), reference)
            error = cv2.blur(error, (int(2 * r) | 1, int(2 * r) | 1))
            need = error > layer.threshold * (2.3 - 2.0 * detail)
        _paint_layer(canvas, reference, field, need, layer, r, rng)
    return canvas, field


def _shifted(image: np.ndarray, field: np.ndarray, move: np.ndarray | np.float32) -> np.ndarray:
    """The image (h, w) or (h, w, channels) read `move` pixels along the field."""
    h, w = image.shape[:2]
    x, y = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)[:, None]
    along_x, along_y = field * move
    return cv2.remap(image, x + along_x, y + along_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def bristles(shape: tuple[int, int], field: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Marks of the hairs: noise smeared along the strokes (half resolution)."""
    h, w = shape[0] // 2 + 1, shape[1] // 2 + 1
    noise = rng.normal(0, 1, (h, w)).astype(np.float32)
    small = np.stack([cv2.resize(plane, (w, h), interpolation=cv2.INTER_AREA) for plane in field])
    total = noise.copy()
    for step in (1.0, 2.2, 3.6):
        for sign in (-1.0, 1.0):
            total += _shifted(noise, small, np.float32(sign * step * max(1.0, scale)))
    return cv2.resize(total * 0.38, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def finish(
    scene: np.ndarray, detail: np.ndarray, prior: np.ndarray, light_x: float, rng: np.random.Generator
) -> np.ndarray:
    """Strokes, a little of the drawing where the eye goes, emboss, canvas, varnish."""
    h, w = scene.shape[:2]
    scale = max(h, w) / _NOMINAL
    fine = np.maximum(detail, _edges(scene, scale))
    canvas, field = strokes(scene, fine, prior, rng)
    keep = np.maximum(detail, np.where(fine > 0.85, np.float32(0.9), np.float32(0)))
    keep = cv2.GaussianBlur(keep, (0, 0), 1.6 * scale)
    keep = np.clip((keep - 0.35) * 1.1, 0, 0.70)
    hairs = bristles((h, w), field, scale, rng)
    # Each hair starts and ends where it likes, so that strokes have no round ends.
    *color, height = cv2.split(_shifted(canvas, field, np.clip(hairs, -1.6, 1.6) * ((1 - keep) * 6.0 * scale)))
    out = np.stack(color).astype(np.float32)  # [3, H, W]
    out += (np.stack(cv2.split(scene)).astype(np.float32) - out) * keep
    surface = cv2.GaussianBlur(height, (0, 0), max(0.6, 0.9 * scale)).astype(np.float32) / 60.0
    surface += hairs * 0.55
    weave = texture.canvas_weave((h, w), scale, rng)
    slope = cv2.Sobel(surface, cv2.CV_32F, 1, 0, ksize=3) * np.sign(light_x)
    slope += cv2.Sobel(surface, cv2.CV_32F, 0, 1, ksize=3)
    relief = np.clip(-slope * 1.3, -7, 7) + np.clip(weave * 2.0, -5, 5)
    weight = 0.45 + 0.55 * (1 - np.clip(out.mean(0) / 255.0, 0, 1))
    out += relief * (1.35 - 0.6 * weight)
    ys = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    out *= 1.02 - 0.10 * (xs**2 + ys**2) ** 1.2
    return cv2.merge(list(np.clip(out, 0, 255).astype(np.uint8)))
