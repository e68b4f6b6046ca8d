"""The whole pipeline through DVC, in a clone with a small museum; its tests build on one another."""

import re
import sys

import pytest
from clone import LATER, ran

pytestmark = pytest.mark.slow


def test_repro_goes_from_web_pages_to_a_number_and_a_print(clone):
    assert ran(clone.first_run) == {"scrape", "dedupe", "split", "augment", *LATER}
    assert clone.json("metrics/scrape.json")["sets"] == {"collection": 60, "reserve": 12}
    found = clone.json("metrics/dedupe.json")
    assert (found["files"], found["works"], found["precision"], found["recall"]) == (60, 20, 1.0, 1.0)
    assert (found["largest_unfaithful"], found["faithful_kept"], found.get("trimmed")) == (5, 5, None)
    assert clone.json("metrics/train.json")["works"] == 20
    numbers = clone.json("metrics/evaluate.json")
    assert numbers["n_real"] == 8 and numbers["n_generated"] == 25 and numbers["fid"] > numbers["fid_floor"] > 0
    (print_file,) = (clone.folder / "data/print").glob("*.png")
    assert print_file.name == "1-sleep-on-seven-crutches.png"
    assert "How far do 20 pictures go?" in (clone.folder / "data/report/index.html").read_text(encoding="utf-8")
    (run,) = clone.runs()
    assert run.data.metrics["evaluate.fid"] == pytest.approx(numbers["fid"])
    (search,) = re.findall("git log .*", print_file.with_suffix(".txt").read_text(encoding="utf-8"))
    assert clone.run(search).endswith(" run\n"), "the caption's command finds the commit"
    tracked = clone.run("git ls-files data metrics").split()
    assert "metrics/evaluate.json" in tracked and not [
        name for name in tracked if re.match(r"data/(raw|works|gan|generated|stylized|print)/", name)
    ]


def test_repro_again_does_nothing(clone):
    assert ran(clone.run("dvc repro")) == set() and not [*clone.folder.glob("data/*.yours-*")]
    assert "up to date" in clone.run("dvc status")


def test_a_forced_repro_gives_the_same_bytes_and_no_second_run(clone):
    before = clone.bytes()
    assert len(ran(clone.run("dvc repro -f"))) == 12
    assert clone.bytes() == before
    assert len(clone.runs()) == 1


def test_only_stages_run_in_a_fork_and_their_errors_are_exit_codes(clone):
    """tests/forking_python.py; what a signal does shows the README's watcher."""
    assert "No module named stages.nothing" in clone.run("python -m stages.nothing", ok=False)
    assert clone.run("python -c 'import sys; print(sys.executable)'").strip() == sys.executable


def test_a_source_without_network_names_the_way_out(clone):
    output = clone.run("dvc exp run -S scrape.source=wikiart -S scrape.url=http://127.0.0.1:9/", ok=False)
    assert "'wikiart' at http://127.0.0.1:9/ is out of reach" in output and "needs no network" in output
    clone.run("git checkout -q . && dvc checkout")
