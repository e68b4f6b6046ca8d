"""The MLflow store: made once, by one process at a time, and each result logged once."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # both are read when mlflow is imported
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

from filelock import FileLock  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param  # noqa: E402

FINGERPRINT = "fingerprint"
BATCH = 1000  # metrics in one call, MLflow's limit


@dataclass(frozen=True)
class Result:
    """What one run shows."""

    name: str
    fingerprint: str
    params: dict[str, object]
    metrics: dict[str, float]
    curves: list[dict[str, float]]  # one dict a row, with a "step"
    pictures: dict[str, list[Path]]  # folder on the page -> files
    tags: dict[str, str] = field(default_factory=dict)


def log_once(root: Path, experiment: str, result: Result) -> bool:
    """Log a result unless a finished run has its fingerprint; returns whether a run was added.

    The store is sqlite in `root`, the main checkout. One lock covers making the store and the experiment and looking for
    the fingerprint: sqlite first used by several processes at once ends corrupt, and two workers with one result must
    not both find that it is new. What an interrupted process left unfinished is deleted.
    """
    with FileLock(root / "mlflow.lock"):
        client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
        found = client.get_experiment_by_name(experiment)
        key = found.experiment_id if found else client.create_experiment(experiment, artifact_location=(root / "mlruns").as_uri())
        runs = client.search_runs([key], f"tags.{FINGERPRINT} = '{result.fingerprint}'")
        if any(run.info.status == "FINISHED" for run in runs):
            return False
        for run in runs:
            client.delete_run(run.info.run_id)
        _log(client, key, result)
        return True


def _log(client: MlflowClient, experiment_id: str, result: Result) -> None:
    tags = {FINGERPRINT: result.fingerprint} | result.tags
    run = client.create_run(experiment_id, run_name=result.name, tags=tags).info.run_id
    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, 0) for key, value in result.metrics.items()]
    for row in result.curves:
        step = int(row["step"])
        metrics += [Metric(f"curve.{key}", value, now, step) for key, value in row.items() if key != "step"]
    client.log_batch(run, params=[Param(key, str(value)) for key, value in result.params.items()])
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run, metrics=metrics[start : start + BATCH])
    for folder, paths in result.pictures.items():
        for path in paths:
            client.log_artifact(run, str(path), folder)
    client.set_terminated(run)
