"""What tests and benches run stages with: the environment, and a folder's params."""

import os
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# By libyaml, where PyYAML has it: ten times as fast, and hundreds of tests write params.
_LOADER, _DUMPER = getattr(yaml, "CSafeLoader", yaml.SafeLoader), getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what an outer DVC or MLflow passes on, this checkout importable and its venv first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "MLFLOW_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT)} | more


def set_params(folder: Path, changes: dict[str, object]) -> None:
    """Change keys such as "train.kimg" of folder/params.yaml; a new or misspelled key is written too."""
    values = yaml.load((folder / "params.yaml").read_text(), _LOADER)
    for key, value in changes.items():
        section, _, leaf = key.partition(".")
        values.setdefault(section, {})[leaf] = value
    (folder / "params.yaml").write_text(yaml.dump(values, Dumper=_DUMPER))
