"""The stage as a program: from files to works, each with the reasons."""

import io
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pillow_jxl  # noqa: F401, importing it registers the format
import pytest
from PIL import Image

from stages.common import files, images

ROOT = Path(__file__).resolve().parents[2]


def jpeg(picture: Image.Image, quality: int) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return data.getvalue()


@pytest.fixture
def with_raw(workspace, paintings, altered):
    """Three works of the collection in three renditions each, one of the reserve, and one work that is in both."""
    rows = []

    def add(number: int, picture: Image.Image, quality: int, where: str) -> None:
        data = jpeg(picture.convert("RGB"), quality)
        name = f"{len(rows)}.jpg"
        files.write_bytes(workspace.folder / "data/raw" / name, data)
        digest = f"{number:x}{len(rows):x}".ljust(64, "0")
        facts = {"width": picture.width, "height": picture.height, "bytes": len(data), "sha256": digest}
        rows.append(
            {
                "file": name,
                "work": str(number),
                "title": f"T{number}",
                "year": "",
                "technique": "",
                "rights": "",
                "page_url": "",
                "set": where,
            }
            | facts
        )

    for number in range(3):
        for name in ("resize", "jpeg30", "frame"):
            add(number, altered(number, name), 90, "collection")
    add(3, paintings[3], 90, "reserve")
    add(2, paintings[2], 60, "reserve")
    files.write_jsonl(workspace.folder / "data/raw/catalogue.jsonl", rows)
    return workspace


@pytest.mark.slow
def test_the_stage_keeps_the_best_rendition_of_each_work(with_raw, paintings):
    assert with_raw.open("dedupe").returncode == 0
    works = files.read_jsonl(with_raw.folder / "data/works/works.jsonl")
    assert [(work["title"], work["set"], len(work["duplicates"])) for work in works] == [
        ("T0", "collection", 2),
        ("T1", "collection", 2),
        ("T2", "reserve", 3),
        ("T3", "reserve", 0),
    ]
    assert [work["file"] for work in works[:2]] == ["2.jpg", "5.jpg"], "the framed ones, without their frames"
    for work, painting in zip(works, paintings[:2], strict=False):
        kept = images.read(with_raw.folder / "data/works" / work["file"])
        assert kept.size == (work["width"], work["height"])
        assert all(0 <= whole - part <= 8 for whole, part in zip(painting.size, kept.size, strict=True))
        assert work["candidates"][0]["file"] == work["trimmed"]["file"], "the best one first"
    assert all(
        0.7 <= why["correlation"] <= 1 and why["hash_distance"] <= 72 and why["check"] == "view"
        for work in works
        for why in work["why"]
    )
    assert [len(work["why"]) for work in works] == [3, 3, 6, 0], "each pair of a round is compared"
    assert sorted(path.name for path in images.listing(with_raw.folder / "data/works")) == sorted(
        work["file"] for work in works
    )
    expected = {
        "files": 6,
        "works": 2,
        "duplicates": 4,
        "reserve_files": 5,
        "reserve_works": 2,
        "precision": 1.0,
        "recall": 1.0,
        "details": 0,
        "trimmed": sum("trimmed" in work for work in works),
    }
    assert files.read_json(with_raw.folder / "metrics/dedupe.json") == expected
    assert images.read(with_raw.folder / "data/duplicates.jpg").width > 3 * 180


@pytest.mark.slow
def test_the_stage_keeps_every_file_when_told_but_not_their_kinship(with_raw):
    with_raw.set(dedupe__enabled=False)
    assert with_raw.open("dedupe").returncode == 0
    works = files.read_jsonl(with_raw.folder / "data/works/works.jsonl")
    assert len(works) == 11 and len({work["work"] for work in works}) == 4
    assert sum(work["best"] for work in works) == 4 and works[0]["best"]


@pytest.mark.parametrize("kind", ["HEIF", "JXL", "AVIF", "GIF", "JPEG2000", "PNG without its end"])
def test_the_choice_looks_at_every_kind_of_file(tmp_path, paintings, kind):
    """In a new process, where nothing has taught Pillow the kinds that it does not know."""
    data = io.BytesIO()
    pillow_heif.register_heif_opener()
    paintings[0].save(data, kind.split()[0])
    path = tmp_path / "picture"
    path.write_bytes(data.getvalue()[: -12 if "without" in kind else None])
    code = f"from pathlib import Path; from stages.dedupe import looks; print(looks.quality(Path({str(path)!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "100.0\n", done.stderr


def test_a_corrupt_file_is_named_and_the_old_works_stay(with_raw):
    old = with_raw.folder / "data/works/works.jsonl"
    files.write_bytes(old, b"old")
    (with_raw.folder / "data/raw/4.jpg").write_bytes(b"\xff\xd8\xff broken")
    with_raw.fails("dedupe", "data/raw/4.jpg cannot be read as a picture", "dvc repro -f")
    assert old.read_bytes() == b"old"


@pytest.mark.slow
def test_a_detail_is_reported_and_not_merged(with_raw, altered):
    part = altered(0, "detail")
    data = jpeg(part, 90)
    files.write_bytes(with_raw.folder / "data/raw/detail.jpg", data)
    rows = files.read_jsonl(with_raw.folder / "data/raw/catalogue.jsonl")
    facts = {
        "file": "detail.jpg",
        "work": "detail",
        "width": part.width,
        "height": part.height,
        "bytes": len(data),
        "sha256": "d" * 64,
    }
    files.write_jsonl(with_raw.folder / "data/raw/catalogue.jsonl", [*rows, rows[0] | facts])
    assert with_raw.open("dedupe").returncode == 0
    works = files.read_jsonl(with_raw.folder / "data/works/works.jsonl")
    (found,) = [work for work in works if work["detail_of"]]
    assert found["file"] == "detail.jpg" and found["duplicates"] == []
    assert all(
        why["files"][1] == "detail.jpg" and why["files"][0] in ("0.jpg", "1.jpg", "2.jpg") for why in found["detail_of"]
    )
    values = files.read_json(with_raw.folder / "metrics/dedupe.json")
    assert (values["details"], values["works"], values["precision"]) == (1, 3, 1.0)
    with_raw.set(dedupe__details=False)
    assert with_raw.open("dedupe").returncode == 0
    assert files.read_json(with_raw.folder / "metrics/dedupe.json")["details"] == 0
