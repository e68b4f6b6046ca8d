"""Run the cells on a Ray cluster (study.cluster): each is a task, on whatever node has room for it.

Ray (Moritz 2018, arXiv 1712.05889) places the tasks, and runs those of a lost node again. What it does not do is here:
a cell that another study on the same cluster runs, or has run, is not run; and the results come by way of git.
"""

import importlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stages.common import files
from stages.common.cli import UserError
from stages.study import node, records
from stages.study.cell import Job
from stages.study.runner import log, reason

NAMESPACE = "study"  # of the claims
RETRIES = 10  # of a cell whose node was lost, or that says that another attempt can help
POLL = 5.0  # seconds between two looks at what other studies have done
BATCH = 16  # cells that are claimed at once
CLAIMED = 60.0  # seconds in which a claim is held, or left for the next time
SERVER_ANSWERS = (
    "RAY_gcs_server_request_timeout_seconds"  # of Ray: else it looks for a minute for a node that is not here
)
ANSWER = 5.0  # seconds in which an address must answer

# Questions in Ray's protocol (gRPC), one for each kind of address: any answer but "no such question" will do.
CLIENT = "ray://"
TOKENS = "ray._private.authentication"
HARMLESS = {"": "/ray.rpc.NodeInfoGcsService/GetClusterId", CLIENT: "/ray.rpc.RayletDriver/ClusterInfo"}

Ended = Callable[[str, str | None], None]  # (name, None) of a cell that went well, (name, reason) of one that failed


@dataclass(frozen=True)
class Needs:
    """What a cell takes."""

    cpus: int
    gpus: float

    def hidden(self) -> dict[str, str]:
        """The environment in which a cell sees no more than it takes: Ray hides GPUs only from who asks for some."""
        return {} if self.gpus else {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}

    def fit(self, resources: Mapping[str, float]) -> int:
        """How many cells find room in a node's resources."""
        by_gpu = [int(resources.get("GPU", 0.0) / self.gpus)] if self.gpus else []
        return min([int(resources.get("CPU", 0.0) // self.cpus), *by_gpu])


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """The module `ray`, connected to a cluster; in the end all tasks and claims of this process are gone.

    Raises UserError where Ray is not installed, or no cluster of its kind answers.
    """
    os.environ.setdefault(SERVER_ANSWERS, "15")
    try:
        ray = importlib.import_module("ray")  # not in requirements.txt: a study on one machine needs none
    except ImportError as error:
        raise UserError(
            "study.cluster needs Ray: `pip install -r stages/study/requirements-cluster.txt` "
            '(or set study.cluster to "", for this machine alone)'
        ) from error
    _must_answer(address)
    _connect(ray, address)
    ray.cloudpickle.register_pickle_by_value(node)
    try:
        yield ray
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise UserError(
            f"the cluster {address!r} is gone ({error}): the same command goes on when it is back"
        ) from error
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str, last: bool = False) -> None:
    """Connect; once more when Ray's server for this driver died while it started, as now and then it does."""
    try:
        ray.init(address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")
    except (RuntimeError, ConnectionError, ValueError, TimeoutError) as error:
        said = in_a_line(str(error))
        if "Starting Ray client server failed" in said and not last:
            return _connect(ray, address, last=True)
        raise UserError(
            f"study.cluster is {address!r}, but Ray says: {said}. (auto and host:6379 are for a machine of the "
            "cluster; from any other one it is ray://host:10001)"
        ) from error


def in_a_line(text: str) -> str:
    """An error's text without line breaks; of a traceback within it the last line alone."""
    return " ".join(text.strip().splitlines()[-1].split() if "Traceback" in text else text.split())


def _must_answer(address: str) -> None:
    """Raise UserError at once where nothing listens, or something else than Ray: Ray itself would wait for minutes."""
    kind = CLIENT if address.startswith(CLIENT) else ""
    services = importlib.import_module("ray._private.services")
    place = services.canonicalize_bootstrap_address("auto") if address == "auto" else address.removeprefix(kind)
    if place in (None, "auto"):
        return  # Ray itself says at once that there is none
    host, _, port = place.rpartition(":")
    remedy = "start a cluster (`ray start --head`, stages/study/MACHINES.md) or put the address right"
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER).close()
    except OSError as error:
        raise UserError(f"study.cluster is {address!r}, but nothing listens there ({error}): {remedy}") from error
    # Ray's own functions, which know of its tokens and certificates; they are private, but Ray is pinned.
    importlib.import_module(f"{TOKENS}.authentication_token_setup").maybe_enable_token_auth_if_token_available(False)
    channels, grpc = importlib.import_module("ray._private.grpc_utils"), importlib.import_module("grpc")
    with channels.init_grpc_channel(place) as channel:
        try:
            channel.unary_unary(HARMLESS[kind])(b"", timeout=ANSWER)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                raise UserError(
                    f"study.cluster is {address!r}, which asks for its token: set RAY_AUTH_MODE=token and "
                    "RAY_AUTH_TOKEN to that of the cluster (on its head: ~/.ray/auth_token)"
                ) from error
            if error.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE):
                raise UserError(
                    f"study.cluster is {address!r}, but what listens there is not Ray, or Ray's other port (a cluster "
                    f"has two, as a rule host:6379 and ray://host:10001): {remedy}"
                ) from error


@dataclass
class Cells:
    """The cells of one study on a cluster."""

    ray: Any  # the module, connected
    needs: Needs
    root: Path  # of the checkout that gets the experiments
    environment: dict[str, str]  # of the cells' processes
    folder: Path  # for logs
    on_end: Ended
    running: dict[Any, tuple[str, Any]] = field(default_factory=dict)  # a task's cell and claim, by its reference
    ended: dict[str, Any] = field(default_factory=dict)  # claims of cells that have ended and are not told yet
    failed: dict[str, str] = field(default_factory=dict)
    said: str = ""  # why nothing happens

    def run(self, jobs: Sequence[Job]) -> dict[str, str]:
        """Run all jobs, or wait for those that another study runs; returns the reasons of those that failed."""
        waiting = {job.name: job for job in jobs}
        try:
            while waiting or self.running or self.ended:
                if self._look(waiting):
                    self._start(waiting)
                self._wait(waiting)
        finally:
            self._cancel()
        return self.failed

    def _look(self, waiting: dict[str, Job]) -> bool:
        """Take the experiments that are at `origin`, by whomever, and tell of cells that ended; whether it answered."""
        try:
            there = records.published(self.root, {*waiting, *self.ended})
            records.fetch(self.root, list(there.values()))
        except UserError as error:
            self._say(f"warning: {error}; it is tried again")
            return False
        for name in there:
            waiting.pop(name, None)
            self.failed.pop(name, None)  # its node was lost after it had published
            self._end(name, self.ended.pop(name, None))
        for name in list(self.ended):
            self.failed.setdefault(name, "its experiment is not at `origin` any more")
            self._end(name, self.ended.pop(name))
        return True

    def _start(self, waiting: dict[str, Job]) -> None:
        """Start as many cells as there is room for."""
        room = self.room()
        # One more than fits, so that a cluster that can grow sees that it should.
        claims = self._claim(list(waiting), min(BATCH, room + 1 - len(self.running)))
        # Once more after claiming: whoever had the claim before published first, and let go then.
        try:
            there = records.published(self.root, claims)
        except UserError:
            return self._release(*claims.values())  # it has just answered; the next look says what is wrong
        for name, claim in claims.items():
            if name in there:
                self._release(claim)
            else:
                task = self._task.options(name=name)
                self.running[task.remote(asdict(waiting.pop(name)), self.environment)] = name, claim
        if not room:
            self._say("warning: no node of the cluster has room for a cell; waiting for one")
        elif waiting and not self.running:
            self._say(f"{len(waiting)} cells are run by another study on this cluster; waiting for them")

    @cached_property
    def _task(self) -> Any:
        options = {"num_cpus": self.needs.cpus, "num_gpus": self.needs.gpus}
        # Again after a lost node, a full disk, an `origin` that did not answer: not after a stage that failed.
        return self.ray.remote(max_retries=RETRIES, retry_exceptions=[OSError], **options)(node.run_cell)

    @cached_property
    def _actor(self) -> Any:
        return self.ray.remote(num_cpus=0, max_restarts=-1)(node.Claim)  # a lost node takes no claim with it

    def room(self) -> int:
        """How many cells the nodes that are alive hold at once."""
        return sum(self.needs.fit(one["Resources"]) for one in self.ray.nodes() if one["Alive"])

    def _claim(self, names: Sequence[str], count: int) -> dict[str, Any]:
        """The claims to some of the cells, `count` at most, that no other study has."""
        asked: dict[str, tuple[Any, Any]] = {}
        for name in names:
            if len(asked) >= count:
                break
            with suppress(ValueError):  # the name is taken
                claim = self._actor.options(name=name).remote()
                asked[name] = claim, claim.held.remote()
        if not asked:
            return {}
        answers = [answer for _, answer in asked.values()]
        held, _ = self.ray.wait(answers, num_returns=len(answers), timeout=CLAIMED)
        return {name: claim for name, (claim, answer) in asked.items() if answer in held and self._is_held(answer)}

    def _is_held(self, answer: Any) -> bool:
        try:
            return self.ray.get(answer)
        except (ValueError, self.ray.exceptions.RayError):  # the name is taken, or its node was lost just now
            return False

    def _wait(self, waiting: Mapping[str, Job]) -> None:
        """Until a task ends, or until it is time to look what others have done."""
        if not self.running:
            return time.sleep(POLL if waiting or self.ended else 0)
        ready, _ = self.ray.wait(list(self.running), timeout=POLL)
        for task in ready:
            name, claim = self.running.pop(task)
            code, text = self._outcome(task)
            files.write_bytes(log(self.folder, name), text.encode(), durable=False)
            if code:
                self.failed[name] = reason(log(self.folder, name))
            self.ended[name] = claim

    def _outcome(self, task: Any) -> tuple[int, str]:
        """The exit code of a task's cell, and its log; of one that Ray gave up the reason."""
        try:
            found = self.ray.get(task)
        except self.ray.exceptions.RayError as error:
            return 1, str(getattr(error, "cause", None) or error)
        return found["code"], found["log"]

    def _end(self, name: str, claim: Any | None) -> None:
        """Let go of a cell that has ended, and tell of it."""
        self._release(*[claim] if claim else [])
        self.on_end(name, self.failed.get(name))

    def _release(self, *claims: Any) -> None:
        for claim in claims:
            self.ray.kill(claim)

    def _say(self, text: str) -> None:
        """Say why nothing happens, once while it stays so."""
        if text != self.said:
            print(text, file=sys.stderr)
        self.said = text

    def _cancel(self) -> None:
        """End what runs; a cell's processes end with its task. Then let go of them."""
        with suppress(Exception):  # whatever Ray makes of a cluster that is gone
            for task in self.running:
                self.ray.cancel(task, force=True)
            if self.running:
                self.ray.wait(list(self.running), num_returns=len(self.running), timeout=POLL)
            self._release(*(claim for _, claim in self.running.values()), *self.ended.values())
