"""The door as users run it: outputs, interruption by SIGKILL, params that must not mix, and mistakes."""

import csv
import io
import json
import re
import signal
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from stages.common import params
from stages.common.door import UserError
from stages.gan.checkpoint import load_generator, read_tensors
from stages.train.pictures import count_works
from stages.train.resume import Resume, fingerprint

ROOT = Path(__file__).parents[2]


def test_the_outputs_and_what_they_say(make_workspace, monkeypatch):
    workspace = make_workspace("main")
    workspace.run_here(monkeypatch)
    files = workspace.outputs()
    assert sorted(files) == ["data/gan/checkpoint.safetensors", "data/gan/generator.safetensors", "data/gan/sheets/000000.png", "metrics/train.csv", "metrics/train.json"]
    metrics = json.loads(files["metrics/train.json"])
    rows = list(csv.DictReader(io.StringIO(files["metrics/train.csv"].decode())))
    assert list(rows[0]) == ["step", "kimg", "loss_g", "loss_d", "r1", "logit_real", "logit_fake", "logit_validation"]
    assert len(rows) == 30
    assert {key: metrics[key] for key in ("steps", "kimg", "n_train", "works", "validation")} == {"steps": 30, "kimg": 0.12, "n_train": 6, "works": 3, "validation": 3}
    assert metrics["runtime"] == {"device": "cpu", "precision": "float32", "threads": 1}
    assert metrics["final"] == {key: float(value) for key, value in rows[-1].items() if key not in ("step", "kimg")}
    generator = load_generator(workspace.folder / "data/gan/generator.safetensors")
    average = read_tensors(workspace.folder / "data/gan/checkpoint.safetensors")[0]
    assert all(torch.equal(value, average[f"ema.{name}"]) for name, value in generator.state_dict().items())
    assert sum(value.numel() for value in generator.parameters()) == metrics["parameters"]["generator"]
    with Image.open(workspace.folder / "data/gan/sheets/000000.png") as sheet:
        assert sheet.size == (5 * 64 + 6 * 4,) * 2
    assert list((workspace.folder / ".resume").iterdir()) == []


def interrupt(process, root, with_signal):
    """Send the signal as soon as a first state is saved below `root`; returns what the process said on stderr."""
    deadline = time.monotonic() + 60
    while not list(root.glob(".resume/*/state.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(with_signal)
    return process.communicate(timeout=60)[1]


def test_killed_and_started_again_it_ends_with_the_same_bytes(make_workspace, monkeypatch):
    unbroken, broken = make_workspace("unbroken"), make_workspace("broken")
    for workspace in (unbroken, broken):
        workspace.set(kimg=0.8, sheet_kimg=0.1)
    unbroken.run_here(monkeypatch)
    process = broken.start()
    interrupt(process, broken.folder, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    code, out, error = broken.run()
    assert code == 0, error
    assert "resuming after 0." in out
    assert broken.outputs() == unbroken.outputs()
    assert list((broken.folder / ".resume").iterdir()) == []


def test_other_params_do_not_pick_up_the_state_and_the_same_do(make_workspace, monkeypatch, capsys):
    monkeypatch.setattr(Resume, "remove", lambda _self: None)
    workspace = make_workspace("main")
    workspace.run_here(monkeypatch)
    first = workspace.outputs()
    workspace.set(learning_rate=0.0003)
    workspace.run_here(monkeypatch)
    assert "resuming" not in capsys.readouterr().out
    assert workspace.outputs() != first
    workspace.set(learning_rate=params.load(ROOT / "params.yaml").train.learning_rate)
    workspace.run_here(monkeypatch)
    assert "resuming after 0.12 kimg" in capsys.readouterr().out
    assert workspace.outputs() == first


def test_the_state_lies_in_the_main_checkout_when_dvc_names_it(make_workspace, tmp_path):
    workspace, main = make_workspace("copy"), tmp_path / "main"
    workspace.set(kimg=4.0)
    main.mkdir()
    process = workspace.start(DVC_ROOT=str(main))
    assert "interrupted: run the same command again" in interrupt(process, main, signal.SIGINT)
    assert process.returncode == 1
    assert len(list(main.glob(".resume/*/state.safetensors"))) == 1
    assert not (workspace.folder / ".resume").exists()


def test_a_damaged_state_counts_as_none(tmp_path):
    resume = Resume(tmp_path, "mark")
    resume.save({"step": torch.tensor(3)}, [{"step": 3}])
    assert resume.load() == ({"step": torch.tensor(3)}, [{"step": 3}])
    (resume.folder / "state.safetensors").write_bytes(b"half")
    assert resume.load() is None
    resume.remove()
    assert not resume.folder.exists()


def test_other_params_pictures_or_names_have_another_fingerprint(tmp_path):
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        path.write_bytes(b"picture")
    marks = [fingerprint({"seed": 0}, paths), fingerprint({"seed": 1}, paths), fingerprint({"seed": 0}, paths[:1])]
    assert fingerprint({"seed": 0}, paths) == marks[0]
    paths[1].write_bytes(b"another")
    marks.append(fingerprint({"seed": 0}, paths))
    paths[1].write_bytes(b"picture")
    marks.append(fingerprint({"seed": 0}, [paths[0], paths[1].rename(tmp_path / "c.png")]))
    assert len(set(marks)) == 5


def test_works_are_counted_by_the_stem_before_the_double_hyphen(tmp_path):
    assert count_works([tmp_path / name for name in ("a-b--00.png", "a-b--01.png", "a--00.png", "plain.png")]) == 3


def _no_pictures(workspace):
    for path in (workspace.folder / "data/train/train").iterdir():
        path.unlink()


def _no_folder(workspace):
    _no_pictures(workspace)
    (workspace.folder / "data/train/train").rmdir()


def _one_picture(workspace):
    for path in sorted((workspace.folder / "data/train/train").iterdir())[1:]:
        path.unlink()


def _other_resolution(workspace):
    workspace.set(resolution=64)


def _validation_of_another_resolution(workspace):
    workspace.pictures("validation", works=1, side=16)


def _broken_picture(workspace):
    (workspace.folder / "data/train/train/work-0--00.png").write_bytes(b"no picture")


MISTAKES = {
    _no_pictures: "data/train/train holds 0 pictures, but training needs 2 or more: run `dvc repro`",
    _no_folder: "data/train/train holds 0 pictures",
    _one_picture: "holds 1 pictures",
    _other_resolution: "has 32 x 32 pixels, but train.resolution is 64: run `dvc repro`",
    _validation_of_another_resolution: "data/train/validation/work-0--00.png has 16 x 16 pixels",
    _broken_picture: "work-0--00.png cannot be read as a picture",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_explained_before_anything_is_written(make_workspace, mistake, monkeypatch):
    workspace = make_workspace("main")
    mistake(workspace)
    with pytest.raises(UserError, match=re.escape(MISTAKES[mistake])):
        workspace.run_here(monkeypatch)
    assert workspace.outputs() == {}


def test_a_mistake_ends_with_one_message_and_no_traceback(make_workspace):
    workspace = make_workspace("main")
    _no_pictures(workspace)
    code, _, error = workspace.run()
    assert code == 1
    assert error.startswith("error: data/train/train holds 0 pictures")
    assert "Traceback" not in error
