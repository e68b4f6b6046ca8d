"""python -m stages.inputs: links to what params.yaml names outside of git and DVC -> data/inputs/.

They are outputs that lead to the user's own files, so DVC sees when these change: `dvc status` says so, and `dvc repro`
runs this stage and those that read the files. And it comes before DVC empties any output: own files there are moved
aside.
"""

import sys
from os.path import expanduser  # leaves an unknown user as it is: the stage that reads there says so
from pathlib import Path

from stages.common import params, plain_yaml
from stages.common.checkout import main_checkout
from stages.common.cli import run_cli
from stages.inputs import links, own_files

PIPELINE, OUT = Path("dvc.yaml"), Path("data/inputs")


def main() -> None:
    """Save own files, link to what is named."""
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
        unreadable = links.make(OUT / name, named)
        if unreadable:
            print(
                f"warning: {unreadable} cannot be read (a broken link, or no file), which DVC does not bear: it does "
                f"not see changes in {key}. Remove it, or after a change run `dvc repro -f inputs`",
                file=sys.stderr,
            )


if __name__ == "__main__":
    run_cli(main)
