"""The entry point of the stage train: data/train/ to data/gan/ and metrics/; `python -m stages.train`."""

from pathlib import Path

from stages import gan
from stages.common.cli import progress, run_cli
from stages.common.device import prepare
from stages.common.kernels import fastest
from stages.common.params import load
from stages.common.resume import Resume, fingerprint
from stages.common.section import RuntimeParams
from stages.train.inputs import decisive, read_inputs
from stages.train.outputs import Outputs
from stages.train.params import TrainParams
from stages.train.probe import probe
from stages.train.session import Session

PICTURES = Path("data/train")
METRICS = Path("metrics")
OUTPUTS = Outputs(Path("data/gan"), METRICS / "train.csv", METRICS / "validation.csv", METRICS / "train.json")
PACKAGES = [Path(__file__).parent, Path(gan.__file__).parent]  # whose code decides the result


def main() -> None:
    """Train one GAN, or go on with a training that was interrupted."""
    everything = load()
    params = everything.section(TrainParams)
    exactly = everything.section(RuntimeParams)
    runtime = fastest(prepare(exactly), exactly, probe(params))
    inputs = read_inputs(PICTURES, params, runtime.device)
    resume = Resume("train", fingerprint(PACKAGES, decisive(params, runtime, inputs.paths)))
    session = Session(params, runtime, inputs, resume, OUTPUTS)
    total, initial = session.schedule.steps * params.batch, session.pictures_shown()
    with progress(total=total, initial=initial, unit=" pictures", unit_scale=True, desc="train") as bar:
        session.run(bar)
    session.finish()


if __name__ == "__main__":
    run_cli(main, lower="train.microbatch (such as 4), train.width or train.resolution")
