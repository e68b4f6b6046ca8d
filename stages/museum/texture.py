"""Periodic noise tiles (clouds, rock, cracks, pebbles, weave), made once per process.

Every tile is a square float32 array that wraps at its edges, so a scene may sample it at any offset and scale. The
tiles are the same in every run; what differs between two works is only where and how they are sampled.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

SIZE = 512
_SEED = 1924


def _normalize(tile: np.ndarray) -> np.ndarray:
    """Mean 0, standard deviation 1."""
    tile = tile - tile.mean()
    return (tile / (tile.std() + 1e-6)).astype(np.float32)


@cache
def fbm(slope: float = 1.6, variant: int = 0) -> np.ndarray:
    """Fractal noise by spectral synthesis: a larger slope gives softer clouds."""
    rng = np.random.default_rng([_SEED, 1, variant])
    fy = np.fft.fftfreq(SIZE)[:, None]
    fx = np.fft.rfftfreq(SIZE)[None, :]
    radius = np.sqrt(fx * fx + fy * fy)
    radius[0, 0] = 1.0
    phase = rng.uniform(0, 2 * np.pi, radius.shape)
    spectrum = radius ** (-slope) * np.exp(1j * phase)
    spectrum[0, 0] = 0.0
    return _normalize(np.fft.irfft2(spectrum, s=(SIZE, SIZE)))


@cache
def ridged() -> np.ndarray:
    """Sharp crests and gullies for rock faces."""
    total = np.zeros((SIZE, SIZE), np.float32)
    for octave, gain in enumerate((1.0, 0.5, 0.3)):
        layer = np.roll(fbm(1.9, octave), 131 * octave, axis=1)
        layer = _tile_down(layer, 2**octave)
        total += gain * (1.0 - np.abs(layer))
    return _normalize(total)


def _tile_down(tile: np.ndarray, times: int) -> np.ndarray:
    """The same tile at a higher frequency (shrunk, then repeated)."""
    small = cv2.resize(tile, (SIZE // times, SIZE // times), interpolation=cv2.INTER_AREA)
    return np.tile(small, (times, times))


@cache
def _worley(cells: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest and second nearest of jittered points (wrapping)."""
    rng = np.random.default_rng([_SEED, 2, cells])
    step = SIZE / cells
    grid = np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), -1).reshape(-1, 2)
    points = (grid + rng.uniform(0.1, 0.9, grid.shape)) * step
    first = np.full((SIZE, SIZE), 1e9, np.float32)
    second = first.copy()
    axis = np.arange(SIZE, dtype=np.float32)
    for px, py in points:
        dx = np.abs(axis - px)
        dy = np.abs(axis - py)
        dx = np.minimum(dx, SIZE - dx)[None, :]
        dy = np.minimum(dy, SIZE - dy)[:, None]
        distance = np.sqrt(dx * dx + dy * dy)
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    return first / step, second / step


@cache
def cracks() -> np.ndarray:
    """Dried mud: plates near 0, cracks toward -1."""
    first, second = _worley(11)
    edge = second - first + 0.05 * fbm(1.4, 3)
    return (-np.exp(-(np.clip(edge, 0, 1) ** 2) / 0.006)).astype(np.float32)


@cache
def pebbles() -> np.ndarray:
    """Small round stones lying apart, as a height."""
    first, _ = _worley(13)
    rng = np.random.default_rng([_SEED, 4])
    keep = cv2.resize(rng.uniform(0, 1, (13, 13)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
    radius = 0.10 + 0.22 * keep**3
    return np.sqrt(np.clip(1 - (first / radius) ** 2, 0, 1)).astype(np.float32)


@cache
def weave() -> np.ndarray:
    """Canvas threads: noise blurred along one and the other direction."""
    rng = np.random.default_rng([_SEED, 5])
    noise = rng.normal(0, 1, (SIZE * 2, SIZE * 2)).astype(np.float32)
    across = cv2.GaussianBlur(noise, (0, 0), sigmaX=5.0, sigmaY=0.7, borderType=cv2.BORDER_REFLECT)
    along = cv2.GaussianBlur(noise.T.copy(), (0, 0), sigmaX=0.7, sigmaY=5.0, borderType=cv2.BORDER_REFLECT)
    return _normalize(across + along)


def canvas_weave(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """A piece of canvas for a picture; threads keep their size relative to it."""
    tile = weave()
    need = [min(int(np.ceil(n / scale)) + 2, tile.shape[0]) for n in shape]
    top, left = (int(rng.integers(0, tile.shape[0] - n + 1)) for n in need)
    piece = tile[top : top + need[0], left : left + need[1]]
    return cv2.resize(piece, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def read(tile: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A tile at the texels (u, v), two arrays that broadcast; linear between texels, without end in all directions."""
    map_x, map_y = np.broadcast_arrays(_wrap(u), _wrap(v))
    return cv2.remap(tile, map_x.copy(), map_y.copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def _wrap(coordinates: np.ndarray) -> np.ndarray:
    """Coordinates within a tile, float32: the remainder that `%` gives, ten times faster."""
    return (coordinates - SIZE * np.floor(coordinates * (1 / SIZE))).astype(np.float32)


def sample(
    tile: np.ndarray,
    shape: tuple[int, int],
    origin: tuple[float, float],
    scale: float,
    offset: tuple[float, float] = (0.0, 0.0),
    stretch: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """A window of a tile: `scale` is texels per pixel, `origin` the window's pixel corner.

    Sampling by picture coordinates (not by pixels of the window) keeps a texture in place whatever the size at which
    the work is painted.
    """
    sx, sy = scale * stretch[0], scale * stretch[1]
    u = (np.arange(shape[1], dtype=np.float32) + origin[0]) * sx + offset[0]
    v = (np.arange(shape[0], dtype=np.float32) + origin[1]) * sy + offset[1]
    return read(tile, u, v[:, None])
