"""What an interrupted stage finds again, and what it does not."""

import torch

from stages.common.resume import Resume


def room(tmp_path, code: str = "pass"):
    folder = tmp_path / "room"
    folder.mkdir(exist_ok=True)
    (folder / "code.py").write_text(code)
    return folder


def test_the_same_work_finds_its_state_and_other_work_does_not(tmp_path):
    resume = Resume(tmp_path, room(tmp_path), [b"picture", {"steps": 3}])
    assert resume.load("state") is None
    resume.save("state", {"step": 2, "canvas": torch.ones(2)})
    again = Resume(tmp_path, room(tmp_path), [b"picture", {"steps": 3}]).load("state")
    assert again["step"] == 2 and torch.equal(again["canvas"], torch.ones(2))
    others = [
        ([b"another", {"steps": 3}], "pass"),
        ([b"picture", {"steps": 4}], "pass"),
        ([b"picture", {"steps": 3}], "more"),
        ([b"pict", b"ure", {"steps": 3}], "pass"),
    ]
    assert all(Resume(tmp_path, room(tmp_path, code), decisive).load("state") is None for decisive, code in others)


def test_a_damaged_state_counts_as_none_and_a_finished_one_is_gone(tmp_path):
    resume = Resume(tmp_path, room(tmp_path), [])
    resume.save("state", 1)
    (resume.folder / "state.pt").write_bytes(b"half")
    assert resume.load("state") is None
    resume.save("state", 1)
    resume.remove()
    assert resume.load("state") is None and not resume.folder.exists()


def test_a_save_is_not_due_at_once(tmp_path, monkeypatch):
    resume = Resume(tmp_path, room(tmp_path), [])
    assert not resume.due()
    monkeypatch.setattr("stages.common.resume.EVERY", -1.0)
    assert resume.due()
