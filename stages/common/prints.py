"""The pipeline's own prints as pictures: of any size, since upscale writes larger ones than are read from outside."""

import math
from pathlib import Path

from PIL import Image

from stages.common.cli import UserError
from stages.common.decode import open_picture


def read(path: Path) -> Image.Image:
    """A print of data/print/, a PNG of RGB in sRGB; raises UserError where it is missing or damaged.

    Its pixels are in memory once, in 4 bytes each: `images.read` would convert them, and hold two copies for a while.
    """
    try:
        with open_picture(path, megapixels=math.inf) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}): write it again with `dvc repro -f upscale`") from error
    return picture
