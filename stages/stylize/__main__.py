"""python -m stages.stylize: data/sketch/ in the style of data/works/ -> data/stylized/, metrics/stylize.json."""

from pathlib import Path

from stages.common import cli, files, images, params
from stages.common.device import prepare
from stages.common.kernels import fastest
from stages.common.records import StylizedPicture
from stages.common.resume import Resume
from stages.common.section import RuntimeParams
from stages.stylize import inputs, output, vgg
from stages.stylize.params import StylizeParams
from stages.stylize.session import Session, Stylized

SKETCHES, WORKS, OUT = Path("data/sketch"), Path("data/works"), Path("data/stylized")


def main() -> None:
    """Check the sketch, all titles and masks first, then make one picture for each style."""
    everything = params.load()
    loaded = inputs.load(everything.section(StylizeParams), SKETCHES, WORKS)
    chosen = loaded.params
    mixtures = chosen.mixtures()
    exactly = everything.section(RuntimeParams)
    runtime, weights = prepare(exactly), vgg.NETWORKS[chosen.network]()
    runtime = fastest(runtime, exactly, vgg.probe(weights))
    network = vgg.VGG19(weights, runtime.device, runtime.kernel)

    measured: dict[str, StylizedPicture] = {}
    pictures, resumes = [], list[Resume]()
    for name, (title, works) in zip(inputs.names(mixtures), mixtures.items(), strict=True):
        session = Session(network, loaded, works, chosen, runtime)
        stylized = stylize(session, name)
        output.write(OUT, name, stylized)
        measured[name] = stylized.metrics(title, works)
        pictures.append(stylized.picture)
        resumes.append(session.resume)
    output.remove_others(OUT / "pictures", measured)
    images.save_png(OUT / "sheet.png", output.contact_sheet(loaded, mixtures.values(), pictures))
    about = {"sketch": chosen.sketch, "params": chosen.decisive(), "runtime": runtime.report()}
    files.write_json(Path("metrics/stylize.json"), {"styles": measured, **about})
    for resume in resumes:
        resume.remove()


def stylize(session: Session, name: str) -> Stylized:
    """Take the steps of one picture, with a progress bar."""
    transfer = session.transfer
    if transfer.step:
        print(f"{name}: going on after {transfer.step} of {transfer.steps} steps")
    with cli.progress(total=transfer.steps, initial=transfer.step, desc=name, unit="step") as bar:
        for losses in session:
            bar.set_postfix(content=f"{losses.content:.3f}", style=f"{losses.style:.4f}", refresh=False)
            bar.update()
    return session.result()


if __name__ == "__main__":
    cli.run_cli(main, lower="stylize.tile or stylize.pixels")
