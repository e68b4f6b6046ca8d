"""Stage evaluate: the generated pictures against the test works, into metrics/evaluate.json and data/evaluation/.

The test works are the one fixed reference of every training size; no training, guard or choice of a generator has seen
them. The floor is what other real works (the validation works) measure against them: what a perfect generator would
reach.
"""

from pathlib import Path

from stages.common import files, images, params
from stages.common.checkout import main_checkout
from stages.common.cli import progress, run_cli
from stages.common.records import read_split
from stages.common.section import RuntimeParams
from stages.evaluate import precision
from stages.evaluate.cache import Cache
from stages.evaluate.params import EvaluateParams
from stages.evaluate.pictures import gather
from stages.evaluate.session import Session
from stages.evaluate.space import told
from stages.metrics import table
from stages.metrics.manifold import DENSITY_K, PRECISION_K

WORKS = Path("data/works")
SAMPLES = Path("data/generated/samples")
EVALUATION = Path("data/evaluation")


def main() -> None:
    everything = params.load()
    settings = everything.section(EvaluateParams)
    runtime = precision.prepare(everything.section(RuntimeParams))
    split, samples = read_split(Path("data/split.json")), images.listing(SAMPLES)
    pictures = gather(split, WORKS, samples)
    few = pictures.too_few()
    cache = Cache(main_checkout() / ".cache/features")  # the main checkout's, also from a queued experiment's copy
    with progress(total=pictures.steps(), desc="evaluate", unit=" images") as bar:
        session = Session(settings, runtime, cache, bar.update)
        found, second = ({}, {}) if few else session.spaces(pictures)
        copying = session.copying(pictures)
    found |= copying.numbers() | {"efficientnet": second}
    table.check(found)
    with files.folder(EVALUATION) as folder:
        files.write_jsonl(folder / "nearest.jsonl", copying.rows([path.name for path in samples], split["train"]))
        images.save_jpeg(folder / "nearest.jpg", copying.sheet(pictures.generated, pictures.trained))
    how = {"resize": settings.resize, "precision_k": PRECISION_K, "density_k": DENSITY_K, "runtime": runtime.report()}
    how |= {"too_few": few} if few else {}
    files.write_json(Path("metrics/evaluate.json"), found | pictures.counts() | how)
    print(f"evaluate: {told(found)}" + (f"\nwarning: {few}" if few else ""))


if __name__ == "__main__":
    run_cli(main, lower="evaluate.batch or generate.count")
