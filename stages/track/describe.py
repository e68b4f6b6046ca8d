"""What MLflow's page says of a run in words: its name, its tags to group by, and a short description in Markdown."""

from collections.abc import Mapping
from typing import Any

from stages.common.records import EvaluateMetrics, TrainMetrics, Verdict
from stages.gan.augmentations import AUGMENTATIONS
from stages.metrics import table

NOTE = "mlflow.note.content"  # the tag that the page shows as the description

KIND = {
    "mlflow.experimentKind": "custom_model_development"
}  # the page then shows runs and models first, not traces of chats

EXPERIMENT = (
    "How far do N pictures of one painter go? Each run is one set of params and data, from web pages to numbers.\n"
    "\n"
    "- **FLD, KID and FID against the number of works**: select the runs, *Chart view*, *Add chart*, *Scatter*: "
    "x `works`, y `evaluate.fld`, `evaluate.kid` or `evaluate.fid_above_floor`.\n"
    "- **Group** the runs by the tags `works`, `deduplicated`, `augmentation`, `preset`, `architecture`, `loss`, "
    "`seed` or `verdict`.\n"
    "- Less is better for all three, and copies of training works lower KID and FID, not FLD. The *floor* is what "
    "other real works of the same painter get; compare FIDs at equal counts only.\n"
    '- `mlflow.pyfunc.load_model("models:/<id>")` is the generator: latent vectors in, pictures out '
    "(the id is on the run's page, under *Logged models*).\n"
    "- The store can be deleted: `python -m stages.track --all` brings all runs back.\n"
)


def run_name(tags: Mapping[str, str], experiment: str | None) -> str:
    """What matters, shortly, since the page cuts the end: "18 works, seed 0, DiffAugment, deduplicated".

    With the experiment's name where DVC gave one.
    """
    files = "deduplicated" if tags["deduplicated"] == "yes" else "all files"
    name = f"{tags['works']} works, seed {tags['seed']}, {_augmentation(tags)}, {files}"
    return f"{name} ({experiment})" if experiment else name


def tags(params: Mapping[str, Any], works: int, verdict: str) -> dict[str, str]:
    """The choices by which one groups runs, of params by keys such as "train.seed", and the state of the verdict."""
    return {
        "works": str(works),
        "deduplicated": "yes" if params["dedupe.enabled"] else "no",
        "verdict": verdict,
    } | {
        key: str(params[f"train.{key}"])
        for key in ("preset", "architecture", "loss", "augmentation", "resolution", "seed")
    }


def note(tags: Mapping[str, str], train: TrainMetrics, found: EvaluateMetrics) -> str:
    """What was run, the metrics with interval and floor, and the guard's verdict."""
    files = "one file each" if tags["deduplicated"] == "yes" else "with all duplicates"
    rows = [
        f"| {row.name} | {row.first.value} | {row.first.interval} | {row.first.floor} |" for row in table.rows(found)
    ]
    lines = [
        f"**{tags['works']} works** ({files}), {tags['resolution']} pixels, {train['kimg']:g} thousand pictures shown. "
        f"`{tags['preset']}`: {tags['architecture']}, {tags['loss']}, {_augmentation(tags)}; seed {tags['seed']}.",
        "",
        f"| {found['n_generated']} samples against {found['n_real']} test works | | 95 % | floor |",
        "|---|---|---|---|",
        *rows,
        "",
        f"The guard's verdict on the training: {_verdict(train['verdict'])}",
    ]
    return "\n".join(lines)


def _verdict(verdict: Verdict) -> str:
    """With its cause, where there is one."""
    since = f", since {verdict['since_kimg']:g} kimg" if verdict["since_kimg"] else ""
    return f"**{verdict['state']}**{since}. {verdict['cause']}".rstrip()


def _augmentation(tags: Mapping[str, str]) -> str:
    return AUGMENTATIONS[tags["augmentation"]].label
