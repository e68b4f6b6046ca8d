"""The drawings that params.yaml names: in the copy that a queued experiment runs in is only what git knows."""

from pathlib import Path

from stages.common.cli import UserError

MASKS = "masks"


def check(folder: Path, checkout: Path, sketch: str, masks: bool) -> None:
    """Raises UserError for a drawing, or its mask, that the checkout has and the present copy of it has not."""
    needed = [folder / sketch, *([folder / MASKS / f"{Path(sketch).stem}.png"] if masks else [])]
    for path in needed:
        if not path.is_file() and (checkout / path).is_file():
            raise UserError(
                f"{path} lies in your checkout, but git does not know it, and a queued or temporary experiment runs in "
                f"a copy that has only what git knows: run `git add {path}`, then queue the experiment again"
            )
