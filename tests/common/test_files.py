"""Reports are whole or not at all, and their bytes depend on their values alone."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def test_when_the_disk_refuses_the_old_file_stays(tmp_path, clean_environment):
    old = tmp_path / "metrics.json"
    old.write_text("old and good")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(old)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(DVC_ROOT=str(tmp_path)),
    )
    assert done.returncode == 1
    assert "could not write" in done.stderr and "unchanged" in done.stderr and "Traceback" not in done.stderr
    assert old.read_text() == "old and good"
    assert not [*(tmp_path / files.PARTIAL).iterdir()], "a temporary file was left behind"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", "metrics.json"]


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


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout that DVC names, as for a queued experiment."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))
    return tmp_path / "main"


KILLED = """
import os, sys
from pathlib import Path
count = int(sys.argv[1])
def kill(event, arguments):
    global count
    if event in ("os.rename", "os.chmod", "os.mkdir", "os.remove", "os.rmdir", "shutil.move"):
        count -= 1
        if not count:
            os._exit(9)
sys.addaudithook(kill)
from stages.common import files
files.write_json(Path("metrics/a.json"), {"a": 1})
with files.folder(Path("data/b")) as folder:
    files.write_bytes(folder / "c", b"c")
"""


@pytest.mark.slow
def test_what_a_kill_leaves_lies_in_the_ignored_place_alone(tmp_path, clean_environment):
    """Killed before each change of the file system: beside the outputs there is never a file that is not complete."""
    complete = {"metrics", "metrics/a.json", "data", "data/b", "data/b/c"}
    codes, left = [], 0
    for number in range(1, 30):
        place = tmp_path / str(number)
        place.mkdir()
        command = [sys.executable, "-c", KILLED, str(number)]
        codes.append(subprocess.run(command, cwd=place, env=clean_environment()).returncode)
        found = {path.relative_to(place).as_posix() for path in place.rglob("*")}
        assert {path for path in found if not path.startswith(".cache")} <= complete
        left += any(path.startswith(".cache/partial/") for path in found)
        if not codes[-1]:
            break
    assert len(codes) > 6 and codes == [9] * (len(codes) - 1) + [0] and left > 3


def test_leftovers_are_cleared_a_day_later_by_the_first_write_of_a_process(tmp_path, checkout):
    place = checkout / files.PARTIAL
    place.mkdir(parents=True)
    (place / ".old").write_text("")
    (place / "folder").mkdir()
    (place / "folder/file").write_text("")
    (place / ".new").write_text("")
    long_ago = time.time() - files.DAY - 60
    for name in (".old", "folder"):
        os.utime(place / name, (long_ago, long_ago))
    files.write_bytes(tmp_path / "a", b"")
    assert [path.name for path in place.iterdir()] == [".new"]
    os.utime(place / ".new", (long_ago, long_ago))
    files.write_bytes(tmp_path / "a", b"")
    assert [path.name for path in place.iterdir()] == [".new"], "a folder of a million files is not listed twice"


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system")
def test_a_target_on_another_file_system_is_written_all_the_same(tmp_path, checkout):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as far:
        assert os.stat(far).st_dev != os.stat(tmp_path).st_dev
        files.write_bytes(Path(far) / "a", b"a")
        with files.folder(Path(far) / "b") as folder:
            (folder / "c").write_text("c")
        assert sorted(path.relative_to(far).as_posix() for path in Path(far).rglob("*")) == ["a", "b", "b/c"]
