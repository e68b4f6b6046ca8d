"""The entry point as users run it: outputs, interruption by SIGKILL, params that must not mix."""

import csv
import io
import json
import signal
import time

import pytest
import torch
from PIL import Image, ImageSequence

from stages.common import kept, kernels
from stages.common.resume import Resume
from stages.gan.checkpoint import load_generator, read_tensors


@pytest.mark.slow
def test_the_outputs_and_what_they_say(finished):
    files = finished.outputs()
    assert sorted(files) == [
        "data/gan/checkpoint.safetensors",
        "data/gan/generator.safetensors",
        "data/gan/sheets/000000040.png",
        "data/gan/sheets/000000080.png",
        "data/gan/sheets/000000120.png",
        "data/gan/timelapse.webp",
        "metrics/train.csv",
        "metrics/train.json",
        "metrics/validation.csv",
    ]
    metrics = finished.metrics()
    rows = list(csv.DictReader(io.StringIO(files["metrics/train.csv"].decode())))
    columns = "step kimg loss_g loss_d logit_real logit_fake r1 r2 ada_p logit_validation"
    assert list(rows[0]) == columns.split()
    assert len(rows) == 30
    assert (metrics["steps"], metrics["kimg"]) == (30, 0.12)
    assert (metrics["n_train"], metrics["works"], metrics["validation"]) == (6, 3, 3)
    assert metrics["preset"] == "best_cpu"
    assert metrics["runtime"] == {"device": "cpu", "precision": "float32", "convolution": "direct", "threads": 1}
    assert metrics["final"] == {key: float(value) for key, value in rows[-1].items() if key not in ("step", "kimg")}
    assert metrics["verdict"]["ended"] == "kimg"
    with Image.open(finished.folder / "data/gan/sheets/000000120.png") as sheet:
        assert sheet.size == (5 * 64 + 6 * 4,) * 2
    assert list((finished.folder / ".resume/train").iterdir()) == []


@pytest.mark.slow
def test_the_kernel_is_measured_once_and_said(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    params = workspace.folder / "params.yaml"
    params.write_text(params.read_text().replace("kernels: portable", "kernels: auto").replace("float32", "auto"))
    workspace.run_here(monkeypatch)
    cache = workspace.folder / kernels.CACHE
    (networks,) = json.loads(kept.read(cache) or b"").values()
    (chosen,) = [entry["chosen"] for entry in networks.values()]
    runtime, before = workspace.metrics()["runtime"], workspace.outputs()
    assert f"{runtime['precision']} {runtime['convolution']}" == chosen
    before_bytes = cache.read_bytes()
    workspace.run_here(monkeypatch)
    assert workspace.outputs() == before and cache.read_bytes() == before_bytes


@pytest.mark.slow
def test_the_generator_is_that_of_the_best_evaluation(finished):
    metrics, text = finished.metrics(), finished.outputs()["metrics/validation.csv"].decode()
    evaluations = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(io.StringIO(text))]
    assert list(evaluations[0]) == ["step", "kimg", "fld", "kid", "spread", "contrast"]
    assert [row["kimg"] for row in evaluations] == pytest.approx([0.032, 0.064, 0.096, 0.12]), (
        "at most a quarter of the training apart"
    )
    best = min(evaluations, key=lambda row: row["fld"])
    assert metrics["best"] == {"kimg": best["kimg"], "fld": best["fld"]}
    generator = load_generator(finished.folder / "data/gan/generator.safetensors")
    average = read_tensors(finished.folder / "data/gan/checkpoint.safetensors")[0]
    last = all(torch.equal(value, average[f"ema.{name}"]) for name, value in generator.state_dict().items())
    assert last == (best["kimg"] == 0.12)
    assert sum(value.numel() for value in generator.parameters()) == metrics["parameters"]["generator"]


def interrupt(process, root, with_signal):
    """Send the signal as soon as a first state is saved below `root`; returns what the process said on stderr."""
    deadline = time.monotonic() + 60
    while not list(root.glob(".resume/train/*/state.pt")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(with_signal)
    return process.communicate(timeout=60)[1]


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_bytes(make_workspace, monkeypatch, capsys):
    unbroken, broken = make_workspace("unbroken"), make_workspace("broken")
    for workspace in (unbroken, broken):
        workspace.set(kimg=0.24, sheet_kimg=0.06, evaluate_kimg=0.12)
    unbroken.run_here(monkeypatch)
    process = broken.start()
    interrupt(process, broken.folder, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    broken.run_here(monkeypatch)
    assert "resuming after 0." in capsys.readouterr().out
    assert broken.outputs() == unbroken.outputs()
    assert list((broken.folder / ".resume/train").iterdir()) == []


@pytest.mark.slow
def test_other_params_do_not_pick_up_the_state_and_the_same_do(make_workspace, monkeypatch, capsys):
    monkeypatch.setattr(Resume, "remove", lambda _self: None)
    workspace = make_workspace("main")
    workspace.run_here(monkeypatch)
    first = workspace.outputs()
    workspace.set(learning_rate=0.0003)
    workspace.run_here(monkeypatch)
    assert "resuming" not in capsys.readouterr().out
    assert workspace.outputs() != first
    workspace.set(learning_rate="auto")
    workspace.run_here(monkeypatch)
    assert "resuming after 0.12 kimg" in capsys.readouterr().out
    assert workspace.outputs() == first


@pytest.mark.slow
def test_the_state_lies_in_the_main_checkout_when_dvc_names_it(make_workspace, tmp_path):
    workspace, main = make_workspace("copy"), tmp_path / "main"
    workspace.set(kimg=4.0)
    main.mkdir()
    process = workspace.start(DVC_ROOT=str(main))
    assert "interrupted: run the same command again" in interrupt(process, main, signal.SIGINT)
    assert process.returncode == 1
    assert len(list(main.glob(".resume/train/*/state.pt"))) == 1
    assert not (workspace.folder / ".resume").exists()


@pytest.mark.slow
def test_the_time_lapse_shows_every_sheet(finished):
    sheets = sorted((finished.folder / "data/gan/sheets").iterdir())
    with Image.open(finished.folder / "data/gan/timelapse.webp") as lapse, Image.open(sheets[0]) as sheet:
        assert lapse.size == sheet.size
        assert len(list(ImageSequence.Iterator(lapse))) == 3
