"""What must hold before the first cell goes to a cluster: checked in seconds, each with its remedy.

The nodes share no disk with this checkout: code comes from `origin`, data from DVC's remote, and runs go to a server.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages.common.checkout import git
from stages.common.cli import UserError
from stages.common.params import Params
from stages.study import node, remote
from stages.study.cluster import Needs
from stages.study.records import ask_origin

SERVER = "MLFLOW_TRACKING_URI"
OUTSIDE = ("scrape.path", "upscale.model")  # params that name files, which may lie outside of git
WAIT = 15.0  # seconds for the nodes to answer
SHOWN = 5  # differences that a message names
LATE = {"unreachable": {"this machine": f"no answer in {WAIT:.0f} s (is it busy, or its Ray broken?)"}}


def origin(root: Path, commit: str) -> str:
    """The address of `origin`; raises UserError when there is none, or the commit is not there."""
    try:
        address = git(root, "remote", "get-url", "origin").strip()
    except UserError as error:
        raise UserError(
            "the nodes of a cluster clone `origin`, but this checkout has no such remote: "
            "`git remote add origin <address>`, then `git push origin HEAD`"
        ) from error
    tips = {line.split()[0] for line in ask_origin(root, "ls-remote", "--heads", "--tags", "origin").splitlines()}
    ask_origin(root, "fetch", "--quiet", "origin")
    if not any(_holds(root, tip, commit) for tip in tips):
        raise UserError(
            f"the nodes of a cluster clone `origin`, which does not have {commit[:10]}: `git push origin HEAD`"
        )
    return str((root / address).resolve()) if (root / address).is_dir() else address


def _holds(root: Path, tip: str, commit: str) -> bool:
    """Whether a commit is another one or one of its ancestors; not if the other one is not known here."""
    command = ["git", "-C", str(root), "merge-base", "--is-ancestor", commit, tip]
    return subprocess.run(command, capture_output=True).returncode == 0


def server() -> str:
    """The address of the MLflow server; raises UserError when the runs would go into a file."""
    address = os.environ.get(SERVER, "")
    if not re.match(r"https?://", address):
        told = (
            f"{SERVER} is {address.partition(':')[0]}:..." if address else f"{SERVER} is not set"
        )  # it may have a password
        raise UserError(
            f"the nodes of a cluster log to one MLflow server, but {told}: a store of one machine is no place for all. "
            f"Start a server (`mlflow server --host 0.0.0.0 --allowed-hosts host:5000`) and set {SERVER}=http://host:5000"
        )
    return address


def inputs(root: Path, everything: Params) -> None:
    """Raise UserError for files that params.yaml names and the nodes would not have."""
    chosen = everything.flat()
    for key in OUTSIDE:
        named = chosen[key]
        if named and not os.path.isabs(named) and not git(root, "ls-files", "--", named).strip():
            raise UserError(
                f"{key} is {named!r}, which git does not have, and so the nodes of a cluster have not: commit it, or "
                "put it on every node and give its absolute path"
            )


def nodes(ray: Any, address: str, root: Path, needs: Needs) -> None:
    """Raise UserError unless a node has room for a cell, and each that has is as this machine and reaches `origin`."""
    alive = [one for one in ray.nodes() if one["Alive"]]
    roomy = {one["NodeID"]: one["NodeManagerHostname"] for one in alive if needs.fit(one["Resources"])}
    if not roomy:
        has = [f"{one['Resources'].get('CPU', 0):g} and {one['Resources'].get('GPU', 0):g}" for one in alive]
        raise UserError(
            f"a cell takes {needs.cpus} CPUs (runtime.threads) and {needs.gpus:g} GPUs (study.gpus_per_cell), but no "
            f"node of the cluster has as many: they have {'; '.join(sorted(has))}. Lower these, or add a larger node"
        )
    packages = named_packages(root)
    with remote.trial(root) as file:
        arguments = (address, packages, os.environ[SERVER], file)
        here = node.about(*arguments)
        there = ask(ray, list(roomy), arguments)
    alike("this machine", here, here)
    for one, machine in roomy.items():
        alike(f"the node {machine}", here, there[one])


def ask(ray: Any, nodes: list[str], arguments: tuple) -> dict[str, dict[str, Any]]:
    """What each node says of itself (`node.about`), by its id."""
    on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    task = ray.remote(num_cpus=0, max_retries=0)(node.about)
    asked = {one: task.options(scheduling_strategy=on(one, soft=False)).remote(*arguments) for one in nodes}
    answered, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=WAIT)
    return {one: _answer(ray, reference) if reference in answered else LATE for one, reference in asked.items()}


def _answer(ray: Any, reference: Any) -> dict[str, Any]:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return {"unreachable": {"anything": str(error)}}


def alike(who: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> None:
    """Raise UserError when a node does not reach what it must, or has another Python or other packages."""
    for what, why in there["unreachable"].items():
        raise UserError(
            f"{who} does not reach {what}: {why}. It needs an address that holds there, too, and credentials of its own"
        )
    if there["python"] != here["python"]:
        raise UserError(f"{who} has Python {there['python']}, this machine {here['python']}: use one version")
    other = [
        f"{name} {there['packages'][name] or 'is missing'} ({version or 'missing'} here)"
        for name, version in here["packages"].items()
        if there["packages"][name] != version
    ]
    if other:
        raise UserError(
            f"{who} has other packages than this machine: {', '.join(other[:SHOWN])}"
            f"{', ...' if len(other) > SHOWN else ''}. `pip install -r requirements.txt` there, from the same commit"
        )


def named_packages(root: Path) -> list[str]:
    """The packages that requirements.txt names."""
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [found[0] for line in lines if (found := re.match(r"[\w-]+(?===)", line))]


def check(root: Path, everything: Params, commit: str) -> tuple[str, dict[str, str]]:
    """All that can be checked without the cluster: the address of `origin`, and the environment of the cells."""
    server()
    inputs(root, everything)
    address = origin(root, commit)
    remote.check(root, commit)
    return address, {key: text for key, text in os.environ.items() if key.startswith("MLFLOW_TRACKING_")}
