"""The study as a program, in a tiny repository: no cell twice, killed and gone on with, failed cells, what stays."""

import csv
import os
import signal
import subprocess
import time
from typing import Any

import pytest
from configobj import ConfigObj

from stages.inputs import fingerprints
from stages.study import runner
from stages.study.cell import configure

CELLS = ["9-False-none-0", "9-True-none-0"]


@pytest.mark.slow
def test_plan_run_and_run_again(stub, set_params):
    (stub.folder / "README.md").write_text("a note of mine")  # not committed: in nobody's way
    set_params(stub.folder, {"study.cost_per_hour": 2.0})  # nor is this
    before = stub.run("git", "status", "--porcelain"), stub.run("git", "rev-parse", "--abbrev-ref", "HEAD")
    planned = stub.study("--plan")
    assert (
        planned.returncode == 0 and "2 cells: 0 done, 2 to do" in planned.stdout and "at 2 per hour" in planned.stdout
    )
    assert stub.ran() == [] and stub.experiments() == []

    done = stub.study()
    assert done.returncode == 0, done.stderr
    assert sorted(stub.ran()) == sorted(stub.ran("track")) == CELLS
    assert len(stub.ran("scrape")) == 1, "what cells have in common is made once, though two start together"
    with (stub.folder / "metrics/study.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(row["works"], row["deduplicated"], float(row["kid"])) for row in rows]
    assert found == [("9", "False", 0.261111), ("9", "True", 0.211111)]
    assert [row["experiment"] for row in sorted(rows, key=lambda row: row["experiment"])] == stub.experiments()
    assert (stub.folder / "data/study/kid.png").stat().st_size > 1000
    assert "0.211" in (stub.folder / "data/study/summary.md").read_text()
    status = stub.run("git", "status", "--porcelain").replace("?? metrics/\n", "")
    assert (status, stub.run("git", "rev-parse", "--abbrev-ref", "HEAD")) == before, "the checkout is as it was"

    table = (stub.folder / "metrics/study.csv").read_bytes()
    stub.append("stage.py", "# a comment\n")
    stub.commit("code that does the same")
    again = stub.study()
    assert again.returncode == 0 and "2 done, 0 to do" in stub.study("--plan").stdout
    assert len(stub.ran()) == 2 and (stub.folder / "metrics/study.csv").read_bytes() == table
    (stub.folder / "metrics/study.csv").unlink()
    assert stub.study("--draw").returncode == 0 and (stub.folder / "metrics/study.csv").read_bytes() == table


@pytest.mark.slow
def test_it_runs_alone_and_killed_in_the_middle_it_leaves_no_process_and_goes_on(stub, set_params, monkeypatch):
    """The whole process group of the study is killed while two cells run, twice; the third time it is left to end.

    Beside the first one another study is refused, though not its plan.
    """
    monkeypatch.setattr(runner, "PATIENCE", 0.5)
    set_params(stub.folder, {"study.train_works": [9, 18]})
    (stub.folder / "params.mine").write_text("untracked")
    state = stub.run("git", "status", "--porcelain"), stub.run("git", "stash", "list")
    (stub.folder / "wait").touch()
    for number in (1, 2):
        study = stub.start()
        stub.wait_for(2 * number)
        if number == 1:
            second = stub.study()
            assert second.returncode == 1 and "another study runs in this checkout" in second.stderr
            assert len(stub.ran()) == 2
            assert stub.study("--plan").returncode == 0
        os.killpg(study.pid, signal.SIGKILL)
        study.wait()
        until = time.monotonic() + 60
        while stub.processes():
            assert time.monotonic() < until, stub.processes()
            time.sleep(0.05)
        assert (stub.run("git", "status", "--porcelain"), stub.run("git", "stash", "list")) == state
        assert stub.experiments() == []
    (stub.folder / "wait").unlink()
    assert stub.study().returncode == 0
    assert sorted(stub.ran("track")) == sorted([*CELLS, "18-False-none-0", "18-True-none-0"])
    assert len(stub.experiments()) == 4
    assert len(stub.ran()) == 4 + 4, "two cells were begun twice more, none ended twice"


@pytest.mark.slow
def test_what_was_done_before_a_kill_is_not_done_again(stub, set_params):
    set_params(stub.folder, {"study.jobs": 1})
    study = stub.start()
    stub.wait_for(1, "track")
    (stub.folder / "wait").touch()  # a moment before the next cell's first stage
    stub.wait_for(2)
    assert len(stub.experiments()) == 1
    study.send_signal(signal.SIGINT)
    assert study.wait(60) == 1 and "run the same command again" in (stub.folder / "study.log").read_text()
    assert not stub.processes()
    (stub.folder / "wait").unlink()
    (reference,) = (stub.folder / ".git/refs/exps").glob("??/*/study-*")
    (other,) = set(stub.planned()) - {reference.name}
    reference.with_name(f"{other}.lock").touch()  # as git leaves it when it is killed while it writes a ref
    assert stub.study().returncode == 0
    assert len(stub.ran("track")) == 2 and stub.ran().count(stub.ran()[0]) == 1


def test_a_cell_has_the_checkout_s_own_settings_of_dvc_and_its_cache(tmp_path):
    """As DVC reads them: a remote with its secrets, and a path with what means something in such files."""
    (tmp_path / "theirs").write_text(
        "[core]\n    remote = lab\n['remote \"lab\"']\n    url = s3://x\n    Password = p,q#%s\n"
    )
    (tmp_path / "with").write_text("[cache]\n    dir = elsewhere\n    type = hardlink\n")
    place = str(tmp_path / "a, b #1 %s")

    def read(name: str) -> Any:
        return ConfigObj(str(tmp_path / name)).dict()

    for name in ("theirs", "with", "none"):
        configure(tmp_path / "made", tmp_path / name, place)
        assert read("made")["cache"]["dir"] == place
    configure(tmp_path / "made", tmp_path / "with", place)
    assert read("made")["cache"]["type"] == "hardlink"
    configure(tmp_path / "made", tmp_path / "theirs", place)
    before, after = read("theirs"), read("made")
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
def test_cells_read_the_pictures_of_the_user_s_own_wherever_the_committed_link_leads(stub, set_params):
    stub.follow_own_files()
    own = stub.folder / "pictures"
    own.mkdir()
    (own / "a.png").write_text("one")
    set_params(stub.folder, {"scrape.source": "folder", "scrape.path": "pictures"})
    stub.run("python", "-m", "dvc", "repro", "-q", "inputs")
    gone = stub.folder / "data/inputs/scrape"
    gone.unlink()
    gone.symlink_to("/nowhere/pictures")  # as on another machine
    stub.commit("a run of mine")
    done = stub.study()
    assert done.returncode == 0, done.stderr
    assert sorted(stub.ran("track")) == CELLS and "2 done, 0 to do" in stub.study("--plan").stdout
    used = {stub.run("git", "show", f"{ref}:data/inputs/scrape.json") for ref in stub.refs()}
    assert len(used) == 1 and fingerprints.of(own)["sha256"] in used.pop()
    kinds = {stub.run("git", "ls-tree", ref, "data/inputs/scrape").split()[0] for ref in stub.refs()}
    assert kinds == {"120000"}, "the link, not the pictures behind it"
    (own / "a.png").write_text("two")
    assert "0 done, 2 to do" in stub.study("--plan").stdout
    assert stub.study().returncode == 0 and len(stub.ran("scrape")) == 2
    assert len(stub.experiments()) == 4


@pytest.mark.slow
def test_a_person_s_signatures_and_hooks_are_not_for_the_study_s_commits(stub):
    stub.sign_and_refuse()
    done = stub.study()
    assert done.returncode == 0, done.stderr
    assert len(stub.experiments()) == 2


@pytest.mark.slow
def test_a_failed_cell_is_told_and_the_others_are_done(stub):
    (stub.folder / "fail").write_text(CELLS[1])
    done = stub.study()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "1 of 2 cells failed; the others are drawn" in done.stderr
    assert "error: this one cannot be trained" in done.stderr
    (log,) = (stub.folder / ".cache/study/logs").glob("study-w9-dedup-*.log")
    assert str(log.relative_to(stub.folder)) in done.stderr and "this one cannot be trained" in log.read_text()
    assert len(stub.experiments()) == 1 and len((stub.folder / "metrics/study.csv").read_text().splitlines()) == 2
    (stub.folder / "fail").write_text("")
    assert stub.study().returncode == 0 and len(stub.ran()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("change", ["edited", "new"])
def test_code_that_is_not_committed_is_refused(stub, change):
    if change == "edited":
        stub.append("stage.py", "# mine\n")
    else:
        stub.run("git", "rm", "-q", "--cached", "stage.py")
        stub.run("git", "commit", "-qm", "without")
    done = stub.study()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "stage.py" in done.stderr and "Commit it" in done.stderr
    assert stub.ran() == []


def test_an_mlflow_server_that_is_no_address_is_told_before_the_first_cell(stub):
    stub.environment = stub.environment | {"MLFLOW_TRACKING_URI": "localhost:5000"}
    done = stub.study()
    assert done.returncode == 1 and "MLFLOW_TRACKING_URI is set, but it is no address" in done.stderr
    assert stub.ran() == [] and "Traceback" not in done.stderr
    assert stub.study("--plan").returncode == 0


@pytest.mark.slow
def test_nothing_to_draw_and_no_repository(stub, tmp_path_factory):
    done = stub.study("--draw")
    assert done.returncode == 1 and "no cell of the study is done" in done.stderr
    subprocess.run(["rm", "-rf", ".git"], cwd=stub.folder, check=True)
    done = stub.study("--plan")
    assert done.returncode == 1 and "git" in done.stderr and "Traceback" not in done.stderr
