"""What MLflow's page says of a run in words: its name, its tags to group by, and a short description in Markdown."""

from collections.abc import Mapping
from typing import Any

from stages.metrics import table as numbers

NOTE = "mlflow.note.content"  # the tag that the page shows as the description

KIND = {
    "mlflow.experimentKind": "custom_model_development"
}  # the page then shows runs and models first, not traces of chats

EXPERIMENT = """How far do N pictures of one painter go? Each run is one set of params and data, from web pages to numbers.

- **KID and FID against the number of works**: select the runs, *Chart view*, *Add chart*, *Scatter*: x `works`, y `evaluate.kid` or `evaluate.fid_above_floor`.
- **Group** the runs by the tags `works`, `deduplicated`, `augmentation`, `preset`, `architecture`, `loss`, `seed` or `verdict`.
- Less is better for KID and FID. The *floor* is what other real works of the same painter get; compare FIDs at equal counts only.
- `mlflow.pyfunc.load_model("models:/<id>")` is the generator: latent vectors in, pictures out (the id is on the run's page, under *Logged models*).
- The store can be deleted: `python -m stages.track --all` brings all runs back.
"""


def run_name(tags: Mapping[str, str], experiment: str | None) -> str:
    """What matters, shortly, as "18 works, seed 0, diffaugment, deduplicated" (the page cuts the end); with the experiment's name where DVC gave one."""
    files = "deduplicated" if tags["deduplicated"] == "yes" else "all files"
    name = f"{tags['works']} works, seed {tags['seed']}, {_augmentation(tags)}, {files}"
    return f"{name} ({experiment})" if experiment else name


def tags(params: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, str]:
    """The choices by which one groups runs; `params` as flat keys, `train` the report of the training."""
    return {
        "works": str(train["works"]),
        "deduplicated": "yes" if params["dedupe.enabled"] else "no",
        "verdict": train["verdict"]["state"],
    } | {
        key: str(params[f"train.{key}"])
        for key in ("preset", "architecture", "loss", "augmentation", "resolution", "seed")
    }


def note(tags: Mapping[str, str], train: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What was run, the headline numbers with interval and floor, and the guard's verdict; `found` is evaluate's report."""
    verdict = train["verdict"]
    rows = [
        f"| {row.name} | {row.inception.value} | {row.inception.interval} | {row.inception.floor} |"
        for row in numbers.rows(found)
        if row.inception.value
    ]
    lines = [
        f"**{tags['works']} works** ({'one file each' if tags['deduplicated'] == 'yes' else 'with all duplicates'}), {tags['resolution']} pixels, "
        f"{train['kimg']:g} thousand pictures shown. `{tags['preset']}`: {tags['architecture']}, {tags['loss']}, {_augmentation(tags)}; seed {tags['seed']}.",
        "",
        f"| {found['n_generated']} samples against {found['n_real']} test works | | 95 % | floor |",
        "|---|---|---|---|",
        *rows,
        "",
        f"The guard's verdict on the training: **{verdict['state']}**"
        + (f", since {verdict['since_kimg']:g} kimg. {verdict['cause']}" if verdict["since_kimg"] else "."),
    ]
    return "\n".join(lines)


def _augmentation(tags: Mapping[str, str]) -> str:
    return "no augmentation" if tags["augmentation"] == "none" else tags["augmentation"]
