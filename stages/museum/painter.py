"""The painter: from a work of the catalogue to its picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from stages.museum import brush, terrain, texture
from stages.museum.canvas import Canvas
from stages.museum.layout import Item
from stages.museum.motifs.compound import LEDGE
from stages.museum.motifs.table import MOTIFS, Motif, shapes_of
from stages.museum.scene import Scene, compose
from stages.museum.shapes import Shape
from stages.museum.works import Work


def paint(work: Work, long_edge: int) -> Image.Image:
    """The picture of a work, its longer side `long_edge` pixels: the same bytes every time."""
    cv2.setNumThreads(1)  # sums in another order would give other bytes
    scene = compose(work)
    width, height = _pixels(work, long_edge)
    rng = np.random.default_rng([*work.brush_key, 4])
    canvas = _draw(scene, width, height, np.random.default_rng([*work.key, 5]))
    drawing = cv2.merge(list(np.clip(canvas.image * 255.0, 0, 255).astype(np.uint8)))
    prior = _prior(scene, width, height)
    painted = brush.finish(drawing, canvas.detail, prior, scene.light.x, rng)
    return Image.fromarray(painted)


def _pixels(work: Work, long_edge: int) -> tuple[int, int]:
    """Width and height of the picture."""
    w, h = work.format
    scale = long_edge / max(w, h)
    return max(8, round(w * scale)), max(8, round(h * scale))


@dataclass(frozen=True)
class _Drawn:
    """An item with its motif and its shapes."""

    item: Item
    motif: Motif
    shapes: list[Shape]

    @property
    def order(self) -> float:
        """From far to near; what stands on another motif comes after all that stands on the plain."""
        return self.item.y + (1.0 if self.motif.on else 0.0)

    def lay(self, canvas: Canvas) -> None:
        """Paint the shapes."""
        for shape in self.shapes:
            canvas.paint(shape, float(self.item.seed % 499))


def _draw(scene: Scene, width: int, height: int, rng: np.random.Generator) -> Canvas:
    """The scene as a drawing: sky, earth, far ridges, shadows, then bodies from far to near."""
    canvas = Canvas(width, height, scene.palette, scene.light)
    layout = scene.layout
    terrain.sky(canvas, scene.horizon, scene.sky, rng)
    drawn = [_Drawn(item, MOTIFS[item.kind], shapes_of(item, scene)) for item in layout.items]
    drawn.sort(key=lambda one: one.order)
    terrain.ground(canvas, scene.horizon, scene.ground, rng)
    if layout.sea:
        for one in drawn:
            if one.motif.mirrored:
                one.lay(canvas)
        terrain.water(canvas, scene.horizon, layout.sea, rng)
    for one in drawn:
        if one.motif.casts:
            canvas.cast_shadows(one.shapes, one.item.y)
    canvas.lay_shadows(scene.horizon)
    for one in drawn:
        one.lay(canvas)
        on_it = [other for other in drawn if other.motif.on == one.item.kind]
        if on_it:
            for other in on_it:
                canvas.cast_shadows(other.shapes, layout.at(LEDGE[1]))
            canvas.lay_shadows(layout.at(LEDGE[0]), layout.at(LEDGE[2]), fade=0.005)
    return canvas


def _prior(scene: Scene, width: int, height: int) -> np.ndarray:
    """Where the scene is even, strokes lie nearly level: drifting in the sky, flat on earth."""
    unit = float(np.sqrt(width * height))
    offset = (float(scene.horizon * 977 % 512), 0.0)
    noise = texture.sample(texture.fbm(2.0, 2), (height, width), (0, 0), 150 / unit, offset)
    rows = np.arange(height, dtype=np.float32)[:, None] / unit
    swing = np.where(rows < scene.horizon, 0.45, 0.12).astype(np.float32)
    return noise * swing
