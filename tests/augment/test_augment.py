"""Variations: seeded, square, of the split's works and no others."""

import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.augment import __main__ as entry
from stages.augment.copies import AT_ONCE, threads
from stages.augment.vary import vary
from stages.common import files, images


def picture(seed: int, width: int = 90, height: int = 60) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def test_without_freedom_a_variation_of_a_square_is_the_plain_picture():
    square = picture(0, 60, 60)
    plain = np.asarray(images.square(square, 32))
    same, mirrored = (np.asarray(vary(square, 32, np.random.default_rng(0), mirror, 0, 0)) for mirror in (False, True))
    assert np.array_equal(same, plain) and np.array_equal(mirrored, plain[:, ::-1])


def test_variations_differ_and_come_back():
    first, again, other = (
        np.asarray(vary(picture(0), 32, np.random.default_rng(seed), False, 0.2, 0.1)) for seed in (1, 1, 2)
    )
    assert first.shape == (32, 32, 3)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.fixture
def with_works(workspace):
    """Four works, one of them with a kept duplicate."""
    rows = []
    for number, work in enumerate(["0a0000000001", "0a0000000002", "0a0000000003", "0a0000000004", "0a0000000001"]):
        name = f"{number}.png"
        images.save_png(workspace.folder / "data/works" / name, picture(number))
        rows.append({"work": work, "file": name, "width": 90, "height": 60})
    files.write_jsonl(workspace.folder / "data/works/works.jsonl", rows)
    files.write_json(
        workspace.folder / "data/split.json",
        {"train": ["0a0000000001", "0a0000000002"], "validation": ["0a0000000003"], "test": ["0a0000000004"]},
    )
    workspace.set(train__resolution=32, augment__copies=3)
    return workspace


def contents(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


def test_the_stage_makes_copies_of_every_file_of_the_training_works_and_plain_validation(with_works):
    assert with_works.open("augment").returncode == 0
    made = contents(with_works.folder / "data/train")
    expected = [f"train/0a0000000001--{n:02}.png" for n in range(6)] + [
        f"train/0a0000000002--{n:02}.png" for n in range(3)
    ]
    assert list(made) == [*expected, "validation/0a0000000003--00.png"]
    assert len(set(made.values())) == len(made)
    plain = images.read(with_works.folder / "data/train/train/0a0000000002--00.png")
    assert np.array_equal(np.asarray(plain), np.asarray(images.square(picture(1), 32)))
    assert with_works.open("augment").returncode == 0
    assert contents(with_works.folder / "data/train") == made
    with_works.set(augment__seed=1)
    assert with_works.open("augment").returncode == 0
    other = contents(with_works.folder / "data/train")
    unchanged = {name for name in made if made[name] == other[name]}
    assert unchanged == {
        "train/0a0000000001--00.png",
        "train/0a0000000001--03.png",
        "train/0a0000000002--00.png",
        "validation/0a0000000003--00.png",
    }


def test_a_work_s_variations_do_not_depend_on_the_others(with_works):
    assert with_works.open("augment").returncode == 0
    both = contents(with_works.folder / "data/train/train")
    files.write_json(
        with_works.folder / "data/split.json", {"train": ["0a0000000002"], "validation": ["0a0000000003"], "test": []}
    )
    assert with_works.open("augment").returncode == 0
    alone = contents(with_works.folder / "data/train/train")
    assert len(alone) == 3 and all(both[name] == data for name, data in alone.items())


@pytest.mark.parametrize(
    ("megapixels", "expected"),
    [
        ([2] * 9, 4),
        ([2] * 3, 3),
        ([99, *[2] * 9], 4),
        ([99, 99, 99, 99], 1),
        ([50, 2, 50, 50], 2),
        ([170, 170], 1),
        ([1, 170], 1),
        ([], 1),
    ],
)
def test_fewer_works_are_made_at_a_time_where_they_are_large(megapixels, expected):
    assert AT_ONCE == 120e6
    rows: Any = [{"work": f"{n}", "width": 1000, "height": 1000 * size} for n, size in enumerate(megapixels)]
    others = [{"work": "test", "width": 1000, "height": 170_000} for _ in rows]
    assert threads(rows + others, [row["work"] for row in rows], 4) == expected


def test_the_stage_makes_as_many_works_at_a_time_as_their_sizes_allow(with_works, monkeypatch):
    path = with_works.folder / "data/works/works.jsonl"
    monkeypatch.chdir(with_works.folder)
    monkeypatch.setattr(entry, "THREADS", 4)
    made, pools = [], []
    monkeypatch.setattr(entry, "ThreadPoolExecutor", lambda count: pools.append(count) or ThreadPoolExecutor(count))
    for side in (60, 9000):
        files.write_jsonl(path, [row | {"width": 11_000, "height": side} for row in files.read_jsonl(path)])
        entry.main()
        made.append(contents(with_works.folder / "data/train"))
    assert pools == [3, 1] and made[0] == made[1]


def test_too_little_memory_is_told_with_what_helps(with_works, monkeypatch):
    def no_memory(_path):
        raise MemoryError

    monkeypatch.chdir(with_works.folder)
    monkeypatch.setattr("stages.common.records.read_works", no_memory)
    monkeypatch.delitem(sys.modules, "stages.augment.__main__")
    with pytest.raises(SystemExit, match=r"lower scrape\.megapixels, which leaves out the largest files, or end other"):
        runpy.run_module("stages.augment", run_name="__main__")


def test_a_corrupt_work_is_named_and_the_old_pictures_stay(with_works):
    assert with_works.open("augment").returncode == 0
    before = contents(with_works.folder / "data/train")
    (with_works.folder / "data/works/1.png").write_bytes(b"broken")
    with_works.fails("augment", "1.png cannot be read as a picture")
    assert contents(with_works.folder / "data/train") == before
