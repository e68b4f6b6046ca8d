"""The saved state of an interrupted training: whether it is one that the present training would have come by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from stages.common.resume import Resume
from stages.train.params import TrainParams

# Params that decide when a training is looked at and when it ends, but no bit of its networks: with other values a
# state can still be the right one, see `_conflict`.
PASSIVE = ("evaluate_kimg", "evaluate_pictures", "patience", "max_minutes", "cost_per_hour", "sheet_kimg")
STATE, SHEETS = "state", "sheets"


@dataclass
class Saved:
    """The tensors, what else is known (ready for JSON), and the sheets by their names; all empty at the beginning."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    sheets: dict[str, bytes] = field(default_factory=dict)


def load(resume: Resume, params: TrainParams) -> tuple[Saved, str]:
    """The state to go on from, or an empty one with the reason why what is saved is not taken ("": nothing is)."""
    found = resume.load(STATE)
    if found is None:
        return Saved(), _of_another(resume, params)
    tensors, about = found
    step = int(tensors["step"])
    shown = _due(params, "sheet_kimg", step)
    if about["ended"] != "kimg" or step == params.steps_in(params.kimg):  # the end has a sheet, due or not
        shown = sorted({*shown, step})
    names = [f"{number * params.batch:09d}.png" for number in shown]
    sheets = {name: resume.load_bytes(f"{SHEETS}/{name}") for name in names}
    reason = _conflict(about, params, step)
    if not reason and not all(sheets.values()):
        reason = f"of its sheets {next(name for name, data in sheets.items() if not data)} is missing or damaged"
    if reason:
        return Saved(), f"the state in {resume.folder} is not taken, the training begins anew: {reason}"
    return Saved(tensors, about, {name: data for name, data in sheets.items() if data}), ""


def save(resume: Resume, saved: Saved) -> None:
    """Keep a state; the sheets come first, so that a state is never without one."""
    for name, data in saved.sheets.items():
        if resume.load_bytes(f"{SHEETS}/{name}") != data:
            resume.save_bytes(f"{SHEETS}/{name}", data)
    resume.save(STATE, (saved.tensors, saved.about))


def _conflict(about: Mapping[str, Any], params: TrainParams, step: int) -> str:
    """Why an undisturbed training of these params would not have come by this state after `step` steps, or ""."""
    then = params.model_copy(update={key: about["params"][key] for key in PASSIVE})
    changed = [key for key in PASSIVE if getattr(then, key) != getattr(params, key)]
    told = ", ".join(f"train.{key} was {getattr(then, key)}, is {getattr(params, key)}" for key in changed)
    looks, sheets = ((_due(then, key, step), _due(params, key, step)) for key in ("evaluate_kimg", "sheet_kimg"))
    others = [
        looks[0] != looks[1],
        bool(looks[0]) and "evaluate_pictures" in changed,
        not set(sheets[1]) <= set(sheets[0]),
        bool(changed) and about["ended"] != "kimg",
        "patience" in changed and 0 < params.patience <= about["guard"]["most_stale"],
    ]
    return told if any(others) else ""


def _due(params: TrainParams, key: str, step: int) -> list[int]:
    """The steps up to `step` after which something was due every train.`key` thousand pictures."""
    every = params.steps_in(getattr(params, key))
    return list(range(every, step + 1, every))


def _of_another(resume: Resume, params: TrainParams) -> str:
    """What the newest state of another training differs in, or ""."""
    other = resume.newest_other(STATE)
    if other is None:
        return ""
    folder, (_, about) = other
    then, now = about["params"], params.model_dump()
    changed = [f"train.{key} was {then.get(key)}, is {now[key]}" for key in now if then.get(key) != now[key]]
    told = ", ".join(changed) or "other pictures, code or runtime"
    return f"the state in {folder} is of another training and is not taken: {told}"
