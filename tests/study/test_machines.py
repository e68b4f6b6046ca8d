"""MACHINES.md's section about a Ray cluster, followed word by word by several machines that are this one.

A command that is not known here fails the test, so that the text and the test cannot part.
"""

import csv
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ray_cluster import OBJECTS, RayCluster, ip
from service import MARK, PATIENCE, free_port, kill_all, listens, marked
from services import S3, MLflowServer, PostgreSQL
from surroundings import ROOT, set_params

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(600)]
STUDY = Path("stages/study")
HEAD, NODES, OWN, SECOND = 0, [1, 2], 3, 4  # the machines; SECOND is a further clone
ALL = [HEAD, *NODES, OWN]
INSTALL = "pip install -r requirements.txt -r stages/study/requirements-cluster.txt"
SETTINGS = "export GRPC_ENABLE_FORK_SUPPORT=0 MLFLOW_BACKEND_STORE_URI=$DATABASE"
SETTINGS += " MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false"
SERVER = "mlflow server --host 0.0.0.0 --port 5000 --allowed-hosts $HEAD:5000 --workers 1"
PLAN, RUN = "python -m stages.study --plan --nodes 8", "python -m stages.study"
SHARE = 'dvc remote add --default store $STORE && git add .dvc/config && git commit -m "The nodes\' data"'
SHARE += " && git push origin HEAD"
# Whose turn it is, in the order of the text.
LINES = {
    "git clone $ORIGIN study && cd study": ALL,
    f"python3 -m venv .venv && . .venv/bin/activate && {INSTALL}": ALL,
    "export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=$SECRET": ALL,
    SETTINGS: [HEAD],
    "ray start --head --disable-usage-stats --port 6379 --ray-client-server-port 10001 --num-cpus 0": [HEAD],
    SERVER: [HEAD],
    "ray start --disable-usage-stats --address $HEAD:6379": NODES,
    SHARE: [OWN],
    "export MLFLOW_TRACKING_URI=http://$HEAD:5000": [OWN],
    PLAN: [OWN],
    RUN: [OWN],
}
PULL, SHOW, DRAW = "dvc exp pull --run-cache --all-commits origin", "dvc exp show", "python -m stages.study --draw"
APPLY = "dvc exp apply <cell>"
BY_HAND = "python -m stages.study && dvc exp push --run-cache --all-commits origin"
SENTENCES = {PULL, SHOW, DRAW, APPLY, BY_HAND}  # of the sentences after them, those for the second clone
# What the cells do themselves, whence the secret is, and what would end every Ray of this machine.
OTHERS = {"dvc repro --pull", "dvc push --run-cache", "dvc pull", "openssl rand -hex 32", "ray stop"}
OTHERS |= {"dvc repro --pull report"}  # the tiny repository has none
GRID: dict[str, object] = {
    "study.train_works": [9, 18],
    "study.deduplicated": [True, False],
    "study.orders": [0, 1],
    "study.changes": {"train": {"width": 16}, "runtime": {"threads": 1}},
}
CELLS = 8
HALF: dict[str, object] = {"study.train_works": [9], "study.orders": [2]}  # two cells, which are not among them


def section(title: str) -> str:
    """The text of a section of MACHINES.md."""
    text = (ROOT / STUDY / "MACHINES.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


class Terminal:
    """A bash that stays, as a person has it: what a line sets or where it goes holds for the next one."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.log, self.codes = folder, folder.parent / "terminal.log", folder.parent / "codes"
        self.mark = secrets.token_hex()
        self.codes.touch()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["bash"],
                cwd=folder,
                env=environment | {MARK: self.mark},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def begin(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin
        self.process.stdin.write(f"{{ {line}\n}} </dev/null; echo $? >>{self.codes}\n")
        self.process.stdin.flush()

    def does(self, line: str, seconds: float = 300) -> str:
        """Type a line, wait for its end; returns what it says. Raises AssertionError when it fails."""
        before, size, until = len(self._codes()), self.log.stat().st_size, time.monotonic() + seconds
        self.begin(line)
        while len(self._codes()) == before:
            assert self.process.poll() is None and time.monotonic() < until, (line, self.log.read_text())
            time.sleep(0.05)
        said = self.log.read_bytes()[size:].decode(errors="replace")
        assert self._codes()[-1] == "0", (line, said)
        return said

    def _codes(self) -> list[str]:
        return self.codes.read_text().split()


class Machines(RayCluster):
    """The machines, on which nothing runs yet but a terminal each; in the end no process of them is left."""

    def __init__(self, folder: Path, environment: dict[str, str], variables: dict[str, str]):
        """variables: what the text calls $ORIGIN, $DATABASE and $STORE."""
        super().__init__(folder, environment | variables | {"HEAD": ip(HEAD), "SECRET": secrets.token_hex(32)})
        self.driver_environment = {}  # the text has to set it
        self.ports = {port: str(free_port()) for port in ("6379", "10001", "5000")}
        self.nodes: list[Terminal] = []

    def _start(self) -> None:
        self._sockets = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
        for number in [*ALL, SECOND]:
            environment = self._environment(number)
            self.nodes.append(Terminal(self.home(number).parent / "work", environment))
            (self.home(number) / ".gitconfig").write_text("[user]\n    name = Test\n    email = test@example.org\n")

    def checkout(self, number: int) -> Path:
        """Where a machine cloned `origin`."""
        return self.home(number).parent / "work/study"

    def here(self, line: str, number: int) -> str:
        """A line as it can run here beside others, on one of several machines that are the same one."""
        for port, free in self.ports.items():
            line = re.sub(rf"\b{port}\b", free, line)
        options = f"--node-ip-address {ip(number)} --temp-dir {self.sockets() / str(number)}"
        options += f" --dashboard-port {free_port()} --object-store-memory {OBJECTS}"
        options += " --min-worker-port 0 --max-worker-port 0 --dashboard-agent-listen-port 0"
        line = line.replace("ray start ", f"ray start {options} ")
        return line.replace("--host 0.0.0.0", f"--host {ip(HEAD)}")

    def follow(self, line: str, number: int) -> str:
        """Do a line on a machine."""
        if INSTALL in line:  # takes minutes: this Python stands for it
            return self._installed(line, number)
        if line == SERVER:  # does not end
            self.nodes[number].begin(self.here(line, number))
            until = time.monotonic() + PATIENCE
            while not listens(int(self.ports["5000"]), ip(HEAD)):
                assert time.monotonic() < until, self.nodes[number].log.read_text()
                time.sleep(0.2)
            return ""
        return self.nodes[number].does(self.here(line, number))

    def _installed(self, line: str, number: int) -> str:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert f"    {line.partition(' -r stages')[0]} && " in readme
        for path in ("requirements.txt", STUDY / "requirements-cluster.txt"):
            assert (self.checkout(number) / path).read_bytes() == (ROOT / path).read_bytes()
        return ""


@dataclass
class Lab:
    """The machines, and the services that are not among them."""

    folder: Path
    machines: Machines
    s3: S3

    def ran(self) -> list[tuple[str, str]]:
        """Cell and machine of each training."""
        rows = [line.split() for line in (self.folder / "ran.log").read_text().splitlines()]
        return [(name, where) for what, name, _, where in rows if what == "evaluate"]

    def rows(self, number: int) -> list[dict[str, str]]:
        """Of a machine's metrics/study.csv."""
        with (self.machines.checkout(number) / "metrics/study.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def runs(self) -> list[str]:
        """The names of the runs that the server of the text has."""
        server = MLflowServer(self.folder / "asked", "")
        server.uri = f"http://{ip(HEAD)}:{self.machines.ports['5000']}"
        return server.runs()


def make_origin(stub, folder: Path, settings: dict[str, object]) -> Path:
    """A bare repository with the stub pipeline and our stages; no remote of DVC's."""
    shutil.copytree(ROOT / "stages", stub.folder / "stages", ignore=shutil.ignore_patterns("__pycache__", "*.md"))
    shutil.copy(ROOT / "requirements.txt", stub.folder)
    set_params(stub.folder, settings)
    stub.commit("with the stages")
    stub.run("git", "clone", "-q", "--bare", str(stub.folder), str(folder))
    return folder


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For Ray's sockets, whose paths have at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lab(make_stub, tmp_path) -> Iterator[Lab]:
    for kind in (RayCluster, PostgreSQL, S3, MLflowServer):
        if reason := kind.missing():
            pytest.skip(reason)
    origin = make_origin(make_stub(tmp_path / "first"), tmp_path / "origin.git", GRID)
    with S3(tmp_path / "s3") as s3, PostgreSQL(tmp_path / "postgresql") as database:
        environment = s3.environment | {"STUB": str(tmp_path), "OMP_NUM_THREADS": "1"}
        environment |= {"MLFLOW_DISABLE_TELEMETRY": "true"}
        variables = {"ORIGIN": str(origin), "DATABASE": database.uri, "STORE": f"s3://{s3.bucket}/store"}
        with Machines(tmp_path / "machines", environment, variables) as machines:
            yield Lab(tmp_path, machines, s3)
        assert not [one for number in range(len(machines.nodes)) for one in machines.processes(number)]


def test_the_text_is_followed_word_by_word(lab):
    """From machines with nothing to all results in a second clone, by the text's commands and nothing else."""
    text = section("A study on a Ray cluster")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert lines == list(LINES), "a command that this test does not know, or one that is no longer there"
    assert commands(text) == SENTENCES | OTHERS
    address = re.search(r"with `study\.cluster: (\S+)` in params\.yaml", text)
    assert address, "where the driver finds the cluster"

    machines, told = lab.machines, {}
    for line, whose in LINES.items():
        for number in whose:
            if line == SHARE:  # before it the text has params.yaml changed
                place = machines.here(address[1].replace("<head>", ip(HEAD)), number)
                set_params(machines.checkout(number), {"study.cluster": place})
            told[line] = machines.follow(line, number)
    assert f"{CELLS} cells: 0 done" in told[PLAN] and " on 8 nodes of " in told[PLAN]
    assert "expected: " in told[PLAN] and "bottleneck: " in told[PLAN]
    rows, ran = lab.rows(OWN), lab.ran()
    assert len(rows) == CELLS == len({name for name, _ in ran}) == len(ran), "each cell once"
    assert {where for _, where in ran} == {str(number) for number in NODES}, "the head takes none"
    assert lab.runs() == sorted(row["experiment"] for row in rows)
    assert not [one for number in ALL for one in machines.cells(number)]
    second_clone(lab, rows)


def second_clone(lab: Lab, rows: list[dict[str, str]]) -> None:
    """All results are there, and a part of the grid that runs there by hand goes to `origin`."""
    there, folder = lab.machines.nodes[SECOND], lab.machines.checkout(SECOND)
    there.does(next(iter(LINES)))
    there.does(PULL)
    kept = {path.relative_to(folder / ".dvc/cache").as_posix() for path in folder.glob(".dvc/cache/**/*")}
    objects = {key.removeprefix("store/") for key in lab.s3.objects()}
    left = [key for key in objects - kept if not key.startswith("files/")]
    assert len(objects) > 3 * CELLS and not left, "the run cache too"
    assert len(objects - kept) == CELLS, "but not the metrics, which git has"
    shown = there.does(SHOW)
    assert all(row["experiment"] in shown for row in rows)
    there.does(DRAW)
    assert lab.rows(SECOND) == rows

    set_params(folder, HALF)
    there.does(BY_HAND)
    at_origin = there.does("git ls-remote origin 'refs/exps/*'")
    assert all(row["experiment"] in at_origin for row in lab.rows(SECOND))
    assert at_origin.count("refs/exps/") == CELLS + 2
    assert len(lab.s3.objects()) > len(objects)
    there.does(APPLY.replace("<cell>", rows[0]["experiment"]))
    assert (folder / "data/tracked").read_text() == "{works}-{deduplicated}-{augmentation}-{seed}".format(**rows[0])


def test_a_machine_of_its_own_runs_the_study_and_leaves_no_process(make_stub, tmp_path, short_folder, httpserver):
    """machine.sh, as sky.yaml and SLURM start it, with the real study on the Ray that it starts."""
    if reason := RayCluster.missing():
        pytest.skip(reason)
    for question in ("runs/create", "experiments/search"):
        httpserver.expect_request(f"/api/2.0/mlflow/{question}").respond_with_json({})
    first = make_stub(tmp_path / "first")
    first.append(".dvc/config", f"    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'store'}\n")
    origin = make_origin(first, tmp_path / "origin.git", {**GRID, **HALF, "study.cluster": "auto"})
    first.run("git", "clone", "-q", str(origin), str(tmp_path / "study"))
    mark = secrets.token_hex()
    environment = {key: value for key, value in first.environment.items() if key != "PYTHONPATH"}
    environment |= {name: str(free_port()) for name in ("RAY_PORT", "DASHBOARD_PORT", "CLIENT_PORT")}
    environment |= {MARK: mark, "STUB": str(tmp_path), "STUDY_SCRATCH": str(tmp_path / "scratch")}
    environment |= {"RAY_TMPDIR": str(short_folder), "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment["MLFLOW_TRACKING_URI"] = httpserver.url_for("/").rstrip("/")
    command = ["bash", str(STUDY / "machine.sh"), "0", "1", "localhost"]
    with (tmp_path / "log").open("w") as log:
        try:
            done = subprocess.run(command, cwd=tmp_path / "study", env=environment, stdout=log, stderr=log, timeout=300)
            left = [process.cmdline() for process in marked(MARK, [mark])]
        finally:
            kill_all(lambda: marked(MARK, [mark]))
    assert done.returncode == 0 and not left, (left, (tmp_path / "log").read_text())
    with (tmp_path / "study/metrics/study.csv").open(newline="") as file:
        names = [row["experiment"] for row in csv.DictReader(file)]
    there = first.run("git", "ls-remote", str(origin), "refs/exps/*")
    assert len(names) == 2 and all(name in there for name in names)


def commands(text: str) -> set[str]:
    """What a section's sentences tell to type."""
    return {code for code in re.findall(r"`([^`]+)`", text) if re.match(r"(dvc|git|mlflow|openssl|python|ray) ", code)}
