"""A tiny repository for the study: its stages read params and write a number, and note each time they run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
STAGE = """
import json, os, pathlib, shutil, sys, time, yaml
values = yaml.load(open("params.yaml"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
split, dedupe, train = values["split"], values["dedupe"], values["train"]
name = f"{split['train_works']}-{dedupe['enabled']}-{train['augmentation']}-{train['seed']}"
root = pathlib.Path(os.environ.get("STUB") or os.environ["DVC_ROOT"])  # a test's folder, else the main checkout
with open(root / "ran.log", "a") as file:
    file.write(f"{sys.argv[1]} {name} {os.environ['DVC_EXP_NAME']} {os.environ.get('STUDY_NODE', '-')}\\n")
if sys.argv[1] == "scrape":
    time.sleep(0.5)
    pathlib.Path("pages").write_text("the same for all")
    sys.exit()
if sys.argv[1] == "track":
    pathlib.Path("data").mkdir(exist_ok=True)
    pathlib.Path("data/tracked").write_text(name)
    server = os.environ.get("MLFLOW_TRACKING_URI")
    if server and "STUB" in os.environ:  # the tests that have a server, too
        import urllib.request
        about = json.dumps({"experiment_id": "0", "run_name": os.environ["DVC_EXP_NAME"]}).encode()
        kind = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{server}/api/2.0/mlflow/runs/create", about, kind)).close()
    sys.exit()
state = pathlib.Path(os.environ["DVC_ROOT"]) / ".resume/train" / name / "state.pt"
if state.exists():
    with open(root / "ran.log", "a") as file:
        file.write(f"resumed {name} {os.environ['DVC_EXP_NAME']} {os.environ.get('STUDY_NODE', '-')}\\n")
state.parent.mkdir(parents=True, exist_ok=True)
state.write_text("half of it")
waited = root / "wait"
while waited.exists():
    time.sleep(0.05)
if (root / "fail").exists() and (root / "fail").read_text() == name:
    sys.exit("error: this one cannot be trained")
kid = 0.1 + 1 / split["train_works"] + 0.01 * train["seed"] + 0.05 * (not dedupe["enabled"])
pathlib.Path("metrics").mkdir(exist_ok=True)
json.dump({"kid": kid, "kid_floor": 0.0}, open("metrics/evaluate.json", "w"))
shutil.rmtree(state.parent)
"""
PIPELINE = {
    "stages": {
        "scrape": {
            "cmd": "python stage.py scrape",
            "deps": ["stage.py"],
            "params": ["scrape.source"],
            "outs": ["pages"],
        },
        "evaluate": {
            "cmd": "python stage.py evaluate",
            "deps": ["pages", "stage.py"],
            "params": ["split.train_works", "dedupe.enabled", "train.augmentation", "train.seed", "train.width"],
            "metrics": [{"metrics/evaluate.json": {"cache": False}}],
        },
        "track": {
            "cmd": "python stage.py track",
            "deps": ["metrics/evaluate.json", "stage.py"],
            "params": ["train", "runtime"],
            "outs": ["data/tracked"],
        },
    },
    "metrics": ["metrics/evaluate.json"],
}


class Stub:
    """The repository, and the study as a user starts it there."""

    def __init__(self, folder: Path, environment: dict[str, str], run_module):
        self.folder, self.environment, self._run_module = folder, environment, run_module

    def run(self, *command: str) -> str:
        options = {"cwd": self.folder, "env": self.environment}
        return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout

    def study(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The study in this process; its cells are processes, as always."""
        return self._run_module("stages.study", *arguments, folder=self.folder, environment=self.environment)

    def start(self) -> subprocess.Popen:
        """The study in a process group of its own, to be killed."""
        with (self.folder / "study.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "stages.study"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A shell that runs the tests in the background passes on that SIGINT is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def append(self, path: str, text: str) -> None:
        """Write further lines at the end of a file."""
        (self.folder / path).write_text((self.folder / path).read_text() + text)

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", message)

    def follow_own_files(self) -> None:
        """Add the stages that see the user's own files, as this project has them; commit it with their links."""
        pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
        own = {name: pipeline[name] for name in ("links", "inputs")}
        for stage in own.values():
            stage["deps"] = [dep for dep in stage["deps"] if dep.startswith("data/")]
        stages = {**own, **PIPELINE["stages"]}
        stages["scrape"] = {**stages["scrape"], "deps": ["data/inputs/scrape.json", "stage.py"]}
        (self.folder / "dvc.yaml").write_text(yaml.safe_dump({**PIPELINE, "stages": stages}, sort_keys=False))
        ignored = (self.folder / ".gitignore").read_text().replace("/data/\n", "")
        (self.folder / ".gitignore").write_text(ignored + (ROOT / ".gitignore").read_text())
        shutil.copytree(ROOT / "data/inputs", self.folder / "data/inputs", symlinks=True)
        self.commit("own files")

    def clone(self, folder: Path) -> "Stub":
        """What is committed, in another folder, as on another machine: without the experiments."""
        self.run("git", "clone", "-q", str(self.folder), str(folder))
        other = Stub(folder, self.environment, self._run_module)
        for key in ("user.name", "user.email"):
            other.run("git", "config", key, self.run("git", "config", key).strip())
        return other

    def planned(self) -> list[str]:
        """The names of the cells."""
        return [word for word in self.study("--plan").stdout.split() if word.startswith("study-")]

    def ran(self, stage: str = "evaluate") -> list[str]:
        """The cells that a stage was run for, in order, each as often as it was."""
        path = self.folder / "ran.log"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [name for kind, name, *_ in rows if kind == stage]

    def wait_for(self, count: int, stage: str = "evaluate") -> None:
        """Until a stage was started `count` times."""
        until = time.monotonic() + 240
        while len(self.ran(stage)) < count:
            assert time.monotonic() < until, (self.folder / "study.log").read_text()
            time.sleep(0.05)

    def processes(self) -> list[str]:
        """The command lines of the processes that work in this repository."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(path / "cwd")).is_relative_to(self.folder):
                    found.append((path / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found

    def sign_and_refuse(self) -> None:
        """Git's settings of a person who signs every commit, which asks for a passphrase, and has hooks everywhere."""
        hooks = self.folder / ".cache/hooks"
        hooks.mkdir(parents=True)
        for name in ("pre-commit", "commit-msg", "post-checkout", "pre-push"):
            (hooks / name).write_text("#!/bin/sh\necho this hook refuses >&2\nexit 1\n")
            (hooks / name).chmod(0o755)
        person = self.folder / ".cache/gitconfig"
        settings = {"commit.gpgsign": "true", "gpg.program": "/bin/false", "core.hooksPath": str(hooks)}
        for key, value in settings.items():
            self.run("git", "config", "--file", str(person), key, value)
        self.environment = self.environment | {"GIT_CONFIG_GLOBAL": str(person)}

    def refs(self) -> list[str]:
        """Where git keeps the experiments."""
        return self.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/**/study-*").split()

    def experiments(self) -> list[str]:
        """DVC's own list, by name."""
        listed = ["exp", "list", "--name-only", "--all-commits"]
        done = self._run_module("dvc", *listed, folder=self.folder, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.split())
