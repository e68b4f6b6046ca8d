"""The MLflow store, here or on a server: made once, by one process at a time, and each result logged once."""

import hashlib
import json
import os
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DEFAULTS = {
    # Read when mlflow is imported.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # A server that does not answer is given up soon.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
for _key, _value in DEFAULTS.items():
    os.environ.setdefault(_key, _value)

from filelock import FileLock  # noqa: E402
from mlflow import MlflowClient, entities  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from stages.common.cli import UserError  # noqa: E402
from stages.common.server import address  # noqa: E402
from stages.track import local_store, model  # noqa: E402
from stages.track.dataset import Dataset  # noqa: E402
from stages.track.describe import EXPERIMENT, KIND, NOTE  # noqa: E402

FINGERPRINT = "fingerprint"
TRAINING = "training"  # of the params and works, on a run that was begun while its training ran
LOGGER = "logged by"  # the checkout that logs the run, so that it knows what it left unfinished
BATCH = 1000  # metrics in one call, MLflow's limit
Rows = Sequence[Mapping[str, float]]  # of curves, each with a "step"


@dataclass(frozen=True)
class Result:
    """What one run shows."""

    name: str
    fingerprint: str
    params: dict[str, object]
    metrics: dict[str, float]
    curves: Rows
    pictures: dict[str, list[Path]]  # folder on the page -> files
    tags: dict[str, str] = field(default_factory=dict)
    datasets: list[Dataset] = field(default_factory=list)
    generator: Path | None = None  # the file of `save_generator`
    training: str = ""  # of these params and works, by which a run is found that watch.py has begun


def log_once(root: Path, experiment: str, result: Result) -> bool:
    """Log a result unless a finished run has its fingerprint; returns whether a run was added.

    `root` is the main checkout. Its lock covers making the store and the experiment, looking for the fingerprint and
    logging: sqlite first used by several processes at once ends corrupt, and two workers with one result must not both
    find that it is new. A server is used by other machines too, which the lock does not hold: see `_settle`.
    Raises UserError when the store cannot be used; the run is then unfinished, and the next try replaces it.
    """
    with opened(root, experiment) as (client, key):
        watched = begun(client, key, root, result.training, result.curves) if result.training else None
        if _settle(client, key, result.fingerprint, logger(root)):
            if watched:  # a training once more, with the same result
                client.delete_run(watched)
            return False
        tags = {FINGERPRINT: result.fingerprint, LOGGER: logger(root)} | result.tags
        if watched:  # while its training ran; it is completed, so that there are never two
            client.update_run(watched, "RUNNING", result.name)
            for name, value in tags.items():
                client.set_tag(watched, name, value)
        run = watched or client.create_run(key, run_name=result.name, tags=tags).info.run_id
        _log(client, key, run, result, bool(watched))
        client.set_terminated(run)
        return _settle(client, key, result.fingerprint, logger(root)) == run


@contextmanager
def opened(root: Path, experiment: str) -> Iterator[tuple[MlflowClient, str]]:
    """The store, for this process alone, and the id of the experiment; raises UserError when it cannot be used."""
    server = address()
    with FileLock(root / "mlflow.lock"), _explained(server, root):
        if not server:
            local_store.prepare(root)
        client = MlflowClient(tracking_uri=server or f"sqlite:///{root / 'mlflow.db'}")
        yield client, _experiment(client, experiment, None if server else (root / local_store.ARTIFACTS).as_uri())


def logger(root: Path) -> str:
    """What stands for this checkout on this machine."""
    return hashlib.sha256(f"{socket.gethostname()} {root}".encode()).hexdigest()[:12]


def begun(client: MlflowClient, experiment_id: str, root: Path, training: str, rows: Rows) -> str | None:
    """The run that this checkout has begun while a training ran, and that is not complete; of several the newest.

    `rows` are those of the curves so far: a run that has other points is of another training, by other code.
    """
    points = _points(rows)
    runs = incomplete(client, experiment_id, root, training)
    return next((run for run in runs if _has_no_others(client, run, points)), None)


def incomplete(client: MlflowClient, experiment_id: str, root: Path, training: str) -> list[str]:
    """All runs that this checkout has begun while such a training ran, and that are not complete, the newest first."""
    wanted = f"tags.{TRAINING} = '{training}' AND tags.`{LOGGER}` = '{logger(root)}'"
    runs = client.search_runs([experiment_id], wanted)
    return [run.info.run_id for run in runs if FINGERPRINT not in run.data.tags]


def _experiment(client: MlflowClient, name: str, location: str | None) -> str:
    """The id of the experiment, which is made where it is new; of several that make it at once, one succeeds."""
    found = client.get_experiment_by_name(name)
    if not found:
        try:
            client.create_experiment(name, artifact_location=location, tags=KIND | {NOTE: EXPERIMENT})
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = client.get_experiment_by_name(name)
        assert found, "it has just been made, here or by another process"
    if found.lifecycle_stage == "deleted":
        raise UserError(
            f"the MLflow experiment {name!r} was deleted: bring it back with "
            f"`mlflow experiments restore --experiment-id {found.experiment_id}`, "
            "or give track.experiment another name"
        )
    return _described(client, found)


def _described(client: MlflowClient, experiment: entities.Experiment) -> str:
    """The experiment's id, once it has a note; of several that write one at once, a server may refuse all but one."""
    key = experiment.experiment_id
    if NOTE not in experiment.tags:  # somebody's own words stay
        try:
            client.set_experiment_tag(key, NOTE, EXPERIMENT)
        except MlflowException:
            if NOTE not in client.get_experiment(key).tags:
                raise
    return key


def _settle(client: MlflowClient, experiment_id: str, fingerprint: str, logger: str) -> str | None:
    """The one finished run of a fingerprint, or None; other runs of it are deleted.

    Two machines can log one result at the same time. Each checks after it has finished its own, so that at least the
    last one sees all; and all keep the same, the smallest id, whatever their clocks say. An unfinished run is deleted
    by the checkout that began it: it holds its lock, so nobody is at work on that run any more.
    """
    runs = client.search_runs([experiment_id], f"tags.{FINGERPRINT} = '{fingerprint}'")
    kept, *doubles = sorted(run.info.run_id for run in runs if run.info.status == "FINISHED") or [None]
    left = [run.info.run_id for run in runs if run.info.status != "FINISHED" and run.data.tags.get(LOGGER) == logger]
    for run in [*doubles, *left]:
        for made in client.search_logged_models([experiment_id], f"source_run_id = '{run}'"):
            client.delete_logged_model(made.model_id)
        client.delete_run(run)
    return kept


def _log(client: MlflowClient, experiment_id: str, run: str, result: Result, watched: bool) -> None:
    now = int(time.time() * 1000)
    log_params(client, run, result.params)
    log_metrics(client, run, [entities.Metric(key, value, now, 0) for key, value in result.metrics.items()])
    log_curves(client, run, result.curves, watched)
    client.log_inputs(run, datasets=[_input(part) for part in result.datasets])
    for folder, paths in result.pictures.items():
        for path in paths:
            client.log_artifact(run, str(path), folder)
    if result.generator:
        _log_model(client, experiment_id, run, result.generator, result.tags)


def log_params(client: MlflowClient, run: str, params: Mapping[str, object]) -> None:
    """As texts; those that the run has already must be the same."""
    client.log_batch(run, params=[entities.Param(key, str(value)) for key, value in params.items()])


def log_metrics(client: MlflowClient, run: str, metrics: Sequence[entities.Metric]) -> None:
    """Any number of them."""
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run, metrics=metrics[start : start + BATCH])


def log_curves(client: MlflowClient, run: str, rows: Rows, some_there: bool) -> None:
    """The points of rows with a step; where some are there already, those that are not."""
    now = int(time.time() * 1000)
    points = _points(rows)
    keys = {key for key, _ in points} if some_there else ()
    there = {(key, point.step) for key in keys for point in client.get_metric_history(run, key)}
    new = [entities.Metric(key, points[key, step], now, step) for key, step in points if (key, step) not in there]
    log_metrics(client, run, new)


def _points(rows: Rows) -> dict[tuple[str, int], float]:
    """Values by the curve's name and the step."""
    return {(f"curve.{key}", int(row["step"])): value for row in rows for key, value in row.items() if key != "step"}


def _has_no_others(client: MlflowClient, run: str, points: Mapping[tuple[str, int], float]) -> bool:
    """Whether all points of a run are among these; beyond the last of these a run may have more, of a resumed one."""
    known = {point: _kept(value) for point, value in points.items()}
    last = {key: step for key, step in sorted(points)}
    return all(
        point.step > last[key] or known.get((key, point.step)) == _kept(point.value)
        for key in last
        for point in client.get_metric_history(run, key)
    )


def _kept(value: float) -> str:
    """A number as MLflow keeps it, without infinities; as a text, in which a NaN is equal to another."""
    most = sys.float_info.max
    return repr(min(max(float(value), -most), most))


def _input(part: Dataset) -> entities.DatasetInput:
    found = entities.Dataset(
        part.name, part.digest, "local", json.dumps({"uri": "data/works"}), profile=json.dumps(part.counts)
    )
    return entities.DatasetInput(found, [entities.InputTag("mlflow.data.context", part.context)])


def _log_model(client: MlflowClient, experiment_id: str, run: str, generator: Path, tags: dict[str, str]) -> None:
    made = client.create_logged_model(experiment_id, model.NAME, source_run_id=run, tags=tags)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / model.NAME, generator, run, made)
        client.log_model_artifacts(made.model_id, str(Path(folder) / model.NAME))
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run, [entities.LoggedModelOutput(made.model_id, step=0)])


@contextmanager
def _explained(server: str, root: Path) -> Iterator[None]:
    """A store that cannot be used as a message with its remedy."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        if server:
            raise UserError(
                f"the MLflow server at {server} did not take the run ({reason}). "
                "Start it or put MLFLOW_TRACKING_URI right, and run the same command again; "
                "without MLFLOW_TRACKING_URI the runs go to mlflow.db in this checkout"
            ) from error
        if "locked" in reason:
            raise local_store.busy(root / "mlflow.db") from error
        raise UserError(
            f"the MLflow store {root / 'mlflow.db'} cannot be used ({reason}). "
            "If nothing else helps, delete mlflow.db and mlruns/, and bring all runs back with "
            "`python -m stages.track --all`"
        ) from error
