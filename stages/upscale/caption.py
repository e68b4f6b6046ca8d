"""The caption beside a print: what it shows, how large it is, and what it was made from.

No clock and no commit: the same result comes from many commits.
"""

import hashlib
from collections.abc import Mapping

from stages.upscale.printing import Layout

TIMES = "\N{MULTIPLICATION SIGN}"


def values(stylize: Mapping[str, object], upscale: Mapping[str, object]) -> dict[str, object]:
    """The values of both sections by their keys, such as "upscale.paper"."""
    of_stylize = {f"stylize.{key}": value for key, value in stylize.items()}
    return of_stylize | {f"upscale.{key}": value for key, value in upscale.items()}


def text(
    title: str,
    layout: Layout,
    warning: str | None,
    sources: Mapping[str, bytes],
    search: str,
    values: Mapping[str, object],
) -> str:
    """The caption as lines of text.

    `sources` are the files by path, `search` is the one whose md5 in dvc.lock finds the commits, `values` are params.
    """
    hashes = {name: hashlib.md5(data).hexdigest() for name, data in sources.items()}
    pixels = [side + 2 * layout.bleed for side in layout.trim]
    outside = [length + 2 * layout.bleed_mm for length in layout.trim_mm]
    lines = [
        f"In the style of “{title}”",
        "",
        f"{_lengths(layout.trim_mm)} after trimming",
        f"{_lengths(outside)} with {layout.bleed_mm:g} mm bleed on each side" if layout.bleed else "no bleed",
        f"{pixels[0]} {TIMES} {pixels[1]} pixels, {layout.dpi:.0f} per inch, sRGB",
        *([f"Warning: {warning}"] if warning else []),
        "",
        "Made from (md5)",
        *(f"  {digest}  {name}" for name, digest in hashes.items()),
        "",
        "The commits that hold this print, with all works, params and code:",
        f"  git log --all --oneline -S{hashes[search]} -- dvc.lock",
        "",
        "Params",
        *(f"  {key}: {value}" for key, value in values.items()),
    ]
    return "\n".join(lines) + "\n"


def _lengths(lengths: tuple[float, float] | list[float]) -> str:
    width, height = lengths
    return f"{width:.1f} {TIMES} {height:.1f} mm"
