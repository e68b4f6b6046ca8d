"""python -m stages.upscale: data/stylized/pictures/ larger, on paper -> data/print/, metrics/upscale.json."""

import sys
from pathlib import Path

from stages.common import cli, files, images, params
from stages.common.device import prepare
from stages.common.records import PrintedPicture, StylizeMetrics
from stages.common.section import RuntimeParams
from stages.upscale import caption, inputs, models, prints
from stages.upscale.enlargement import Enlargement
from stages.upscale.params import UpscaleParams

SKETCHES, PICTURES, OUT = Path("data/sketch"), Path("data/stylized/pictures"), Path("data/print")
STYLIZED, METRICS = Path("metrics/stylize.json"), Path("metrics/upscale.json")


def main() -> None:
    """Enlarge the first `upscale.pictures` stylized pictures; all layouts are checked before the first is enlarged."""
    everything = params.load()
    chosen = everything.section(UpscaleParams)
    pictures = {path: images.read(path) for path in inputs.pictures(PICTURES, chosen.pictures)}
    stylized: StylizeMetrics = files.read_json(STYLIZED)
    sketch = inputs.sketch(SKETCHES, stylized, PICTURES)
    planned = {path: prints.lay_out(item, inputs.title(path, stylized), chosen) for path, item in pictures.items()}
    for path, item in planned.items():
        if item.warning:
            print(f"warning: {path.stem}: {item.warning}", file=sys.stderr)
    exactly = everything.section(RuntimeParams)
    network, about, runtime = models.choose(chosen.model, prepare(exactly), exactly)

    measured: dict[str, PrintedPicture] = {}
    written, resumes = set[str](), []
    for path, item in planned.items():
        enlargement = Enlargement(network, about, item.picture, chosen, runtime)
        with cli.progress(total=enlargement.tiles, desc=path.stem, unit="tile") as bar:
            digests = prints.write(OUT, path.stem, item.encoded(enlargement.run(bar.update)))
        written |= digests.keys()
        measured[path.stem] = item.metrics(enlargement.tiles, digests[f"{path.stem}.png"])
        resumes.append(enlargement.resume)
    paper = {"paper": chosen.paper, "dpi": chosen.dpi, "factor": chosen.factor}
    files.write_json(METRICS, {"pictures": measured, **paper, **about, "runtime": runtime.report()})
    values = caption.values(stylized["params"], chosen.model_dump(exclude={"sheet"}))
    for path, item in planned.items():
        sources = {source.as_posix(): source.read_bytes() for source in (sketch, path, METRICS)}
        text = caption.text(item.title, item.layout, item.warning, sources, METRICS.as_posix(), values)
        written |= prints.write(OUT, path.stem, [(".txt", text.encode())]).keys()
    prints.remove_others(OUT, written)
    for resume in resumes:
        resume.remove()


if __name__ == "__main__":
    cli.run_cli(main, lower="upscale.tile, stylize.pixels or the paper's size")
