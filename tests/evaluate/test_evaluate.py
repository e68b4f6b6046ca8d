"""The entry point: what it compares, what it writes, and what it says when there is too little."""

import pytest

from stages.common import files, images


@pytest.fixture
def with_pictures(workspace, picture):
    """Training and test works of one manner (soft patches), generated pictures of another (noise)."""
    rows = []
    for number in range(16):
        images.save_png(workspace.folder / f"data/works/{number}.png", picture(number))
        rows.append({"work": f"w{number}", "file": f"{number}.png", "best": True})
        images.save_png(workspace.folder / f"data/generated/samples/{number:05}.png", picture(100 + number, patches=64))
    files.write_jsonl(workspace.folder / "data/works/works.jsonl", rows)
    names = [row["work"] for row in rows]
    files.write_json(workspace.folder / "data/split.json", {"train": names[:8], "validation": [], "test": names[8:]})
    return workspace


def keep(workspace, count: int) -> None:
    """Delete all generated pictures but the first ones."""
    for path in sorted((workspace.folder / "data/generated/samples").iterdir())[count:]:
        path.unlink()


@pytest.mark.slow
def test_it_tells_noise_from_the_floor_and_repeats_itself(with_pictures):
    assert with_pictures.open("evaluate").returncode == 0
    path = with_pictures.folder / "metrics/evaluate.json"
    numbers, before = files.read_json(path), path.read_bytes()
    counts = {key: numbers[f"n_{key}"] for key in ("real", "generated", "train", "floor")}
    assert counts == {"real": 8, "generated": 16, "train": 8, "floor": 8}, (
        "without validation works the floor is the training works"
    )
    for space in (numbers, numbers["efficientnet"]):
        assert space["fid"] > 1.5 * space["fid_floor"] > 0 and space["fid_above_floor_low"] > 0
        assert space["kid"] > space["kid_floor"] + 2 * space["kid_std"] and space["kid_low"] > 0
        assert space["precision"] == 0
    how = [numbers[key] for key in ("precision_k", "density_k", "resize")]
    assert numbers["copied"] == 0 and how == [3, 5, "clean"]
    assert numbers["runtime"]["precision"] == "float32"
    assert len(list((with_pictures.folder / ".cache/features").iterdir())) == 4, "test and floor, in two spaces"
    assert with_pictures.open("evaluate").returncode == 0
    assert path.read_bytes() == before, "the cached features give the same bits"


@pytest.mark.slow
def test_a_memorizer_is_caught_beside_its_models(with_pictures):
    works, samples = with_pictures.folder / "data/works", with_pictures.folder / "data/generated/samples"
    for number in range(16):
        images.save_png(samples / f"{number:05}.png", images.read(works / f"{number % 8}.png"))
    assert with_pictures.open("evaluate").returncode == 0
    numbers = files.read_json(with_pictures.folder / "metrics/evaluate.json")
    rows = files.read_jsonl(with_pictures.folder / "data/evaluation/nearest.jsonl")
    assert numbers["copied"] == 1 and numbers["copied_low"] > 0.75
    assert [row["work"] for row in rows] == [f"w{number % 8}" for number in range(16)]
    assert all(row["copied"] for row in rows)
    page = images.read(with_pictures.folder / "data/evaluation/nearest.jpg")
    assert page.width > 3 * 2 * 128 and page.height > 4 * 128, "12 pairs in 4 rows"


@pytest.mark.slow
def test_validation_works_are_the_floor_where_there_are_enough(with_pictures):
    with_pictures.set(evaluate__resize="tf")
    path = with_pictures.folder / "data/split.json"
    parts = files.read_json(path)
    files.write_json(path, {"train": parts["train"][:1], "validation": parts["train"][1:], "test": parts["test"]})
    keep(with_pictures, 7)
    assert with_pictures.open("evaluate").returncode == 0
    numbers = files.read_json(with_pictures.folder / "metrics/evaluate.json")
    assert (numbers["n_train"], numbers["n_floor"], numbers["resize"]) == (1, 7, "tf")


@pytest.mark.slow
def test_too_few_pictures_are_named(with_pictures):
    keep(with_pictures, 1)
    with_pictures.fails("evaluate", "at least 7 generated pictures, found 1", "generate.count")
    assert not (with_pictures.folder / "data/evaluation").exists()


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(1, 1, 1), (9, 5, 2), (5, 2, 8)])
def test_a_small_collection_is_searched_for_copies_and_told_what_the_numbers_cannot_tell(with_pictures, counts):
    names, parts = [f"w{number}" for number in range(16)], {}
    for part, count in zip(("train", "validation", "test"), counts, strict=True):
        parts[part], names = names[:count], names[count:]
    files.write_json(with_pictures.folder / "data/split.json", parts)
    done = with_pictures.open("evaluate")
    assert done.returncode == 0 and "warning: " in done.stdout and "too few for distances" in done.stdout
    numbers = files.read_json(with_pictures.folder / "metrics/evaluate.json")
    assert "kid" not in numbers and numbers["efficientnet"] == {} and numbers["too_few"] in done.stdout
    assert 0 <= numbers["copied_low"] <= numbers["copied"] <= numbers["copied_high"] <= 1
    assert numbers["n_real"] == counts[2] and (with_pictures.folder / "data/evaluation/nearest.jpg").is_file()
