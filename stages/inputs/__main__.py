"""python -m stages.inputs: links to what params.yaml names outside of git and DVC, and fingerprints -> data/inputs/.

The stage depends on the links, which lead to the user's own files: DVC sees when these change, and runs this stage; the
stages that read the files depend on the fingerprints. The links are no outputs, as DVC deletes outputs. And this stage
comes before DVC empties any output: own files there are moved aside.
"""

import sys
from os.path import expanduser  # leaves an unknown user as it is: the stage that reads there says so
from pathlib import Path

from stages.common import files, params, plain_yaml
from stages.common.checkout import main_checkout
from stages.common.cli import run_cli
from stages.inputs import fingerprints, links, own_files

PIPELINE, OUT = Path("dvc.yaml"), Path("data/inputs")


def main() -> None:
    """Save own files, link to what is named, write its fingerprints."""
    everything = params.load()
    chosen, root = everything.flat(), main_checkout()
    for folder in own_files.output_folders(plain_yaml.parse(PIPELINE.read_bytes())):
        moved = own_files.move_aside(folder)
        if moved:
            print(
                f"warning: {folder} held files that no stage wrote; a stage would delete them, so they lie in {moved} "
                "now. Put pictures of your own into pictures/ and set scrape.source: folder, scrape.path: pictures",
                file=sys.stderr,
            )
    for name, key in {"scrape": "scrape.path", "upscale": "upscale.model"}.items():
        named = root / expanduser(chosen[key]) if chosen[key] else None
        files.write_json(OUT / f"{name}.json", fingerprints.of(named))
        unreadable = links.make(OUT / name, named)
        if unreadable:
            print(
                f"warning: {unreadable} cannot be read (a broken link, no file, or a name that is not UTF-8), which "
                f"DVC does not bear: it does not see changes in {key}. Remove it, or after a change run "
                "`dvc repro -f inputs`",
                file=sys.stderr,
            )


if __name__ == "__main__":
    run_cli(main)
