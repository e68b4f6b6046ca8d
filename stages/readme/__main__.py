"""Renew what the README shows of the last run: `python -m stages.readme` after `dvc repro`.

Writes the small pictures data/readme/*.jpg and the lines between the README's markers (numbers, pretrained weights).
"""

from pathlib import Path

from PIL import Image, ImageSequence

from stages.common import files, images, weights
from stages.common.cli import UserError, run_cli
from stages.metrics import table as numbers

README = Path("README.md")
PICTURES = Path("data/readme")
WIDTH = 860  # pixels: the width of a page on the usual code hosts


def main() -> None:
    save_pictures()
    save_timelapse()
    text = README.read_text(encoding="utf-8")
    for name, lines in {"numbers": table(), "weights": weights.markdown()}.items():
        text = between(text, name, lines)
    files.write_bytes(README, text.encode())


def save_pictures() -> None:
    """The museum, the duplicates, the 25 samples, the interpolation, the stylized sketches, and a detail of the print."""
    rows = [row for row in files.read_jsonl(Path("data/works/works.jsonl")) if row["set"] == "collection"]
    museum = images.sheet([images.read(Path("data/works") / row["file"]) for row in rows[:24]], 6, (220, 190))
    stylized = images.read(Path("data/stylized/sheet.png"))
    (first, *_) = images.listing(Path("data/print"))
    large = images.read(first)
    left, top = round(large.width * 0.3), round(large.height * 0.25)
    shown = {
        "museum": museum,
        "duplicates": images.read(Path("data/duplicates.jpg")),
        "gan": images.read(Path("data/generated/sheet.png")),
        "interpolation": images.read(Path("data/generated/interpolation.png")),
        "stylized": stylized,
        "print": large,
        "print-detail": large.crop((left, top, left + WIDTH, top + WIDTH // 2)),
    }
    for name, picture in shown.items():
        picture.thumbnail((WIDTH, 4 * WIDTH), Image.Resampling.LANCZOS)
        images.save_jpeg(PICTURES / f"{name}.jpg", picture, quality=82)


def save_timelapse() -> None:
    """The sheet of 25 while the generator learns, at half its size."""
    with Image.open("data/gan/timelapse.webp") as film:
        pages = [
            page.convert("RGB").resize((film.width // 2, film.height // 2), Image.Resampling.LANCZOS)
            for page in ImageSequence.Iterator(film)
        ]
    images.save_animation(PICTURES / "timelapse.webp", pages)


def table() -> str:
    """The numbers of the last run, from metrics/."""
    train, found = files.read_json(Path("metrics/train.json")), files.read_json(Path("metrics/evaluate.json"))
    lines = ["| | Inception | EfficientNet |", "|---|---|---|"]
    for row in numbers.rows(found):
        spaces = (row.inception, row.efficientnet)
        if row.efficientnet.value:  # copying is looked for in a space of its own
            lines.append(
                " | ".join([f"| **{row.name}**", *(f"{cell.value} ({cell.interval})" for cell in spaces)]) + " |"
            )
        if row.name == "KID":
            lines.append(" | ".join(["| its floor: other real works", *(cell.floor for cell in spaces)]) + " |")
    copied = numbers.cell(found, "copied")
    counts = f"{train['works']} training works, {train['kimg']:g} thousand pictures shown, {found['n_generated']} samples, {found['n_real']} test works that nothing before has seen"
    told = f"Copied: {copied.value} of the samples ({copied.interval}). {counts}, {found['n_floor']} other works for the floor. In brackets: 95 % intervals."
    return "\n".join([*lines, "", told])


def between(text: str, name: str, lines: str) -> str:
    """The text with the lines between `<!-- name -->` and `<!-- /name -->` replaced."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if start not in text or end not in text:
        raise UserError(f"{README} has no lines {start.strip()} and {end}: put them where the {name} belong")
    return text[: text.index(start) + len(start)] + lines + "\n" + text[text.index(end) :]


if __name__ == "__main__":
    run_cli(main)
