"""The painter: from a work of the catalogue to its picture."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from stages.museum import brush, terrain, texture
from stages.museum.cast import LEDGE, perform
from stages.museum.easel import Easel
from stages.museum.scene import Scene, compose
from stages.museum.works import Work


def paint(work: Work, long_edge: int) -> Image.Image:
    """The picture of a work, its longer side `long_edge` pixels: the same bytes every time."""
    cv2.setNumThreads(1)  # sums in another order would give other bytes
    scene = compose(work)
    width, height = _pixels(work, long_edge)
    rng = np.random.default_rng([*work.brush_key, 4])
    easel = _draw(scene, width, height, np.random.default_rng([*work.key, 5]))
    drawing = np.clip(easel.image * 255.0, 0, 255).astype(np.uint8)
    prior = _prior(scene, width, height)
    painted = brush.finish(drawing, easel.detail, prior, scene.light.x, rng)
    return Image.fromarray(painted)


def _pixels(work: Work, long_edge: int) -> tuple[int, int]:
    w, h = work.format
    scale = long_edge / max(w, h)
    return max(8, round(w * scale)), max(8, round(h * scale))


def _draw(scene: Scene, width: int, height: int, rng: np.random.Generator) -> Easel:
    """The scene as a drawing: sky, earth, far ridges, shadows, then bodies from far to near."""
    easel = Easel(width, height, scene.palette, scene.light)
    plain = scene.plain
    terrain.sky(easel, scene.horizon, scene.sky, rng)
    items = sorted(plain.items, key=lambda item: item.y + (1.0 if item.kind == "on_ledge" else 0.0))
    acts = [(item, perform(item, scene)) for item in items]
    far = [act for act in acts if act[0].kind in ("ridge", "face_ridge")]
    terrain.ground(easel, scene.horizon, scene.ground, rng)
    if plain.sea:
        for item, parts in far:  # ridges first: the sea mirrors them
            _lay(easel, parts, item.seed)
        terrain.water(easel, scene.horizon, plain.sea, rng)
    for item, parts in acts:
        if item.kind not in ("ledge", "on_ledge", "birds", "moon", "tear"):
            easel.cast(parts, item.y)
    easel.lay_shadows(scene.horizon)
    for item, parts in acts:
        _lay(easel, parts, item.seed)
        if item.kind == "ledge":
            for other, others in acts:
                if other.kind == "on_ledge":
                    easel.cast(others, plain.at(LEDGE[1]))
            easel.lay_shadows(plain.at(LEDGE[0]), plain.at(LEDGE[2]), fade=0.005)
    return easel


def _lay(easel: Easel, parts: list, seed: int) -> None:
    for part in parts:
        easel.paint(part, float(seed % 499))


def _prior(scene: Scene, width: int, height: int) -> np.ndarray:
    """Where the scene is even, strokes lie nearly level: drifting in the sky, flat on earth."""
    unit = float(np.sqrt(width * height))
    noise = texture.sample(
        texture.fbm(2.0, 2), (height, width), (0, 0), 150 / unit, (float(scene.plain.horizon * 977 % 512), 0.0)
    )
    rows = np.arange(height, dtype=np.float32)[:, None] / unit
    swing = np.where(rows < scene.horizon, 0.45, 0.12).astype(np.float32)
    return noise * swing
