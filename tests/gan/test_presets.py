"""The table of presets: complete, valid column by column, and in force where a key is `auto`."""

from pathlib import Path

import pytest
import yaml

from stages.common import params
from stages.gan import presets
from stages.train.params import TrainParams

ROOT = Path(__file__).parents[2]
VALUES = yaml.safe_load((ROOT / "params.yaml").read_text())


def load(tmp_path, **train):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(VALUES | {"train": VALUES["train"] | train}))
    return params.load(tmp_path / "params.yaml").section(TrainParams)


def test_there_are_seven_presets():
    assert len(presets.PRESETS) == 7


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_is_valid_and_fills_every_auto(tmp_path, name):
    loaded = load(tmp_path, preset=name, **dict.fromkeys(presets.KEYS, "auto"))
    assert {key: getattr(loaded, key) for key in presets.KEYS} == presets.PRESETS[name]


def test_the_storys_presets_have_nothing_against_little_data():
    for name, preset in presets.PRESETS.items():
        assert (preset["augmentation"] == "none") == name.startswith("story")


def test_a_value_of_ones_own_beats_the_presets(tmp_path):
    loaded = load(tmp_path, preset="story_dcgan", loss="hinge", kimg=1.0)
    assert (loaded.loss, loaded.kimg, loaded.architecture) == ("hinge", 1.0, "dcgan")


def test_every_key_of_the_table_is_auto_in_params_yaml():
    assert {key for key, value in VALUES["train"].items() if value == "auto"} == set(presets.KEYS)


@pytest.mark.parametrize("wrong", ["best", ["best_cpu"], None])
def test_a_wrong_preset_is_the_only_complaint(tmp_path, wrong):
    with pytest.raises(params.UserError) as error:
        load(tmp_path, preset=wrong)
    assert str(error.value).count("train.") == 1 and "'best_cpu', 'night'" in str(error.value)
