"""The tables of what params.yaml offers: their choices, what their rows name, and that they load without torch."""

import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest
import torch

from stages.gan import ada, diffaugment
from stages.gan.architectures import ARCHITECTURES
from stages.gan.augmentations import AUGMENTATIONS
from stages.gan.losses import LOSSES
from stages.gan.presets import PRESETS
from stages.train.params import TrainParams

ROOT = Path(__file__).parents[2]
TABLES = {"preset": PRESETS, "architecture": ARCHITECTURES, "loss": LOSSES, "augmentation": AUGMENTATIONS}


@pytest.mark.parametrize("key", TABLES)
def test_params_offers_exactly_the_rows_of_the_table(key):
    (choices,) = TrainParams.model_fields[key].metadata
    assert tuple(choices.choices) == tuple(TABLES[key])


def test_the_tables_and_the_params_load_without_torch():
    code = "import sys, stages.train.params; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("name", LOSSES)
def test_a_losses_row_names_two_functions_of_logits(name):
    for text in (LOSSES[name].discriminator, LOSSES[name].generator):
        assert resolve_name(text)(torch.zeros(3), torch.ones(3)).shape == ()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentations_row_names_a_function_that_takes_its_setting(name):
    row = AUGMENTATIONS[name]
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    setting = torch.ones(()) if row.adaptive else {None: None, "diffaugment": ["color"]}[row.option]
    uniform = torch.rand(2, row.draws, generator=torch.Generator().manual_seed(1))
    changed = resolve_name(row.apply)(pictures, uniform, setting)
    assert changed.shape == pictures.shape
    assert torch.equal(changed, pictures) == (name == "none")
    assert row.option is None or row.option in TrainParams.model_fields


def test_every_row_draws_the_same_random_numbers_and_enough():
    """Else what a generator draws after them would differ between augmentations."""
    assert {row.draws for row in AUGMENTATIONS.values()} == {ada.DRAWS}
    assert diffaugment.DRAWS <= ada.DRAWS


def test_only_ada_adapts():
    assert [name for name, row in AUGMENTATIONS.items() if row.adaptive] == ["ada"]
    assert [row.label for row in AUGMENTATIONS.values()] == ["no augmentation", "DiffAugment", "ADA"]
