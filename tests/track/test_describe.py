"""What the MLflow page says in words, and when two data sets count as the same."""

from pathlib import Path
from typing import Any

from leftovers import EVALUATION, TRAINING

from stages.common import params
from stages.track import describe
from stages.track.dataset import datasets

VALUES = params.load(Path(__file__).resolve().parents[2] / "params.yaml").flat()
OK = TRAINING | {"verdict": {"state": "ok", "since_kimg": None, "cause": "", "ended": "kimg"}}
ROWS: Any = [{"work": work, "file": f"{work}{copy}.jpg", "best": copy == 0} for work in "abcd" for copy in range(2)]


def tags_of(values: dict[str, Any], train: Any) -> dict[str, str]:
    return describe.tags(values, train["works"], train["verdict"]["state"])


def test_a_run_is_named_by_what_one_varies():
    tags = tags_of(VALUES, OK)
    assert describe.run_name(tags, None) == "2 works, seed 0, DiffAugment, deduplicated"
    assert describe.run_name(tags, "mine") == "2 works, seed 0, DiffAugment, deduplicated (mine)"
    other = tags_of(VALUES | {"dedupe.enabled": False, "train.augmentation": "none", "train.seed": 3}, OK)
    assert describe.run_name(other, None) == "2 works, seed 3, no augmentation, all files"


def test_tags_hold_the_choices_and_the_verdict():
    assert tags_of(VALUES, TRAINING) == {
        "works": "2", "deduplicated": "yes", "verdict": "collapsed", "preset": "best_cpu", "architecture": "dcgan",
        "loss": "relativistic", "augmentation": "diffaugment", "resolution": "64", "seed": "0",
    }  # fmt: skip


def test_the_description_has_intervals_floors_and_the_verdict():
    text = describe.note(tags_of(VALUES, TRAINING), TRAINING, EVALUATION)
    assert "| KID | 0.200 | 0.190 to 0.210 | \N{MINUS SIGN}0.001 |" in text and "| FID | 235 |  | 152 |" in text
    assert "| Copied | 2.0\u202f% | 0.0\u202f% to 5.0\u202f% |  |" in text and "Precision" not in text
    assert "**2 works** (one file each), 64 pixels, 60 thousand pictures shown. `best_cpu`: dcgan" in text
    assert "DiffAugment; seed 0." in text and "25 samples against 2 test works" in text
    assert text.endswith("**collapsed**, since 20 kimg. All pictures are alike.")
    assert describe.note(tags_of(VALUES, OK), OK, EVALUATION | {"kid": None}).endswith("**ok**.")


def test_a_data_set_s_digest_follows_the_files_that_are_used():
    split: Any = {"train": ["a", "b"], "validation": [], "test": ["c", "d"]}
    train, test = datasets("museum", ROWS, split)
    assert (train.name, train.context, train.counts) == ("museum, 2 works", "training", {"works": 2, "files": 4})
    assert (test.name, test.context, test.counts) == ("museum, 2 works", "evaluation", {"works": 2, "files": 2})

    def digests(rows, **parts):
        return [found.digest for found in datasets("museum", rows, split | parts)]

    before = [train.digest, test.digest]
    assert before[0] != before[1] and digests(ROWS[::-1], train=["b", "a"]) == before, "no order counts"
    without_copies = digests([row for row in ROWS if row["best"]])
    assert without_copies[0] != before[0] and without_copies[1] == before[1]
    assert digests(ROWS, train=["a"])[0] != before[0]
