"""Sky, clouds, earth and water: everything behind the motifs."""

from __future__ import annotations

import cv2
import numpy as np

from stages.museum import texture
from stages.museum.canvas import Canvas, spread


def _ramp(stops: tuple[np.ndarray, ...], t: np.ndarray, knots: list[float]) -> np.ndarray:
    """Colors at `t`, linear between the stops at `knots`; (3, n), float32."""
    channels = [np.interp(t, knots, [float(s[c]) for s in stops]) for c in range(3)]
    return np.stack(channels).astype(np.float32)


def sky(canvas: Canvas, horizon: float, kind: str, rng: np.random.Generator) -> None:
    """A graded sky with a glow on the light's side, then clouds of one kind."""
    rows = max(4, min(canvas.h, int(horizon * canvas.unit) + 3))
    t = np.linspace(0, 1, rows)
    n = len(canvas.palette.sky)
    bend = float(rng.uniform(0.85, 1.25))
    column = _ramp(canvas.palette.sky, t**bend, list(np.linspace(0, 1, n)))
    view = canvas.image[:, :rows]
    view[:] = column[:, :, None]
    center = 0.5 + 0.62 * np.sign(canvas.light.x) * float(rng.uniform(0.5, 1.0))
    xs = (np.arange(canvas.w, dtype=np.float32) / canvas.w - center)[None, :]
    ys = (1 - t.astype(np.float32))[:, None]
    glow = np.exp(-((xs / 0.55) ** 2) - (ys / 0.55) ** 2)
    view += (spread(canvas.palette.light) - view) * glow * 0.40
    far = np.clip(np.abs(xs) - 0.35, 0, 1) * ys
    view *= 1 - 0.38 * far * (1 - spread(canvas.palette.sky[0]))
    if kind != "clear":
        _clouds(canvas, rows, kind, rng)


def _clouds(canvas: Canvas, rows: int, kind: str, rng: np.random.Generator) -> None:
    """Half-resolution cloud density, lit by the difference toward the light."""
    h, w = rows // 2 + 1, canvas.w // 2 + 1
    unit = canvas.unit / 2
    y = (np.arange(h, dtype=np.float32) / unit)[:, None]
    x = (np.arange(w, dtype=np.float32) / unit)[None, :]
    depth = np.clip(h / unit - y, 0.02, None)
    offset = rng.uniform(0, 512, 2)
    if kind == "cumulus":
        density = _heaps(x, y, h / unit, w / unit, unit, offset, rng)
        edge, veil = 0.25, 0.92
    else:
        density, edge, veil = _layer(x, depth, kind, offset)
    alpha = np.clip(density / edge, 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha) * veil
    step = 0.012 * unit
    shift = np.array([[1, 0, -np.sign(canvas.light.x) * step * 1.2], [0, 1, step]], np.float32)
    toward = cv2.warpAffine(density, shift, (w, h), borderMode=cv2.BORDER_REPLICATE)
    lit = np.clip(0.55 + (density - cv2.GaussianBlur(toward, (0, 0), step * 0.8)) * 1.5, 0, 1)
    p = canvas.palette
    base = p.sky[2] * 0.62 * (0.5 + 0.5 * p.shade) + 0.16 * p.sky[1]
    top = 0.55 * p.light + 0.45 * p.sky[3]
    if kind == "storm":
        base, top = base * 0.55, 0.5 * top + 0.5 * p.sky[2]
    color = spread(base) + spread(top - base) * lit
    *light, cover = (
        cv2.resize(plane.astype(np.float32), (canvas.w, rows), interpolation=cv2.INTER_LINEAR)
        for plane in (*(color * alpha), alpha)
    )
    view = canvas.image[:, :rows]
    view *= 1 - cover
    view += light
    canvas.detail[:rows] = np.maximum(canvas.detail[:rows], (0.45 if kind == "cumulus" else 0.25) * cover)


def _layer(x: np.ndarray, depth: np.ndarray, kind: str, offset: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Cloud layers lie on a plane overhead, so they shrink toward the horizon."""
    plane = 0.16 / (depth + 0.06)
    u = (x - 0.5) * plane * 190 + offset[0]
    v = plane * 170 + offset[1]
    if kind == "veil":
        stretch, tile = 0.45, texture.fbm(1.75, 2)
    elif kind == "storm":
        stretch, tile = 0.8, texture.fbm(1.9, 0)
    else:  # "bands": long lenses
        stretch, tile = 0.22, texture.fbm(2.0, 1)
    noise = texture.read(tile, u * stretch, v)
    if kind == "veil":
        return noise * 0.6 - 0.15, 1.0, 0.62
    if kind == "storm":
        return noise * 0.5 + 0.35 + 0.9 * (depth - 0.30), 0.8, 0.9
    return noise * 0.6 - 0.28, 0.55, 0.85


def _heaps(
    x: np.ndarray, y: np.ndarray, height: float, width: float, unit: float, offset: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Heap clouds with flat bases."""
    shape = (y.shape[0], x.shape[1])
    total = np.full(shape, -1.0, np.float32)
    for _ in range(int(rng.integers(2, 6))):
        cx, cy = rng.uniform(-0.05, 1.05) * width, height * rng.uniform(0.22, 0.82)
        near = 1.15 - cy / height
        rx, ry = near * rng.uniform(0.10, 0.30), near * rng.uniform(0.06, 0.15)
        below = np.where(y > cy, 2.6, 1.0)
        envelope = 1 - ((x - cx) / rx) ** 2 - ((y - cy) * below / ry) ** 2
        total = np.maximum(total, np.clip(envelope, -1, 1))
    noise = texture.sample(texture.fbm(1.7, 0), shape, (0, 0), 300 / unit, (offset[0], offset[1]))
    return (total * 0.8 + noise * 0.30 - 0.05).astype(np.float32)


def ground(canvas: Canvas, horizon: float, kind: str, rng: np.random.Generator) -> None:
    """The plain: graded to the horizon, with relief in true perspective."""
    y0 = int(horizon * canvas.unit)
    rows = canvas.h - y0
    if rows < 2:
        return
    depth = (np.arange(rows, dtype=np.float32) + 0.5) / canvas.unit
    span = rows / canvas.unit
    t = np.clip(depth / span, 0, 1) ** 0.75
    far, middle, near = canvas.palette.ground
    near = 0.62 * near + 0.38 * middle  # light enough for shadows to be seen on it
    column = _ramp((far, middle, near), t, [0.0, 0.45, 1.0])
    haze = np.exp(-depth / 0.035)
    column = column * (1 - haze) + (0.72 * canvas.palette.sky[-1][:, None] + 0.28 * column) * haze
    plane = 0.20 / (depth + 0.004)
    x = (np.arange(canvas.w, dtype=np.float32) - canvas.w * 0.5) / canvas.unit
    u = x[None, :] * plane[:, None] * 300 + float(rng.uniform(0, 512))
    v = (plane * 330 + float(rng.uniform(0, 512)))[:, None]
    relief, patch = _relief(kind, u, v, np.sign(canvas.light.x))
    fade = np.clip(depth / 0.10, 0, 1)[:, None]
    lit = np.clip(1 + fade * (0.17 * relief + 0.07 * patch), 0.35, 1.45)
    view = canvas.image[:, y0:]
    view[:] = column[:, :, None] * lit
    warm = np.clip(patch, -2, 2) * fade * 0.03
    view += warm * spread(canvas.palette.ground[0] - canvas.palette.shade)
    side = np.sign(canvas.light.x) * (x / (canvas.w / canvas.unit))
    view *= 1 + 0.22 * side
    canvas.detail[y0:] = np.maximum(canvas.detail[y0:], 0.12 + 0.25 * fade * (kind != "dunes"))


def _relief(kind: str, u: np.ndarray, v: np.ndarray, side: float) -> tuple[np.ndarray, np.ndarray]:
    """Lit relief and slow patches of color, both in the ground plane."""
    patch = texture.read(texture.fbm(1.9, 3), u * 0.23, v * 0.23)
    step = 2.5 * side
    fine = texture.fbm(1.3, 2)
    relief = 0.8 * (texture.read(fine, u * 0.9, v * 0.9) - texture.read(fine, (u + step * 2) * 0.9, v * 0.9))
    if kind == "cracked":
        tile = texture.cracks()
        edge = texture.read(tile, u * 0.8, v * 0.8)
        relief += 2.6 * edge - 1.6 * texture.read(tile, (u + step) * 0.8, v * 0.8)
    elif kind == "pebbles":
        tile = texture.pebbles()
        stone, behind = (texture.read(tile, (u + shift) * 1.2, v * 1.2) for shift in (0, 1.6 * step))
        relief += 4.2 * (stone - behind)
    elif kind == "dunes":
        tile = texture.fbm(2.1, 1)
        crest, behind = (texture.read(tile, (u + shift) * 0.3 * 0.5, v * 0.5) for shift in (0, 14 * side))
        relief += 2.6 * (crest - behind)
    elif kind == "paved":
        for axis in (u, v):
            line = np.abs((axis / 62.0) % 1.0 - 0.5) * 2
            relief -= 2.6 * np.exp(-(((1 - line) / 0.035) ** 2))
        check = (np.floor(u / 62) + np.floor(v / 62)) % 2
        patch = patch + 1.6 * (check - 0.5)
    return relief, patch


def water(canvas: Canvas, horizon: float, depth: float, rng: np.random.Generator, curve: float = 0.0) -> None:
    """A sea or lake below the horizon: the sky upside down, broken by ripples."""
    y0 = int(horizon * canvas.unit)
    rows = min(int(depth * canvas.unit), canvas.h - y0, y0 - 1)
    if rows < 3:
        return
    mirror = canvas.image[:, y0 - rows : y0][:, ::-1]
    blur = max(1.0, rows * 0.05)
    mirror = np.stack([cv2.GaussianBlur(plane, (0, 0), sigmaX=1.5, sigmaY=blur) for plane in mirror])
    d = (np.arange(rows, dtype=np.float32) + 0.5) / canvas.unit
    x = (np.arange(canvas.w, dtype=np.float32) / canvas.unit)[None, :]
    offset = float(rng.uniform(0, 512))
    ripple = texture.read(texture.fbm(1.4, 1), x * 260 + offset, np.sqrt(d)[:, None] * 1500)
    color = 0.5 * mirror + spread(0.5 * canvas.palette.water * (0.62 + 0.38 * canvas.palette.light))
    color = color * (1 + 0.085 * ripple)
    shore = texture.read(texture.fbm(1.9, 0), x * 90 + offset, np.full_like(x, offset))
    limit = depth * (0.80 + 0.10 * shore + curve * (x - 0.5))
    cover = np.clip((limit - d[:, None]) * canvas.unit / 2.0, 0, 1)
    view = canvas.image[:, y0 : y0 + rows]
    view += (color - view) * cover
    edge = np.exp(-((((limit - d[:, None]) * canvas.unit) / 2.5) ** 2))
    view += (spread(canvas.palette.light * 0.9) - view) * edge * 0.35
