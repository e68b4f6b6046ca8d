"""Hostile settings: each kind ends at once in one message that names the line, and none in a traceback."""

import os
from pathlib import Path

import pytest

from stages.common import params, plain_yaml
from stages.common.cli import UserError

GOOD = (Path(__file__).resolve().parents[2] / "params.yaml").read_text(encoding="utf-8")
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)
HOSTILE = {
    "another encoding": ("# ä\n".encode("latin-1") + GOOD.encode(), ["not UTF-8", "line 1"]),
    "two bytes a letter": (GOOD.encode("utf-16"), ["not UTF-8"]),
    "no text": (b"\xff" + os.urandom(100), ["not UTF-8"]),
    "too long": (GOOD.encode() + b"#" * plain_yaml.BYTES, ["more than 1000000"]),
    "deep lists": (b"a: " + b"[" * 5000 + b"]" * 5000, ["20 deep"]),
    "deep mappings": (b"a: " + b"{a: " * 5000 + b"1" + b"}" * 5000, ["20 deep"]),
    "deep blocks": ("".join(" " * level + "a:\n" for level in range(500)).encode(), ["20 deep"]),
    "a bomb of aliases": ((LAUGHS + GOOD.replace("works: 72", "works: *a8", 1)).encode(), ["aliases", "line 2"]),
    "itself": (b"a: &a [*a]", ["aliases", "line 1"]),
    "endless number": (b"a: " + b"9" * 5000, ["cannot be used", "4300 digits", "line 1"]),
    "no such day": (b"a:\n  b: 2020-99-99", ["cannot be used", "line 2"]),
    "a section twice": ((GOOD + "\nsplit:\n  seed: 3\n").encode(), ["'split' is there twice", "first in line"]),
    "a key twice": (GOOD.replace("split:", "split:\n  seed: 3", 1).encode(), ["'seed' is there twice", "keep one"]),
    "an object": (b"a: !!python/object/apply:os.system [x]", ["could not determine a constructor"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_in_a_few_words(tmp_path, name):
    data, words = HOSTILE[name]
    (tmp_path / "params.yaml").write_bytes(data)
    with pytest.raises(UserError) as caught:
        params.load(tmp_path / "params.yaml")
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", ["0x" + "f" * 5000, "[" + "1, " * 5000 + "1]"], ids=["number", "list"])
def test_a_wrong_value_is_shown_in_part(tmp_path, value):
    (tmp_path / "params.yaml").write_text(GOOD.replace("works: 72", f"works: {value}", 1))
    with pytest.raises(UserError, match=r"museum\.works is ") as caught:
        params.load(tmp_path / "params.yaml")
    assert len(str(caught.value)) < 1000


def test_plain_values_come_as_they_are():
    text = "\ufeffa: {b: [1, 2.5, yes, 'x'], c: null}\r\n"
    assert plain_yaml.parse(text.encode()) == {"a": {"b": [1, 2.5, True, "x"], "c": None}}
