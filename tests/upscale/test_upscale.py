"""The stage: print-ready files with profile, size and caption, the same bytes each time, and clear errors."""

import hashlib
import io
import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
import torch
import yaml
from PIL import Image, ImageCms

from stages.common import files, images, params, weights
from stages.common.cli import UserError
from stages.common.device import FLOAT32, Runtime
from stages.upscale import __main__ as entry_point
from stages.upscale import models, passes
from stages.upscale.network import Network


def painting(seed: int, width: int, height: int) -> Image.Image:
    colors = np.random.default_rng(seed).integers(60, 196, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(colors).resize((width, height), Image.Resampling.BICUBIC)


def stylized(folder: Path, titles: dict[str, str]) -> None:
    """What stylize says of its pictures, by their names."""
    styles = {name: {"title": title, "works": {title: 1.0}} for name, title in titles.items()}
    about = {"sketch": "sketch.jpg", "params": {"pixels": 24, "sketch": "sketch.jpg", "styles": [*titles.values()]}}
    files.write_json(folder / "metrics/stylize.json", {"styles": styles, **about})


@pytest.fixture
def shop(workspace):
    for number, name in enumerate(["1-first", "2-second"]):
        images.save_png(workspace.folder / f"data/stylized/pictures/{name}.png", painting(number, 24, 18))
    images.save_jpeg(workspace.folder / "data/sketch/sketch.jpg", painting(7, 24, 18))
    stylized(workspace.folder, {"1-first": "The First Work", "2-second": "The Second"})
    workspace.set(
        upscale__pictures=1, upscale__tile=32, upscale__overlap=4, upscale__dpi=254, runtime__precision="float32"
    )
    return workspace


@pytest.mark.slow
def test_it_writes_a_print_ready_file_and_the_same_bytes_again(shop):
    printed, metrics = shop.folder / "data/print/1-first.png", shop.folder / "metrics/upscale.json"
    written = []
    for _ in range(2):
        done = shop.open("upscale")
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in printed.parent.iterdir()) == ["1-first.png", "1-first.txt"]
        written.append((printed.read_bytes(), metrics.read_bytes(), printed.with_suffix(".txt").read_bytes()))
        images.save_png(printed.parent / "9-old.png", painting(5, 20, 20))
    assert written[0] == written[1]
    with Image.open(printed) as picture:
        assert picture.size == (96, 72) and picture.mode == "RGB"
        assert picture.info["dpi"] == pytest.approx((254, 254), abs=0.1)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        small = picture.resize((24, 18), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, float) - np.asarray(painting(0, 24, 18), float)).mean() < 8
    entry = {
        "width": 96, "height": 72, "width_mm": 9.6, "height_mm": 7.2, "trim_width_mm": 9.6, "trim_height_mm": 7.2,
        "bleed_mm": 0.0, "effective_dpi": 254.0, "tiles": 1, "warning": None,
        "md5": hashlib.md5(printed.read_bytes()).hexdigest(),
    }  # fmt: skip
    assert json.loads(metrics.read_text()) == {
        "pictures": {"1-first": entry},
        "paper": "none",
        "dpi": 254,
        "factor": 4,
        "model": "Real-ESRGAN x4plus",
        "model_sha256": weights.ESRGAN.sha256,
        "runtime": {"device": "cpu", "precision": "float32", "convolution": "direct", "threads": 1},
    }


@pytest.mark.slow
def test_no_pictures_yet(workspace):
    workspace.fails("upscale", "data/stylized/pictures has no picture", "dvc repro")


@pytest.mark.slow
def test_more_pictures_than_there_are(shop):
    shop.set(upscale__pictures=3)
    shop.fails("upscale", "upscale.pictures is 3", "names only 2", "0 for all")
    assert not (shop.folder / "data/print").exists()


@pytest.mark.slow
def test_a_broken_picture(shop):
    (shop.folder / "data/stylized/pictures/1-first.png").write_bytes(b"\x89PNG and nothing more")
    shop.fails("upscale", "1-first.png", "cannot be read as a picture")


@pytest.fixture
def quick(shop, monkeypatch):
    """The stage in this process, with an enlarger that repeats each pixel."""
    monkeypatch.chdir(shop.folder)
    use(monkeypatch, lambda picture: picture.repeat_interleave(4, 2).repeat_interleave(4, 3))
    monkeypatch.setattr(entry_point, "prepare", lambda *_: Runtime(torch.device("cpu"), FLOAT32, 1))
    return shop


def use(monkeypatch, enlarge) -> None:
    """Let the stage enlarge with a function."""
    monkeypatch.setattr(models, "choose", lambda _model, runtime, _exactly: (Network(4, enlarge), {}, runtime))


def test_on_paper_every_file_has_bleed_size_and_the_same_pixels(quick, capsys):
    """48 x 32 mm gives the 96 x 72 pixels 2 per millimeter: 8 rows are cut off, and 3 mm of bleed are 6 pixels."""
    quick.set(upscale__paper="32x48mm", upscale__extra_formats=["pdf", "tiff"], upscale__crop_marks=True)
    folder = quick.folder / "data/print"
    written = []
    for _ in range(2):
        entry_point.main()
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert written[0] == written[1] and list(written[0]) == [
        "1-first.pdf",
        "1-first.png",
        "1-first.tiff",
        "1-first.txt",
    ]
    large = np.asarray(painting(0, 24, 18)).repeat(4, 0).repeat(4, 1)
    with Image.open(folder / "1-first.png") as picture:
        pixels = np.asarray(picture)
        assert picture.info["dpi"] == pytest.approx((50.8, 50.8), abs=0.02)
    assert pixels.shape == (76, 108, 3) and np.array_equal(pixels[6:-6, 6:-6], large[4:68])
    page = pypdfium2.PdfDocument(folder / "1-first.pdf")[0]
    trim = np.array(page.get_trimbox()) / 72 * 25.4
    assert trim == pytest.approx([9, 9, 57, 41], abs=0.001)
    found = json.loads((quick.folder / "metrics/upscale.json").read_text())
    entry = found["pictures"]["1-first"]
    assert (entry["trim_width_mm"], entry["trim_height_mm"]) == (48, 32) and found["paper"] == "32x48mm"
    assert (entry["bleed_mm"], entry["effective_dpi"]) == (3, 50.8)
    assert entry["warning"] and f"warning: 1-first: {entry['warning']}" in capsys.readouterr().err
    quick.set(upscale__paper="none", upscale__crop_marks=False, upscale__extra_formats=[])
    entry_point.main()
    assert sorted(path.name for path in folder.iterdir()) == ["1-first.png", "1-first.txt"], (
        "the files of other formats are gone"
    )


def test_the_caption_says_what_the_print_was_made_from(quick):
    titles = {"1-first": "In Metrics Alone", "2-second": "The Second"}
    stylized(quick.folder, titles)
    quick.set(upscale__pictures=2, upscale__paper="48x32mm")
    entry_point.main()
    for name, title in titles.items():
        text = (quick.folder / f"data/print/{name}.txt").read_text()
        sizes = [
            "48.0 x 32.0 mm after trimming",
            "54.0 x 38.0 mm with 3 mm bleed on each side",
            "108 x 76 pixels, 51 per inch",
        ]
        sizes = [size.replace(" x ", " \N{MULTIPLICATION SIGN} ") for size in sizes]
        for words in (f"In the style of “{title}”", *sizes, "Warning: "):
            assert words in text
        digests = {path: hashlib.md5((quick.folder / path).read_bytes()).hexdigest() for path in sources(name)}
        assert all(f"{digest}  {path}" in text for path, digest in digests.items())
        assert f"-S{digests['metrics/upscale.json']} -- dvc.lock" in text
        assert "stylize.pixels: 24" in text and "upscale.paper: 48x32mm" in text and "upscale.sheet" not in text


def sources(name: str) -> list[str]:
    return ["data/sketch/sketch.jpg", f"data/stylized/pictures/{name}.png", "metrics/upscale.json"]


def test_dvc_follows_every_value_and_file_that_the_caption_names(quick):
    """Of stylize's params the caption has what metrics/stylize.json says, so that file is followed instead."""
    root = Path(__file__).resolve().parents[2]
    stage = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]["upscale"]
    entry_point.main()
    text = (quick.folder / "data/print/1-first.txt").read_text()
    named = re.findall(r"^  (\w+\.\w+): ", text, re.MULTILINE)
    of_stylize = json.loads((quick.folder / "metrics/stylize.json").read_text())["params"]
    own = set(params.known_keys()) & set(stage["params"])
    assert set(named) == own | {f"stylize.{key}" for key in of_stylize} and len(own) > 10
    followed = [*stage["deps"], *(path for metrics in stage["metrics"] for path in metrics)]
    assert "metrics/stylize.json" in followed
    assert all({path, *map(str, Path(path).parents)} & set(followed) for path in sources("1-first"))


@pytest.mark.slow
def test_a_picture_that_stylize_did_not_report(shop):
    stylized(shop.folder, {"2-second": "The Second"})
    shop.fails("upscale", "did not write data/stylized/pictures/1-first.png", "dvc repro -f stylize")
    assert not (shop.folder / "data/print").exists()


@pytest.mark.parametrize("kind", ["gray", "gray16", "alpha", "palette"])
def test_gray_and_transparent_pictures_are_printed_as_seen_on_white(quick, kind):
    gray = np.arange(24 * 18, dtype=np.uint16).reshape(18, 24) // 2
    opaque_right = np.tile(np.where(np.arange(24) < 12, 0, 255), (18, 1)).astype(np.uint8)
    pictures = {
        "gray": Image.fromarray(gray.astype(np.uint8)),
        "gray16": Image.fromarray(gray * 257),
        "alpha": Image.fromarray(np.dstack([np.full((18, 24, 3), 40, np.uint8), opaque_right])),
        "palette": Image.fromarray(gray.astype(np.uint8)).convert("P"),
    }
    pictures[kind].save(quick.folder / "data/stylized/pictures/1-first.png")
    entry_point.main()
    with Image.open(quick.folder / "data/print/1-first.png") as picture:
        assert picture.mode == "RGB"
        found = np.asarray(picture)[::4, ::4]
    seen = np.where(np.arange(24)[None, :] < 12, 255, 40) * np.ones((18, 1)) if kind == "alpha" else gray
    assert np.array_equal(found, np.dstack([seen] * 3).astype(np.uint8))


def test_sixteen_bits_hold_more_than_eight(quick, monkeypatch):
    """Of the network's own output: between two levels of 8 bits there are others, so the 16 bits are not scaled."""
    levels = torch.linspace(-0.01, 0.01, 72 * 96).view(1, 1, 72, 96).expand(1, 3, -1, -1)
    monkeypatch.setattr(passes, "enlarged", lambda *_: levels.split(40, 2))
    quick.set(upscale__extra_formats=["tiff"])
    entry_point.main()
    with Image.open(quick.folder / "data/print/1-first.png") as picture:
        shallow = len(np.unique(np.asarray(picture)))
    deep = cv2.imread(str(quick.folder / "data/print/1-first.tiff"), cv2.IMREAD_UNCHANGED)
    assert deep is not None and deep.dtype == np.uint16 and shallow <= 5 and len(np.unique(deep)) > 600


WRONG = [
    (
        {"paper": "A3"},
        ["upscale.paper A3 gets 6 pixels per inch", "upscale.paper=12x9mm", "below 30 nothing is printed"],
    ),
    ({"paper": "30x40mm", "bleed_mm": 40.0}, ["upscale.bleed_mm is 40", "only 30 mm wide", "set it to 3"]),
]


@pytest.mark.parametrize("changes, words", WRONG)
def test_a_print_without_sense_is_explained_before_any_work(quick, monkeypatch, changes, words):
    monkeypatch.setattr(models, "choose", lambda *_: sys.exit("the network was loaded"))
    quick.set(**{f"upscale__{key}": value for key, value in changes.items()})
    with pytest.raises(UserError) as caught:
        entry_point.main()
    assert all(word in str(caught.value) for word in words), caught.value
    assert not (quick.folder / "data/print").exists()


@pytest.mark.slow
def test_the_sketch_is_gone(shop):
    (shop.folder / "data/sketch/sketch.jpg").unlink()
    shop.fails("upscale", "data/sketch/sketch.jpg is not there", "stylize.sketch")


@pytest.mark.parametrize("factor", [2, 8])
def test_other_factors(quick, factor):
    quick.set(upscale__factor=factor)
    entry_point.main()
    with Image.open(quick.folder / "data/print/1-first.png") as picture:
        assert picture.size == (24 * factor, 18 * factor)
        small = np.asarray(picture.resize((24, 18), Image.Resampling.BOX), float)
    assert np.abs(small - np.asarray(painting(0, 24, 18), float)).mean() < 3
    entry = json.loads((quick.folder / "metrics/upscale.json").read_text())["pictures"]["1-first"]
    assert (entry["width"], entry["height"]) == (24 * factor, 18 * factor)


def interrupted_at_the_third_tile(quick):
    """A picture of four tiles, what is made of it, and an enlarger that is interrupted once."""
    quick.set(upscale__tile=32, upscale__overlap=10)
    images.save_png(quick.folder / "data/stylized/pictures/1-first.png", painting(3, 40, 40))
    made = []

    def enlarge(picture: torch.Tensor) -> torch.Tensor:
        made.append(picture)
        if len(made) == 3:
            raise KeyboardInterrupt
        return picture.repeat_interleave(4, 2).repeat_interleave(4, 3)

    return made, enlarge


def test_tiles_of_an_interrupted_print_are_not_made_again(quick, monkeypatch):
    """Of four tiles the third is interrupted; the next run makes the last two, and the print is that of one run."""
    made, enlarge = interrupted_at_the_third_tile(quick)
    entry_point.main()
    whole = {path.name: path.read_bytes() for path in (quick.folder / "data/print").iterdir()}
    use(monkeypatch, enlarge)
    with pytest.raises(KeyboardInterrupt):
        entry_point.main()
    assert len(made) == 3
    entry_point.main()
    assert len(made) == 5
    assert json.loads((quick.folder / "metrics/upscale.json").read_text())["pictures"]["1-first"]["tiles"] == 4
    assert {path.name: path.read_bytes() for path in (quick.folder / "data/print").iterdir()} == whole
    assert not [*quick.folder.glob(".resume/upscale/*")], "what is complete is forgotten"


@pytest.mark.parametrize("changed", ["overlap", "model", "runtime"])
def test_tiles_of_another_choice_are_made_anew(quick, monkeypatch, changed):
    made, enlarge = interrupted_at_the_third_tile(quick)
    use(monkeypatch, enlarge)
    with pytest.raises(KeyboardInterrupt):
        entry_point.main()
    if changed == "overlap":
        quick.set(upscale__overlap=8)
    elif changed == "model":
        monkeypatch.setattr(models, "choose", lambda _, now, __: (Network(4, enlarge), {"model_sha256": "other"}, now))
    else:
        monkeypatch.setattr(entry_point, "prepare", lambda *_: Runtime(torch.device("cpu"), FLOAT32, 2))
    entry_point.main()
    assert len(made) == 3 + 4


@pytest.mark.slow
def test_a_model_that_is_not_there_or_does_not_enlarge(shop):
    shop.set(upscale__model="models/own.pth")
    shop.fails("upscale", "upscale.model is models/own.pth", "no such file", "Real-ESRGAN x4plus")
    (shop.folder / "models").mkdir()
    torch.save({"layer.weight": torch.zeros(2, 2)}, shop.folder / "models/own.pth")
    shop.fails("upscale", "models/own.pth holds weights of no network", "RealESRGAN_x4plus.pth")
    assert not (shop.folder / "data/print").exists()
