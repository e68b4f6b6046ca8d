"""Stage report: what all the stages have found, as one self-contained page, data/report/index.html, for any browser.

No clock and no commit goes into it: the page is a function of the stage's deps, so the same run gives the same bytes.
"""

from pathlib import Path

from stages.common import files, images, params
from stages.common.cli import run_cli
from stages.common.records import read_split, read_works
from stages.common.shown import public
from stages.report import content, page

DATA, METRICS = Path("data"), Path("metrics")
FILES = [  # whose hashes the page lists, beside those of the sketch, the stylized pictures and the prints
    *(METRICS / f"{name}.json" for name in ("scrape", "dedupe", "train", "stylize", "upscale", "evaluate")),
    *(METRICS / f"{name}.csv" for name in ("train", "validation")),
    *(DATA / name for name in ("duplicates.jpg", "split.json", "works/works.jsonl", "evaluation/nearest.jpg")),
    *(DATA / "gan" / name for name in ("generator.safetensors", "timelapse.webp")),
    *(DATA / "generated" / name for name in ("sheet.png", "interpolation.png")),
]


def main() -> None:
    found = content.Found(
        params=public(params.load().flat()),  # a preset's values, not "auto"
        scrape=files.read_json(METRICS / "scrape.json"),
        dedupe=files.read_json(METRICS / "dedupe.json"),
        train=files.read_json(METRICS / "train.json"),
        stylize=files.read_json(METRICS / "stylize.json"),
        upscale=files.read_json(METRICS / "upscale.json"),
        evaluate=files.read_json(METRICS / "evaluate.json"),
        steps=files.read_csv(METRICS / "train.csv"),
        evaluations=files.read_csv(METRICS / "validation.csv"),
        works=read_works(DATA / "works/works.jsonl"),
        split=read_split(DATA / "split.json"),
        track=files.read_json(DATA / "track.json"),
    )
    lineage = content.lineage(listed(), METRICS / "evaluate.json")
    text = page.render(**content.everything(found, DATA, lineage)).encode()
    files.write_bytes(DATA / "report/index.html", text)
    print(f"report: data/report/index.html, {len(text) / 1e6:.1f} MB")


def listed() -> list[Path]:
    """The files of the lineage that are there; a training that ended before its first sheet has no time-lapse."""
    made = [*images.listing(DATA / "sketch"), *images.listing(DATA / "stylized/pictures"), *(DATA / "print").iterdir()]
    return sorted(path for path in [*FILES, *made] if path.is_file())


if __name__ == "__main__":
    run_cli(main)
