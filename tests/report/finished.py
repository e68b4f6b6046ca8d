"""What all the other stages leave behind, made up.

Small pictures and round numbers, so that the page can be checked against them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stages.common import files, images

TITLES = [
    "Sleep on Seven Crutches",
    "The Suspended Noon Contemplating the Return of the Sea",
    "The First Egg Measuring a Witness",
]
NAMES = ["1-sleep-on-seven-crutches", "2-the-suspended-noon", "3-the-first-egg"]
RUNTIME = {"device": "cpu", "precision": "float32", "convolution": "direct", "threads": 2}
EFFICIENTNET = {
    "kid": 0.0912, "kid_low": 0.085, "kid_high": 0.098, "kid_floor": 0.0002, "fid": 88.1, "fid_floor": 60.2,
}  # fmt: skip
EVALUATE = {
    "fld": 15.74, "fld_low": 14.2, "fld_high": 17.3, "fld_gap": -1.3,
    "kid": 0.153145, "kid_low": 0.1472, "kid_high": 0.1594, "kid_floor": -0.0009,
    "fid": 234.77, "fid_low": 229.1, "fid_high": 241.0, "fid_floor": 152.0,
    "fid_above_floor": 81.3, "fid_above_floor_low": 75.2, "fid_above_floor_high": 88.9,
    "precision": 0.312, "precision_low": 0.27, "precision_high": 0.35,
    "recall": 0.041, "density": 0.21, "coverage": 0.19,
    "copied": 0.0125, "copied_low": 0.004, "copied_high": 0.028, "copied_threshold": 0.2,
    "efficientnet": EFFICIENTNET,
    "n_real": 144, "n_generated": 500, "n_train": 72, "n_floor": 71, "resize": "clean", "runtime": RUNTIME,
}  # fmt: skip
TRAIN = {
    "works": 72, "n_train": 288, "validation": 72, "kimg": 60.0, "steps": 3750, "preset": "best_cpu",
    "best": {"fld": 15.75, "kimg": 50.0}, "final": {"loss_d": 0.5}, "runtime": RUNTIME,
    "parameters": {"generator": 913187, "discriminator": 694241},
    "verdict": {"state": "ok", "cause": "", "since_kimg": None, "ended": "kimg"},
}  # fmt: skip


def painting(seed: int, width: int = 96, height: int = 72) -> Image.Image:
    """Two colors in a gradient, others for each seed."""
    ends = np.random.default_rng(seed).integers(0, 255, (2, 1, 1, 3))
    way = np.linspace(0, 1, width)[None, :, None]
    return Image.fromarray(np.broadcast_to(ends[0] * (1 - way) + ends[1] * way, (height, width, 3)).astype(np.uint8))


def style(title: str, works: dict[str, float] | None = None) -> dict[str, Any]:
    """What stylize says of a picture in the style of a work, or of a mixture of works by their weights."""
    return {"title": title, "works": works or {title: 1.0}, "width": 128, "height": 96}


def on_paper(**changes: Any) -> dict[str, Any]:
    """What upscale says of a print."""
    sides = {"width": 512, "height": 384, "width_mm": 43.3, "height_mm": 32.5, "tiles": 1}
    trimmed = {"trim_width_mm": 43.3, "trim_height_mm": 32.5, "bleed_mm": 0.0, "effective_dpi": 300.0, "warning": None}
    return sides | trimmed | changes


def results(folder: Path, titles: list[str] = TITLES) -> None:
    """Write data/ and metrics/ as the stages before the report do, in a folder with the repository's params.yaml.

    `titles` are those of the three styles.
    """
    pictures(folder / "data", titles)
    measured(folder / "metrics", titles)


def pictures(data: Path, titles: list[str]) -> None:
    """Write data/."""
    about = {"set": "collection", "best": True, "year": "1937", "rights": "CC0", "detail_of": []}
    rows = [
        {"work": f"w{number}", "file": f"w{number}.jpg", "title": title, "duplicates": ["copy.jpg"]} | about
        for number, title in enumerate([*titles, *(f"Work {number}" for number in range(3, 20))])
    ]
    for number, row in enumerate(rows):
        images.save_jpeg(data / "works" / row["file"], painting(number, 120 if number % 2 else 72, 90))
    files.write_jsonl(data / "works/works.jsonl", rows)
    names = [row["work"] for row in rows]
    files.write_json(data / "split.json", {"train": names[:14], "validation": names[14:16], "test": names[16:]})
    for number, name in enumerate(["duplicates.jpg", "evaluation/nearest.jpg", "sketch/sketch.jpg"]):
        images.save_jpeg(data / name, painting(30 + number, 200, 150))
    for number, name in enumerate(
        ["generated/sheet.png", "generated/interpolation.png", *(f"stylized/pictures/{name}.png" for name in NAMES)]
    ):
        images.save_png(data / name, painting(40 + number, 128, 96))
    images.save_png(data / f"print/{NAMES[0]}.png", painting(50, 512, 384), dpi=(300, 300))
    images.save_animation(data / "gan/timelapse.webp", [painting(60 + number, 64, 64) for number in range(6)])
    (data / "gan/generator.safetensors").write_bytes(b"weights")
    files.write_json(data / "track.json", {"experiment": "how-far", "fingerprint": "0123abcd"})


def measured(metrics: Path, titles: list[str]) -> None:
    """Write metrics/."""
    source = {"source": "the museum, a painter that is a program", "collection": "museum"}
    counts = {"files": 60, "works": 20, "sets": {"collection": 60}, "failed": 3, "failures": []}
    files.write_json(metrics / "scrape.json", source | counts)
    files.write_json(
        metrics / "dedupe.json",
        {"files": 57, "works": 20, "duplicates": 37, "details": 0, "precision": 0.9876, "recall": 1.0},
    )
    files.write_json(metrics / "train.json", TRAIN)
    row = {"loss_g": 0.9, "loss_d": 0.6, "logit_real": 0.5, "logit_validation": 0.3, "logit_fake": -0.1}
    steps = [
        {"step": step, "kimg": step / 10} | {key: value + step / 1000 for key, value in row.items()}
        for step in range(1, 61)
    ]
    evaluations = [
        {
            "step": 100 * number,
            "kimg": 10.0 * number,
            "fld": 40.0 - 5 * number,
            "kid": 0.4 - number / 20,
            "spread": 1.0,
            "contrast": 1.0,
        }
        for number in range(1, 6)
    ]
    files.write_csv(metrics / "train.csv", steps)
    files.write_csv(metrics / "validation.csv", evaluations)
    styles = {name: style(title) for name, title in zip(NAMES, titles, strict=True)}
    files.write_json(metrics / "stylize.json", {"styles": styles, "sketch": "sketch.jpg", "runtime": RUNTIME})
    prints = {"dpi": 300, "paper": "none", "factor": 4, "model": "Real-ESRGAN x4plus", "runtime": RUNTIME}
    files.write_json(metrics / "upscale.json", prints | {"pictures": {NAMES[0]: on_paper()}})
    files.write_json(metrics / "evaluate.json", EVALUATE)


def change(path: Path, **values: object) -> None:
    """Change top-level keys of a JSON file; None takes a key away."""
    changed = json.loads(path.read_text()) | values
    files.write_json(path, {key: value for key, value in changed.items() if value is not None})
