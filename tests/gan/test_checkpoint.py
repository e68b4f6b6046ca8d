"""Checkpoints: what is read is what was written, the same bytes for the same state, clear errors for anything else."""

import json

import pytest
import torch
from safetensors.torch import save_file

from stages.common.cli import UserError
from stages.gan.build import build
from stages.gan.checkpoint import load_generator, pack, read_tensors, save_generator, unpack, write_tensors


@pytest.fixture
def generator():
    network = build("dcgan", 8, 8, 32, seed=0)[0]
    network(torch.randn(4, 8))  # moves the statistics of batch norm away from 0 and 1
    return network.eval()


def test_a_generator_comes_back_as_it_was(generator, tmp_path):
    save_generator(tmp_path / "g.safetensors", generator, "dcgan", 8, 32)
    loaded = load_generator(tmp_path / "g.safetensors")
    z = torch.randn(3, 8)
    assert torch.equal(loaded(z), generator(z))
    assert not loaded.training
    assert loaded.latent == 8


def test_the_same_state_gives_the_same_bytes(generator, tmp_path):
    for name in ("a", "b"):
        save_generator(tmp_path / name, generator, "dcgan", 8, 32)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_missing_file_asks_for_dvc_repro(tmp_path):
    with pytest.raises(UserError, match="is not there: run `dvc repro`"):
        load_generator(tmp_path / "none")


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "text"])
def test_a_damaged_file_is_named(generator, tmp_path, damage):
    path = tmp_path / "g.safetensors"
    save_generator(path, generator, "dcgan", 8, 32)
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[:-100], "garbage": b"\xff" * 500, "empty": b"", "text": b"hello, this is no generator"}[damage]
    )
    with pytest.raises(UserError, match=r"g\.safetensors is damaged"):
        load_generator(path)


def test_a_foreign_file_is_named(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign")
    with pytest.raises(UserError, match="foreign is damaged or was not written by the train stage"):
        load_generator(tmp_path / "foreign")


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"architecture": "unknown", "latent": 8, "width": 8, "resolution": 32},
        {"architecture": "dcgan", "latent": 8, "width": 8, "resolution": 64},
    ],
)
def test_a_generator_of_another_shape_or_version_is_refused(generator, tmp_path, about):
    write_tensors(tmp_path / "g", generator.state_dict(), about)
    with pytest.raises(UserError, match="holds no generator that this version can build"):
        load_generator(tmp_path / "g")


def test_tensors_and_description_come_back(tmp_path):
    tensors = {
        "a": torch.arange(6.0).reshape(2, 3),
        "b": torch.tensor(7),
        "c": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
    }
    about = {"rows": [{"step": 1, "loss": 0.1}]}
    write_tensors(tmp_path / "t", tensors, about)
    found, description = read_tensors(tmp_path / "t")
    assert description == about == json.loads(json.dumps(about))
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


class Training:
    """A network and its optimizer."""

    def __init__(self):
        self.network = build("dcgan", 8, 8, 32, seed=0)[0]
        self.adam = torch.optim.Adam(self.network.parameters(), fused=True)

    def run(self, steps):
        for _ in range(steps):
            self.adam.zero_grad()
            self.network(torch.ones(4, 8)).square().mean().backward()
            self.adam.step()

    def parts(self):
        return {"network": self.network, "adam": self.adam}


def test_networks_and_optimizers_go_on_as_if_nothing_had_happened():
    unbroken, first, second = Training(), Training(), Training()
    unbroken.run(steps=6)
    first.run(steps=3)
    unpack(second.parts(), {name: value.clone() for name, value in pack(first.parts()).items()})
    second.run(steps=3)
    expected, found = pack(unbroken.parts()), pack(second.parts())
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
