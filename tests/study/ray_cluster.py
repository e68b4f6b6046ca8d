"""A Ray cluster of several nodes on this machine, which have no path in common but that of Python.

Each node has an address of loopback of its own, a HOME, a scratch folder, a working directory and an environment
without the checkout under test. The head has no CPUs for tasks.
"""

import importlib.util
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil
import surroundings
from filelock import FileLock
from service import MARK, Program, Service, free_port, kill_all, listens, marked

OBJECTS = 100_000_000  # bytes of a node's object store; the cells hand over nothing but texts
CELL = re.compile(r"stages\.study\.cell|-m (stages\.|dvc\b)|bin/dvc\b|\bstage\.py")
LEFT_OUT = ("AWS_", "COV_", "GIT_", "PYTEST_", "RAY_", "STUDY_", "XDG_")
SETTINGS = {
    "DVC_NO_ANALYTICS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    # Else Ray's server for a driver now and then dies while it is forked.
    "GRPC_ENABLE_FORK_SUPPORT": "0",
    # No process waits for a task that may never come.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "120",  # 30 are not enough on a machine with much else to do
    # A killed node is missed after some seconds, in place of some 30.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "10000",
}


class RayCluster(Service):
    """A head (node 0), and the nodes that add_node starts (1, 2, ...); `environment` is given to all of them.

    A driver needs `driver_environment`, and `address` on this machine, or `client_address` from anywhere.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None):
        super().__init__(folder)
        self.environment = dict(environment or {})
        self.nodes: list[Program] = []
        self._sockets: Path | None = None
        # One cluster at a time: every Ray client server starts its drivers' servers at port 23000 of 127.0.0.1.
        self._turn = FileLock(Path(tempfile.gettempdir()) / "ray-cluster-of-tests.lock")
        self.address = self.client_address = ""
        # Ray listens on every network of the machine, and runs whatever it is sent.
        self.driver_environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}

    @classmethod
    def missing(cls) -> str:
        if sys.platform != "linux":
            return "needs Linux: /proc, and more than one address of loopback"
        if importlib.util.find_spec("ray"):
            return ""
        return "ray is not installed: pip install -r stages/study/requirements-cluster.txt"

    def _start(self) -> None:
        self._turn.acquire()
        self._sockets = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # a socket's path has at most 107 bytes
        port, client = free_port(), free_port()
        self.address, self.client_address = f"{ip(0)}:{port}", f"ray://{ip(0)}:{client}"
        options = ["--head", "--port", port, "--ray-client-server-port", client, "--num-cpus", 0, "--num-gpus", 0]
        self._add(*options, "--include-dashboard", "false", "--no-monitor")  # no dashboard, no autoscaler
        self.nodes[0].wait_until(lambda: listens(client, ip(0)))

    def add_node(self, cpus: int, gpus: int = 0) -> int:
        """Start a further node, with these resources for tasks; returns its number."""
        return self._add("--address", self.address, "--num-cpus", cpus, "--num-gpus", gpus)

    def _add(self, *options: object) -> int:
        number = len(self.nodes)
        environment = self._environment(number)
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--node-ip-address", ip(number)]
        command += ["--object-store-memory", OBJECTS, "--min-worker-port", 0, "--max-worker-port", 0, *options]
        command += ["--temp-dir", self.sockets() / str(number), "--dashboard-agent-listen-port", 0]
        command += ["--include-log-monitor", "false"]  # a process a node, which sends what tasks print to drivers
        log = self.folder / f"node{number}.log"
        node = Program([str(word) for word in command], log, environment, self.home(number).parent / "work")
        self.nodes.append(node)
        node.wait_until(lambda: "Ray runtime started" in node.said())
        return number

    def _environment(self, number: int) -> dict[str, str]:
        # TMPDIR is not in `folder`: sockets that a cell's own processes make lie there, too.
        folders = {"HOME": self.home(number), "STUDY_SCRATCH": self.scratch(number)}
        folders |= {"TMPDIR": self.sockets() / f"tmp{number}", "DVC_SITE_CACHE_DIR": self.home(number).parent / "dvc"}
        for folder in [*folders.values(), self.home(number).parent / "work"]:
            folder.mkdir(parents=True)
        kept = {key: text for key, text in surroundings.clean_environment().items() if not key.startswith(LEFT_OUT)}
        del kept["PYTHONPATH"]  # a node has no checkout but those that the cells make
        paths = {key: str(folder) for key, folder in folders.items()}
        return kept | SETTINGS | self.driver_environment | self.environment | paths | {"STUDY_NODE": str(number)}

    def sockets(self) -> Path:
        """A short path, for what Ray and the tasks keep in temporary folders, one a node."""
        assert self._sockets, "only a started cluster has one"
        return self._sockets

    def home(self, number: int) -> Path:
        """The HOME of a node."""
        return self.folder / f"node{number}" / "home"

    def scratch(self, number: int) -> Path:
        """Where the cells of a node make their clones."""
        return self.folder / f"node{number}" / "scratch"

    def _living(self, *numbers: int) -> list[psutil.Process]:
        marks = [self.nodes[number].mark for number in numbers]
        return marked(MARK, marks, [self.home(number).parent for number in numbers])

    def processes(self, number: int) -> list[tuple[int, str]]:
        """Process id and command line of each process of a node: Ray's, and all that tasks have started."""
        found = []
        for process in self._living(number):
            try:
                found.append((process.pid, " ".join(process.cmdline())))
            except psutil.Error:
                continue
        return found

    def cells(self, number: int) -> list[tuple[int, str]]:
        """Likewise, of the cells alone: the study's, DVC's and the stages'."""
        return [(pid, command) for pid, command in self.processes(number) if CELL.search(command)]

    def kill_node(self, number: int) -> None:
        """SIGKILL to every process of a node, as if its power failed."""
        self._kill(number)

    def _kill(self, *numbers: int) -> None:
        kill_all(lambda: self._living(*numbers))
        for number in numbers:
            self.nodes[number].process.wait()

    def stop(self) -> None:
        self._kill(*range(len(self.nodes)))
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        self._turn.release()


def ip(number: int) -> str:
    """The address of a node. Ray takes 127.0.0.1 for the machine's address in its network."""
    return f"127.0.0.{number + 2}"
