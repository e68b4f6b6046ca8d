"""What the page says: each function gives the values of some sections, which page.html names."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.common import images, prints
from stages.common.records import (
    DedupeMetrics,
    EvaluateMetrics,
    PrintedPicture,
    ScrapeMetrics,
    Split,
    StylizeMetrics,
    TrainMetrics,
    UpscaleMetrics,
    WorkRow,
    named,
)
from stages.common.works import preferred
from stages.gan.augmentations import AUGMENTATIONS
from stages.metrics import table
from stages.report import curves, paper, pictures

GALLERY, SLIDERS, PRINTS = 12, 4, 1  # how many of each are shown
SECTIONS = {
    "works": "The works",
    "training": "The training",
    "variants": "The 25 variants",
    "neighbors": "Nearest neighbors",
    "numbers": "The numbers",
    "sketch": "The sketch",
    "print": "The print",
    "lineage": "Lineage",
}
ENDED = {
    "kimg": "all pictures were shown",
    "budget": "the budget was spent",
    "patience": "nothing had become better for long",
    "not_a_number": "a loss became NaN",
}


@dataclass(frozen=True)
class Found:
    """What the stages have found: their metrics files, and the lists beside the pictures."""

    scrape: ScrapeMetrics
    dedupe: DedupeMetrics
    train: TrainMetrics
    stylize: StylizeMetrics
    upscale: UpscaleMetrics
    evaluate: EvaluateMetrics
    steps: list[dict[str, float]]  # of the training, the rows of train.csv
    evaluations: list[dict[str, float]]  # of the generator while it learned, the rows of validation.csv
    works: list[WorkRow]
    split: Split
    track: dict[str, str]
    params: dict[str, Any]  # by keys such as "train.seed"


def everything(found: Found, data: Path, lineage: Mapping[str, Any]) -> dict[str, Any]:
    """All that the page names; `data` is the folder with the stages' pictures, `lineage` what the function gives."""
    return {
        "sections": SECTIONS,
        "scrape": found.scrape,
        "dedupe": found.dedupe,
        "params": found.params,
        "tracked": found.track,
        **headline(found),
        **works(found.works, found.split, data),
        **training(found, data / "gan/timelapse.webp"),
        **evaluation(found.evaluate, data),
        **stylized(found.stylize, found.works, data),
        **printed(found.upscale, found.stylize, data / "print"),
        **lineage,
    }


def headline(found: Found) -> dict[str, Any]:
    """Title and the first sentences."""
    count, metric = found.train["works"], table.METRICS[table.HEADLINE]
    cell = table.cell(found.evaluate, table.HEADLINE)
    lead = f"A generator that has seen {count} works made {found.evaluate['n_generated']} pictures. "
    if few := found.evaluate.get("too_few"):
        lead += f"{few[0].upper()}{few[1:]}."
    else:
        lead += (
            f"To {found.evaluate['n_real']} works that nobody trained on, their distance ({metric.name}) is "
            f"{cell.value}; that of other real works, the floor, is {cell.floor}. "
            "Copies of training works do not lower it."
        )
    return {"title": f"How far do {count} pictures go?", "lead": lead, "distance": cell, "distance_name": metric.name}


def works(rows: Sequence[WorkRow], split: Split, data: Path) -> dict[str, Any]:
    """The first of the training works, how the works are divided, their rights, and the sheet of duplicates."""
    best = {row["work"]: row for row in rows if row["best"]}
    trained = [best[name] for name in split["train"]]
    used = {*split["train"], *split["validation"], *split["test"]}
    unused = Counter(row["set"] for name, row in best.items() if name not in used and not row["detail_of"])
    shown = [
        {"title": row["title"], "year": row["year"], "picture": _still("work", data / "works" / row["file"])}
        for row in trained[:GALLERY]
    ]
    rights = Counter(row["rights"] or "not told by the source" for row in trained)
    return {
        "gallery": shown,
        "split": {"train": len(split["train"]), "validation": len(split["validation"]), "test": len(split["test"])},
        "unused": {kind: unused[kind] for kind in ("collection", "reserve")},
        "details": sum(bool(row["detail_of"]) for row in best.values()),
        "rights": dict(sorted(rights.items())),
        "duplicates": _still("duplicates", data / "duplicates.jpg") if any(row["duplicates"] for row in rows) else None,
    }


def training(found: Found, timelapse: Path) -> dict[str, Any]:
    """The verdict, the curves and the time-lapse."""
    chosen = {key: found.params[f"train.{key}"] for key in ("architecture", "loss", "resolution")}
    return {
        "training": found.train,
        "ended": ENDED[found.train["verdict"]["ended"]],
        "charts": charts(found.steps, found.evaluations, found.train["best"]),
        "evaluated": bool(found.evaluations),
        "augmentation": AUGMENTATIONS[found.params["train.augmentation"]].label,
        **chosen,
        **films(timelapse),
    }


def charts(
    steps: Sequence[Mapping[str, float]],
    evaluations: Sequence[Mapping[str, float]],
    best: Mapping[str, float | None] | None,
) -> list[tuple[curves.Chart, str]]:
    """The curves of the training that have points, with their captions."""
    x_label = "thousand pictures shown"
    losses = {"loss_g": "generator", "loss_d": "discriminator"}
    logits = {"logit_real": "training works", "logit_validation": "validation works", "logit_fake": "generated"}
    title, mark = "FLD to the validation works", _mark(best) if evaluations else None
    drawn = [
        (
            curves.chart(title, x_label, evaluations, "kimg", {"fld": "FLD"}, zero=True, mark=mark),
            "Lower is better; the generator of the best evaluation is the one that is kept.",
        ),
        (
            curves.chart("Losses", x_label, steps, "kimg", losses),
            "The two networks play against each other: neither line must win.",
        ),
        (
            curves.chart("What the discriminator says", x_label, steps, "kimg", logits),
            "Higher means “real”. Validation works that sink from the training works to the generated pictures show "
            "a discriminator that learns by heart.",
        ),
    ]
    return [(chart, caption) for chart, caption in drawn if chart]


def films(path: Path) -> dict[str, pictures.Picture | None]:
    """The time-lapse and its strip; a training that ended before its first sheet has none."""
    if not path.is_file():
        return {"film": None, "strip": None}
    edge, most = pictures.LIMITS["film"]
    pages = pictures.pages(path, edge)
    return {
        "film": pictures.film(pages, edge, most),
        "strip": pictures.strip(pages, *pictures.LIMITS["strip"]),
    }


def evaluation(found: EvaluateMetrics, data: Path) -> dict[str, Any]:
    """The samples, their nearest neighbors and the numbers."""
    interpolation = data / "generated/interpolation.png"
    return {
        "found": found,
        "table": table.rows(found),
        "copied": table.cell(found, "copied"),
        "sheet": _still("sheet", data / "generated/sheet.png"),
        "frieze": _still("frieze", interpolation),
        "interpolation": _still("interpolation", interpolation),
        "nearest": _still("nearest", data / "evaluation/nearest.jpg"),
    }


def stylized(found: StylizeMetrics, rows: Sequence[WorkRow], data: Path) -> dict[str, Any]:
    """The sketch and its stylized versions, each with the work that counts most in its style."""
    folder = data / "works"
    shown = [
        {
            "title": style["title"],
            "picture": _still("style", data / f"stylized/pictures/{name}.png"),
            "work": _still("thumbnail", folder / preferred(named(rows, _heaviest(style["works"])), folder)["file"]),
        }
        for name, style in list(found["styles"].items())[:SLIDERS]
    ]
    return {
        "sketch": _still("sketch", data / "sketch" / found["sketch"]),
        "styles": shown,
        "more_styles": max(0, len(found["styles"]) - SLIDERS),
    }


def printed(found: UpscaleMetrics, stylized: StylizeMetrics, folder: Path) -> dict[str, Any]:
    """The prints, which lie in `folder`."""
    made = sorted(found["pictures"].items())
    return {
        "prints": [
            one_print(folder / f"{name}.png", stylized["styles"][name]["title"], sides) for name, sides in made[:PRINTS]
        ],
        "more_prints": max(0, len(made) - PRINTS),
        "factor": found["factor"],
        "model": found["model"],
    }


def one_print(path: Path, title: str, sides: PrintedPicture) -> dict[str, Any]:
    """A print with its size on paper."""
    large = prints.read(path)
    return {
        **sides,
        "title": title,
        "file": path.as_posix(),
        "picture": pictures.still(large, *pictures.LIMITS["print"]),
        "detail": pictures.detail(large, *pictures.LIMITS["detail"]),
        "paper": paper.beside_a4(sides["trim_width_mm"], sides["trim_height_mm"]),
    }


def lineage(paths: Sequence[Path], search: Path) -> dict[str, Any]:
    """Files with the md5 that dvc.lock has for them; the one of `search` finds the commit."""
    listed = [{"name": path.as_posix(), "bytes": path.stat().st_size, "md5": _md5(path)} for path in paths]
    return {"files": listed, "search": _md5(search)}


def _mark(best: Mapping[str, float | None] | None) -> tuple[float, float, str] | None:
    """The point of the best evaluation with its label, None where nothing was evaluated."""
    if not best or best["kimg"] is None or best["fld"] is None:
        return None
    return best["kimg"], best["fld"], f"best: {best['fld']:.1f}"


def _heaviest(weights: Mapping[str, float]) -> str:
    """The name of the work that counts most."""
    return max(weights, key=weights.__getitem__)


def _still(kind: str, path: Path) -> pictures.Picture:
    return pictures.still(images.read(path), *pictures.LIMITS[kind])


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()
