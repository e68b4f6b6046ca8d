"""The services that other tests rely on: each is used for what it is, and leaves no process."""

import json
import os
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager

import psutil
import pytest
import sqlalchemy
import surroundings
from mlflow import MlflowClient
from service import MARK, marked
from services import S3, MLflowServer, PostgreSQL, RayCluster
from sqlalchemy.exc import OperationalError

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(400)]


@contextmanager
def started(service):
    """Start a service; afterwards none of its processes lives: no child that it had, and none that left its parents."""
    with service:
        yield service
        children = psutil.Process().children(recursive=True)
        assert children
    assert not [child.pid for child in children if lives(child)]
    inherited = psutil.process_iter(["environ", "pid"])
    own = f"{os.getpid()}-"
    assert not [
        one.pid for one in inherited if (one.info["environ"] or {}).get(MARK, "").startswith(own) and lives(one)
    ]


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # of whoever does not care for its orphans
    except psutil.NoSuchProcess:
        return False


def needs(*services):
    for service in services:
        if reason := service.missing():
            pytest.skip(reason)


def driver(script: str, *arguments: str, **environment: str) -> subprocess.Popen:
    """A Python program of its own, as ray.init is for a whole process."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env=surroundings.clean_environment(**environment),
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen):
    """What it prints as JSON, in a line that begins with "answer:"; Ray prints there, too."""
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    (line,) = [line for line in said.splitlines() if line.startswith("answer:")]
    return json.loads(line.removeprefix("answer:"))


def test_postgresql_keeps_a_row_and_lets_nobody_in_without_the_password(tmp_path):
    needs(PostgreSQL)
    with started(PostgreSQL(tmp_path / "pg")) as server:
        engine = sqlalchemy.create_engine(server.uri)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE cells (name TEXT)"))
            connection.execute(sqlalchemy.text("INSERT INTO cells VALUES ('study-1 ä')"))
        with sqlalchemy.create_engine(server.uri).connect() as other:
            assert other.execute(sqlalchemy.text("SELECT name FROM cells")).scalars().all() == ["study-1 ä"]
        address = sqlalchemy.make_url(server.uri)
        assert address.host == "127.0.0.1"
        with pytest.raises(OperationalError, match="password"):
            sqlalchemy.create_engine(address.set(password="wrong")).connect()
        private = server.private
        assert private and private.is_dir()
    assert not private.exists()


def test_s3_has_what_dvc_puts_there(tmp_path):
    """The address and the keys are in the environment alone, as on a node."""
    pytest.importorskip("dvc_s3")
    needs(S3)
    with started(S3(tmp_path / "s3")) as server:
        assert server.objects() == []
        folder = tmp_path / "repository"
        folder.mkdir()

        def dvc(*arguments: str) -> None:
            environment = surroundings.clean_environment(HOME=str(tmp_path), DVC_NO_ANALYTICS="1", **server.environment)
            command = [sys.executable, "-m", "dvc", *arguments]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr

        dvc("init", "-q", "--no-scm")
        (folder / "picture").write_text("one")
        dvc("add", "-q", "picture")
        dvc("remote", "add", "--default", "store", f"s3://{server.bucket}/of/the/study")
        dvc("push", "-q")
        (key,) = server.objects()
        assert key.startswith("of/the/study/files/md5/")
        for kept in (folder / "picture", folder / ".dvc/cache"):
            subprocess.run(["rm", "-rf", kept], check=True)
        dvc("pull", "-q")
        assert (folder / "picture").read_text() == "one"


def test_mlflow_logs_a_run_into_postgresql(tmp_path):
    needs(PostgreSQL, MLflowServer)
    with started(PostgreSQL(tmp_path / "pg")) as store, MLflowServer(tmp_path / "mlflow", store.uri) as server:
        assert server.runs() == []
        client = MlflowClient(tracking_uri=server.uri)
        run = client.create_run(client.create_experiment("study"), run_name="cell")
        client.log_metric(run.info.run_id, "kid", 0.5)
        client.log_text(run.info.run_id, "seen", "note.txt")
        client.set_terminated(run.info.run_id)
        assert server.runs() == ["cell"]
        assert [path.read_text() for path in (tmp_path / "mlflow").rglob("note.txt")] == ["seen"]
        with sqlalchemy.create_engine(store.uri).connect() as connection:
            rows = connection.execute(sqlalchemy.text("SELECT key, value FROM metrics")).all()
        assert [tuple(row) for row in rows] == [("kid", 0.5)]
        assert server.program
        commands = [" ".join(process.cmdline()) for process in marked(MARK, [server.program.mark])]
        assert commands and not [command for command in commands if store.uri in command]


PLACES = """
    import json, os, sys, ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
    ray.init(address=sys.argv[1], log_to_driver=False)

    @ray.remote(num_cpus=1, num_gpus=0.25)
    def place():
        import tempfile
        return {**os.environ, "cwd": os.getcwd(), "tmp": tempfile.gettempdir()}

    able = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    at = [NodeAffinitySchedulingStrategy(node, soft=False) for node in able]
    print("answer:", json.dumps(ray.get([place.options(scheduling_strategy=one).remote() for one in at])))
"""
AGAIN = """
    import json, os, subprocess, sys, ray
    ray.init(address=sys.argv[1], log_to_driver=False)

    @ray.remote(num_cpus=1, max_retries=2)
    def work(started):
        with open(started, "a") as file:
            file.write(os.environ["STUDY_NODE"] + "\\n")
        with open(started) as file:
            first = len(file.readlines()) == 1
        if first:
            subprocess.run([sys.executable, "-c", "import time; time.sleep(300)", "stages.study.cell"])
        return os.environ["STUDY_NODE"]

    print("answer:", json.dumps(ray.get(work.remote(sys.argv[2]))))
"""


def test_ray_runs_tasks_on_each_node_and_those_of_a_killed_node_on_the_other(tmp_path):
    needs(RayCluster)
    with started(RayCluster(tmp_path / "ray", {"GIVEN": "to all"})) as cluster:
        nodes = [cluster.add_node(cpus=1, gpus=1) for _ in range(2)]
        each_node_has_places_of_its_own(cluster, nodes)
        log = tmp_path / "started"
        process = driver(AGAIN, cluster.address, str(log), **cluster.driver_environment)
        try:
            until = time.monotonic() + 60
            while not any(cluster.cells(node) for node in nodes):
                assert time.monotonic() < until and process.poll() is None
                time.sleep(0.1)
            killed = int(log.read_text())
            assert len(cluster.cells(killed)) == 1 and len(cluster.processes(killed)) > 3
            cluster.kill_node(killed)
            assert not cluster.processes(killed)
            (other,) = set(nodes) - {killed}
            assert answer(process) == str(other)
        finally:
            process.kill()
            process.wait()
        assert [int(line) for line in log.read_text().split()] == [killed, other]
        sockets = cluster.sockets()
        assert sockets.is_dir()
    assert not sockets.exists()


def each_node_has_places_of_its_own(cluster, nodes):
    """A driver of Ray's client asks a task on each."""
    found = answer(driver(PLACES, cluster.client_address, **cluster.driver_environment))
    assert sorted(int(one["STUDY_NODE"]) for one in found) == nodes
    for key in ("HOME", "STUDY_SCRATCH", "TMPDIR", "tmp", "cwd"):
        assert len({one[key] for one in found}) == len(nodes), key
        assert all(os.path.isdir(one[key]) for one in found)
    assert all(one["GIVEN"] == "to all" and not one["cwd"].startswith(str(surroundings.ROOT)) for one in found)
    assert all(str(surroundings.ROOT) not in one.get("PYTHONPATH", "") for one in found)
