"""Stage report: what all the stages have found, as one self-contained page, data/report/index.html; open it in any browser.

No clock and no commit goes into it: the page is a function of the stage's deps, so the same run gives the same bytes.
"""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from stages.common import files, images, params
from stages.common.cli import run_cli
from stages.metrics import table as numbers
from stages.report import curves, page, paper, pictures

DATA, METRICS = Path("data"), Path("metrics")
WORKS, GENERATED, STYLIZED, PRINT = DATA / "works", DATA / "generated", DATA / "stylized/pictures", DATA / "print"
GALLERY, SLIDERS, PRINTS = 12, 4, 1  # how many of each are shown
FILES = [
    *(METRICS / name for name in ("scrape.json", "dedupe.json", "train.json", "train.csv", "validation.csv", "stylize.json", "upscale.json", "evaluate.json")),
    *(DATA / name for name in ("duplicates.jpg", "split.json", "works/works.jsonl", "evaluation/nearest.jpg")),
    *(DATA / "gan" / name for name in ("generator.safetensors", "timelapse.webp")),
    *(GENERATED / name for name in ("sheet.png", "interpolation.png")),
]  # fmt: skip
# Room for each picture: its longest side in pixels, and its bytes at most. All together, encoded in base64, they stay below 3.9 MB.
ROOM = {
    "work": (360, 24_000), "thumbnail": (160, 8_000), "duplicates": (1200, 270_000), "film": (480, 430_000), "strip": (1280, 110_000),
    "sheet": (1000, 230_000), "interpolation": (1600, 90_000), "frieze": (1100, 60_000), "nearest": (1400, 330_000),
    "sketch": (900, 130_000), "style": (900, 150_000), "print": (1280, 230_000), "detail": (960, 120_000),
}  # fmt: skip
SECTIONS = {
    "works": "The works", "training": "The training", "variants": "The 25 variants", "neighbors": "Nearest neighbors",
    "numbers": "The numbers", "sketch": "The sketch", "print": "The print", "lineage": "Lineage",
}  # fmt: skip
ENDED = {
    "kimg": "all pictures were shown",
    "budget": "the budget was spent",
    "patience": "nothing had become better for long",
    "not_a_number": "a loss was not a number any more",
}


def main() -> None:
    everything = params.load()
    measured = {
        name: files.read_json(METRICS / f"{name}.json")
        for name in ("scrape", "dedupe", "train", "stylize", "upscale", "evaluate")
    }
    rows = files.read_jsonl(WORKS / "works.jsonl")
    content = (
        headline(measured, everything["scrape"])
        | works(rows)
        | training(measured["train"], everything["train"])
        | judged(measured["evaluate"])
    )
    content |= stylized(measured, everything["stylize"], rows) | lineage(
        everything.flat()
    )  # a preset's values, not "auto"
    text = page.render(
        sections=SECTIONS, scrape=measured["scrape"], dedupe=measured["dedupe"], canvas=curves, **content
    ).encode()
    files.write_bytes(DATA / "report/index.html", text)
    print(f"report: data/report/index.html, {len(text) / 1e6:.1f} MB")


def headline(measured: dict[str, Any], scrape: Any) -> dict[str, Any]:
    """Title, source and the first sentences."""
    train, found = measured["train"], measured["evaluate"]
    kid = numbers.cell(found, "kid")
    sources = {
        "museum": "the museum, a painter that is a program",
        "wikiart": f"{scrape.artist} on WikiArt",
        "commons": f"“{scrape.category}” on Wikimedia Commons",
        "folder": f"the pictures in {scrape.path}",
        "urls": f"the list {scrape.path}",
    }
    lead = (
        f"A generator that has seen {train['works']} works made {found['n_generated']} pictures. To {found['n_real']} works that nobody trained on, "
        f"their distance (KID) is {kid.value}; that of other real works, the floor, is {kid.floor}."
    )
    return {
        "title": f"How far do {train['works']} pictures go?",
        "source": sources[scrape.source],
        "lead": lead,
        "kid": kid,
    }


def works(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The first of the training works, how the works are divided, their rights, and the sheet of duplicates."""
    split = files.read_json(DATA / "split.json")
    best = {row["work"]: row for row in rows if row["best"]}
    trained = [best[name] for name in split["train"]]
    shown = [
        {"title": row["title"], "year": row["year"], "picture": _still("work", WORKS / row["file"])}
        for row in trained[:GALLERY]
    ]
    return {
        "gallery": shown,
        "split": {part: len(names) for part, names in split.items()},
        "rights": dict(sorted(Counter(row["rights"] or "not told by the source" for row in trained).items())),
        "duplicates": _still("duplicates", DATA / "duplicates.jpg"),
    }


def training(train: dict[str, Any], chosen: Any) -> dict[str, Any]:
    """The verdict, the curves and the time-lapse."""
    rows, looks = files.read_csv(METRICS / "train.csv"), files.read_csv(METRICS / "validation.csv")
    best = train["best"]
    mark = (
        (best["kimg"], best["kid"], f"best: {best['kid']:.3f}") if looks and best and best["kid"] is not None else None
    )
    x_label, losses = "thousand pictures shown", {"loss_g": "generator", "loss_d": "discriminator"}
    logits = {"logit_real": "training works", "logit_validation": "validation works", "logit_fake": "generated"}
    drawn = [
        (
            curves.chart("KID to the validation works", x_label, looks, "kimg", {"kid": "KID"}, zero=True, mark=mark),
            "Lower is better; the generator of the best look is the one that is kept.",
        ),
        (
            curves.chart("Losses", x_label, rows, "kimg", losses),
            "The two networks play against each other: neither line must win.",
        ),
        (
            curves.chart("What the discriminator says", x_label, rows, "kimg", logits),
            "Higher means “real”. Validation works that sink from the training works to the generated pictures show a discriminator that learns by heart.",
        ),
    ]
    return {
        "training": train,
        "ended": ENDED[train["verdict"]["ended"]],
        "charts": [(chart, caption) for chart, caption in drawn if chart],
        "looked": bool(looks),
        **{key: getattr(chosen, key) for key in ("architecture", "loss", "augmentation", "resolution")},
        **timelapse(DATA / "gan/timelapse.webp"),
    }


def timelapse(path: Path) -> dict[str, pictures.Picture | None]:
    """The film and its strip; a training that ended before its first sheet has none."""
    if not path.is_file():
        return {"film": None, "strip": None}
    pages = []
    with Image.open(path) as file:
        for number in pictures.spread(
            range(file.n_frames), pictures.MOST_PAGES
        ):  # of a long training there are hundreds, and each is large
            file.seek(number)
            still = file.convert("RGB")
            still.thumbnail(2 * ROOM["film"][:1], Image.Resampling.LANCZOS)
            pages.append(still)
    return {"film": pictures.film(pages, *ROOM["film"]), "strip": pictures.strip(pages, *ROOM["strip"])}


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The samples, their nearest neighbors and the numbers."""
    return {
        "found": found,
        "table": numbers.rows(found),
        "copied": numbers.cell(found, "copied"),
        "sheet": _still("sheet", GENERATED / "sheet.png"),
        "frieze": _still("frieze", GENERATED / "interpolation.png"),
        "interpolation": _still("interpolation", GENERATED / "interpolation.png"),
        "nearest": _still("nearest", DATA / "evaluation/nearest.jpg"),
    }


def stylized(measured: dict[str, Any], chosen: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The sketch, its stylized versions and the prints, each with the title of the work whose style it has."""
    mixtures = chosen.mixtures()
    titles = dict(
        zip(sorted(measured["stylize"]["styles"]), mixtures, strict=True)
    )  # the names begin with the styles' numbers
    files = {row["title"].casefold(): row["file"] for row in rows}
    prints = measured["upscale"]["pictures"]
    return {
        "sketch": _still("sketch", DATA / "sketch" / chosen.sketch),
        "styles": [
            {
                "title": title,
                "picture": _still("style", STYLIZED / f"{name}.png"),
                "work": _still("thumbnail", WORKS / files[_heaviest(mixtures[title])]),
            }
            for name, title in list(titles.items())[:SLIDERS]
        ],
        "more_styles": max(0, len(titles) - SLIDERS),
        "prints": [printed(name, titles[name], sides) for name, sides in sorted(prints.items())[:PRINTS]],
        **{key: measured["upscale"][key] for key in ("factor", "model")},
        "more_prints": max(0, len(prints) - PRINTS),
    }


def _heaviest(shares: dict[str, float]) -> str:
    """Of a mixture the title of the work that counts most, as titles are compared."""
    return max(shares, key=shares.__getitem__).strip().casefold()


def printed(name: str, title: str, sides: dict[str, Any]) -> dict[str, Any]:
    """One print with its size on paper."""
    large = images.read(PRINT / f"{name}.png")
    return sides | {
        "title": title,
        "file": f"{PRINT}/{name}.png",
        "picture": pictures.still(large, *ROOM["print"]),
        "detail": pictures.detail(large, *ROOM["detail"]),
        "paper": paper.beside_a4(sides["trim_width_mm"], sides["trim_height_mm"]),
    }


def lineage(values: dict[str, Any]) -> dict[str, Any]:
    """The params, and the files with the md5 that dvc.lock has for them; the one of metrics/evaluate.json finds the commit."""
    made = [*images.listing(DATA / "sketch"), *images.listing(STYLIZED), *PRINT.iterdir()]
    found = [path for path in [*FILES, *made] if path.is_file()]
    listed = [
        {"name": path.as_posix(), "bytes": path.stat().st_size, "md5": hashlib.md5(path.read_bytes()).hexdigest()}
        for path in sorted(found)
    ]
    (search,) = [file["md5"] for file in listed if file["name"] == "metrics/evaluate.json"]
    return {"params": values, "files": listed, "search": search, "tracked": files.read_json(DATA / "track.json")}


def _still(kind: str, path: Path) -> pictures.Picture:
    return pictures.still(images.read(path), *ROOM[kind])


if __name__ == "__main__":
    run_cli(main)
