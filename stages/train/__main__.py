"""The door of the stage train: data/train/ to data/gan/ and metrics/; `python -m stages.train`."""

import shutil
from pathlib import Path
from typing import Any

from PIL.Image import Image
from torch import Tensor

from stages import gan
from stages.common.cli import UserError, progress, run_cli
from stages.common.device import Runtime, prepare
from stages.common.files import write_csv, write_json
from stages.common.images import from_array, listing, read, save_animation, save_png
from stages.common.params import load
from stages.common.resume import Resume, fingerprint
from stages.common.section import RuntimeParams
from stages.gan.ada import Controller
from stages.gan.architectures import count_parameters
from stages.gan.checkpoint import save_generator, write_tensors
from stages.gan.noise import latents
from stages.gan.sampling import contact_sheet, sample
from stages.train import guard, pictures
from stages.train.budget import Budget
from stages.train.examine import Examiner
from stages.train.loop import Diverged, train
from stages.train.params import TrainParams
from stages.train.state import Shape, State
from stages.train.step import Settings

TRAIN, VALIDATION, GAN = Path("data/train/train"), Path("data/train/validation"), Path("data/gan")
CSV, LOOKS, JSON = Path("metrics/train.csv"), Path("metrics/validation.csv"), Path("metrics/train.json")
PACKAGES = [Path(__file__).parent, Path(gan.__file__).parent]  # whose code decides the result
ROWS = 150  # rows of the CSV, about
SHEET = 25  # pictures of a sheet, 5 x 5
AT_ONCE = 32  # generated pictures in memory
FORECAST = 2.0  # seconds of training that a forecast is made from
REST = 3.0  # seconds that the last sheet and the files take, generously
PATH_EVERY = 4  # steps between two path length penalties (StyleGAN2's official code)


def main() -> None:
    """Train one GAN, or go on with a training that was interrupted."""
    everything = load()
    params = everything.section(TrainParams)
    runtime = prepare(everything.section(RuntimeParams))
    paths, held_out = pictures.find(TRAIN, least=2), pictures.find(VALIDATION, least=0)
    if params.augmentation == "ada" and params.ada_signal == "validation" and not held_out:
        raise UserError(
            "train.ada_signal is 'validation', but there are no validation works: set it to sign, or raise split.validation_works"
        )
    images, validation = (pictures.load(part, params.resolution).to(runtime.device) for part in (paths, held_out))
    files = [(f"{path.parent.name}/{path.name}", path.read_bytes()) for path in [*paths, *held_out]]
    decisive = [params.model_dump(), runtime.report(), *(part for file in files for part in file)]
    resume = Resume("train", fingerprint(PACKAGES, decisive))
    session = Session(params, runtime, resume, from_array(validation.cpu().numpy()))
    settings = choose(params, runtime)
    try:
        with session:
            train(session.state, images, validation, settings, session)
        verdict = session.guard.verdict(session.ended)
    except Diverged as error:
        verdict = guard.diverged(error.step * params.batch / 1000)
    data = {
        "n_train": len(paths),
        "works": pictures.count_works(paths),
        "validation": len(held_out),
        "runtime": runtime.report(),
    }
    session.write(data | {"verdict": verdict})


class Session:
    """One training from the outside: progress, sheets, looks, the best generator, budget, and what to resume from."""

    def __init__(self, params: TrainParams, runtime: Runtime, resume: Resume, held_out: list[Image]):
        self.params, self.runtime, self.resume = params, runtime, resume
        shape = Shape(params.architecture, params.latent, params.width, params.resolution, params.seed)
        ada = Controller(params.ada_signal, params.ada_target, params.ada_kimg, runtime.device)
        self.state = State(shape, params.learning_rate, params.beta1, params.ema_kimg, ada, runtime.device)
        tensors, about = resume.load("state") or ({}, {})
        self.rows, self.looks = about.get("rows", []), about.get("looks", [])
        self.guard = guard.Guard(params.loss, about.get("guard"))
        self.budget = Budget(params.max_minutes, params.cost_per_hour, about.get("spent", 0.0))
        self.best: dict[str, Tensor] = {
            name.removeprefix("best."): value for name, value in tensors.items() if name.startswith("best.")
        }
        self.ended = "kimg"
        shutil.rmtree(GAN / "sheets", ignore_errors=True)
        if tensors:
            self.state.load({name: value for name, value in tensors.items() if not name.startswith("best.")})
            shutil.copytree(resume.folder / "sheets", GAN / "sheets")
            print(f"resuming after {self.kimg():g} kimg from {resume.folder}")
        before = self.budget.spent()
        self.examiner = Examiner(held_out, runtime.device) if len(held_out) >= 2 else None
        self.budget.reserve = (self.budget.spent() - before) * max(
            1.0, params.evaluate_pictures / max(1, len(held_out))
        ) + REST
        self.first, self.told = (self.state.step, self.budget.spent()), False

    def __enter__(self) -> None:
        shown, total = self.state.step * self.params.batch, steps(self.params) * self.params.batch
        self.bar = progress(total=total, initial=shown, unit=" pictures", unit_scale=True, desc="train")

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def kimg(self) -> float:
        """Thousands of pictures shown."""
        return self.state.step * self.params.batch / 1000

    def report(self, row: dict[str, float]) -> None:
        """A row of the CSV and the line of progress."""
        self.rows.append(row)
        shown = {"loss_g": row["loss_g"], "loss_d": row["loss_d"]} | (
            {"p": row["ada_p"]} if self.params.augmentation == "ada" else {}
        )
        self.bar.set_postfix({name: f"{value:.3f}" for name, value in shown.items()}, refresh=False)
        self.bar.update(self.state.step * self.params.batch - self.bar.n)

    def evaluate(self) -> None:
        """A look at the moving average; the best one is kept."""
        before = self.budget.spent()
        look = (
            self.examiner.look(self.samples(range(SHEET, SHEET + self.params.evaluate_pictures)), self.kimg())
            if self.examiner
            else None
        )
        since = self.looks[-1]["kimg"] if self.looks else 0.0
        if self.guard.see([row for row in self.rows if row["kimg"] > since], look, self.kimg()):
            self.best = {
                name: value.detach().cpu().clone() for name, value in self.state.ema.network.state_dict().items()
            }
        if look:
            self.looks.append({"step": self.state.step} | look._asdict())
            self.budget.reserve = self.budget.spent() - before + REST

    def snapshot(self) -> None:
        """A sheet, the CSVs for who watches, and the whole state to go on from."""
        page = contact_sheet(self.samples(range(SHEET)), columns=5)
        name = f"{self.state.step * self.params.batch:09d}.png"  # the number of pictures shown
        save_png(GAN / "sheets" / name, page)
        save_png(self.resume.folder / "sheets" / name, page)  # DVC empties data/gan/ before the stage runs again
        self.write_curves()
        best = {f"best.{name}": value for name, value in self.best.items()}
        about = {"rows": self.rows, "looks": self.looks, "guard": self.guard.state, "spent": self.budget.spent()}
        self.resume.save("state", (self.state.tensors() | best, about))

    def enough(self) -> bool:
        """Whether the budget is spent, or nothing has become better for long."""
        self.forecast()
        if self.budget.used_up():
            self.ended = "budget"
        elif self.guard.hopeless(self.params.patience):
            self.ended = "patience"
        return self.ended != "kimg"

    def forecast(self) -> None:
        """Once, after the first seconds: how long it will take, and what it will cost."""
        done, seconds = self.state.step - self.first[0], self.budget.spent() - self.first[1]
        if self.told or done < 10 or seconds < FORECAST:
            return
        self.told = True
        self.bar.write(f"train: {self.budget.forecast(done, seconds, steps(self.params) - self.state.step)}")

    def samples(self, numbers: range) -> list[Any]:
        """The pictures that the moving average makes of these latents: the same latents at every time."""
        z = latents(self.params.seed, numbers, self.params.latent).to(self.runtime.device)
        return [
            picture for part in z.split(AT_ONCE) for picture in sample(self.state.ema.network, part, self.runtime.dtype)
        ]

    def write_curves(self) -> None:
        """The two CSVs."""
        if self.rows:
            write_csv(CSV, self.rows)
        write_csv(LOOKS, self.looks or [dict.fromkeys(("step", "kimg", "kid", "spread", "contrast"), float("nan"))])

    def write(self, data: dict[str, Any]) -> None:
        """All outputs, also of a training that ended before its time; raises UserError when it left nothing to keep."""
        verdict = data["verdict"]
        sizes = {
            "generator": count_parameters(self.state.generator),
            "discriminator": count_parameters(self.state.discriminator),
        }
        last = {key: self.rows[-1][key] for key in self.rows[-1] if key not in ("step", "kimg")} if self.rows else {}
        counts = {"steps": self.state.step, "kimg": self.kimg(), "preset": self.params.preset}
        write_json(JSON, data | counts | {"parameters": sizes, "final": last, "best": self.guard.state["best"]})
        if not self.best:
            raise UserError(
                f"the training ended at {self.kimg():g} kimg with nothing to keep, {verdict['cause']}; then run the same command again"
            )
        self.write_curves()
        write_tensors(
            GAN / "checkpoint.safetensors", self.state.tensors(), {}
        )  # the last state; the generator is the best
        self.state.ema.network.load_state_dict(self.best)
        save_generator(
            GAN / "generator.safetensors",
            self.state.ema.network,
            self.params.architecture,
            self.params.width,
            self.params.resolution,
        )
        if (GAN / "sheets").is_dir():  # a training that diverged may have none
            save_animation(GAN / "timelapse.webp", [read(path) for path in listing(GAN / "sheets")])
        self.resume.remove()
        print(
            f"train: {verdict['state']} ({verdict['ended']}){': ' + verdict['cause'] if verdict['cause'] else ''}; the best generator is that of {self.guard.state['best']['kimg']:g} kimg"
        )


def steps(params: TrainParams) -> int:
    """Thousands of pictures as steps."""
    return max(1, round(params.kimg * 1000 / params.batch))


def choose(params: TrainParams, runtime: Runtime) -> Settings:
    """The loop's settings."""

    def every(kimg: float) -> int:
        return max(1, round(kimg * 1000 / params.batch))

    return Settings(
        loss=params.loss, batch=params.batch, microbatch=params.microbatch or params.batch, steps=steps(params),
        r1_gamma=params.r1_gamma, r2_gamma=params.r2_gamma, penalty_every=params.penalty_every, lecam=params.lecam,
        path_length=params.path_length, path_every=PATH_EVERY, augmentation=params.augmentation, diffaugment=tuple(params.diffaugment),
        seed=params.seed, dtype=runtime.dtype, report_every=-(-steps(params) // ROWS), evaluate_every=every(params.evaluate_kimg),
        snapshot_every=every(params.sheet_kimg),
    )  # fmt: skip


if __name__ == "__main__":
    run_cli(main)
