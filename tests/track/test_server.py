"""MLFLOW_TRACKING_URI: a real MLflow server on this machine, other machines beside us, a server that is not there."""

import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from stages.common.cli import UserError
from stages.common.server import address
from stages.track import store
from stages.track.describe import EXPERIMENT, NOTE

pytestmark = pytest.mark.slow  # what all of them need is set up once
NAME = "how-far-do-n-pictures-go"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory, clean_environment, put_store):
    """The address of a server that keeps everything in a folder of its own."""
    folder, port = put_store(tmp_path_factory.mktemp("server")), free_port()
    command = ["mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        (folder / "artifacts").as_uri(),
    ]
    environment = clean_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", MLFLOW_DISABLE_TELEMETRY="true")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        place, until = f"http://127.0.0.1:{port}", time.monotonic() + 150
        while True:
            assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
            try:
                requests.get(f"{place}/health", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.2)
        yield place
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def found(server, name=NAME):
    client = MlflowClient(tracking_uri=server)
    (experiment,) = [item for item in client.search_experiments() if item.name == name]
    return client, client.search_runs([experiment.experiment_id])


@pytest.mark.timeout(400)
def test_it_sends_the_run_with_its_pictures_and_its_model_to_the_server(server, with_results, tmp_path):
    for added in ("a new run", "already"):
        done = with_results.open("track", MLFLOW_TRACKING_URI=server.replace("//", "//anna:s%40cret@"))
        assert done.returncode == 0 and added in done.stdout, done.stderr
        assert "cret" not in done.stdout + done.stderr
    client, (run,) = found(server)
    lie = str(run.info.artifact_uri)
    assert lie.startswith("mlflow-artifacts:/"), "through the server, which alone knows where they lie"
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"collection", "gan", "stylized", "print"}
    picture = client.download_artifacts(run.info.run_id, "gan/sheet.png", str(tmp_path))
    with open(picture, "rb") as file:
        assert file.read() == (with_results.folder / "data/generated/sheet.png").read_bytes()
    (model,) = client.search_logged_models([run.info.experiment_id])
    assert "generator.safetensors" in str(
        [file.path for file in client.list_logged_model_artifacts(model.model_id, "data")]
    )
    assert not (with_results.folder / "mlflow.db").exists() and not (with_results.folder / "mlruns").exists()
    assert not [
        path
        for path in with_results.folder.rglob("*")
        if path.is_file() and (b"anna" in path.read_bytes() or b"cret" in path.read_bytes())
    ]


@pytest.mark.timeout(400)
def test_machines_that_log_one_result_at_the_same_time_leave_one_run(server, tmp_path, monkeypatch):
    """Their locks lie in checkouts of their own; each is held until the other has logged its run too."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    log, both = store._log, threading.Barrier(2, timeout=300)

    def together(*arguments):
        log(*arguments)
        both.wait()

    monkeypatch.setattr(store, "_log", together)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    result = store.Result("n", "f", {"p": 1}, {"m": 1.0}, [], {})
    with ThreadPoolExecutor(2) as machines:
        answers = list(machines.map(lambda root: store.log_once(root, "two machines", result), folders))
    _client, (run,) = found(server, "two machines")
    assert run.info.status == "FINISHED" and True in answers
    assert store.FINGERPRINT in run.data.tags


def test_the_experiment_is_made_once_by_machines_that_find_none(server, monkeypatch):
    client = MlflowClient(tracking_uri=server)
    asked = client.get_experiment_by_name
    answers = iter([lambda name: None, asked])
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(answers)(name))
    made = client.create_experiment("raced")
    assert store._experiment(client, "raced", None) == made


def test_the_note_is_written_once_by_machines_that_find_none(server, monkeypatch):
    """SQLite's answer to the second of two that write it at once: UNIQUE constraint failed."""
    client = MlflowClient(tracking_uri=server)
    bare = client.get_experiment(client.create_experiment("no note"))
    write = client.set_experiment_tag

    def refused(*_arguments):
        raise MlflowException("UNIQUE constraint failed")

    def too_late(*arguments):
        write(*arguments)
        refused()

    monkeypatch.setattr(client, "set_experiment_tag", refused)
    with pytest.raises(MlflowException, match="UNIQUE"):
        store._described(client, bare)
    monkeypatch.setattr(client, "set_experiment_tag", too_late)
    assert store._described(client, bare) == bare.experiment_id
    assert client.get_experiment(bare.experiment_id).tags[NOTE] == EXPERIMENT


def test_a_server_that_is_not_there_ends_soon_with_the_remedy(with_results):
    port, started = free_port(), time.monotonic()
    done = with_results.process("track", MLFLOW_TRACKING_URI=f"http://anna:secret@127.0.0.1:{port}")
    message = with_results.failed(done, f"http://127.0.0.1:{port}", "MLFLOW_TRACKING_URI", "mlflow.db")
    assert time.monotonic() - started < 60 and "secret" not in message and "anna" not in message
    assert not (with_results.folder / "data/track.json").exists()


@pytest.mark.parametrize("uri", ["postgresql://anna:secret@db/x", "mlruns", "http://", "http://host:port"])
def test_an_address_that_is_none_is_refused_without_being_shown(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(UserError, match="http://host:port") as error:
        address()
    assert "secret" not in str(error.value)


def test_user_and_password_leave_the_address(monkeypatch):
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")  # put back as they were afterwards
    assert address() == ""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://anna:s%40cret@mlflow.example.org:8443/path")
    assert address() == os.environ["MLFLOW_TRACKING_URI"] == "https://mlflow.example.org:8443/path"
    assert (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) == ("anna", "s@cret")
