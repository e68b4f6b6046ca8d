"""What an interrupted stage finds again, and what it does not."""

import os
import time

import pytest
import torch

from stages.common.resume import KEPT_DAYS, Resume, fingerprint


@pytest.fixture(autouse=True)
def checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "code.py").write_text("x = 1\n")
    return folder


def test_a_fingerprint_changes_with_all_that_decides_and_with_nothing_else(package):
    decisive = [b"picture", {"steps": 3}]
    mark = fingerprint([package], decisive)
    others = [[b"another", {"steps": 3}], [b"picture", {"steps": 4}], [b"pict", b"ure", {"steps": 3}]]
    assert len({mark, *(fingerprint([package], other) for other in others)}) == 4
    (package / "code.py").write_text('"""It says what it does."""\n\nx = 1  # as before\n')
    assert fingerprint([package], decisive) == mark
    (package / "code.py").write_text("x = 2\n")
    assert fingerprint([package], decisive) != mark
    assert fingerprint([], decisive) != mark


def test_the_same_work_finds_its_state_in_the_main_checkout_and_other_work_does_not(checkout):
    resume = Resume("stylize", "mark")
    assert resume.load("state") is None
    resume.save("state", {"step": 2, "canvas": torch.ones(2)})
    again = Resume("stylize", "mark").load("state")
    assert again and again["step"] == 2 and torch.equal(again["canvas"], torch.ones(2))
    assert resume.folder == checkout / ".resume/stylize/mark"
    assert Resume("stylize", "other").load("state") is None and Resume("train", "mark").load("state") is None


def test_a_damaged_state_counts_as_none_and_a_finished_one_is_gone():
    resume = Resume("stylize", "mark")
    resume.save("state", 1)
    (resume.folder / "state.pt").write_bytes(b"half")
    assert resume.load("state") is None
    resume.save("state", 1)
    resume.remove()
    assert resume.load("state") is None and not resume.folder.exists()


def test_a_save_is_not_due_at_once(monkeypatch):
    resume = Resume("stylize", "mark")
    assert not resume.due()
    monkeypatch.setattr("stages.common.resume.EVERY", -1.0)
    assert resume.due()


def test_finished_work_clears_its_own_stages_forgotten_states_alone():
    """A finished training once deleted a fresh state of stylize whose folder was old, since only its files were new."""
    long_ago = time.time() - (KEPT_DAYS + 1) * 86_400
    fresh, forgotten, foreign = Resume("train", "fresh"), Resume("train", "forgotten"), Resume("stylize", "painting")
    for resume in (fresh, forgotten, foreign):
        resume.save("state", 1)
    for path in (forgotten.folder / "state.pt", forgotten.folder, fresh.folder, foreign.folder, foreign.folder.parent):
        os.utime(path, (long_ago, long_ago))
    done = Resume("train", "done")
    done.save("state", 1)
    done.remove()
    assert fresh.load("state") == 1 and foreign.load("state") == 1
    assert not forgotten.folder.exists() and not done.folder.exists()
