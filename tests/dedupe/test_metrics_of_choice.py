"""What metrics/dedupe.json says of the choice among a work's files, where the source tells the faithful one."""

from typing import Any

from stages.dedupe.metrics import metrics


def row(file: str, work: str | None, pixels: int, faithful: bool | None = None) -> Any:
    facts = {} if faithful is None else {"faithful": faithful}
    return {"file": file, "work": work, "width": pixels, "height": 1, "set": "collection"} | facts


ROWS = [
    row("a", "A", 100, True),
    row("a large", "A", 120, False),
    row("b", "B", 100, True),
    row("b large", "B", 120, False),
    row("c", "C", 100, True),
    row("c small", "C", 20, False),
]


def test_of_works_whose_largest_file_is_worse_those_are_counted_whose_faithful_one_is_first():
    found = metrics([[0, 1], [3, 2], [4, 5]], ROWS, [], [])
    assert (found.get("largest_unfaithful"), found.get("faithful_kept")) == (2, 1)


def test_a_worse_file_that_became_a_work_of_its_own_was_kept():
    found = metrics([[0], [1], [2, 3], [4, 5]], ROWS, [], [])
    assert (found.get("largest_unfaithful"), found.get("faithful_kept")) == (2, 1)


def test_a_source_that_does_not_tell_has_no_such_numbers():
    untold = [row(item["file"], item["work"], item["width"]) for item in ROWS]
    found = metrics([[0, 1], [2, 3], [4, 5]], untold, [], [])
    assert "precision" in found and not {"largest_unfaithful", "faithful_kept"} & set(found)
    unknown = [row(item["file"], None, item["width"], item["faithful"]) for item in ROWS]
    assert "faithful_kept" not in metrics([[0, 1], [2, 3], [4, 5]], unknown, [], [])


def test_corrections_that_found_no_file_are_told_where_there_are_any():
    assert not {"corrected", "not_corrected"} & set(metrics([[0, 1], [2, 3], [4, 5]], ROWS, [], []))
    found = metrics([[0, 1], [2, 3], [4, 5]], ROWS, [], ["drop: a"], ["line 3: no file is called 'b'"])
    assert found.get("corrected") == ["drop: a"] and found.get("not_corrected") == ["line 3: no file is called 'b'"]
