"""The page's files have the hashes of DVC, and with them git finds the commit."""

import hashlib
import re
import subprocess

import pytest
import yaml
from dvc_data.hashfile.hash import file_md5
from finished import NAMES
from parsed import Page, written

from stages.report.__main__ import FILES


def test_lineage_has_the_hashes_of_dvc_and_finds_the_commit(finished):
    page = Page(written(finished))
    files = dict(re.findall(r"((?:data|metrics)/\S+) [\d,]+ ([0-9a-f]{32})", page.sections["lineage"]))
    assert set(map(str, FILES)) <= set(files)
    assert f"data/print/{NAMES[0]}.png" in files and "data/sketch/sketch.jpg" in files
    for name, digest in files.items():
        assert hashlib.md5((finished.folder / name).read_bytes()).hexdigest() == digest
    (command,) = re.findall(r"git log .* -- dvc.lock", page.sections["lineage"])
    lock = {"outs": [{"path": "metrics/evaluate.json", "md5": files["metrics/evaluate.json"]}]}

    def git(line: str) -> str:
        return subprocess.run(
            ["bash", "-c", line], cwd=finished.folder, capture_output=True, text=True, check=True
        ).stdout

    commit = "git add dvc.lock && git -c user.name=T -c user.email=t@example.org commit -qm"
    git(f"git init -q && echo other > dvc.lock && {commit} before")
    (finished.folder / "dvc.lock").write_text(yaml.safe_dump(lock))
    git(f"{commit} this-run")
    assert [line.split()[1] for line in git(command).splitlines()] == ["this-run"]


def test_the_hashes_are_those_of_dvc(finished):
    path = finished.folder / "data/track.json"
    path.write_bytes(b'{"experiment": "e",\r\n"fingerprint": "f"}')  # an older DVC read such line ends as others
    assert file_md5(str(path)) == hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_missing_input_is_one_clear_message(finished):
    (finished.folder / "data/evaluation/nearest.jpg").unlink()
    finished.fails("report", "nearest.jpg")
    (finished.folder / "metrics/train.json").unlink()
    finished.fails("report", "train.json", "dvc repro")
    assert not (finished.folder / "data/report").exists()
