"""Generate: samples that depend on their number alone, a sheet, a strip, and arcs between vectors."""

import io
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from stages.common.cli import UserError
from stages.gan.build import build
from stages.gan.checkpoint import save_generator
from stages.generate.__main__ import main
from stages.generate.interpolation import interpolate, slerp

ROOT = Path(__file__).parents[2]
GENERATOR = "data/gan/generator.safetensors"


@pytest.fixture
def workspace(tmp_path):
    """A folder with params.yaml and an untrained generator for 32 pixels."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    configure(tmp_path, count=30)
    save_generator(tmp_path / GENERATOR, build("dcgan", 8, 8, 32, seed=0)[0].eval(), "dcgan", 8, 32)
    return tmp_path


def configure(folder, **values):
    path = folder / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["generate"] |= values
    params["runtime"] = {"device": "cpu", "precision": "float32", "kernels": "portable", "threads": 1}
    path.write_text(yaml.safe_dump(params))


@pytest.fixture
def generate(monkeypatch, workspace):
    """The entry point, run in this process."""

    def run():
        monkeypatch.chdir(workspace)
        main()

    return run


def read(folder):
    return {
        str(path.relative_to(folder / "data/generated")): path.read_bytes()
        for path in sorted((folder / "data/generated").rglob("*.png"))
    }


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_samples_sheet_and_strip(workspace, generate):
    generate()
    files = read(workspace)
    assert sorted(files) == ["interpolation.png", *(f"samples/{number:05d}.png" for number in range(30)), "sheet.png"]
    out = workspace / "data/generated"
    sample = pixels(out / "samples/00006.png")
    assert sample.shape == (32, 32, 3)
    # row 1, column 1 of the sheet is sample 6, each pixel 2 x 2, gaps of 4
    sheet = pixels(out / "sheet.png")
    assert sheet.shape == (5 * 64 + 6 * 4, 5 * 64 + 6 * 4, 3)
    assert (sheet[72:136:2, 72:136:2] == sample).all()
    # the strip begins with sample 0 and ends with sample 3
    strip = pixels(out / "interpolation.png")
    assert strip.shape == (64 + 2 * 4, 13 * 64 + 14 * 4, 3)
    for number, left in ((0, 4), (1, 4 + 4 * 68), (3, 4 + 12 * 68)):
        anchor = pixels(out / f"samples/{number:05d}.png").astype(int)
        assert abs(strip[4:68:2, left : left + 64 : 2].astype(int) - anchor).max() <= 1


def test_more_samples_begin_with_the_fewer_and_fewer_leave_none_behind(workspace, generate):
    generate()
    few = read(workspace)
    configure(workspace, count=60)
    generate()
    many = read(workspace)
    assert len(many) == 62
    close = [np.abs(image(few[name]) - image(many[name])).max() <= 1 for name in few if name.startswith("samples")]
    assert len(close) == 30
    assert all(close)
    configure(workspace, count=30)
    generate()
    assert read(workspace) == few


def image(data):
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def test_another_seed_gives_other_samples(workspace, generate):
    generate()
    first = read(workspace)
    configure(workspace, seed=1)
    generate()
    assert not set(first.values()) & set(read(workspace).values())


def test_truncation_draws_every_sample_to_the_mean(workspace, generate):
    generator = build("dcgan", 8, 8, 32, seed=0)[0].eval()
    with torch.no_grad():
        generator.get_parameter("project.weight").mul_(1000)  # an untrained one has hardly any contrast
    save_generator(workspace / GENERATOR, generator, "dcgan", 8, 32)
    spreads = []
    for truncation in (1.0, 0.5, 0.0):
        configure(workspace, truncation=truncation)
        generate()
        paths = sorted((workspace / "data/generated/samples").iterdir())
        spreads.append(np.stack([pixels(path) for path in paths]).astype(float).std(axis=0).mean())
    assert spreads[0] > 1.2 * spreads[1] > spreads[2] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "is not there: run `dvc repro`"), (b"foreign", "is damaged or was not written by the train stage")],
)
def test_a_missing_or_foreign_generator_is_named(workspace, generate, content, message):
    (workspace / GENERATOR).unlink()
    if content:
        (workspace / GENERATOR).write_bytes(content)
    with pytest.raises(UserError, match=message):
        generate()


@pytest.mark.slow
def test_a_mistake_ends_with_one_message(workspace):
    (workspace / GENERATOR).unlink()
    environment = {key: value for key, value in os.environ.items() if key != "DVC_ROOT"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "stages.generate"],
        cwd=workspace,
        env=environment,
        text=True,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: data/gan/generator.safetensors is not there")
    assert "Traceback" not in done.stderr


def test_slerp_follows_the_circle():
    start, end = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    for share in (0.0, 0.25, 0.5, 1.0):
        angle = share * math.pi / 2
        torch.testing.assert_close(
            slerp(start, end, share), 2 * torch.tensor([math.cos(angle), math.sin(angle)]), atol=1e-6, rtol=1e-6
        )


def test_slerp_interpolates_lengths_and_takes_parallel_vectors():
    start, end = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 3.0])
    assert slerp(start, end, 0.5).norm().item() == pytest.approx(2)
    torch.testing.assert_close(slerp(start, start, 0.3), start)
    assert torch.isfinite(slerp(start, -start, 0.5)).all()


def test_an_interpolation_passes_every_anchor():
    anchors = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    path = interpolate(anchors, between=3)
    assert path.shape == (13, 8)
    torch.testing.assert_close(path[::4], anchors)
    assert path.norm(dim=1).min() > 0.9 * anchors.norm(dim=1).min()
