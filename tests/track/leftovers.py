"""What the other stages leave behind, small, for the tests of the stage track."""

from pathlib import Path
from typing import Any

from PIL import Image

from stages.common import files, images
from stages.gan.build import build
from stages.gan.checkpoint import save_generator

LATENT, SIDE = 16, 32
# Stand-ins for the metrics files, with the keys that the stage reads.
SCRAPING = {"source": "the museum, a painter that is a program", "collection": "museum", "files": 8}
STYLIZING = {
    "styles": {"1-x": {"title": "L'Œuf", "works": {"L'Œuf": 1.0}, "style_loss": 0.5}},
    "sketch": "sketch.jpg",
    "params": {"steps": 300},
}
EVALUATION: Any = {
    "kid": 0.2,
    "kid_low": 0.19,
    "kid_high": 0.21,
    "kid_floor": -0.001,
    "kid_std": 0.003,
    "fid": 234.768,
    "fid_floor": 152.0,
}
EVALUATION |= {
    "copied": 0.02,
    "copied_low": 0.0,
    "copied_high": 0.05,
    "n_real": 2,
    "n_generated": 25,
    "n_train": 2,
    "runtime": {"threads": 2, "device": "cpu", "precision": "float32", "convolution": "winograd"},
}
TRAINING: Any = {
    "steps": 1,
    "kimg": 60.0,
    "works": 2,
    "verdict": {"state": "collapsed", "since_kimg": 20.0, "cause": "All pictures are alike.", "ended": "kimg"},
}


def lay_out(folder: Path) -> None:
    """Write all that the stage track reads, but for params.yaml."""
    for number, name in enumerate(
        (
            "duplicates.jpg",
            "generated/sheet.png",
            "generated/interpolation.png",
            "stylized/sheet.png",
            "stylized/pictures/1-x.png",
            "print/1-x.png",
        )
    ):
        images.save_png(folder / "data" / name, Image.new("RGB", (8, 8), (number, 0, 0)))
    generator, _ = build("dcgan", LATENT, 8, SIDE, seed=0)
    for weights in generator.parameters():
        weights.data *= 4  # untrained, all pictures are nearly gray
    save_generator(folder / "data/gan/generator.safetensors", generator, "dcgan", 8, SIDE)
    works = [
        {"work": name, "set": "collection", "file": f"{name}{copy}.jpg", "best": copy == 0}
        for name in "abcd"
        for copy in range(2)
    ]
    files.write_jsonl(folder / "data/works/works.jsonl", works)
    files.write_json(folder / "data/split.json", {"train": ["a", "b"], "validation": [], "test": ["c", "d"]})
    files.write_json(folder / "metrics/scrape.json", SCRAPING)
    files.write_json(folder / "metrics/stylize.json", STYLIZING)
    files.write_json(folder / "metrics/evaluate.json", EVALUATION)
    files.write_json(folder / "metrics/train.json", TRAINING)
    files.write_csv(folder / "metrics/train.csv", [{"step": 1, "kimg": 0.1, "loss_g": 0.7}])
    files.write_csv(folder / "metrics/validation.csv", [{"step": 1, "kimg": 0.1, "kid": 0.3}])
