"""The store of this checkout: at home after a move, waited for while it is busy."""

import shutil
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from mlflow import MlflowClient
from PIL import Image

from stages.common import images
from stages.common.cli import UserError
from stages.track import local_store
from stages.track.store import Result, log_once


def result(root, fingerprint: str) -> Result:
    images.save_png(root / "sheet.png", Image.new("RGB", (8, 8)))
    values = {"params": {"train.seed": 0}, "metrics": {"evaluate.kid": 0.25}, "curves": []}
    return Result(name="n", fingerprint=fingerprint, pictures={"gan": [root / "sheet.png"]}, **values)


@pytest.mark.slow
@pytest.mark.parametrize("move", [shutil.move, shutil.copytree], ids=["moved", "copied"])
def test_the_pictures_follow_the_checkout(tmp_path, put_store, capsys, move):
    old, new = tmp_path / "old", tmp_path / "new place"
    old.mkdir()
    put_store(old)
    assert log_once(old, "e", result(old, "a"))
    assert not capsys.readouterr().out
    move(str(old), str(new))
    before = sorted(old.rglob("*"))
    assert log_once(new, "e", result(new, "b")) and not log_once(new, "e", result(new, "a"))
    assert capsys.readouterr().out.count("python -m stages.track --all") == 1, "said once"
    assert sorted(old.rglob("*")) == before, "nothing is written to the old place"
    shutil.rmtree(old, ignore_errors=True)
    client = MlflowClient(tracking_uri=f"sqlite:///{new / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("e")
    assert experiment
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 2
    for run in runs:
        assert run.info.artifact_uri
        assert [file.path for file in client.list_artifacts(run.info.run_id, "gan")] == ["gan/sheet.png"]
        assert run.info.artifact_uri.startswith((new / "mlruns").as_uri() + "/")


def test_a_place_that_this_stage_did_not_give_stays(tmp_path):
    path = tmp_path / "store.db"
    own = ["s3://bucket/mlruns", "file:///data/artifacts", "mlruns"]
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE experiments (artifact_location TEXT)")
        store.execute("CREATE TABLE runs (artifact_uri TEXT)")
        store.executemany("INSERT INTO experiments VALUES (?)", [(place,) for place in [*own, "file:///old/mlruns"]])
        rows = ["file:///old/mlruns/a/b", "file:///old/mlruns2/a", "s3://bucket/mlruns/c"]
        store.executemany("INSERT INTO runs VALUES (?)", [(place,) for place in rows])
    assert local_store.rehome(path, "file:///new/mlruns") == "file:///old/mlruns"
    with closing(sqlite3.connect(path)) as store:
        assert [row for (row,) in store.execute("SELECT * FROM experiments")] == [*own, "file:///new/mlruns"]
        expected = ["file:///new/mlruns/a/b", "file:///old/mlruns2/a", "s3://bucket/mlruns/c"]
        assert [row for (row,) in store.execute("SELECT * FROM runs")] == expected
    assert local_store.rehome(path, "file:///new/mlruns") == ""


@pytest.fixture
def locked(tmp_path):
    """A store that another program writes to until the connection is closed."""
    path = tmp_path / "mlflow.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE experiments (artifact_location TEXT)")
    other.execute("BEGIN IMMEDIATE")
    yield path, other
    other.close()


def test_a_busy_store_is_waited_for_with_a_word(locked, capsys):
    path, other = locked
    end = threading.Timer(1.2, other.rollback)
    end.start()
    start = time.monotonic()
    local_store.prepare(path.parent)
    end.join()
    assert time.monotonic() - start >= 1.0
    assert capsys.readouterr().err.count("in use by another program: waiting up to 60 seconds") == 1
    local_store.prepare(path.parent)
    assert not capsys.readouterr().err


def test_one_that_stays_busy_is_never_to_be_deleted(locked, monkeypatch):
    path, _ = locked
    monkeypatch.setattr(local_store, "PATIENCE", 0.1)
    with pytest.raises(UserError, match=r"nothing is wrong with it.*run the same command again") as caught:
        log_once(path.parent, "e", result(path.parent, "a"))
    assert "delete" not in str(caught.value)
