"""The logged generator gives pictures anywhere, the same as here."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from leftovers import LATENT, SIDE, lay_out
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from stages.gan.checkpoint import load_generator
from stages.gan.sampling import latents, sample
from stages.track.generator import BATCH, Generator

pytestmark = pytest.mark.slow  # what all of them need is set up once
ELSEWHERE = """
import sys
import mlflow, numpy
mlflow.set_tracking_uri(sys.argv[1])
generator = mlflow.pyfunc.load_model(sys.argv[2])
z = numpy.load(sys.argv[3])
numpy.savez(sys.argv[4], plain=generator.predict(z), mean=generator.predict(z, params={"truncation": 0.0}))
import stages
print(stages.__file__)
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory, workspace_at, put_store):
    """A folder whose run is in the store, the store's address, the run and the model."""
    folder = put_store(tmp_path_factory.mktemp("logged"))
    lay_out(folder)
    done = workspace_at(folder).open("track")
    assert done.returncode == 0, done.stderr
    store = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=store)
    ids = [found.experiment_id for found in client.search_experiments()]
    (run,) = client.search_runs(ids)
    (model,) = client.search_logged_models(ids)
    return folder, store, run, model


def test_a_process_elsewhere_makes_the_same_pictures(logged, tmp_path_factory, clean_environment):
    folder, store, run, model = logged
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    z = latents(0, range(3), LATENT)
    np.save(elsewhere / "z.npy", z.numpy())
    expected = np.stack(
        [
            np.asarray(picture)
            for picture in sample(load_generator(folder / "data/gan/generator.safetensors"), z, torch.float32)
        ]
    )
    environment = clean_environment(PYTHONDONTWRITEBYTECODE="1")  # the store stays as it was written
    del environment["PYTHONPATH"]
    for number, name in enumerate((f"models:/{model.model_id}", f"runs:/{run.info.run_id}/generator")):
        command = [sys.executable, "-c", ELSEWHERE, store, name, "z.npy", f"{number}.npz"]
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "/code/stages/__init__.py" in done.stdout, "the code that lies beside the model"
        found = np.load(elsewhere / f"{number}.npz")
        assert found["plain"].shape == (3, SIDE, SIDE, 3) and found["plain"].dtype == np.uint8
        assert np.abs(found["plain"].astype(int) - expected).max() <= 1 and expected.std() > 1
        assert (found["mean"] == found["mean"][0]).all() and (found["plain"] != found["mean"]).any()


def test_model_run_and_data_sets_are_one_lineage(logged):
    folder, _, run, model = logged
    assert (
        run.outputs.model_outputs[0].model_id == model.model_id
        and model.source_run_id == run.info.run_id
        and model.status == "READY"
    )
    assert model.tags["augmentation"] == "diffaugment"
    assert {found.tags[0].value: found.dataset.name for found in run.inputs.dataset_inputs} == {
        "training": "museum, 2 works",
        "evaluation": "museum, 2 works",
    }
    (described,) = folder.glob("mlruns/models/*/artifacts/MLmodel")
    saved = Model.load(str(described))
    assert saved.signature.inputs.inputs[0].shape == (-1, LATENT) and saved.saved_input_example_info
    (listed,) = folder.glob("mlruns/models/*/artifacts/requirements.txt")
    assert (
        all("==" in line for line in listed.read_text().split())
        and f"torch=={torch.__version__.split('+')[0]}" in listed.read_text()
    )
    assert not list(folder.glob("mlruns/**/*.pkl")) and not list(folder.glob("mlruns/**/__pycache__"))


def test_vectors_of_another_length_are_refused(logged):
    import mlflow

    *_, model = logged
    generator = mlflow.pyfunc.load_model(model.artifact_location)
    with pytest.raises(MlflowException, match=f"{LATENT + 1}"):
        generator.predict(np.zeros((1, LATENT + 1), np.float32))


def test_more_vectors_than_fit_into_memory_come_in_order(logged):
    generator = Generator(logged[0] / "data/gan/generator.safetensors")
    z = latents(0, range(BATCH + 3), LATENT).numpy()
    pictures = generator.predict(z)
    assert len(pictures) == BATCH + 3
    assert np.abs(pictures[-3:].astype(int) - generator.predict(z[-3:])).max() <= 1
