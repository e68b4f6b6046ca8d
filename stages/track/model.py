"""The generator as an MLflow model: latent vectors in, pictures out, with its code beside it: it loads anywhere."""

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
import numpy as np
from mlflow.entities import LoggedModel
from mlflow.models import Model, ModelSignature
from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec

from stages.gan.description import description
from stages.gan.noise import normal

NAME = "generator"
STAGES = Path(__file__).resolve().parents[1]
CODE = ("__init__.py", "common", "gan", "track/__init__.py", "track/generator.py")  # what stages.track.generator needs
PACKAGES = ("mlflow", "numpy", "pillow", "safetensors", "torch", "tqdm")  # likewise


def save(folder: Path, generator: Path, run: str, logged: LoggedModel) -> None:
    """Write an MLflow model that `mlflow.pyfunc.load_model` opens, for the run and the LoggedModel that it belongs to.

    Its input is float32 [N, latent], standard normal, its parameter `truncation` 0..2 as in params.yaml, its output
    uint8 [N, R, R, 3], sRGB. Nothing is pickled, and no package index is asked for the requirements.
    """
    about = description(generator)
    side = about["resolution"]
    signature = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, about["latent"]))]),
        outputs=Schema([TensorSpec(np.dtype(np.uint8), (-1, side, side, 3))]),
        params=ParamSchema([ParamSpec("truncation", "double", 1.0)]),
    )
    with tempfile.TemporaryDirectory() as code:
        mlflow.pyfunc.save_model(
            folder,
            loader_module="stages.track.generator",
            data_path=str(generator),
            code_paths=[str(_copy_code(Path(code) / "stages"))],
            mlflow_model=Model(
                artifact_path=logged.artifact_location, model_uuid=logged.model_id, model_id=logged.model_id, run_id=run
            ),
            signature=signature,
            input_example=normal(0, range(1), about["latent"]),
            pip_requirements=[f"{name}=={version(name)}" for name in PACKAGES],
        )


def _copy_code(stages: Path) -> Path:
    for name in CODE:
        source, target = STAGES / name, stages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return stages
