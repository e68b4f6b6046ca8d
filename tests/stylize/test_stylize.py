"""The stage: what it writes, what it measures, and each way in which a user can get it wrong."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stages.common import files, images
from stages.stylize.params import StylizeParams

TITLES = ["Sleep on Crutches", "The Second Dream: Ébauche"]


def sketch(width: int = 96, height: int = 72) -> Image.Image:
    page = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(page).ellipse((width // 4, height // 4, width // 2, height // 2), outline="gray", width=2)
    return page


def painting(seed: int, width: int, height: int) -> Image.Image:
    colors = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(colors).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def studio(workspace):
    return furnished(workspace)


def furnished(workspace):
    """A sketch and three files of two works, the first work kept twice."""
    data = workspace.folder / "data"
    images.save_png(data / "sketch/drawing.png", sketch())
    rows = []
    for number, (title, side) in enumerate([(TITLES[0], 40), (TITLES[0], 90), (TITLES[1], 60)]):
        images.save_png(data / f"works/{number}.png", painting(number, side, side - 10))
        row = {"work": f"w{number}", "title": title, "year": 1937, "file": f"{number}.png", "set": "collection"}
        rows.append(row | {"best": True})
    files.write_jsonl(data / "works/works.jsonl", rows)
    workspace.set(
        stylize__sketch="drawing.png",
        stylize__styles=["sleep on CRUTCHES", TITLES[1]],
        stylize__pixels=64,
        stylize__steps=2,
    )
    workspace.set(runtime__precision="float32")
    return workspace


@pytest.mark.slow
def test_it_makes_one_picture_for_each_style_and_measures_it(studio):
    done = studio.open("stylize")
    assert done.returncode == 0, done.stderr
    out = studio.folder / "data/stylized"
    names = ["1-sleep-on-crutches", "2-the-second-dream-ebauche"]
    assert [path.stem for path in images.listing(out / "pictures")] == names
    pictures = [np.asarray(Image.open(out / "pictures" / f"{name}.png"), float) for name in names]
    assert all(picture.shape == (48, 64, 3) for picture in pictures)
    assert np.abs(pictures[0] - pictures[1]).mean() > 5
    assert Image.open(out / "sheet.png").size == (3 * 486 + 6, 2 * 366 + 6)
    metrics = json.loads((studio.folder / "metrics/stylize.json").read_text())
    assert metrics["runtime"]["precision"] == "float32" and metrics["runtime"]["threads"] == 1
    assert list(metrics["styles"]) == names
    for values, title in zip(metrics["styles"].values(), ["sleep on CRUTCHES", TITLES[1]], strict=True):
        assert (values["width"], values["height"]) == (64, 48)
        assert values["content_loss"] > 0 and values["style_loss"] > 0
        assert (values["title"], values["works"]) == (title, {title: 1.0})
    assert metrics["sketch"] == "drawing.png"


@pytest.mark.slow
def test_the_metrics_have_the_params_that_decide_the_pictures_and_do_not_change_with_the_others(studio):
    written = []
    for save_every in (0, 1):
        studio.set(stylize__styles=[TITLES[1]], stylize__save_every=save_every)
        assert studio.open("stylize").returncode == 0
        written.append((studio.folder / "metrics/stylize.json").read_bytes())
    assert written[0] == written[1]
    decisive = set(StylizeParams.model_fields) - {"save_every"}
    values = json.loads(written[0])["params"]
    assert set(values) == decisive and (values["pixels"], values["styles"]) == (64, [TITLES[1]])
    assert [path.name for path in images.listing(studio.folder / "data/stylized/steps/1-the-second-dream-ebauche")] == [
        "000001.png",
        "000002.png",
    ]


@pytest.mark.slow
def test_it_takes_the_largest_picture_of_a_title_repeats_bit_for_bit_and_clears_old_pictures(studio):
    studio.set(stylize__styles=[TITLES[0]])
    outputs = []
    for _ in range(2):
        assert studio.open("stylize").returncode == 0
        outputs.append(results(studio.folder))
        images.save_png(studio.folder / "data/stylized/pictures/2-another.png", painting(5, 20, 20))
        (studio.folder / "data/works/0.png").unlink(missing_ok=True)
        only_the_larger = [{"work": "w1", "title": TITLES[0], "file": "1.png", "best": True}]
        files.write_jsonl(studio.folder / "data/works/works.jsonl", only_the_larger)
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 3


@pytest.mark.slow
def test_a_missing_sketch(studio):
    studio.set(stylize__sketch="nothing.jpg")
    studio.fails(
        "stylize",
        "stylize.sketch is 'nothing.jpg'",
        "data/sketch/nothing.jpg is not there",
        "drawing.png",
        "put your drawing there",
    )


@pytest.mark.slow
def test_a_sketch_that_is_no_picture(studio):
    (studio.folder / "data/sketch/letter.jpg").write_text("dear museum")
    studio.set(stylize__sketch="letter.jpg")
    studio.fails("stylize", "data/sketch/letter.jpg", "cannot be read as a picture")


@pytest.mark.slow
def test_a_sketch_that_is_too_small(studio):
    images.save_png(studio.folder / "data/sketch/stamp.png", sketch(40, 10))
    studio.set(stylize__sketch="stamp.png")
    studio.fails("stylize", "stamp.png is too small", "of 10 pixels", "64 pixels or more")


@pytest.mark.slow
def test_an_unknown_title_with_a_suggestion(studio):
    studio.set(stylize__styles=["Sleep on Crutchs"])
    studio.fails("stylize", "stylize.styles has 'Sleep on Crutchs'", "did you mean 'Sleep on Crutches'?")


@pytest.mark.slow
def test_no_works_yet(studio):
    (studio.folder / "data/works/works.jsonl").unlink()
    studio.fails("stylize", "works.jsonl is not there", "dvc repro")
    assert not (studio.folder / "data/stylized").exists()


def results(folder) -> dict[str, bytes]:
    """Everything that the stage wrote."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in [*folder.glob("data/stylized/**/*.png"), folder / "metrics/stylize.json"]
    }


INTERRUPTED = {"stylize__steps": 5, "stylize__save_every": 2}


@pytest.fixture(scope="module")
def whole(workspace_at, tmp_path_factory) -> dict[str, bytes]:
    """What the stage writes when nobody interrupts it."""
    studio = furnished(workspace_at(tmp_path_factory.mktemp("whole")))
    studio.set(**INTERRUPTED)
    assert studio.open("stylize").returncode == 0
    return results(studio.folder)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_stage_goes_on_and_ends_with_the_same_bytes(studio, whole, how):
    assert len(whole) == 2 + 1 + 2 * 2 + 1, "two pictures, the sheet, four pictures in progress, the metrics"
    studio.set(**INTERRUPTED)
    process = studio.start(Path(__file__).parent / "slow_stage.py")
    marks = studio.folder / "steps"
    until = time.monotonic() + 120
    while not (marks.exists() and marks.stat().st_size >= 8):  # in the second picture
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode != 0 and ("interrupted: run the same command again" in told) == (how is signal.SIGINT)
    for path in studio.folder.glob("data/stylized/**/*.png"):
        path.unlink()  # as DVC does before a stage
    done = studio.open("stylize")
    assert done.returncode == 0
    assert "1-sleep-on-crutches: going on after 5 of 5 steps" in done.stdout and done.stdout.count("going on") == 2
    assert results(studio.folder) == whole
    assert not [*studio.folder.glob(".resume/stylize/*")], "what is complete is forgotten"


@pytest.mark.slow
def test_colors_of_the_sketch(studio):
    red = Image.new("RGB", (96, 72), (200, 40, 40))
    ImageDraw.Draw(red).rectangle((20, 20, 60, 50), fill=(90, 10, 10))
    images.save_png(studio.folder / "data/sketch/drawing.png", red)
    means = {}
    for color in ("style", "content", "luminance"):
        studio.set(stylize__color=color, stylize__styles=[TITLES[1]], stylize__steps=6)
        assert studio.open("stylize").returncode == 0
        (path,) = images.listing(studio.folder / "data/stylized/pictures")
        means[color] = np.asarray(images.read(path), float).mean((0, 1))
    redness = {color: mean[0] - mean[1:].mean() for color, mean in means.items()}
    assert redness["content"] > redness["style"] + 40 and redness["luminance"] > redness["style"] + 40


def mask(folder, name: str, width: int, height: int, upper: str = "red") -> None:
    page = Image.new("RGB", (width, height), "blue")
    page.paste(upper, (0, 0, width, height // 2))
    images.save_png(folder / f"data/sketch/masks/{name}.png", page)


@pytest.mark.slow
def test_masks_lead_each_region_to_its_own(studio):
    """The style is black above and yellow below: swapping the sketch's mask swaps the result."""
    work = Image.new("RGB", (80, 80), "black")
    work.paste((240, 220, 0), (0, 40, 80, 80))
    images.save_png(studio.folder / "data/works/2.png", work)
    mask(studio.folder, "the-second-dream-ebauche", 80, 80)
    studio.set(stylize__guidance="masks", stylize__styles=[TITLES[1]], stylize__steps=12)
    halves = []
    for upper, lower in (("red", "blue"), ("blue", "red")):
        page = Image.new("RGB", (96, 72), lower)
        page.paste(upper, (0, 0, 96, 36))
        images.save_png(studio.folder / "data/sketch/masks/drawing.png", page)
        done = studio.open("stylize")
        assert done.returncode == 0, done.stderr
        (path,) = images.listing(studio.folder / "data/stylized/pictures")
        levels = np.asarray(images.read(path), float)[..., 0]
        halves.append(levels[:20].mean() - levels[-20:].mean())
    assert halves[0] < -60 and halves[1] > 60


@pytest.mark.slow
@pytest.mark.parametrize("names, words", [
    ([], ["stylize.guidance is masks", "data/sketch/masks/drawing.png", "one color for each region"]),
    ([("drawing", 96, 72)], ["'Sleep on CRUTCHES'", "data/sketch/masks/sleep-on-crutches.png"]),
    ([("drawing", 96, 72), ("sleep-on-crutches", 90, 20)],
     ["masks/sleep-on-crutches.png has 90 x 20 pixels", "its picture has 90 x 80"]),
    ([("drawing", 30, 72)], ["masks/drawing.png has 30 x 72 pixels", "same shape"]),
    ([("drawing", 96, 72), ("sleep-on-crutches", 90, 80, "green")],
     ["masks/sleep-on-crutches.png lacks the color #ff0000"]),
])  # fmt: skip
def test_wrong_masks(studio, names, words):
    for name in names:
        mask(studio.folder, *name)
    studio.set(stylize__guidance="masks", stylize__styles=["Sleep on CRUTCHES"])
    studio.fails("stylize", *words)
    assert not (studio.folder / "data/stylized").exists()


@pytest.mark.slow
def test_a_mixture_and_bands_of_height(studio):
    studio.set(
        stylize__styles=[{TITLES[0]: 3.0, TITLES[1]: 1.0}],
        stylize__guidance="geometry",
        stylize__style_loss="wasserstein",
    )
    done = studio.open("stylize")
    assert done.returncode == 0, done.stderr
    names = [path.stem for path in images.listing(studio.folder / "data/stylized/pictures")]
    assert names == ["1-75-sleep-on-crutches-25-the-second-dream-ebauche"]
    values = json.loads((studio.folder / "metrics/stylize.json").read_text())["styles"][names[0]]
    assert values["title"] == f"75 % {TITLES[0]}, 25 % {TITLES[1]}"
    assert values["works"] == {TITLES[0]: 0.75, TITLES[1]: 0.25}


@pytest.mark.slow
def test_a_style_of_one_pixel_and_one_that_is_a_ribbon(studio):
    for size, words in (
        ((1, 1), ["1 x 1 pixels", "16 or more"]),
        ((900, 20), ["900 x 20 pixels", "more than 16 times", "crop it"]),
    ):
        images.save_png(studio.folder / "data/works/2.png", painting(1, *size))
        studio.set(stylize__styles=[TITLES[1]])
        studio.fails("stylize", *words)


@pytest.mark.slow
def test_a_sketch_that_would_vanish(studio):
    images.save_png(studio.folder / "data/sketch/drawing.png", sketch(900, 64))
    studio.fails("stylize", "stylize.pixels is 64", "set stylize.pixels to 225 or more")
    studio.set(stylize__content_scale=4)
    studio.fails("stylize", "stylize.content_scale 4", "set stylize.pixels to 450 or more")


@pytest.mark.slow
def test_torchvisions_weights_without_a_network(studio, tmp_path):
    studio.set(stylize__network="torchvision")
    words = ["its weights could not be had", "set stylize.network to oxford", "vgg19-dcbb9e9d.pth"]
    nowhere = "http://127.0.0.1:9"
    done = studio.process("stylize", TORCH_HOME=str(tmp_path / "empty"), https_proxy=nowhere, HTTPS_PROXY=nowhere)
    studio.failed(done, *words)
