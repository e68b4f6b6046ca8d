"""python -m stages.inputs: fingerprints of what params.yaml names outside of git and DVC -> data/inputs/.

It runs before any other stage when a param that names such files changes, and by `dvc repro -f inputs`: the stages that
read the files depend on the fingerprints, and so run again when the files have changed. (A stage that is always run
would see every change, and `dvc status` would never be clean.) And it comes before DVC empties any output: own files
there are moved aside.
"""

import sys
from os.path import expanduser  # leaves an unknown user as it is: the stage that reads there says so
from pathlib import Path

from stages.common import files, params, plain_yaml
from stages.common.checkout import main_checkout
from stages.common.cli import run_cli
from stages.inputs import fingerprints, own_files

PIPELINE, OUT = Path("dvc.yaml"), Path("data/inputs")


def main() -> None:
    """Save own files, write the fingerprints."""
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


if __name__ == "__main__":
    run_cli(main)
