"""What a training reads: what of it decides the result, and mistakes, each explained before anything is written."""

import re

import pytest
import torch

from stages.common.cli import UserError
from stages.common.device import BFLOAT16, FLOAT32, Runtime
from stages.common.resume import fingerprint
from stages.train.inputs import count_works, decisive, read_inputs

CPU = torch.device("cpu")
RUNTIME = Runtime(CPU, FLOAT32, 1)


def test_works_are_counted_by_the_stem_before_the_double_hyphen(tmp_path):
    assert count_works([tmp_path / name for name in ("a-b--00.png", "a-b--01.png", "a--00.png", "plain.png")]) == 3


def test_the_pictures_of_both_sets_are_read(make_workspace, make_params):
    inputs = read_inputs(make_workspace("main").folder / "data/train", make_params(), CPU)
    assert (inputs.pictures.shape, inputs.validation.shape) == ((6, 3, 32, 32), (3, 3, 32, 32))
    assert inputs.pictures.dtype == inputs.validation.dtype == torch.uint8
    assert inputs.counts() == {"n_train": 6, "works": 3, "validation": 3}
    assert len(inputs.paths) == 9


def _same(_workspace, params, runtime, paths):
    return params, runtime, paths


def _other_params(_workspace, params, runtime, paths):
    return params.model_copy(update={"learning_rate": 0.5 * params.learning_rate}), runtime, paths


def _other_precision(_workspace, params, _runtime, paths):
    return params, Runtime(CPU, BFLOAT16, 1), paths


def _other_threads(_workspace, params, _runtime, paths):
    return params, Runtime(CPU, FLOAT32, 2), paths


def _other_picture(workspace, params, runtime, paths):
    workspace.pictures("train", works=1, side=16)
    return params, runtime, paths


def _other_validation_picture(workspace, params, runtime, paths):
    workspace.pictures("validation", works=1, side=16)
    return params, runtime, paths


def _other_name(_workspace, params, runtime, paths):
    return params, runtime, [paths[0].rename(paths[0].with_name("work-0--99.png")), *paths[1:]]


def _other_set(_workspace, params, runtime, paths):
    moved = paths[0].rename(paths[0].parents[1] / "validation/work-9--00.png")
    return params, runtime, [*paths[1:], moved]


def _other_order(_workspace, params, runtime, paths):
    return params, runtime, [paths[1], paths[0], *paths[2:]]


OTHERS = (
    _other_params,
    _other_precision,
    _other_threads,
    _other_picture,
    _other_validation_picture,
    _other_name,
    _other_set,
    _other_order,
)


@pytest.mark.parametrize("change", [_same, *OTHERS], ids=lambda change: change.__name__)
def test_params_runtime_and_the_pictures_names_and_bytes_decide(make_workspace, make_params, change):
    workspace, params = make_workspace("main"), make_params()
    paths = read_inputs(workspace.folder / "data/train", params, CPU).paths
    before = fingerprint([], decisive(params, RUNTIME, paths))
    after = fingerprint([], decisive(*change(workspace, params, RUNTIME, paths)))
    assert (before == after) == (change is _same)


def test_where_the_pictures_lie_does_not_decide(make_workspace, make_params):
    marks = []
    for name in ("one", "two"):
        paths = read_inputs(make_workspace(name).folder / "data/train", make_params(), CPU).paths
        marks.append(fingerprint([], decisive(make_params(), RUNTIME, paths)))
    assert marks[0] == marks[1]


def _no_pictures(workspace):
    workspace.remove_pictures("train")


def _no_folder(workspace):
    workspace.remove_pictures("train")
    (workspace.folder / "data/train/train").rmdir()


def _one_picture(workspace):
    workspace.remove_pictures("train", keep=1)


def _other_resolution(workspace):
    workspace.set(resolution=64)


def _validation_of_another_resolution(workspace):
    workspace.pictures("validation", works=1, side=16)


def _broken_picture(workspace):
    (workspace.folder / "data/train/train/work-0--00.png").write_bytes(b"no picture")


def _nothing_held_out(workspace):
    workspace.remove_pictures("validation")
    workspace.set(augmentation="ada", ada_signal="validation")


MISTAKES = {
    _nothing_held_out: "train.ada_signal is 'validation', but there are no validation works",
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


@pytest.mark.slow
def test_a_mistake_ends_with_one_message_and_no_traceback(make_workspace):
    workspace = make_workspace("main")
    _no_pictures(workspace)
    code, _, error = workspace.run()
    assert code == 1
    assert error.startswith("error: data/train/train holds 0 pictures")
    assert "Traceback" not in error
