"""Renew what the README shows of the last run: `python -m stages.readme` after `dvc repro`.

Writes the small pictures data/readme/*.jpg and the lines between the README's markers (numbers, pretrained weights).
"""

from pathlib import Path

from PIL import Image, ImageSequence

from stages.common import images, report, weights
from stages.common.door import UserError, enter

README = Path("README.md")
PICTURES = Path("data/readme")
WIDTH = 860  # pixels: the width of a page on the usual code hosts


def main() -> None:
    save_pictures()
    save_timelapse()
    text = README.read_text(encoding="utf-8")
    for name, lines in {"numbers": numbers(), "weights": weights.markdown()}.items():
        text = between(text, name, lines)
    report.write_bytes(README, text.encode())


def save_pictures() -> None:
    """The museum, the duplicates, the 25 samples, the interpolation, the stylized sketches, and a detail of the print."""
    rows = [row for row in report.read_jsonl(Path("data/works/works.jsonl")) if row["set"] == "collection"]
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
        pages = [page.convert("RGB").resize((film.width // 2, film.height // 2), Image.Resampling.LANCZOS) for page in ImageSequence.Iterator(film)]
    images.save_animation(PICTURES / "timelapse.webp", pages)


def numbers() -> str:
    """The table of the last run, from metrics/."""
    train, found = report.read_json(Path("metrics/train.json")), report.read_json(Path("metrics/evaluate.json"))
    second = found["efficientnet"]

    def interval(numbers: dict[str, float], key: str, digits: int) -> str:
        return f"{numbers[key]:.{digits}f} ({numbers[f'{key}_low']:.{digits}f} to {numbers[f'{key}_high']:.{digits}f})"

    rows = [
        ("", "Inception", "EfficientNet"),
        ("---", "---", "---"),
        ("**KID** to the test works", interval(found, "kid", 3), interval(second, "kid", 3)),
        ("its floor: other real works", *(f"{round(numbers['kid_floor'], 3) + 0:.3f}" for numbers in (found, second))),  # + 0: no "-0.000"
        ("FID above its floor, at equal counts", interval(found, "fid_above_floor", 0), interval(second, "fid_above_floor", 0)),
        ("FID of all generated pictures", interval(found, "fid", 0), interval(second, "fid", 0)),
        *((name, interval(found, name, 2), interval(second, name, 2)) for name in ("precision", "recall", "density", "coverage")),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    copied = f"Copied: {found['copied']:.1%} of the samples ({found['copied_low']:.1%} to {found['copied_high']:.1%})."
    counts = f"{train['works']} training works, {train['kimg']:g} thousand pictures shown, {found['n_generated']} samples, {found['n_real']} test works that nothing before has seen"
    return f"{table}\n\n{copied} {counts}, {found['n_floor']} other works for the floor. In brackets: 95 % intervals."


def between(text: str, name: str, lines: str) -> str:
    """The text with the lines between `<!-- name -->` and `<!-- /name -->` replaced."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if start not in text or end not in text:
        raise UserError(f"{README} has no lines {start.strip()} and {end}: put them where the {name} belong")
    return text[: text.index(start) + len(start)] + lines + "\n" + text[text.index(end) :]


if __name__ == "__main__":
    enter(main)
