"""Reports are whole or not at all, and their bytes depend on their values alone."""

import json
import subprocess
import sys

import pytest

from stages.common import files
from stages.common.cli import UserError


def test_json_is_sorted_rounded_and_valid(tmp_path):
    files.write_json(tmp_path / "deep" / "a.json", {"b": 1 / 3, "a": [float("nan"), 2], "c": {"d": True}})
    text = (tmp_path / "deep" / "a.json").read_text()
    assert json.loads(text) == {"a": [None, 2], "b": 0.333333, "c": {"d": True}}
    assert text.index('"a"') < text.index('"b"')


def test_csv_and_json_lines_come_back(tmp_path):
    rows = [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]
    files.write_csv(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_text() == "step,loss\n1,0.5\n2,0.25\n"
    files.write_jsonl(tmp_path / "a.jsonl", rows)
    assert files.read_jsonl(tmp_path / "a.jsonl") == rows


def test_a_report_that_is_not_there_names_the_remedy(tmp_path):
    with pytest.raises(UserError, match="dvc repro"):
        files.read_json(tmp_path / "none.json")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # the kernel refuses every write beyond 4 KiB
from stages.common import cli, files
cli.run_cli(lambda: files.write_bytes(Path(sys.argv[1]), bytes(100_000)))
"""


def test_when_the_disk_refuses_the_old_file_stays(tmp_path, workspace):
    old = tmp_path / "metrics.json"
    old.write_text("old and good")
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(old)],
        capture_output=True,
        text=True,
        cwd=files.__file__.rsplit("/stages/", 1)[0],
    )
    assert done.returncode == 1
    assert "could not write" in done.stderr and "unchanged" in done.stderr and "Traceback" not in done.stderr
    assert old.read_text() == "old and good"
    assert sorted(tmp_path.iterdir()) == before, "a temporary file was left behind"


def test_a_folder_is_replaced_only_when_its_block_ends_well(tmp_path):
    with files.folder(tmp_path / "out") as folder:
        (folder / "a").write_text("first")
    with pytest.raises(RuntimeError), files.folder(tmp_path / "out") as folder:
        (folder / "b").write_text("second")
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "a"]
    with files.folder(tmp_path / "out") as folder:
        (folder / "c").write_text("third")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["c", "out"]
