"""The cells, their names and params, the plan, the tables and the figures."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from stages.common import params, plain_yaml
from stages.gan.augmentations import AUGMENTATIONS
from stages.metrics.table import METRICS
from stages.study import figures, results
from stages.study.grid import Cell, cells, fixed
from stages.study.params_file import with_values
from stages.study.plan import plan, seconds
from stages.study.runner import reason
from stages.study.summary import summary
from stages.study.table import levels, row

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = params.load(ROOT / "params.yaml")
DEFAULT = EVERYTHING["study"]
FACTORIAL = {
    "train_works": [9, 18, 36, 72],
    "deduplicated": [True, False],
    "augmentation": ["none", "diffaugment"],
    "orders": [0],
    "seeds": [0, 1, 2],
    "changes": {"train": {"width": 16, "kimg": 40.0}, "generate": {"count": 150}},
}
STUDY = DEFAULT.model_copy(update=FACTORIAL)
TEXT = (ROOT / "params.yaml").read_text()


def made_up(full: bool = True) -> list[dict]:
    """Rows of a whole grid; without `full` as an older evaluate writes them."""
    found = []
    for cell in cells(STUDY):
        kid = 0.06 + 0.5 / cell.works + 0.02 * (not cell.deduplicated) + 0.003 * cell.seed
        kid += 0.05 * (cell.augmentation == "none")
        evaluated: dict[str, Any] = {"kid": kid, "kid_floor": -0.001, "fid": 200 + 300 * kid}
        if full:
            evaluated |= {"fid_above_floor": 300 * kid, "copied": 1 / cell.works, "efficientnet": {"kid": 2 * kid}}
            evaluated |= {"fld": 100 * kid, "fld_low": 100 * kid - 2, "fld_high": 100 * kid + 2}
        trained = {"n_train": 4 * cell.works, "kimg": 20.0, "verdict": {"state": "ok"}}
        found.append(row(cell, cell.name(), evaluated, trained, "study: 120 s"))
    return found


def test_the_default_grid():
    found = list(cells(DEFAULT))
    assert len(found) == len(set(found)) == 21
    assert {cell.works for cell in found} == {9, 18, 36, 72, 144, 288, 576}
    assert {cell.order for cell in found[:6]} == {0}, "all of an order first"


def test_a_factorial_grid():
    found = list(cells(STUDY))
    assert len(found) == len(set(found)) == 48
    assert {cell.seed for cell in found[:16]} == {0}, "all of a seed first"


def test_a_name_says_the_factors_and_changes_with_all_that_decides():
    cell = Cell(18, False, "diffaugment", 1, 0)
    assert cell.name("code", {"a": 1, "b": 2}) == cell.name("code", {"b": 2, "a": 1})
    assert cell.name("code").startswith("study-w18-files-diffaugment-o1-s0-")
    assert cell.name("code") != cell.name("other code")
    assert len({cell.name() for cell in cells(STUDY)}) == 48


def test_no_two_cells_train_with_one_seed():
    several = [Cell(72, True, "diffaugment", order, seed) for order in (0, 1, 2) for seed in (0, 1, 2)]
    found = {cell.changes()["train.seed"] for cell in several}
    assert len(found) == len(several) and {0, 1, 2} < found, "those of seed 0 are the orders' own"


def test_params_of_a_cell_keep_comments_and_order():
    cell = Cell(18, False, "none", 1, 2)
    text = with_values(TEXT, fixed(STUDY) | cell.changes())
    before, after = (params.flatten(yaml.safe_load(item)) for item in (TEXT, text))
    assert {key: after[key] for key in after if after[key] != before[key]} == {
        "split.train_works": 18, "split.order": 1, "dedupe.enabled": False, "train.augmentation": "none",
        "train.seed": 2001, "train.kimg": 40.0, "train.width": 16, "generate.count": 150,
    }  # fmt: skip
    changed = [(old, new) for old, new in zip(TEXT.splitlines(), text.splitlines(), strict=True) if old != new]
    assert len(changed) == 8 and all(old.partition(" # ")[2] == new.partition(" # ")[2] for old, new in changed)


@pytest.mark.parametrize(
    "value",
    [
        0.00005, -1.5e-7, 1e16, 0.1, "yes", "12:30", "2026-02-30", "a: b", "[", "", "5e-05", "none", "two\nlines",
        ["no", {"on": 0.00001, "Sleep": "1_000"}], None, True, 3,
    ],
)  # fmt: skip
def test_the_stages_read_what_a_cell_changes_as_it_is_meant(value):
    read = plain_yaml.parse(with_values(TEXT, {"train.learning_rate": value}).encode())["train"]["learning_rate"]
    assert read == value and type(read) is type(value)


def test_what_a_cell_does_not_change_stays_as_it_is_written():
    text = TEXT.replace("  mirrored: false", "  mirrored: no")
    assert "  mirrored: no #" in with_values(text, {"train.kimg": 40.0})


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("error: params.yaml cannot be used:\n  train.kimg is 'x'\n  Set it\nERROR: failed\n",
         "error: params.yaml cannot be used: train.kimg is 'x'"),
        ("error: first\nerror: the disk is full\nERROR: failed\n", "error: the disk is full"),
        ("error: the disk:\n", "error: the disk:"),
        ("", "its process was ended"),
    ],
)  # fmt: skip
def test_why_a_cell_failed(tmp_path, log, told):
    (tmp_path / "log").write_text(log)
    assert reason(tmp_path / "log") == told


def test_the_plan_says_minutes_and_cost():
    named = {cell.name(): cell for cell in cells(STUDY)}
    nothing = plan(EVERYTHING, named, [])
    each, source = seconds(EVERYTHING, [])
    assert "48 cells: 0 done, 48 to do, 2 at a time" in nothing and "measured on" in source
    assert f"expected: {24 * each / 60:.0f} minutes" in nothing
    assert "study.cost_per_hour" in nothing
    rows = made_up()[:8]  # 120 seconds each
    raw = EVERYTHING.raw | {"study": EVERYTHING.raw["study"] | {"cost_per_hour": 1.5}}
    some = plan(params.check(raw, "a test"), named, rows)
    assert "8 done, 40 to do" in some and "expected: 40 minutes, 120 seconds a cell (the median of 8 done)" in some
    assert "cost: 1.00, at 1.5 per hour" in some
    assert some.count("\n  done ") == 8 and some.count("\n  to do ") == 40


def test_rows_of_an_older_evaluate_have_gaps():
    (old, *_), (new, *_) = made_up(full=False), made_up()
    assert list(old) == list(new) and old["efficientnet_kid"] is None
    assert new["efficientnet_kid"] == pytest.approx(2 * new["kid"])
    assert (new["verdict"], new["seconds"], new["training_pictures"]) == ("ok", 120, 36)


def test_every_metric_has_a_column_and_the_columns_stay_in_their_order():
    (first, *_) = made_up()
    assert set(METRICS) <= set(first)
    committed = (ROOT / "metrics/study.csv").read_text().splitlines()[0].split(",")
    assert [column for column in first if column in committed] == committed


def test_each_augmentation_of_the_table_is_a_choice_of_the_study_and_has_a_color_of_its_own():
    raw = EVERYTHING.raw | {"study": EVERYTHING.raw["study"] | {"augmentation": list(AUGMENTATIONS)}}
    assert params.check(raw, "a test")["study"].augmentation == list(AUGMENTATIONS)
    assert len({figures.color_of(name) for name in AUGMENTATIONS}) == len(AUGMENTATIONS)


def test_the_order_of_levels():
    rows = made_up()[::-1]
    assert levels(rows, "deduplicated") == [True, False] and levels(rows, "augmentation") == ["none", "diffaugment"]


def test_the_summary_has_every_combination_and_both_effects():
    text = summary(made_up(), [])
    assert text.count("\n| deduplicated, ") == text.count("\n| all files, ") == 8
    assert text.count("with 4 times as many pictures (288 works) expect KID") == 4
    assert text.count("48 cells; the guard's verdict: 48 ok.") == 1
    assert "| deduplicated in place of all files | KID | all | 24 | -0.0200 (-0.0200 to -0.0200) | better |" in text
    assert "| DiffAugment in place of no augmentation | KID | 72 | 6 | -0.0500" in text
    few = summary([row for row in made_up(full=False) if row["works"] == 9 and row["deduplicated"]], [])
    assert "a curve takes 3 sizes, here are 1" in few and "in place of all files" not in few and "FID" not in few


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows, names",
    [
        (made_up(), {"fld", "kid", "fid", "copied", "forecast", "fld_effects", "kid_effects", "fid_effects"}),
        (made_up(full=False), {"kid", "kid_effects"}),
        (made_up(full=False)[:1], {"kid"}),
    ],
    ids=["all", "older", "one cell"],
)
def test_figures_of_what_was_measured(rows, names):
    drawn = results.drawn(rows, [])
    assert drawn == results.drawn(rows, []), "the same bytes"
    assert set(drawn) <= results.FIGURES
    assert set(drawn) == names
    for data in drawn.values():
        with Image.open(BytesIO(data)) as picture:
            colors = picture.convert("RGB").getcolors(1 << 24)
            assert picture.width > 500 and colors and len(colors) > 50
