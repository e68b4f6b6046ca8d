"""sky.yaml's setup and run, and machine.sh, for real on this machine: a git server that asks for a token, and Ray."""

import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

ROOT = Path(__file__).resolve().parents[2]
STUDY = Path("stages/study")
TASK = yaml.safe_load((ROOT / STUDY / "sky.yaml").read_text(encoding="utf-8"))
TOKEN = "the-token-of-the-test"
TREE = """
import pathlib, ray, time
ray.init("auto", log_to_driver=False)
on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
ask = ray.remote(num_cpus=0)(lambda: ray.get_runtime_context().get_node_id())
ids = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
answers = ray.get([ask.options(scheduling_strategy=on(one, soft=False)).remote() for one in ids])
pathlib.Path("answers").write_text(" ".join(sorted(set(answers))))
"""


def git_server(httpserver: HTTPServer, folder: Path) -> str:
    """Serve the bare repositories in a folder by HTTP, to whoever has the token; returns the address of `origin`."""

    def answer(request: Request) -> Response:
        if not request.authorization or request.authorization.password != TOKEN:
            return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        asked = {
            "GIT_PROJECT_ROOT": str(folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "token",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string.decode(),
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        data = request.get_data()
        done = subprocess.run(["git", "http-backend"], input=data, env=os.environ | asked, capture_output=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return Response(body, status=headers.pop("Status", "200 OK"), headers=headers)

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(answer)
    return httpserver.url_for("/origin.git")


class Rented:
    """A machine as SkyPilot gives it: a HOME with nothing in it, and the task's envs and secrets."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.home = folder / "home"
        self.home.mkdir()
        programs = folder / "programs"
        programs.mkdir()
        for name, text in {"apt-get": "", "sudo": '"$@"'}.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        path = os.pathsep.join([str(programs), environment["PATH"]])
        # What requirements.txt would install, which is empty here.
        given = {"HOME": str(self.home), "PATH": path, "PYTHONPATH": sysconfig.get_path("purelib")}
        nodes = {"SKYPILOT_NODE_RANK": "0", "SKYPILOT_NUM_NODES": "1", "SKYPILOT_NODE_IPS": "127.0.0.1\n127.0.0.2"}
        self.environment = environment | {**TASK["envs"], **TASK["secrets"]} | given | nodes | {"GIT_TOKEN": TOKEN}

    def does(self, part: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Do the task's `setup` or `run`."""
        environment = self.environment | more
        command = ["bash", "-c", TASK[part]]
        return subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def origin(stub, tmp_path, httpserver) -> dict[str, str]:
    """A repository as ours is, and its server: the envs that the user gives."""
    (stub.folder / STUDY).mkdir(parents=True)
    for name in ("machine.sh", "params_file.py"):
        shutil.copy(ROOT / STUDY / name, stub.folder / STUDY)
    for path in ("requirements.txt", STUDY / "requirements-cluster.txt"):
        (stub.folder / path).write_text("")
    stub.append(".gitignore", "/.venv/\n")
    stub.append(".dvc/config", f"    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'store'}\n")
    stub.commit("as ours is")
    served = tmp_path / "served"
    served.mkdir()
    stub.run("git", "clone", "-q", "--bare", str(stub.folder), str(served / "origin.git"))
    address = git_server(httpserver, served)
    revision = stub.run("git", "rev-parse", "HEAD").strip()
    return {"REPOSITORY": address, "REVISION": revision, "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}


@pytest.fixture
def rented(tmp_path, origin, clean_environment) -> Rented:
    machine = Rented(tmp_path, clean_environment())
    machine.environment |= origin
    return machine


@pytest.mark.slow
def test_one_experiment_from_the_empty_machine_to_the_results(rented, stub, tmp_path):
    done = rented.does("setup", GPUS_PER_CELL="0.25")  # for the study, on the machines at hand
    assert done.returncode == 0, done.stderr
    study = yaml.safe_load((rented.home / "repository/params.yaml").read_text())["study"]
    assert (study["cluster"], study["gpus_per_cell"], study["keep_progress"]) == ("auto", 0.25, True)
    done = rented.does("setup", COMMAND="dvc exp run")  # once more, on a machine that was kept
    assert done.returncode == 0, done.stderr
    assert (rented.home / "repository/params.yaml").read_bytes() == (stub.folder / "params.yaml").read_bytes()
    done = rented.does("run", COMMAND="dvc exp run --name rented -S split.train_works=18")
    assert done.returncode == 0, done.stdout + done.stderr
    references = subprocess.run(
        ["git", "-C", tmp_path / "served/origin.git", "for-each-ref", "--format=%(refname)", "refs/exps"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [reference.rpartition("/")[2] for reference in references] == ["rented"]
    assert len(list((tmp_path / "store/files").rglob("*"))) > 3  # what it made
    assert (tmp_path / "store/runs").is_dir()  # and of what: nobody has to run it again
    kept = [path for path in rented.home.rglob("*") if path.is_file() and ".venv" not in path.parts]
    assert len(kept) > 10
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"GIT_TOKEN": ""}, "--secret GIT_TOKEN"),
        ({"GIT_TOKEN": "another"}, "Authentication failed"),
        ({"REVISION": "0123456789012345678901234567890123456789"}, "push it"),
    ],
)
def test_setup_ends_at_once_when_it_cannot_go_on(rented, given, words):
    done = rented.does("setup", **given)
    assert done.returncode != 0
    assert words in done.stderr


def test_a_command_that_hangs_ends_after_its_hours(tmp_path, clean_environment):
    environment = clean_environment(COMMAND="echo started; sleep 600", HOURS="0.0003")
    command = ["bash", ROOT / STUDY / "machine.sh", "0", "1", "localhost"]
    started = time.monotonic()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert time.monotonic() - started < 30
    assert (done.returncode, done.stdout) == (1, "started\n")
    assert "not done after HOURS, 0.0003" in done.stderr


def test_a_command_that_fails_is_told_and_pushes_nothing(tmp_path, clean_environment):
    environment = clean_environment(COMMAND="exit 3")
    command = ["bash", ROOT / STUDY / "machine.sh", "0", "1", "localhost"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_no_ray_starts_without_a_token(tmp_path, clean_environment):
    command = ["bash", ROOT / STUDY / "machine.sh", "0", "1", "localhost"]
    environment = clean_environment(RAY_AUTH_TOKEN="")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "RAY_AUTH_TOKEN is not set: `openssl rand -hex 32`" in done.stderr


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def of_ray(folder: Path) -> list[str]:
    """The command lines of the processes that a cluster with this folder has."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"RAY_TMPDIR={folder}".encode() in path.read_bytes():
                found.append(path.with_name("cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Ray's sockets lie in it, whose names may have 107 characters."""
    folder = Path("/tmp") / f"ray-{os.getpid()}-{time.monotonic_ns() % 100_000}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed (requirements-cluster.txt)")
@pytest.mark.parametrize("killed", [False, True])
def test_two_machines_are_a_cluster_that_ends_with_the_study(tmp_path, short_folder, clean_environment, killed):
    (tmp_path / STUDY).mkdir(parents=True)
    (tmp_path / STUDY / "__main__.py").write_text(TREE + ("time.sleep(600)\n" if killed else ""))
    ports = {name: str(free_port()) for name in ("RAY_PORT", "DASHBOARD_PORT", "CLIENT_PORT")}
    environment = clean_environment(
        RAY_TMPDIR=str(short_folder), PYTHONPATH=str(tmp_path), RAY_AUTH_TOKEN=secrets.token_hex(32), **ports
    )
    machines = []
    for rank in ("0", "1"):
        command = ["bash", ROOT / STUDY / "machine.sh", rank, "2", "localhost"]
        with (tmp_path / f"log{rank}").open("w") as log:
            options = {"cwd": tmp_path, "env": environment, "stdout": log, "stderr": log, "start_new_session": True}
            machines.append(subprocess.Popen(command, **options))
    try:
        if killed:
            until = time.monotonic() + 200
            while not (tmp_path / "answers").exists() and time.monotonic() < until:
                time.sleep(0.2)
            os.killpg(machines[0].pid, signal.SIGTERM)  # as SkyPilot and SLURM end a job
        codes = [machine.wait(timeout=300) for machine in machines]
        logs = [(tmp_path / f"log{rank}").read_text() for rank in (0, 1)]
        assert codes[1] == 0, logs
        assert (codes[0] == 0) is not killed, logs
        assert len((tmp_path / "answers").read_text().split()) == 2, logs  # each machine answered
        until = time.monotonic() + 10  # what works for a Ray ends when it sees that this is gone
        while of_ray(short_folder) and time.monotonic() < until:
            time.sleep(0.2)
        assert not of_ray(short_folder)
    finally:
        for machine in machines:
            if machine.poll() is None:
                os.killpg(machine.pid, signal.SIGKILL)
