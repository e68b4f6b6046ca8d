"""Renew what the README shows of the last run: `python -m stages.readme` after `dvc repro`.

Writes the small pictures data/readme/*.jpg and the lines between the README's markers (numbers, pretrained weights).
"""

from pathlib import Path

from stages.common import files, images, weights
from stages.common.cli import run_cli
from stages.readme import pictures, text

README, DATA, METRICS = Path("README.md"), Path("data"), Path("metrics")
PICTURES = DATA / "readme"


def main() -> None:
    for name, picture in pictures.shown(DATA).items():
        images.save_jpeg(PICTURES / f"{name}.jpg", pictures.small(picture), quality=82)
    images.save_animation(PICTURES / "timelapse.webp", pictures.timelapse(DATA / "gan/timelapse.webp"))
    train, found = files.read_json(METRICS / "train.json"), files.read_json(METRICS / "evaluate.json")
    readme = README.read_text(encoding="utf-8")
    for name, lines in {"numbers": text.numbers(train, found), "weights": weights.markdown()}.items():
        readme = text.between(readme, name, lines, README.name)
    files.write_bytes(README, readme.encode())


if __name__ == "__main__":
    run_cli(main)
