"""The tables in git are believed: a clone that has only them goes on where the study stands; damaged ones are told."""

import re

import pytest

from stages.common import files
from stages.common.cli import UserError
from stages.study import course
from stages.study.grid import FACTORS, Cell
from stages.study.known import Known
from stages.study.table import SECONDS, columns, row

CELL = Cell(9, True, "none", 1, 0)
NAME = "study-w9-dedup-none-o1-s0-12345678"


@pytest.fixture
def tables(tmp_path):
    """The three tables with one cell, as the study writes them."""
    made = row(CELL, NAME, {"kid": 0.123456789, "kid_floor": 0.0}, {"n_train": 36, "kimg": 360.0}, "study: 75 s")
    table, evaluations, seconds = (tmp_path / f"study{name}.csv" for name in ("", "_evaluations", "_seconds"))
    files.write_csv(table, [{key: made[key] for key in columns()}])
    files.write_csv(seconds, [{key: made[key] for key in SECONDS}])
    files.write_csv(evaluations, course.evaluations(made, "step,kimg,fld,kid\n1,10.5,20.25,0.5\n2,21.0,19.0,0.25\n"))
    return table, evaluations, seconds


def known_from(tables, cells: dict[str, Cell]) -> Known:
    table, evaluations, seconds = tables
    return Known(table, evaluations, seconds, cells)


def test_a_table_is_read_as_it_was_written(tables, tmp_path):
    known = known_from(tables, {NAME: CELL})
    (found,) = known.rows.values()
    assert list(found) == [*columns(), "seconds"]
    assert (found["works"], found["deduplicated"], found["augmentation"], found["order"]) == (9, True, "none", 1)
    assert (found["kid"], found["kimg"], found["seconds"], found["verdict"]) == (0.123457, 360.0, 75, None)
    points = known.evaluations(found)
    assert [(point["kimg"], point["fld"]) for point in points] == [(10.5, 20.25), (21.0, 19.0)]
    row_alone = {key: found[key] for key in columns()}
    for path, rows in zip(tables[:2], ([row_alone], points), strict=True):
        files.write_csv(tmp_path / "again.csv", rows)
        assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "cell"),
    [("study-w9-dedup-none-o1-s0-00000000", CELL), (NAME, Cell(18, True, "none", 1, 0))],
    ids=["another name", "other factors"],
)
def test_a_row_of_another_cell_is_not_taken(tables, name, cell):
    assert not known_from(tables, {name: cell}).rows


def test_rows_of_other_cells_are_kept_in_every_table(tables, tmp_path):
    others = known_from(tables, {}).others
    assert set(others) == set(tables)
    for path, rows in others.items():
        files.write_csv(tmp_path / "again.csv", rows)
        assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()
    assert not any(known_from(tables, {NAME: CELL}).others.values())


def test_without_files_nothing_is_known(tables):
    table, evaluations, seconds = tables
    evaluations.unlink()
    seconds.unlink()
    known = known_from(tables, {NAME: CELL})
    assert known.evaluations(known.rows[NAME]) == [] and known.rows[NAME]["seconds"] is None
    files.write_csv(evaluations, [])
    assert known_from(tables, {NAME: CELL}).rows
    table.unlink()
    assert not known_from(tables, {NAME: CELL}).rows


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("0.123457", "much", "line 2, kid, is 'much', but must be a number"),
        ("0.123457", "0.1,0.2", "line 2, has not as many fields"),
        (f",{NAME}", "", "line 2, has not as many fields"),
        ("\n9,", "\n<<<<<<< HEAD\n9,", "line 2, has not as many fields"),
        ("9,True", '9,"True', "cannot be read"),
        ("works,", "<<<<<<< HEAD\nworks,", "unknown: '<<<<<<< HEAD'; missing: works, deduplicated, .*, ..."),
        ("fld_gap,", "gap,", r"has other columns than this version writes \(unknown: 'gap'; missing: fld_gap\)"),
        ("works,deduplicated", "deduplicated,works", "in another order"),
    ],
)
def test_a_damaged_table_is_told_and_not_written_over(tables, old, new, told):
    table, _, _ = tables
    assert table.read_text().count(old) == 1
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(UserError, match=told) as raised:
        known_from(tables, {NAME: CELL})
    assert str(table) in str(raised.value) and "delete it" in str(raised.value)


def test_an_empty_table_is_told(tables):
    tables[0].write_bytes(b"")
    with pytest.raises(UserError, match=r"missing: works, .*delete it"):
        known_from(tables, {NAME: CELL})


def test_each_table_is_told_before_it_is_written_over(tables):
    for table in tables:
        whole = table.read_bytes()
        table.write_bytes(whole.replace(b"experiment", b"experimend", 1))
        with pytest.raises(UserError, match=f"{table.name} has other columns"):
            known_from(tables, {NAME: CELL})
        table.write_bytes(b"\xef\xbb\xbf" + whole)
        assert known_from(tables, {NAME: CELL}).rows[NAME]["seconds"] == 75, "a spreadsheet program's mark"


def test_bytes_that_are_no_text_are_told(tables):
    _, evaluations, _ = tables
    evaluations.write_bytes(b"\xff" + evaluations.read_bytes())
    with pytest.raises(UserError, match="cannot be read"):
        known_from(tables, {NAME: CELL})


def test_the_columns_are_those_of_a_row():
    assert list(row(CELL, NAME, {}, {}, "")) == [*columns(), "seconds"]
    assert columns()[: len(FACTORS)] == list(FACTORS)


@pytest.mark.slow
def test_a_clone_that_has_only_the_tables_goes_on_where_the_study_stands(stub, set_params, tmp_path_factory):
    """The cells of one size were run elsewhere; a clone without their experiments runs those of the other size."""
    assert stub.study().returncode == 0
    stub.commit("the tables")
    other = stub.clone(tmp_path_factory.mktemp("elsewhere") / "clone")
    assert other.experiments() == [] and "2 cells: 2 done, 0 to do" in other.study("--plan").stdout
    table = (other.folder / "metrics/study.csv").read_bytes()
    assert other.study().returncode == 0 and other.ran() == []
    assert (other.folder / "metrics/study.csv").read_bytes() == table
    assert (other.folder / "data/study/kid.png").is_file()
    set_params(other.folder, {"study.train_works": [9, 18]})
    assert "4 cells: 2 done, 2 to do" in other.study("--plan").stdout
    assert other.study().returncode == 0 and sorted(other.ran()) == ["18-False-none-0", "18-True-none-0"]
    rows = (other.folder / "metrics/study.csv").read_text().splitlines()
    assert len(rows) == 5 and set(table.decode().splitlines()) <= set(rows)


@pytest.mark.slow
def test_a_smaller_grid_takes_no_rows_of_other_cells_away(stub, set_params, tmp_path_factory):
    """Its own come first, it shows nothing else, and with the larger grid again all is as before."""
    three = [9, 18, 36]
    set_params(stub.folder, {"study.train_works": three, "study.deduplicated": [True]})
    assert stub.study().returncode == 0
    stub.commit("the tables")
    other = stub.clone(tmp_path_factory.mktemp("elsewhere") / "clone")
    tables = [other.folder / "metrics" / f"study{name}.csv" for name in ("", "_evaluations", "_seconds")]
    before, summary = [table.read_bytes() for table in tables], other.folder / "data/study/summary.md"
    assert other.study("--draw").returncode == 0 and [table.read_bytes() for table in tables] == before
    whole = summary.read_bytes()
    set_params(other.folder, {"study.train_works": [36]})
    assert other.study("--draw").returncode == 0 and "1 cells;" in summary.read_text()
    first, *rows = tables[0].read_text().splitlines()[1:]
    assert first.startswith("36,") and [row.partition(",")[0] for row in rows] == ["9", "18"]
    set_params(other.folder, {"study.train_works": three})
    assert "3 cells: 3 done" in other.study("--plan").stdout
    assert other.study("--draw").returncode == 0 and other.ran() == []
    assert [table.read_bytes() for table in tables] == before and summary.read_bytes() == whole
    for table in tables:  # rows of the same factors, of other code
        _, *lines = table.read_text().splitlines(keepends=True)
        table.write_text(table.read_text() + re.sub("-[0-9a-f]{8}([,\n])", r"-00000000\1", "".join(lines)))
    assert other.study("--draw").returncode == 0 and [table.read_bytes() for table in tables] == before
