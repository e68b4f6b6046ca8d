"""The split: by work, nested, disjoint, and refused when there are too few works."""

from typing import Any

import pytest

from stages.common import files
from stages.common.cli import UserError
from stages.metrics.table import LEAST
from stages.split.nested import by_fraction, shuffled, split, unused, warnings, with_reserve, works_of
from stages.split.params import SplitParams

COLLECTION = [f"c{number:02}" for number in range(72)]
RESERVE = [f"r{number:03}" for number in range(216)]
SETTINGS = SplitParams(
    train_works="all",
    validation_works=72,
    test_works=144,
    validation_fraction=0.15,
    test_fraction=0.25,
    seed=0,
    order=0,
)


def chosen(reserve: list[str], train: int | str = "all", **changes: int):
    """The split of the collection."""
    return split(COLLECTION, reserve, SETTINGS.model_copy(update={"train_works": train, **changes}))


def test_smaller_sets_are_inside_larger_ones():
    for order in (0, 1):
        sets = {n: chosen(RESERVE, n, order=order) for n in (9, 18, 36, 72)}
        for n, parts in sets.items():
            assert len(parts["train"]) == n and parts["train"] == sets[72]["train"][:n]
            assert parts["test"] == sets[72]["test"] and parts["validation"] == sets[72]["validation"]


def test_parts_are_disjoint_and_complete():
    parts = with_reserve(COLLECTION, RESERVE, 72, 144, 0)
    assert set(parts["validation"]).isdisjoint(parts["test"])
    assert set(parts["validation"] + parts["test"]) == set(RESERVE) and set(parts["train"]) == set(COLLECTION)


def test_works_of_the_reserve_that_nobody_asked_for_are_in_no_part():
    """With fewer test works these are among those with more, and the validation works stay the same."""
    some, all_of_them = chosen(RESERVE, test_works=100), chosen(RESERVE)
    assert some["validation"] == all_of_them["validation"] and some["test"] == all_of_them["test"][:100]
    assert len(set(some["test"])) == 100 and unused(COLLECTION + RESERVE, some) == 44


def test_order_depends_on_names_and_seed_alone():
    assert shuffled(COLLECTION[::-1], 0) == shuffled(COLLECTION, 0) != shuffled(COLLECTION, 1)
    assert sorted(shuffled(COLLECTION, 0)) == COLLECTION


def test_without_a_reserve_the_test_works_are_the_same_for_every_size():
    large, small = chosen([], 43), chosen([], 10)
    assert [len(large[part]) for part in ("train", "validation", "test")] == [43, 11, 18]
    assert small["test"] == large["test"] and small["train"] == large["train"][:10]
    assert len({*large["train"], *large["validation"], *large["test"]}) == 72


def test_more_works_than_exist_are_refused_with_the_most_that_can_be_had():
    with pytest.raises(UserError, match=r"split\.train_works is 73, but there are only 72 .* at most 72"):
        chosen(RESERVE, 73)
    with pytest.raises(UserError, match=r"split\.train_works is 44, but there are only 43"):
        chosen([], 44)
    with pytest.raises(UserError, match=r"73 \+ 144, but the reserve has 216"):
        with_reserve(COLLECTION, RESERVE, 73, 144, 0)
    with pytest.raises(UserError, match="the collection has 2 works: too few"):
        by_fraction(COLLECTION[:2], 0.15, 0.25, 0)


@pytest.mark.parametrize(
    ("collection", "reserve", "words"),
    [
        (COLLECTION, RESERVE[:1], "the reserve has 1 work, but one is needed for validation and another for test"),
        ([], RESERVE, "all 216 works are in the reserve, which is never trained on"),
        (COLLECTION, RESERVE[:3], "Lower them to 3 together, or put more works into the reserve"),
    ],
)
def test_a_reserve_that_cannot_be_split_is_told_with_what_can_be_done(collection, reserve, words):
    with pytest.raises(UserError, match=words):
        split(collection, reserve, SETTINGS)


def test_all_trains_on_every_work_that_is_left():
    assert chosen(RESERVE) == chosen(RESERVE, 72)
    assert chosen([]) == chosen([], 43)


@pytest.mark.parametrize("reserve", [RESERVE, []], ids=["reserve", "fractions"])
def test_another_order_trains_on_others_and_validates_and_tests_on_the_same(reserve):
    some = [chosen(reserve, 10, order=order, seed=1) for order in range(4)]
    assert len({tuple(parts["train"]) for parts in some}) == 4
    assert all(parts["test"] == some[0]["test"] for parts in some)
    assert all(parts["validation"] == some[0]["validation"] for parts in some)
    assert len({frozenset(chosen(reserve, order=order)["train"]) for order in range(4)}) == 1


@pytest.mark.parametrize("count", range(3, 41))
def test_a_small_collection_has_something_in_every_part_and_tests_on_enough_where_a_third_is_enough(count):
    parts = by_fraction(COLLECTION[:count], 0.15, 0.25, 0)
    sizes = [len(parts[part]) for part in ("train", "validation", "test")]
    assert min(sizes) >= 1 and sum(sizes) == count
    assert len(parts["test"]) >= min(LEAST, count // 3)
    measured = len(parts["test"]) >= LEAST and len(parts["train"]) >= LEAST
    assert measured == (count >= 21)
    assert any("no KID" in warning for warning in warnings(parts)) != measured
    assert any("the last one will be kept" in warning for warning in warnings(parts)) == (len(parts["validation"]) < 2)


@pytest.mark.parametrize(("train", "validation", "measured"), [(5, 72, True), (72, 5, True), (5, 5, False)])
def test_either_the_training_or_the_validation_works_give_the_floor(train, validation, measured):
    found = warnings({"train": COLLECTION[:train], "validation": RESERVE[:validation], "test": RESERVE[72:]})
    assert any("no KID" in warning for warning in found) != measured


def test_works_in_no_part_are_counted():
    assert unused(COLLECTION, chosen([], 10)) == 72 - 10 - 11 - 18
    assert unused(COLLECTION, chosen([])) == 0


def row(name: str, where: str, *wholes: str) -> Any:
    """A row of works.jsonl, a detail of those files."""
    return {"work": name, "set": where, "detail_of": [{"files": [whole, f"{name}.png"]} for whole in wholes]}


def test_a_detail_is_in_no_part_and_counts_for_no_size():
    wholes = [row(name, "collection") for name in COLLECTION] + [row(name, "reserve") for name in RESERVE]
    details = [row("c-detail", "collection", "r000.png"), row("r-detail", "reserve", "c00.png", "c01.png")]
    works = works_of([*details, *wholes, *details])
    assert works == (COLLECTION, RESERVE, ["c-detail", "r-detail"])
    assert split(works.collection, works.reserve, SETTINGS) == chosen(RESERVE)


def test_the_stage_tells_the_details_that_it_leaves_out(workspace):
    rows = [row(name, "collection") for name in COLLECTION] + [row("part", "collection", "c00.png")]
    files.write_jsonl(workspace.folder / "data/works/works.jsonl", rows)
    told = workspace.open("split").stdout
    assert "split: 43 train, 11 validation, 18 test, 1 left out as details of other works (detail_of" in told
    parts = files.read_json(workspace.folder / "data/split.json")
    assert sorted(name for part in parts.values() for name in part) == COLLECTION


def test_the_stage_writes_sizes_as_told_and_keeps_the_old_split_on_a_mistake(workspace):
    rows = [
        {"work": name, "set": where, "detail_of": []}
        for names, where in ((COLLECTION, "collection"), (RESERVE, "reserve"))
        for name in names
    ]
    duplicates = rows[:5]  # that are kept are still one work
    files.write_jsonl(workspace.folder / "data/works/works.jsonl", rows + duplicates)
    assert workspace.open("split").returncode == 0
    path = workspace.folder / "data/split.json"
    before = path.read_bytes()
    assert {part: len(names) for part, names in files.read_json(path).items()} == {
        "train": 72,
        "validation": 72,
        "test": 144,
    }
    workspace.set(split__train_works=70)
    assert "split: 70 train, 72 validation, 144 test, 2 unused of 72 works of the collection (split.train_works: " in (
        workspace.open("split").stdout
    )
    workspace.set(split__train_works="all", split__test_works=140)
    told = workspace.open("split").stdout
    assert (
        "140 test, 4 unused of 216 works of the reserve (split.validation_works and split.test_works take more)" in told
    )
    assert "split.train_works" not in told
    path.write_bytes(before)
    workspace.set(split__train_works=100)
    workspace.fails("split", "split.train_works is 100", "at most 72")
    assert path.read_bytes() == before
