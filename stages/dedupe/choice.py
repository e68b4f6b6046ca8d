"""Which file of a work is kept: the one that shows most of the work itself.

Its pixels of the work count, without frame, page or bars, as far as they hold detail; a file without the colors that
another one has, with a mark, the raster of a print, tinted, faded or heavily compressed counts less. So does one that
shows a part of what another one shows: a detail has pixels enough, but is another picture than its work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from stages.common.records import Candidate
from stages.dedupe import looks, overlay, surround
from stages.dedupe.looks import Look
from stages.dedupe.surround import Box
from stages.dedupe.verification import standard

GRAY, COLORED = 5.0, 12.0  # mean difference of a pixel's channels: below it is gray, above it has colors
VIVID = 0.75  # of the others' spread of colors, below which a file is faded or tinted
CAST = 0.2  # of the logarithm of blue against red, beyond which a file is tinted
COMPRESSED, BLOCKS = 50.0, 1.3  # quality of a JPEG below which, edges of blocks above which, a file counts less
PART, CROPPED = 0.5, 0.7  # of what another file shows of the work, below which a file is a part of it, or cropped
FACTORS = {  # what the pixels of such a file count; a whole of a thirtieth of its side is still better than a part
    **{"part": 0.001, "cropped": 0.25},
    **{"gray": 0.2, "marked": 0.3, "halftone": 0.3, "faded": 0.5, "tinted": 0.5},
}
HALFTONE = 0.15  # share of a print's raster in what is fine
PRINTLESS = 0.25  # of that share, what a file without a raster has at most
SHARP = 0.03  # sharpness from which a file shows that detail is there without a raster
FINER = 1.3  # times as fine is a file with a raster, at least
SURROUNDED = 0.95  # what they count where something is around the work: of equal files the one without it is kept
SIGN = (1, 1, -1, -1)  # of the left, top, right and bottom: a larger share lies farther inside, or outside
CUT = 0.01  # least share of a side that is cut off


@dataclass
class Judged:
    """A file of a work: where the work is in it, and what is wrong with it."""

    look: Look
    box: Box = surround.WHOLE
    shown: float = 1.0  # share of the work that it shows
    detail: float = 1.0  # share of its resolution that holds detail, beside the file that has most
    faults: list[str] = field(default_factory=list)

    @property
    def pixels(self) -> float:
        """How many pixels of the work it has."""
        left, top, right, bottom = self.box
        return (right - left) * self.look.size[0] * (bottom - top) * self.look.size[1]

    @property
    def score(self) -> float:
        """Pixels of the work, of those that hold detail, less for each fault."""
        factor = float(np.prod([FACTORS[fault] for fault in self.faults]))
        alone = SURROUNDED if self.cut() else 1.0
        return self.pixels * self.detail**2 * self.compression * factor * alone

    @property
    def compression(self) -> float:
        """What its pixels count for their compression: 1 where that is light."""
        return min(1.0, self.look.quality / COMPRESSED, (BLOCKS / max(BLOCKS, self.look.blocks)) ** 2)

    def cut(self) -> tuple[int, int, int, int] | None:
        """The box of the work (left, top, right, bottom) in pixels; None where nothing is around it.

        A side that is cut loses a pixel of the comparison more, since the edge lies somewhere in it. None too where
        that leaves nothing of a tiny file.
        """
        margins = [self.box[0], self.box[1], 1 - self.box[2], 1 - self.box[3]]
        if max(margins) < CUT:
            return None
        width, height = self.look.size
        one = 1 / max(self.look.gray.shape)
        left, top, right, bottom = (share + one if share >= CUT else 0.0 for share in margins)
        box = round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)
        return box if box[0] < box[2] and box[1] < box[3] else None

    def candidate(self, file: str) -> Candidate:
        """For works.jsonl."""
        return {
            "file": file,
            "pixels_of_work": round(self.pixels),
            "shown": round(self.shown, 3),
            "detail": round(self.detail, 3),
            "quality": round(self.look.quality),
            "blocks": round(self.look.blocks, 2),
            "faults": self.faults,
            "score": round(self.score),
        }


def judge(seen: Sequence[Look]) -> list[Judged]:
    """The files of one work, one or more, laid onto the largest of them, or onto a whole one where that is a part."""
    reference = max(range(len(seen)), key=lambda number: _pixels(seen[number]))
    found, known = _laid_on(seen, reference)
    if len(known) + 1 < len(seen) and "part" in found[reference].faults:  # other parts have nothing in common with it
        reference = max(known, key=lambda number: (round(found[number].shown, 1), _pixels(seen[number])))
        found, known = _laid_on(seen, reference)
    _find_faults(found, reference, known)
    return found


def _pixels(item: Look) -> int:
    return item.size[0] * item.size[1]


def _laid_on(seen: Sequence[Look], reference: int) -> tuple[list[Judged], dict[int, np.ndarray]]:
    """Where the work is in each file, and the maps [2, 3] of those that could be laid onto the reference."""
    found, onto = [Judged(item) for item in seen], seen[reference]
    warps = {number: surround.placed(item.gray, onto.gray) for number, item in enumerate(seen) if number != reference}
    known = {number: warp for number, warp in warps.items() if warp is not None}
    work = _work(onto, [(seen[number], warp) for number, warp in known.items()])
    for number, item in enumerate(found):
        if number == reference:
            _show(item, work)
        elif number in known:
            _show(item, _mapped(work, onto.gray.shape, known[number], item.look.gray.shape))
        else:
            item.box = surround.bars(item.look.gray, item.look.colors)
    _find_parts([found[number] for number in (reference, *known)])
    return found, known


def _work(reference: Look, others: Sequence[tuple[Look, np.ndarray]]) -> Box:
    """Where the work ends in the reference, beyond its edges too, as far as other files tell."""
    shape = reference.gray.shape
    placed = [(other, surround.outline(warp, other.gray.shape, shape), warp) for other, warp in others]
    found = list(surround.bars(reference.gray, reference.colors))
    inside, outside = [[] for _ in range(4)], [[] for _ in range(4)]
    for other, box, warp in placed:
        back = cv2.invertAffineTransform(warp)
        less, more = surround.ends(reference.gray, other.gray, warp), surround.ends(other.gray, reference.gray, back)
        for side in range(4):
            beyond = SIGN[side] * (box[side] - surround.WHOLE[side])
            if beyond > surround.MORE and less[side]:
                inside[side].append(box[side])
            elif beyond < -surround.MORE and not more[side]:
                outside[side].append(box[side])
    for side, sign in enumerate(SIGN):
        if inside[side]:
            found[side] = sign * max(sign * found[side], min(sign * share for share in inside[side]))
        elif outside[side]:
            found[side] = sign * min(sign * share for share in outside[side])
    return found[0], found[1], found[2], found[3]


def _mapped(box: Box, shape: tuple[int, ...], warp: np.ndarray, to: tuple[int, ...]) -> Box:
    """A box of the reference of that shape, in the file of shape `to` that `warp` lays onto it."""
    height, width = shape
    corners = np.array([[box[0] * width, box[1] * height], [box[2] * width, box[3] * height]])
    inverse = cv2.invertAffineTransform(warp)
    (left, top), (right, bottom) = corners @ inverse[:, :2].T + inverse[:, 2]
    return float(left / to[1]), float(top / to[0]), float(right / to[1]), float(bottom / to[0])


def _show(item: Judged, box: Box) -> None:
    """Note where the work is in a file, and how much of it is there; its own bars are none of it."""
    bars = surround.bars(item.look.gray, item.look.colors)
    left, top = (max(box[side], bars[side], 0.0) for side in (0, 1))
    right, bottom = (min(box[side], bars[side], 1.0) for side in (2, 3))
    if right - left < 0.05 or bottom - top < 0.05:
        return
    item.box = (left, top, right, bottom)
    item.shown = min(1.0, (right - left) * (bottom - top) / ((box[2] - box[0]) * (box[3] - box[1])))


def _find_parts(placed: Sequence[Judged]) -> None:
    """Note which of the files that are laid onto each other show little of what another one shows of the work."""
    most = max(item.shown for item in placed)
    for item in placed:
        if item.shown < CROPPED * most:
            item.faults.append("part" if item.shown < PART * most else "cropped")


def _find_faults(found: Sequence[Judged], reference: int, warps: dict[int, np.ndarray]) -> None:
    """Note what the other files show to be missing or too much; a part has other colors and details than its whole."""
    wholes = [item for item in found if "part" not in item.faults]
    _compare_colors(wholes)
    for number, warp in warps.items():
        marked = overlay.bearer(*_laid(found[number].look.gray, found[reference].look.gray, warp))
        if marked is not None and "marked" not in (item := found[(number, reference)[marked]]).faults:
            item.faults.append("marked")
    _compare_details(wholes)


def _compare_details(found: Sequence[Judged]) -> None:
    """Note how much of their resolution holds detail."""
    edges = [max(_part(item.look.fine, item.box).shape) for item in found]
    usable = [item for item, edge in zip(found, edges, strict=True) if 2 * edge >= max(edges)]
    edge = min(edge for edge in edges if 2 * edge >= max(edges))
    if edge < looks.EDGE:
        return  # so few pixels do not tell what was blown up: of two sound files either would win
    fine = [looks.fineness(_part(item.look.fine, item.box), edge) for item in usable]
    if max(fine) > FINER * min(fine):
        _find_halftones(usable, edge)
    most = max([value for item, value in zip(usable, fine, strict=True) if not item.faults] or fine)
    for item, value in zip(usable, fine, strict=True):
        item.detail = float(min(1.0, (2 * value / max(most, 1e-9)) ** 0.5))


def _find_halftones(found: Sequence[Judged], edge: int) -> None:
    """Note which files have the raster of a print, which passes for detail, where a sound one has detail without it."""
    parts = [_part(item.look.fine, item.box) for item in found]
    rasters = [looks.raster(part, edge) for part in parts]
    sound = any(
        share < PRINTLESS * max(rasters)
        and not item.faults
        and item.compression == 1
        and looks.sharpness(part, edge) > SHARP
        for item, part, share in zip(found, parts, rasters, strict=True)
    )
    for item, share in zip(found, rasters, strict=True):
        if sound and share > HALFTONE:
            item.faults.append("halftone")


def _compare_colors(found: Sequence[Judged]) -> None:
    """Note which files lack the colors that the others have."""
    inner = [_part(item.look.colors, item.box).reshape(-1, 3) for item in found]
    colored = [colors for colors in inner if np.ptp(colors, axis=1).mean() >= COLORED]
    if not colored:
        return
    middle = max if len(colored) < 3 else np.median  # of two the more vivid and the less yellow one is right
    usual = middle([_spread(colors) for colors in colored])
    white = middle([_blueness(colors) for colors in colored if _spread(colors) >= VIVID * usual])
    for item, colors in zip(found, inner, strict=True):
        if np.ptp(colors, axis=1).mean() < GRAY:
            item.faults.append("gray")
        elif _spread(colors) < VIVID * usual:
            item.faults.append("faded")
        elif abs(np.log(_blueness(colors) / white)) > CAST:
            item.faults.append("tinted")


def _spread(colors: np.ndarray) -> float:
    """How far the values of the three channels [P, 3] spread, in levels."""
    return float(np.exp(np.log(colors.std(0) + 1).mean()))


def _blueness(colors: np.ndarray) -> float:
    """The blue of colors [P, 3] against their red: yellowed varnish and paper take it away."""
    return float((colors[:, 2].mean() + 1) / (colors[:, 0].mean() + 1))


def _part(picture: np.ndarray, box: Box) -> np.ndarray:
    """The box of a picture [H, W, ...]."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    return picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def _laid(first: np.ndarray, second: np.ndarray, warp: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both pictures where they overlap, standardized, and where that is."""
    size, flags = first.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(second, warp, size, flags=flags)
    inside = cv2.warpAffine(np.ones_like(second), warp, size, flags=flags) > 0.99
    inside = cv2.erode(np.pad(inside.astype(np.uint8), 1), np.ones((9, 9)))[1:-1, 1:-1] > 0
    return standard(first, inside), standard(moved, inside), inside
