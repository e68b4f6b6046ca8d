"""params.yaml: every mistake is named before any work, with the value, the choices and the remedy."""

from pathlib import Path

import pytest
import yaml

from stages.common import params
from stages.common.cli import UserError
from stages.gan import presets
from stages.study.params import StudyParams

ROOT = Path(__file__).resolve().parents[2]
KEYS = params.flatten(yaml.safe_load((ROOT / "params.yaml").read_text()))


def test_the_repository_s_params_load():
    loaded = params.load(ROOT / "params.yaml")
    preset = presets.PRESETS[KEYS["train.preset"]]
    assert loaded.flat() | params.flatten({"study": loaded.section(StudyParams).model_dump()}) == KEYS | {
        f"train.{key}": value for key, value in preset.items()
    }
    with pytest.raises(Exception, match="frozen"):
        loaded["train"].seed = 1


def test_every_key_has_a_comment():
    lines = (ROOT / "params.yaml").read_text().splitlines()
    keys = [line for line in lines if ":" in line and not line.startswith("#")]
    assert len(keys) == len({tuple(key.split(".")[:2]) for key in KEYS}) + len(params.SECTIONS)
    for line in keys:
        assert " # " in line, line


def test_no_key_has_a_name_that_the_run_cache_ignores():
    assert not {"size", "nfiles"} & {part for key in KEYS for part in key.split(".")}


WRONG = [
    ("train.resolution", 48, ["train.resolution is 48", "32, 64, 128, 256, 512 or 1024"]),
    ("train.resolution", 2048, ["train.resolution is 2048"]),
    (
        "train.loss",
        "wasserstein",
        ["'wasserstein'", "'relativistic_average' or 'relativistic'", "(or 'auto': the preset's)"],
    ),
    ("train.microbatch", 5, ["train.microbatch is 5, but must divide train.batch (16)"]),
    ("train.path_length", 2.0, ["train.path_length is 2, but dcgan has no path length"]),
    ("train.preset", "best", ["train.preset is 'best'", "'best_cpu'"]),
    ("train.ada_target", 1.0, ["train.ada_target is 1.0", "less than 1"]),
    ("generate.truncation", -0.5, ["generate.truncation is -0.5"]),
    ("runtime.device", "gpu", ["'gpu'", "'auto', 'cpu', 'cuda' or 'mps'"]),
    ("runtime.precision", "fp16", ["'fp16'", "'auto', 'float32' or 'bfloat16'"]),
    ("train.learning_rate", "2e-4", ["'2e-4'", "write 0.0002"]),
    ("train.batch", "8", ["train.batch is '8'", "integer"]),
    ("train.kimg", -1.0, ["train.kimg is -1.0", "greater than 0"]),
    ("train.diffaugment", ["colour"], ["'colour'", "'color', 'translation' or 'cutout'"]),
    ("split.train_works", 0, ["split.train_works is 0", "greater than or equal to 1", "or 'all'"]),
    ("split.train_works", "al", ["split.train_works is 'al'", "a valid integer (or 'all': every work"]),
    ("dedupe.enabled", "yes please", ["dedupe.enabled is 'yes please'", "boolean"]),
    ("scrape.source", "louvre", ["'louvre'", "'museum', 'wikiart', 'commons', 'folder' or 'urls'"]),
    ("scrape.connections", 99, ["scrape.connections is 99", "less than or equal to 16"]),
    ("scrape.requests_per_second", -1.0, ["scrape.requests_per_second is -1.0", "greater than or equal to 0"]),
    ("scrape.source", "folder", ["scrape.path is empty", "'folder'"]),
    ("scrape.contact", "Иван <a@b.ru>", ["'Иван <a@b.ru>'", "'И' cannot be sent", "you@example.org"]),
    ("scrape.contact", "a@b.example\r\nCookie: x", [r"'\r' cannot be sent"]),
    ("scrape.contact", "a@b.example\x85", [r"'\x85' cannot be sent"]),
    ("scrape.genre", "portrait", ["scrape.genre is 'portrait'", "museum tells no genres"]),
    ("stylize.styles", [], ["stylize.styles is []", "at least 1 item"]),
    ("stylize.styles", ["Sleep", "Sleep"], ["each style may be there once"]),
    ("stylize.styles", [{"Sleep": 0.0}], ["stylize.styles.0", "greater than 0"]),
    ("stylize.color", "colour", ["'style', 'content' or 'luminance'"]),
    ("upscale.factor", 3, ["upscale.factor is 3", "2, 4 or 8"]),
    ("study.changes", {"train": {"seed": 1}}, ["train.seed", "set study.seeds"]),
    ("study.changes", {"train": {"sed": 1}}, ["study.changes has train.sed", "no such key"]),
    ("upscale.overlap", 160, ["upscale.overlap is 160", "less than half of upscale.tile (320)"]),
    ("upscale.paper", "a4", ["upscale.paper is 'a4'", "none, A5, A4", "300x400mm or 12x16in"]),
    ("upscale.paper", "0x400mm", ["upscale.paper is '0x400mm'"]),
    ("upscale.paper", "99999x400mm", ["upscale.paper is '99999x400mm'"]),
    ("upscale.paper", "300x400", ["upscale.paper is '300x400'"]),
    ("upscale.bleed_mm", -1.0, ["upscale.bleed_mm is -1.0", "greater than or equal to 0"]),
    (
        "upscale.crop_marks",
        True,
        [
            "upscale.crop_marks is true with upscale.paper 'none' and upscale.extra_formats []",
            "choose a paper and [pdf]",
        ],
    ),
    ("upscale.extra_formats", ["jpeg"], ["'jpeg'", "'pdf' or 'tiff'"]),
    ("study.seeds", [0, 1, 0], ["study.seeds is [0, 1, 0]", "each value may be there once"]),
    ("study.train_works", [], ["study.train_works is []", "at least 1 item"]),
    ("study.augmentation", ["blur"], ["'blur'", "'none', 'diffaugment' or 'ada'"]),
    ("train.learnig_rate", 0.1, ["train.learnig_rate is not a known key", "did you mean 'train.learning_rate'"]),
    ("train.threads", 2, ["train.threads is now called runtime.threads"]),
    ("augment.colour", 0.1, ["augment.colour is now called augment.color"]),
    ("trian.seed", 0, ["trian is not a known key", "did you mean 'train'"]),
]


@pytest.mark.parametrize("key, value, words", WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
def test_a_wrong_value_is_explained(workspace, key, value, words):
    workspace.set(**{key.replace(".", "__"): value})
    with pytest.raises(UserError) as caught:
        params.load(workspace.folder / "params.yaml")
    for word in [*words, "-S key=value"]:
        assert word in str(caught.value)


def test_a_scrape_cannot_ask_nobody_and_everybody(workspace):
    workspace.set(scrape__offline=True, scrape__refresh=True)
    with pytest.raises(UserError, match=r"scrape.offline and scrape.refresh are both true"):
        params.load(workspace.folder / "params.yaml")


def test_a_missing_key_and_a_missing_section(workspace):
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    del values["train"]["seed"], values["upscale"]
    (workspace.folder / "params.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(UserError, match=r"(?s)train.seed is missing.*upscale is missing"):
        params.load(workspace.folder / "params.yaml")


def test_no_yaml_and_no_file(tmp_path):
    (tmp_path / "params.yaml").write_text("train: [")
    with pytest.raises(UserError, match="not valid YAML"):
        params.load(tmp_path / "params.yaml")
    with pytest.raises(UserError, match="repository's root"):
        params.load(tmp_path / "none.yaml")


def test_a_late_stage_s_mistake_stops_the_first_door(workspace):
    """Before any work: scrape does not start when train cannot."""
    workspace.set(train__resolution=48)
    workspace.fails("scrape", "train.resolution is 48", "32, 64, 128, 256, 512 or 1024")
    assert not (workspace.folder / "data").exists()
