"""sky.yaml, the rented GPU: what stops it and bounds its cost, read by SkyPilot's own parser in a venv of its own."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SKY, MACHINE = ROOT / "stages/study/sky.yaml", ROOT / "stages/study/machine.sh"
PINNED = Path(__file__).with_name("requirements-sky.txt")
TASK = yaml.safe_load(SKY.read_text(encoding="utf-8"))
SCRIPTS = {"setup": TASK["setup"], "run": TASK["run"], "machine.sh": MACHINE.read_text(encoding="utf-8")}
PARSE = """
import json, os, socket, sys, traceback

def refuse(*_):
    raise OSError("asks the network")

socket.socket.connect = socket.getaddrinfo = refuse
import sky
from sky.utils import schemas

def tell(path):
    task = sky.Task.from_yaml(path)
    (found,) = task.resources
    stop = found.autostop_config
    recovery = schemas.get_resources_schema()["properties"]["job_recovery"]["anyOf"][1]["properties"]
    print(json.dumps({
        "name": task.name,
        "num_nodes": task.num_nodes,
        "accelerators": found.accelerators,
        "cpus": found.cpus,
        "memory": found.memory,
        "disk_size": found.disk_size,
        "image_id": found.image_id,
        "use_spot": found.use_spot,
        "job_recovery": found.job_recovery,
        "known_of_job_recovery": sorted(recovery),
        "autostop": {"idle_minutes": stop.idle_minutes, "down": stop.down, "wait_for": stop.wait_for.value},
        "max_hourly_cost": found.max_hourly_cost,
        "envs": task.envs,
        "secrets": {name: value.get_secret_value() for name, value in task.secrets.items()},
        "asked": sorted(reference.name for reference in task.managed_secret_refs),
        "setup": task.setup,
        "run": task.run,
    }))

for path in sys.stdin:  # each in a process of its own, which need not import SkyPilot once more
    if not (child := os.fork()):
        code = 1
        try:
            for number, name in ((1, "said"), (2, "error")):
                os.dup2(os.open(name, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
            tell(path.strip())
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_what_stops_it_and_bounds_its_cost_is_there():
    resources = TASK["resources"]
    assert resources["autostop"] == {"idle_minutes": 10, "down": True, "wait_for": "jobs"}
    assert 0 < resources["max_hourly_cost"] <= 5
    assert 0 < float(TASK["envs"]["HOURS"]) <= 24
    assert (
        "bounded" in SCRIPTS["machine.sh"] and 'timeout --signal=INT --kill-after=120 "${HOURS' in SCRIPTS["machine.sh"]
    )


def test_no_secret_is_written_down():
    assert TASK["secrets"].keys() >= {"GIT_TOKEN", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD"}
    assert not any(TASK["secrets"].values())
    assert not [name for name in TASK["envs"] if re.search("TOKEN|PASSWORD|SECRET|KEY", name)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_bash(name):
    done = subprocess.run(["bash", "-n"], input=SCRIPTS[name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    broken = subprocess.run(["bash", "-n"], input=SCRIPTS[name] + "\nif", capture_output=True, text=True)
    assert broken.returncode != 0
    if tool := shutil.which("shellcheck"):
        done = subprocess.run([tool, "--shell=bash", "-"], input=SCRIPTS[name], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_they_install_as_the_readme_does():
    (line,) = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if line.endswith("&& dvc repro")]
    ours = [line.strip().removesuffix(" \\") for line in TASK["setup"].splitlines()]
    assert line.removesuffix(" && dvc repro") in ours


def test_the_files_and_modules_that_they_name_exist():
    text = "\n".join(SCRIPTS.values())
    files = set(re.findall(r"\b(?:stages/[\w./-]+|[\w-]+\.(?:txt|yaml))", text))
    modules = set(re.findall(r"(?:python -m|from) (stages[\w.]*)", text))
    assert files >= {"requirements.txt", "params.yaml", "stages/study/machine.sh"}
    assert modules >= {"stages.study", "stages.study.params_file"}
    places = [ROOT / "stages/study/sky.yaml" if file == "sky.yaml" else ROOT / file for file in files]
    assert not [str(place) for place in places if not place.is_file()]
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_params_of_the_study_that_setup_sets_exist():
    (line,) = [line for line in TASK["setup"].splitlines() if line.startswith("changes = ")]
    keys = re.findall(r'"(\w+)":', line)
    study = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["study"]
    assert keys == ["cluster", "gpus_per_cell", "keep_progress"]
    assert not [key for key in keys if key not in study]


@pytest.fixture(scope="session")
def parse(tmp_path_factory, clean_environment) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Have SkyPilot read a text, without a network and in a HOME of its own."""
    folder = tmp_path_factory.mktemp("sky")
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--retries", "1"]
    install += ["--timeout", "30", "--no-compile", "--requirement", PINNED]  # few of its files are imported
    installed = subprocess.run(install, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"SkyPilot cannot be installed: {installed.stderr.strip().splitlines()[-1]}")
    environment = clean_environment(HOME=str(folder), SKYPILOT_DISABLE_USAGE_COLLECTION="1", PYTHONPATH="")
    command, path = [python, "-c", PARSE], folder / "task.yaml"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as reader:
        assert reader.stdin and reader.stdout
        asked, answers = reader.stdin, reader.stdout

        def run(text: str) -> subprocess.CompletedProcess[str]:
            path.write_text(text, encoding="utf-8")
            print(path, file=asked, flush=True)
            code = int(answers.readline())
            said, error = ((folder / name).read_text(encoding="utf-8") for name in ("said", "error"))
            return subprocess.CompletedProcess(command, code, said, error)

        yield run


def filled() -> str:
    """The file with a value for each env that must be given; GIT_TOKEN, a secret, is asked for when it is launched."""
    given = {"REPOSITORY": "https://host/it.git", "REVISION": "1234567", "MLFLOW_TRACKING_URI": "http://host:5000"}
    return changed(lambda task: task["envs"].update(given))


def changed(change: Callable[[dict], object], text: str | None = None) -> str:
    """A text of sky.yaml, the file's own at first, with a change."""
    task = yaml.safe_load(text or SKY.read_text(encoding="utf-8"))
    change(task)
    return yaml.safe_dump(task)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_skypilot_understands_what_it_says(parse):
    done = parse(filled())
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    said, resources = yaml.safe_load(filled()), TASK["resources"]
    assert found["accelerators"] == {"L4": 1}
    assert found["autostop"] == resources["autostop"]
    assert list(found["image_id"].values()) == [resources["image_id"]]
    for key in ("cpus", "memory", "disk_size", "use_spot", "max_hourly_cost"):
        assert found[key] == resources[key], key
    assert found["job_recovery"] == resources["job_recovery"]
    assert resources["job_recovery"].keys() <= set(found["known_of_job_recovery"])
    for key in ("name", "num_nodes", "envs", "setup", "run"):
        assert found[key] == said[key], key
    assert found["asked"] == ["GIT_TOKEN"]
    assert found["secrets"] == {name: "" for name in said["secrets"] if name != "GIT_TOKEN"}


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda task: task["resources"].update(auto_stop=task["resources"].pop("autostop")), "auto_stop"),
        (lambda task: task["resources"]["autostop"].update(idle_minute=10), "idle_minute"),
        (lambda task: task["resources"].update(max_hourly_cost=0), "max_hourly_cost"),
        (lambda task: task.update(nodes=2), "nodes"),
    ],
)
def test_skypilot_refuses_a_mistake(parse, change, word):
    done = parse(changed(change, filled()))
    assert done.returncode != 0
    assert word in done.stderr


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["REPOSITORY", "REVISION", "MLFLOW_TRACKING_URI"])
def test_nothing_starts_without_what_must_be_given(parse, name):
    done = parse(changed(lambda task: task["envs"].update({name: None}), filled()))
    assert done.returncode != 0
    assert f"{name!r} is None" in done.stderr
