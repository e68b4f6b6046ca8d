"""The sizes that `auto` stands for: halves of what there is, and a word on what so few test works can tell."""

import pytest
import yaml
from surroundings import ROOT

from stages.common import files, params
from stages.common.cli import UserError
from stages.study import sizes

EVALUATED = "metrics/evaluate.json"


@pytest.fixture
def collection(tmp_path):
    """A checkout whose last run had so many pictures of a folder: `collection(24, fld=...)` gives the choice."""
    raw = yaml.safe_load((ROOT / "params.yaml").read_text())
    raw["scrape"] |= {"source": "folder", "path": "pictures"}

    def choose(count: int, changes: dict | None = None, **evaluated: float) -> sizes.Sizes:
        rows = [{"work": f"w{number:03}", "set": "collection", "detail_of": []} for number in range(count)]
        rows += [row | {"work": f"{row['work']} detail", "detail_of": [{}]} for row in rows[:3]]  # not to be split
        files.write_jsonl(tmp_path / sizes.WORKS, rows)
        if evaluated:
            files.write_json(tmp_path / EVALUATED, evaluated)
        changed = {name: {**keys, **(changes or {}).get(name, {})} for name, keys in raw.items()}
        return sizes.choose(tmp_path, EVALUATED, params.check(changed, "a test"), raw)

    return choose


@pytest.mark.parametrize(
    "count, train, test, expected",
    [
        (12, 6, 4, [3, 4, 6]),
        (24, 13, 7, [7, 10, 13]),  # of 6 works no distance is measured, where the training works are the floor
        (43, 26, 11, [13, 18, 26]),
        (60, 36, 15, [9, 18, 36]),
        (200, 120, 50, [7, 15, 30, 60, 120]),
        (2000, 1200, 500, [37, 75, 150, 300, 600, 1200]),
    ],
)
def test_small_and_large_collections_get_sizes_that_fit_them(collection, count, train, test, expected):
    chosen = collection(count)
    assert chosen.sizes == expected
    assert chosen.told[0].startswith(f"study.train_works is auto: {train} works to train on, {test} to test: sizes")
    assert any("no FLD and no other distance is measured" in line for line in chosen.told) == (test < 7)


def test_with_too_few_validation_works_to_be_the_floor_the_remedy_is_told(collection):
    (warning,) = [line for line in collection(24).told if line.startswith("warning")]
    assert warning.startswith("warning: with 4 validation works (7 are needed) each size is its own floor")
    assert warning.endswith("Raise split.validation_fraction to 0.3, or collect 44 works (here are 24)")
    assert not any("floor" in line for count in (12, 44, 60) for line in collection(count).told)
    raised = collection(24, {"split": {"validation_fraction": 0.3}})
    assert raised.sizes == [5, 7, 10] and not any("floor" in line for line in raised.told)
    with pytest.raises(UserError, match="only 8 works to train on, too few for 3 sizes of 7 or more"):
        collection(20, {"split": {"test_fraction": 0.45}})


def test_the_intervals_of_the_last_run_say_what_the_test_works_can_tell(collection):
    told = collection(60, fld=12.0, fld_low=8.0, fld_high=16.0, n_real=15).told[1]
    assert told == "two trainings must differ by about 5.7 in FLD before 15 test works can tell one from the other"
    assert collection(60, fld=4.0, fld_low=-4.0, fld_high=12.0, n_real=15).told[1].startswith("warning: two trainings")
    assert len(collection(60, fld=4.0, fld_low=-4.0, fld_high=12.0, n_real=99).told) == 1, "of other test works"


def test_what_gives_the_cells_other_works_is_refused(collection):
    with pytest.raises(UserError, match=r"study.changes has scrape.genre, which gives the cells other works"):
        collection(60, {"scrape": {"genre": "landscape"}})
    assert collection(60, {"museum": {"works": 288}}).sizes == [9, 18, 36], "the museum is not what is asked"


def test_without_a_run_and_with_too_few_works_the_remedy_is_told(collection, tmp_path):
    with pytest.raises(UserError, match="only 1 works to train on, too few for 3 sizes"):
        collection(3)
    (tmp_path / sizes.WORKS).unlink()
    with pytest.raises(
        UserError, match=r"there is no data/works/works\.jsonl: run `dvc repro` first, or name the sizes"
    ):
        sizes.choose(tmp_path, EVALUATED, params.load(ROOT / "params.yaml"), {})


def test_the_plan_says_what_was_chosen(stub, set_params):
    rows = [{"work": f"w{number:03}", "set": "collection", "detail_of": []} for number in range(60)]
    files.write_jsonl(stub.folder / sizes.WORKS, rows)
    set_params(stub.folder, {"study.train_works": "auto", "study.deduplicated": [True]})
    planned = stub.study("--plan")
    assert planned.stdout.startswith(
        "study.train_works is auto: 36 works to train on, 15 to test: sizes 9, 18, 36\n3 cells"
    )
    set_params(stub.folder, {"study.train_works": "many"})
    assert "(or 'auto': halves of the works of the last run)" in stub.study("--plan").stderr
