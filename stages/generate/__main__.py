"""The entry point of the stage generate: a generator to data/generated/; `python -m stages.generate`."""

from pathlib import Path

from stages.common import params
from stages.common.cli import progress, run_cli
from stages.common.device import prepare
from stages.common.section import RuntimeParams
from stages.gan.checkpoint import load_generator
from stages.generate.params import GenerateParams
from stages.generate.samples import batches, write_interpolation, write_samples, write_sheet

GENERATOR, OUT = Path("data/gan/generator.safetensors"), Path("data/generated")


def main() -> None:
    """Write the samples, a sheet of the first 25 and a strip of interpolations."""
    everything = params.load()
    chosen = everything.section(GenerateParams)
    runtime = prepare(everything.section(RuntimeParams))
    generator = load_generator(GENERATOR).to(runtime.device)
    numbers = progress(batches(chosen.count), desc="generate", unit=" batches")
    first = write_samples(OUT / "samples", generator, numbers, chosen, runtime)
    write_sheet(OUT / "sheet.png", first)
    write_interpolation(OUT / "interpolation.png", generator, chosen, runtime)


if __name__ == "__main__":
    run_cli(main, lower="train.resolution")
