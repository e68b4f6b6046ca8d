"""python -m stages.inputs: links to what params.yaml names outside of git and DVC, and fingerprints -> data/inputs/.

The stage depends on the links, which lead to the user's own files: DVC sees when these change, and runs this stage; the
stages that read the files depend on the fingerprints. The links are no outputs, as DVC deletes outputs. And this stage
comes before DVC empties any output: own files there are moved aside.
"""

import sys
from pathlib import Path

from stages.common import files, params, plain_yaml
from stages.common.cli import run_cli
from stages.inputs import fingerprints, linking, own_files

PIPELINE = Path("dvc.yaml")


def main() -> None:
    """Save own files, link to what is named, write its fingerprints."""
    chosen = params.load().flat()
    for folder in own_files.output_folders(plain_yaml.parse(PIPELINE.read_bytes())):
        moved = own_files.move_aside(folder)
        if moved:
            print(
                f"warning: {folder} held files that no stage wrote; a stage would delete them, so they lie in {moved} "
                "now. Put pictures of your own into pictures/ and set scrape.source: folder, scrape.path: pictures",
                file=sys.stderr,
            )
    for name, target in linking.targets(chosen):
        files.write_json(linking.OUT / f"{name}.json", fingerprints.of(target))
        unreadable = linking.make(linking.OUT / name, target)
        if unreadable:
            key = linking.NAMED[name]
            print(
                f"warning: {unreadable} cannot be read (a broken link, no file, or a name that is not UTF-8), which "
                f"DVC does not bear: it does not see changes in {key}. Remove it, or after a change run "
                "`dvc repro -f inputs`",
                file=sys.stderr,
            )


if __name__ == "__main__":
    run_cli(main)
