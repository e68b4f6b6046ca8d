"""What must hold before a cell goes to a cluster, and what is kept on DVC's remote: without a cluster."""

import time
from pathlib import Path

import pytest

from stages.common import params
from stages.common.cli import UserError
from stages.study import node, ready, remote
from stages.study.cluster import Needs, in_a_line

HERE = {"python": "3.12.1", "packages": {"torch": "2.0", "dvc": "3.0"}, "unreachable": {}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"python": "3.11.7"}, "has Python 3.11.7, this machine 3.12.1"),
        ({"packages": {"torch": "2.0+cpu", "dvc": None}}, r"torch 2.0\+cpu \(2.0 here\), dvc is missing \(3.0 here\)"),
        ({"unreachable": {"origin": "no route to host"}}, "does not reach origin: no route to host"),
        (ready.LATE, "does not reach this machine: no answer in 15 s"),
    ],
)
def test_a_node_that_differs_is_refused(change, told):
    ready.alike("the node n1", HERE, HERE)
    with pytest.raises(UserError, match=f"the node n1 .*{told}"):
        ready.alike("the node n1", HERE, HERE | change)


def test_what_a_node_says_of_itself(stub, httpserver):
    httpserver.expect_request("/api/2.0/mlflow/experiments/search").respond_with_data("{}")
    server, file = httpserver.url_for(""), str(stub.folder / "stage.py")
    before = stub.run("git", "for-each-ref")
    about = node.about(str(stub.folder), ["pytest", "no-such-package"], server, file)
    assert about["unreachable"] == {}
    assert about["packages"] == {"pytest": pytest.__version__, "no-such-package": None}
    assert stub.run("git", "for-each-ref") == before, "that it may push was tried without a push"
    found = node.about(str(stub.folder / "nowhere"), [], "http://127.0.0.1:9", "/no/such/file")["unreachable"]
    assert list(found) == ["origin", "the MLflow server", "DVC's remote"] and "nowhere" in found["origin"]


@pytest.mark.parametrize(("code", "told"), [(200, ""), (401, ""), (403, "403"), (500, "500")])
def test_a_server_that_refuses_this_machine_is_told_and_one_that_wants_a_password_is_not(httpserver, code, told):
    httpserver.expect_request("/api/2.0/mlflow/experiments/search").respond_with_data("", status=code)
    found = node.cannot_ask(httpserver.url_for(""))
    assert told in found and bool(found) == bool(told)


def test_a_node_that_may_read_but_not_write_origin_is_refused(stub, tmp_path_factory):
    bare = tmp_path_factory.mktemp("origin")
    stub.run("git", "clone", "-q", "--bare", str(stub.folder), str(bare))
    assert node.cannot_push(str(bare)) == ""
    stub.run("git", "bundle", "create", str(bare / "read.bundle"), "HEAD")
    assert node.cannot_push(str(bare / "read.bundle"))


def test_a_person_s_signatures_and_hooks_are_not_for_the_trial(stub, tmp_path_factory, monkeypatch):
    bare = tmp_path_factory.mktemp("origin")
    stub.run("git", "clone", "-q", "--bare", str(stub.folder), str(bare))
    stub.sign_and_refuse()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", stub.environment["GIT_CONFIG_GLOBAL"])
    assert node.cannot_push(str(bare)) == ""


def test_the_packages_that_are_compared(tmp_path):
    (tmp_path / "requirements.txt").write_text("# torch==1\ntorch==2.0\nray[default]==2\nruamel-yaml==0.19.1\n")
    assert ready.named_packages(tmp_path) == ["torch", "ruamel-yaml"]


def test_what_ray_says_in_many_lines_is_told_in_one():
    assert in_a_line("Version mismatch:\n  The cluster: Ray 2.59.0\n") == "Version mismatch: The cluster: Ray 2.59.0"
    assert (
        in_a_line('failed:\nTraceback (most recent call last):\n  File "x.py"\nRuntimeError: no\n')
        == "RuntimeError: no"
    )


@pytest.mark.parametrize(
    ("needs", "resources", "cells"),
    [
        (Needs(1, 0.0), {"CPU": 4.0}, 4),
        (Needs(2, 0.0), {"CPU": 3.0}, 1),
        (Needs(1, 0.25), {"CPU": 16.0, "GPU": 2.0}, 8),
        (Needs(4, 0.25), {"CPU": 16.0, "GPU": 2.0}, 4),
        (Needs(1, 1.0), {"CPU": 16.0}, 0),
        (Needs(1, 0.0), {}, 0),
    ],
)
def test_how_many_cells_a_node_holds(needs, resources, cells):
    assert needs.fit(resources) == cells


def test_files_that_only_this_machine_has_are_refused(stub, set_params):
    (stub.folder / "pictures").mkdir()
    (stub.folder / "pictures/a.png").write_text("mine")
    set_params(stub.folder, {"scrape.source": "folder", "scrape.path": "pictures"})
    everything = params.load(stub.folder / "params.yaml")
    with pytest.raises(UserError, match=r"scrape.path is 'pictures', which git does not have.*absolute path"):
        ready.inputs(stub.folder, everything)
    stub.commit("my pictures")
    ready.inputs(stub.folder, everything)


def test_origin_must_have_the_commit(stub, tmp_path_factory):
    other = stub.clone(tmp_path_factory.mktemp("person") / "clone")
    commit = other.run("git", "rev-parse", "HEAD").strip()
    assert ready.origin(other.folder, commit) == str(stub.folder)
    other.append("stage.py", "# mine\n")
    other.commit("mine")
    with pytest.raises(UserError, match=r"does not have .*git push origin HEAD"):
        ready.origin(other.folder, other.run("git", "rev-parse", "HEAD").strip())
    stub.run("git", "checkout", "-q", "--orphan", "another")
    stub.run("git", "commit", "-qm", "another beginning")
    for branch in ("master", "main"):
        stub.run("bash", "-c", f"git branch -D {branch} || true")
    with pytest.raises(UserError, match="does not have"):
        ready.origin(other.folder, commit)  # of a branch that was deleted there
    with pytest.raises(UserError, match="git remote add origin"):
        ready.origin(stub.folder, commit)


@pytest.fixture
def with_remote(stub, tmp_path_factory) -> tuple[Path, Path]:
    """A checkout whose remote is a folder, and that folder."""
    store = tmp_path_factory.mktemp("store")
    (stub.folder / ".dvc/config").write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n")
    stub.commit("a remote")
    return stub.folder, store


def test_a_remote_is_tried_and_left_as_it_was(with_remote, stub):
    checkout, store = with_remote
    remote.check(checkout, "HEAD")
    with remote.trial(checkout) as file:
        assert Path(file).is_file() and Path(file).is_relative_to(store)
    assert not [path for path in store.rglob("*") if path.is_file()]
    assert remote.Remote(checkout).read("nothing") is None


def test_a_remote_that_cannot_be_written_is_refused(with_remote):
    checkout, store = with_remote
    store.rmdir()
    store.write_text("a file in its place")
    with pytest.raises(UserError, match=r"DVC's remote 'store' cannot be written .*credentials"):
        remote.check(checkout, "HEAD")


def test_a_remote_that_only_this_checkout_knows_is_refused(with_remote, stub):
    """The nodes have the committed settings alone: the cells would train, and then have nowhere to put it."""
    checkout, store = with_remote
    with pytest.raises(UserError, match=r"not in the committed \.dvc/config"):
        remote.check(checkout, "HEAD~1")
    stub.run("python", "-m", "dvc", "remote", "add", "--local", "--default", "mine", str(store))
    with pytest.raises(UserError, match="DVC's default remote is 'mine' here, but not in the committed"):
        remote.check(checkout, "HEAD")


def test_a_checkout_without_remote_is_refused(stub):
    with pytest.raises(UserError, match="dvc remote add --default"):
        remote.check(stub.folder, "HEAD")


def test_states_go_to_the_remote_and_come_back(with_remote, monkeypatch, tmp_path, capsys):
    """Interrupted, the last state is there; another node finds it; after the end nothing is left."""
    checkout, store = with_remote
    monkeypatch.setattr(remote, "POLL", 0.02)
    sent = store / "study/cell.tar"
    first, second = tmp_path / "first", tmp_path / "second"
    with pytest.raises(KeyboardInterrupt), remote.kept_on_the_remote(checkout, first, "cell"):
        (first / "train/mark").mkdir(parents=True)
        for text in ("early", "late!"):
            before = sent.stat().st_mtime_ns if sent.exists() else 0
            (first / "train/mark/state.pt").write_text(text)
            until = time.monotonic() + 30
            while not sent.exists() or sent.stat().st_mtime_ns == before:
                assert time.monotonic() < until
                time.sleep(0.01)
        raise KeyboardInterrupt
    with remote.kept_on_the_remote(checkout, second, "cell"):
        assert (second / "train/mark/state.pt").read_text() == "late!"
    assert not sent.exists()

    sent.write_bytes(b"no archive")
    with remote.kept_on_the_remote(checkout, tmp_path / "third", "cell"):
        assert not (tmp_path / "third").exists()
    assert "the training starts anew" in capsys.readouterr().out
