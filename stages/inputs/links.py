"""python -m stages.inputs.links: a link to each file or folder outside of git and DVC -> data/inputs/.

The stage `inputs` depends on the links: DVC hashes what they lead to, and cannot where they lead nowhere. So this stage
comes before that one and depends on none of them: a folder with a new name is found when params.yaml says so.
"""

from stages.common import files, params
from stages.common.cli import run_cli
from stages.inputs import linking


def main() -> None:
    """Make the links, and write down what they are made for."""
    chosen = params.load().flat()
    for name, target in linking.targets(chosen):
        linking.make(linking.OUT / name, target)
    files.write_json(linking.OUT / "links.json", {key: chosen[key] for key in linking.NAMED.values()})


if __name__ == "__main__":
    run_cli(main)
