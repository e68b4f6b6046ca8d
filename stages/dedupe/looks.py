"""What a file itself shows of a work, so that the files of one work can be told better from worse."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from stages.common import images
from stages.dedupe import views

EDGE = 256  # pixels of the longer side in which files are laid onto each other
FINE = 1024  # likewise in which their finest detail is compared
PEAK = 200.0  # times the usual power of a frequency beyond which it is a peak: noise and brushwork have none
PAINTED = 0.05  # share of peaks in what is coarse beyond which a pattern is the work's own


@dataclass(frozen=True)
class Look:
    """Of one file."""

    size: tuple[int, int]  # width and height, pixels
    gray: np.ndarray  # float32 [H, W], at most EDGE pixels
    colors: np.ndarray  # float32 [H, W, 3], the same in RGB
    fine: np.ndarray  # uint8 [H, W], gray, at most FINE pixels
    quality: float  # of its JPEG compression as encoders count it, 1..100; 100 without
    blocks: float  # how much stronger the edges of 8 x 8 blocks are than other lines, also of an earlier compression


def look(path: Path) -> Look:
    """Read a file whole."""
    picture = images.read(path)
    colors = views.resized(np.asarray(picture), EDGE).astype(np.float32)
    whole = np.asarray(picture.convert("L"))
    fine = views.resized(whole, FINE)
    return Look(picture.size, views.resized(whole, EDGE).astype(np.float32), colors, fine, quality(path), blocks(fine))


def fineness(gray: np.ndarray, edge: int) -> float:
    """The power of the finer half of the frequencies against that of the coarser half, in a size of `edge` pixels."""
    power, frequency = _spectrum(gray, edge)
    coarse, fine = (frequency > 0.06) & (frequency < 0.3), (frequency > 0.5) & (frequency < 0.9)
    return float(power[fine].mean() / max(power[coarse].mean(), 1e-9))


def sharpness(gray: np.ndarray, edge: int) -> float:
    """The power of the finest frequencies against that of the middle ones: 0.02 and less of what was blown up twice.

    Unlike fineness it tells of one file alone whether it has detail: 0.04 and more of sharp ones.
    """
    power, frequency = _spectrum(gray, edge)
    middle, finest = (frequency > 0.3) & (frequency < 0.45), (frequency > 0.6) & (frequency < 0.9)
    return float(power[finest].mean() / max(power[middle].mean(), 1e-9))


def raster(gray: np.ndarray, edge: int) -> float:
    """The share of a print's raster in the power of the finer frequencies: 0.15 and more of halftones, else nearly 0.

    A raster is strictly periodic. So are some works (tiles, lattices), but these have their period in what is coarse
    too, and then it is none.
    """
    power, frequency = _spectrum(gray, edge)
    if _peaks(power, frequency, np.arange(0.06, 0.3, 0.04)) > PAINTED:
        return 0.0
    return _peaks(power, frequency, np.arange(0.4, 1.01, 0.05))


def _peaks(power: np.ndarray, frequency: np.ndarray, rings: np.ndarray) -> float:
    """The share of the power that lies in peaks, ring by ring of the frequencies."""
    whole = peaks = 0.0
    for start, end in pairwise(rings):
        ring = power[(frequency >= start) & (frequency < end)]
        if ring.size:
            whole += ring.sum()
            peaks += ring[ring > PEAK * np.median(ring)].sum()
    return float(peaks / max(whole, 1e-9))


def _spectrum(gray: np.ndarray, edge: int) -> tuple[np.ndarray, np.ndarray]:
    """The power [H, W / 2 + 1] of a picture at its frequencies, 1 being the finest of a size of `edge` pixels.

    By the picture's own frequencies, without resizing it: that would take from the finest of one size and not of
    another.
    """
    height, width = gray.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = np.abs(np.fft.rfft2((gray.astype(np.float64) - gray.mean()) * window)) ** 2
    finest = edge / max(height, width) / 2  # in cycles a pixel
    return power, np.hypot(np.fft.rfftfreq(width), np.fft.fftfreq(height)[:, None]) / finest


def blocks(gray: np.ndarray) -> float:
    """The mean step at every eighth line against that at the others, where it is strongest: 1.1 and less of originals.

    Measured on the museum: 1.2 to 1.3 at JPEG quality 70, 1.6 to 1.8 at 30, also after the file was saved anew. 1 of a
    single line of pixels, which has no steps across.
    """
    if min(gray.shape) == 1:
        return 1.0
    found = []
    for lines in (gray, gray.T):
        steps = np.abs(np.diff(lines.astype(np.float32), axis=1)).mean(0)
        phases = [steps[start::8].mean() for start in range(min(8, len(steps)))]
        found.append(float(max(phases) / max(np.median(phases), 1e-3)))
    return min(found)


def quality(path: Path) -> float:
    """The quality of a JPEG by its luminance table, as the IJG's encoder scales it; 100 for other files."""
    with images.opened(path) as picture:
        table = getattr(picture, "quantization", {}).get(0)
    if not table:
        return 100.0
    scale = 100 * sum(table) / 3691  # the sum of the standard's table, at quality 50
    return float(np.clip(5000 / scale if scale > 100 else 100 - scale / 2, 1, 100))
