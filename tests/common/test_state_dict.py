"""Files of weights: what is read, what is refused before anything in it runs, and that no other place reads any."""

import ast
import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from stages.common import state_dict

ROOT = Path(__file__).resolve().parents[2]
STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2)}
READERS = ("torch", "np", "numpy", "pickle", "yaml", "safetensors", "marshal", "shelve", "joblib", "dill", "hub", "jit")
VERBS = ("load", "loads", "load_file", "load_state_dict_from_url", "safe_load", "unsafe_load", "full_load", "Unpickler")
NAMES = ("safe_open", "ModelLoader", "YAML", "runpy", "load_state_dict_from_file", "load_from_file")
KNOWN = {  # every place of stages/ that reads a file in a form that could hold more than numbers
    "stages/common/plain_yaml.py": {"yaml.load"},  # of a loader that builds plain values alone
    "stages/common/state_dict.py": {"safetensors.torch.load", "torch.jit.load", "torch.load"},
    "stages/evaluate/cache.py": {"np.load"},  # without pickle, behind a checksum
    "stages/gan/description.py": {"safe_open"},
    "stages/study/cell.py": {"yaml.safe_load"},  # of the params that the study itself has written
    "stages/study/params_file.py": {"YAML", "yaml.safe_load"},  # the round trip loader: plain values alone
    "stages/study/session.py": {"yaml.safe_load"},
    "stages/stylize/vgg.py": {"torch.hub.load_state_dict_from_url"},  # weights_only
    "stages/upscale/foreign.py": {"ModelLoader"},  # of tensors, never of a path
}


def saved(values: object, **options) -> bytes:
    data = io.BytesIO()
    torch.save(values, data, **options)
    return data.getvalue()


class Harmful:
    """Its unpickling makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize(
    "data",
    [saved(STATE), saved(STATE, _use_new_zipfile_serialization=False), safetensors.torch.save(STATE)],
    ids=["zip", "before 1.6", "safetensors"],
)
def test_the_three_forms_of_weights_are_told_by_their_bytes(data):
    found = state_dict.foreign(data)
    assert found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


def torchscript() -> bytes:
    data = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), data)
    return data.getvalue()


def renamed(whole: bytes, **names: str) -> bytes:
    """A zip with other names in it, such as a TorchScript without its constants."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            end = name.rpartition("/")[2].partition(".")[0]
            new.writestr(name.replace(end, names.get(end, end)), old.read(name))
    return out.getvalue()


def packed(compression: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(STATE))) as old, zipfile.ZipFile(out, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def tarred(first: bytes = b"sys_info") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", encoding="latin-1") as archive:
        for name in (first.decode("latin-1"), "pickle", "storages", "tensors"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return out.getvalue()


HOSTILE = {
    "TorchScript": (torchscript, "a program"),
    "TorchScript without constants": (lambda: renamed(torchscript(), constants="other"), "a program"),
    "TorchScript behind other bytes": (lambda: b"x" * 16 + torchscript(), "neither"),
    "tar": (tarred, "neither"),
    "tar that begins as a pickle": (lambda: tarred(state_dict.OLD), "neither"),
    "zip without tensors": (lambda: renamed(saved(STATE), data="other"), "without tensors"),
    "compressed": (lambda: packed(zipfile.ZIP_DEFLATED), "compressed"),
    "plain pickle": (lambda: pickle.dumps({"a": 1}, protocol=2), "neither"),
    "text": (lambda: b"dear shop", "neither"),
    "nothing": (lambda: b"", "neither"),
    "cut off": (lambda: saved(STATE)[:-40], "damaged"),
    "safetensors cut off": (lambda: safetensors.torch.save(STATE)[:-4], "damaged"),
    "a list": (lambda: saved([torch.ones(2)]), "no tensors by name"),
    "no tensors": (lambda: saved({"a": 1}), "no tensors by name"),
    "one number a billion times": (lambda: saved({"a": torch.ones(1).expand(10**9)}), "far larger"),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plain_state_dict_is_refused_with_the_reason(name, monkeypatch):
    make, reason = HOSTILE[name]
    data = make()
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("TorchScript was read"))
    with pytest.raises(state_dict.NoStateDict, match=reason):
        state_dict.foreign(data)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before 1.6"])
def test_nothing_that_a_file_says_is_called(tmp_path, new):
    data = saved({**STATE, "x": Harmful(tmp_path / "harm")}, _use_new_zipfile_serialization=new)
    with pytest.raises(state_dict.NoStateDict, match="more than tensors"):
        state_dict.foreign(data)
    assert not (tmp_path / "harm").exists()
    torch.load(io.BytesIO(data), weights_only=False)
    assert (tmp_path / "harm").exists(), "the file would have done it"


def loads(path: Path) -> set[str]:
    """The calls in a source by which files are read that could hold more than numbers."""
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    parts = {call: call.split(".") for call in calls}
    return {
        call
        for call, names in parts.items()
        if names[-1] in NAMES
        or names in (["eval"], ["exec"])
        or (names[-1] in VERBS and set(names[:-1]) & set(READERS))
    }


def imported(path: Path) -> set[str]:
    """What a source takes out of the readers' modules by name: `from torch import load` would hide a call."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {item.name for node in nodes if (node.module or "").split(".")[0] in READERS for item in node.names}


def test_every_load_in_the_project_is_known():
    sources = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "stages").rglob("*.py"))}
    assert len(sources) > 200
    assert {name: found for name, path in sources.items() if (found := loads(path))} == KNOWN
    for name, path in sources.items():
        assert not imported(path) & set(VERBS), f"{name} hides a load behind a name"
        assert "weights_only=False" not in path.read_text() and "allow_pickle=True" not in path.read_text()
