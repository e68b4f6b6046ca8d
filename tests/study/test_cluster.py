"""The study on a Ray cluster of a head and two nodes: equal rows, lost nodes, killed and several drivers, bad input.

Real services on this machine: a bare repository as `origin`, S3 as DVC's remote, MLflow's server with PostgreSQL.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from services import S3, MLflowServer, PostgreSQL, RayCluster
from stub import ROOT, Stub
from surroundings import set_params

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(600)]
GRID = {
    "study.train_works": [9, 18],
    "study.deduplicated": [True, False],
    "study.orders": [0, 1],
    "study.changes": {"train": {"width": 16}, "runtime": {"threads": 1}},
}
CELLS = sorted(f"{works}-{one}-none-{seed}" for works in (9, 18) for one in (False, True) for seed in (0, 1))


@dataclass
class Lab:
    """The services, and the repository that all clone."""

    folder: Path  # of this test
    notes: Path  # where the stages note that they ran, and look for what a test wants
    ray: RayCluster
    s3: S3
    mlflow: MLflowServer
    origin: Path
    first: Stub

    def checkout(self, name: str, **settings: object) -> Stub:
        """A clone of `origin` with the grid, as on a person's own machine."""
        self.first.run("git", "clone", "-q", str(self.origin), str(self.folder / name))
        environment = {
            **self.first.environment,
            **self.s3.environment,
            **self.ray.driver_environment,
            "MLFLOW_TRACKING_URI": self.mlflow.uri,
        }
        del environment["PYTHONPATH"]
        made = Stub(self.folder / name, environment | {"STUB": str(self.notes)}, None)
        for key in ("user.name", "user.email"):
            made.run("git", "config", key, "Test")
        self.first_params(made, {"study.cluster": self.ray.client_address, **settings})
        return made

    def first_params(self, stub: Stub, settings: dict[str, object]) -> None:
        set_params(stub.folder, GRID | settings)

    def ran(self, kind: str = "evaluate") -> list[tuple[str, str]]:
        """Cell and node of each start of a stage, or of each resumed training."""
        path = self.notes / "ran.log"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(name, where) for what, name, _, where in rows if what == kind]

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + 180
        while not true():
            assert time.monotonic() < end, f"{self.ran()}\n{self.told()}"
            time.sleep(0.1)

    def wait_for(self, count: int) -> list[tuple[str, str]]:
        self.until(lambda: len(self.ran()) >= count)
        return self.ran()

    def published(self) -> int:
        """How many experiments `origin` has."""
        return len(self.first.run("git", "-C", str(self.origin), "for-each-ref", "refs/exps").splitlines())

    def states(self) -> list[str]:
        """The states of unfinished trainings on the remote."""
        found = [key for key in self.s3.objects() if key.startswith(f"{self.folder.name}/study/")]
        return [key for key in found if key.endswith(".tar")]

    def told(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*/study.log"))

    def cells(self) -> list[tuple[int, str]]:
        """The processes of cells on all nodes."""
        return [one for number in range(1, len(self.ray.nodes)) for one in self.ray.cells(number)]

    def quiet(self, seconds: float = 60) -> None:
        """Until no process of a cell is left on any node."""
        until = time.monotonic() + seconds
        while left := self.cells():
            assert time.monotonic() < until, left
            time.sleep(0.2)


def study(stub: Stub, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stages.study", *arguments]
    return subprocess.run(
        command, cwd=stub.folder, env=stub.environment | environment, capture_output=True, text=True, timeout=300
    )


def living(ray: RayCluster) -> list[int]:
    """The numbers of the nodes that cells may run on."""
    return [number for number in range(1, len(ray.nodes)) if ray.processes(number)]


def table(stub: Stub) -> bytes:
    return (stub.folder / "metrics/study.csv").read_bytes()


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Iterator[tuple[S3, MLflowServer, RayCluster, Path]]:
    """All tests share them; the folder is where the stages make their notes, on whatever node."""
    for kind in (RayCluster, PostgreSQL, S3, MLflowServer):
        if reason := kind.missing():
            pytest.skip(reason)
    folder = tmp_path_factory.mktemp("services")
    with (
        S3(folder / "s3") as s3,
        PostgreSQL(folder / "postgresql") as database,
        MLflowServer(folder / "mlflow", database.uri) as mlflow,
        RayCluster(folder / "ray", s3.environment | {"STUB": str(folder / "notes"), "OMP_NUM_THREADS": "1"}) as ray,
    ):
        yield s3, mlflow, ray, folder / "notes"


@pytest.fixture
def lab(services, make_stub, tmp_path) -> Lab:
    """A fresh `origin`, an own part of the bucket, and two nodes, also after a test that killed one."""
    s3, mlflow, ray, notes = services
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir()
    while len(living(ray)) < 2:
        ray.add_node(cpus=1)
    first = make_stub(tmp_path / "first")
    shutil.copytree(ROOT / "stages", first.folder / "stages", ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    (first.folder / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    (first.folder / ".dvc/config").write_text(
        "[core]\n    analytics = false\n    remote = store\n"
        f"['remote \"store\"']\n    url = s3://{s3.bucket}/{tmp_path.name}\n"
    )
    first.commit("with a remote")
    origin = tmp_path / "origin.git"
    first.run("git", "clone", "-q", "--bare", str(first.folder), str(origin))
    return Lab(tmp_path, notes, ray, s3, mlflow, origin, first)


@pytest.fixture(scope="module")
def here(make_stub, tmp_path_factory) -> bytes:
    """The table of the same cells, run on one machine without a cluster."""
    stub = make_stub(tmp_path_factory.mktemp("here"))
    set_params(stub.folder, GRID)
    assert (done := study(stub)).returncode == 0, done.stderr
    assert len(table(stub).splitlines()) == 1 + len(CELLS)
    return table(stub)


def test_the_rows_are_those_of_one_machine(lab, here):
    """The same eight cells here and on the cluster; a clone of `origin` has all of it."""
    there = lab.checkout("there")
    before = len(lab.mlflow.runs())
    assert (done := study(there)).returncode == 0, done.stderr
    assert table(there) == here
    assert sorted(name for name, _ in lab.ran()) == CELLS, "each cell once"
    assert {int(where) for _, where in lab.ran()} == set(living(lab.ray)), "both nodes worked"
    assert not lab.cells()
    assert len(lab.mlflow.runs()) == before + len(CELLS)
    assert [key for key in lab.s3.objects() if key.startswith(f"{lab.folder.name}/runs/")], "the run cache"

    second = lab.checkout("second")
    assert "8 cells: 0 done" in study(second, "--plan").stdout
    second.run(sys.executable, "-m", "dvc", "exp", "pull", "-A", "origin")
    assert "8 cells: 8 done" in study(second, "--plan").stdout
    assert study(second, "--draw").returncode == 0 and table(second) == here
    shown = second.run(sys.executable, "-m", "dvc", "exp", "show", "--csv", "-A")
    assert shown.count("\nstudy-w") == len(CELLS)


def test_a_lost_node_loses_no_cell(lab, here):
    """Every process of a node is killed while it runs a cell; with progress kept, the training goes on elsewhere."""
    stub = lab.checkout("one", **{"study.keep_progress": True})
    (lab.notes / "wait").touch()
    driver = stub.start()
    (lost, gone), (_, other) = lab.wait_for(2)
    lab.until(lambda: len(lab.states()) == 2)
    lab.ray.kill_node(int(gone))
    (lab.notes / "wait").unlink()
    assert driver.wait(300) == 0, lab.told()
    assert (lost, other) in lab.ran() and (lost, other) in lab.ran("resumed"), "it went on where it was"
    names = [name for name, _ in lab.ran()]
    assert sorted(set(names)) == CELLS and len(names) == len(CELLS) + 1
    assert table(stub) == here
    assert not lab.states(), "of cells that are done"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_driver_that_ends_leaves_no_process_and_goes_on(lab, here, ending):
    """It ends twice in the middle of cells, each time after others were done."""
    stub = lab.checkout("one", **{"study.cluster": lab.ray.address})
    for lost in (2, 4):  # cells that were begun and ended with a driver, with this one's
        driver = stub.start()
        lab.until(lambda lost=lost: lab.published() >= lost)
        (lab.notes / "wait").touch()
        lab.until(lambda lost=lost: lab.published() == len(lab.ran("track")) == len(lab.ran()) - lost)
        os.kill(driver.pid, ending)
        assert driver.wait(60) != 0
        lab.quiet()
        (lab.notes / "wait").unlink()
    assert "Traceback" not in lab.told()
    assert (done := study(stub)).returncode == 0, done.stderr
    assert sorted(name for name, _ in lab.ran("track")) == CELLS, "each cell was done once"
    assert len(lab.ran()) == len(CELLS) + lost
    assert not lab.cells() and table(stub) == here


def test_two_people_share_one_study(lab, here):
    """Two checkouts at once on one cluster: each cell is run once, and both have all rows."""
    pair = [lab.checkout("one"), lab.checkout("two")]
    drivers = [one.start() for one in pair]
    assert [driver.wait(300) for driver in drivers] == [0, 0], lab.told()
    assert sorted(name for name, _ in lab.ran()) == CELLS
    assert table(pair[0]) == table(pair[1]) == here
    assert all(list((one.folder / ".cache/study/logs").glob("*.log")) for one in pair), "both ran some"


def test_a_cell_that_fails_is_told_with_its_log_and_not_tried_again(lab):
    stub = lab.checkout("one")
    (lab.notes / "fail").write_text(CELLS[0])
    done = study(stub)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "1 of 8 cells failed; the others are drawn" in done.stderr
    assert done.stderr.count("error: this one cannot be trained") == 2, "when it failed, and in the end"
    (log,) = [path for path in (stub.folder / ".cache/study/logs").iterdir() if "cannot be trained" in path.read_text()]
    assert str(log.relative_to(stub.folder)) in done.stderr
    assert [name for name, _ in lab.ran()].count(CELLS[0]) == 1


def test_a_failure_that_passes_is_tried_again(lab):
    """`origin` refuses the first experiment that is pushed: the same cell succeeds with what its node has kept."""
    stub = lab.checkout("one", **{"study.train_works": [9], "study.deduplicated": [True]})
    hook = lab.origin / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\nmkdir {lab.notes}/refused || exit 0\necho busy >&2; exit 1\n")
    hook.chmod(0o755)
    assert (done := study(stub)).returncode == 0, done.stderr
    assert (lab.notes / "refused").is_dir() and len(table(stub).splitlines()) == 1 + 2
    assert len(lab.ran()) == len(lab.ran("track")) == 2, "its stages did not run again, on whatever node"


def test_what_cannot_work_is_said_before_anything_starts(lab):
    stub = lab.checkout("one")

    def refused(*words: str, **environment: str) -> None:
        done = study(stub, **environment)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert all(word in done.stderr for word in words), done.stderr
        assert not lab.ran()

    refused("MLFLOW_TRACKING_URI is not set", "mlflow server", MLFLOW_TRACKING_URI="")
    refused("MLFLOW_TRACKING_URI is sqlite:...", "one machine", MLFLOW_TRACKING_URI="sqlite:///mlflow.db")
    refused("cannot be written", "credentials", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    lab.first_params(stub, {"study.cluster": "ray://127.0.0.1:9"})
    refused("nothing listens there", "ray start --head")
    lab.first_params(stub, {"study.cluster": lab.mlflow.uri.removeprefix("http://")})
    refused("what listens there is not Ray")
    lab.first_params(stub, {"study.cluster": lab.ray.client_address.replace("ray://", "")})
    refused("what listens there is not Ray, or Ray's other port")
    lab.first_params(stub, {"study.cluster": lab.ray.client_address})
    refused("asks for its token", "RAY_AUTH_TOKEN", RAY_AUTH_TOKEN="0" * 64)
    lab.first_params(stub, {"study.cluster": lab.ray.client_address, "study.gpus_per_cell": 0.5})
    refused("takes 1 CPUs (runtime.threads) and 0.5 GPUs", "they have 0 and 0; 1 and 0; 1 and 0")
    lab.first_params(stub, {"study.cluster": lab.ray.client_address, "study.gpus_per_cell": 0.0})
    refused("this machine does not reach the MLflow server", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    stub.append("stage.py", "# mine\n")
    refused("stage.py", "Commit it")
    stub.commit("mine alone")
    refused("does not have", "git push origin HEAD")
    stub.run("git", "remote", "remove", "origin")
    refused("git remote add origin")


def test_a_cluster_that_is_lost_is_told(lab):
    """The head is killed in the middle of two cells. This test is the last one: it leaves no cluster."""
    stub = lab.checkout("one")
    (lab.notes / "wait").touch()
    driver = stub.start()
    lab.wait_for(2)
    lab.ray.kill_node(0)
    assert driver.wait(120) == 1
    assert "is gone" in lab.told() and "the same command goes on" in lab.told() and "Traceback" not in lab.told()
