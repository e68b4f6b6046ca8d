"""What tests and benches run stages with: the environment, a folder's params, what is made once for all tests."""

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

import yaml
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
OUTER_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # set where tests run as a hook of git
# By libyaml, where PyYAML has it: ten times as fast, and hundreds of tests write params.
_LOADER, _DUMPER = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what an outer DVC, git or MLflow passes on; this checkout importable, its venv first."""
    kept = dict(os.environ)
    forget_outer(kept)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT)} | more


def forget_outer(environment: MutableMapping[str, str]) -> None:
    """Remove what an outer DVC, git or MLflow passes on."""
    for key in [key for key in environment if key in OUTER_GIT or key.startswith(("DVC_", "MLFLOW_"))]:
        del environment[key]


def set_params(folder: Path, changes: dict[str, object]) -> None:
    """Change keys such as "train.kimg" of folder/params.yaml; a new or misspelled key is written too."""
    values = yaml.load((folder / "params.yaml").read_text(), _LOADER)
    for key, value in changes.items():
        section, _, leaf = key.partition(".")
        values.setdefault(section, {})[leaf] = value
    (folder / "params.yaml").write_text(yaml.dump(values, Dumper=_DUMPER))


@contextmanager
def made_once(name: str, tmp_path_factory) -> Iterator[Path]:
    """A place that all processes of the tests share; it is whoever's who comes first, and finds nothing, to make it."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(place.with_suffix(".lock")):
        yield place
