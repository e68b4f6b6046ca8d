"""What the tests of the stage track share."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from leftovers import lay_out

from stages.track.store import MlflowClient


@pytest.fixture(scope="session")
def put_store(tmp_path_factory) -> Callable[[Path], Path]:
    """Put a store without runs into a folder, and return that: the copy of one, as MLflow takes seconds to make it."""
    made = tmp_path_factory.mktemp("store") / "mlflow.db"
    assert len(MlflowClient(tracking_uri=f"sqlite:///{made}").search_experiments()) == 1, "MLflow's own, Default"

    def put(folder: Path) -> Path:
        shutil.copy(made, folder)
        return folder

    return put


@pytest.fixture
def with_results(workspace):
    """A workspace with what the other stages leave behind."""
    lay_out(workspace.folder)
    return workspace
