"""The door of the stage train: data/train/ to data/gan/ and metrics/train.*; `python -m stages.train`."""

import os
import shutil
from pathlib import Path
from typing import Any

from stages.common.device import Runtime, prepare
from stages.common.door import enter, progress
from stages.common.images import save_png
from stages.common.params import Train, load
from stages.common.report import write_csv, write_json
from stages.gan.architectures import count_parameters
from stages.gan.checkpoint import save_generator, write_tensors
from stages.gan.noise import latents
from stages.gan.sampling import contact_sheet, sample
from stages.train import pictures
from stages.train.loop import Settings, train
from stages.train.resume import Resume, fingerprint
from stages.train.state import Shape, State

TRAIN, VALIDATION, GAN = Path("data/train/train"), Path("data/train/validation"), Path("data/gan")
CSV, JSON = Path("metrics/train.csv"), Path("metrics/train.json")
ROWS = 150  # rows of the CSV, about
SHEET = 25  # pictures of a sheet, 5 x 5


def main() -> None:
    """Train one GAN, or go on with a training that was interrupted."""
    params = load().train
    runtime = prepare(params.device, params.precision, params.threads)
    paths, held_out = pictures.find(TRAIN, least=2), pictures.find(VALIDATION, least=0)
    images, validation = (pictures.load(part, params.resolution).to(runtime.device) for part in (paths, held_out))
    resume = Resume(Path(os.environ.get("DVC_ROOT", ".")), fingerprint(params.model_dump() | runtime.report(), [*paths, *held_out]))
    settings = choose(params, runtime)
    state, rows = start(params, runtime, resume)

    with progress(total=settings.steps * params.batch, initial=state.step * params.batch, unit=" pictures", unit_scale=True, desc="train") as bar:

        def on_report(row: dict[str, float]) -> None:
            rows.append(row)
            bar.set_postfix(loss_g=f"{row['loss_g']:.3f}", loss_d=f"{row['loss_d']:.3f}", refresh=False)
            bar.update(row["step"] * params.batch - bar.n)

        def on_snapshot() -> None:
            save_sheet(state, params, runtime, resume)
            write_csv(CSV, rows)  # early, for who watches
            resume.save(state.tensors(), rows)

        train(state, images, validation, settings, on_report, on_snapshot)

    save_generator(GAN / "generator.safetensors", state.ema.network, params.architecture, params.width, params.resolution)
    write_tensors(GAN / "checkpoint.safetensors", state.tensors(), {})
    write_csv(CSV, rows)
    data = {"n_train": len(paths), "works": pictures.count_works(paths), "validation": len(held_out)}
    write_json(JSON, data | summary(state, rows[-1]) | {"runtime": runtime.report()})
    resume.remove()


def choose(params: Train, runtime: Runtime) -> Settings:
    """The loop's settings: thousands of pictures become steps."""
    steps = max(1, round(params.kimg * 1000 / params.batch))
    return Settings(
        loss=params.loss, batch=params.batch, steps=steps, r1_gamma=params.r1_gamma, r1_every=params.r1_every,
        diffaugment=tuple(params.diffaugment), seed=params.seed, dtype=runtime.dtype, report_every=-(-steps // ROWS),
        snapshot_every=max(1, round(params.sheet_kimg * 1000 / params.batch)),
    )  # fmt: skip


def start(params: Train, runtime: Runtime, resume: Resume) -> tuple[State, list[dict[str, float]]]:
    """A fresh state and no rows, or those that an interrupted training left; data/gan/sheets/ holds the sheets up to there."""
    shape = Shape(params.architecture, params.latent, params.width, params.resolution, params.seed)
    state = State(shape, params.learning_rate, params.beta1, params.ema_kimg, runtime.device)
    shutil.rmtree(GAN / "sheets", ignore_errors=True)
    found = resume.load()
    if found is None:
        return state, []
    tensors, rows = found
    state.load(tensors)
    shutil.copytree(resume.sheets, GAN / "sheets")
    print(f"resuming after {state.step * params.batch / 1000:g} kimg from {resume.folder}")
    return state, rows


def save_sheet(state: State, params: Train, runtime: Runtime, resume: Resume) -> None:
    """The same latents at every sheet; a copy waits beside the state, since DVC empties data/gan/ before the stage runs again."""
    z = latents(params.seed, range(SHEET), params.latent).to(runtime.device)
    page = contact_sheet(sample(state.ema.network, z, runtime.dtype), columns=5)
    name = f"{round(state.step * params.batch / 1000):06d}.png"
    save_png(GAN / "sheets" / name, page)
    save_png(resume.sheets / name, page)


def summary(state: State, last: dict[str, float]) -> dict[str, Any]:
    """What the training was and where it ended (`last` is the last row of the CSV, means over the steps since the row before)."""
    sizes = {"generator": count_parameters(state.generator), "discriminator": count_parameters(state.discriminator)}
    return {"steps": state.step, "kimg": last["kimg"], "parameters": sizes, "final": {key: last[key] for key in last if key not in ("step", "kimg")}}


if __name__ == "__main__":
    enter(main)
