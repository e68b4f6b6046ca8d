"""What is written of a file that is kept: its own kind, without what is around the work; and what works.jsonl says."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from stages.dedupe import keep, looks, surround
from stages.dedupe.choice import SURROUNDED, Judged
from stages.dedupe.grouping import Finding
from stages.dedupe.groups import Groups
from stages.dedupe.verification import Verdict
from stages.dedupe.works import describe

NOISE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
EXACTLY = {"quality": 95, "subsampling": 0}


@pytest.mark.parametrize(
    ("suffix", "kind", "options", "off"),
    [(".png", "PNG", {}, 0), (".webp", "WEBP", {"lossless": True}, 0), (".tif", "TIFF", {}, 0),
     (".jpg", "JPEG", EXACTLY, 4)],
)  # fmt: skip
def test_a_file_that_is_cut_stays_of_its_kind_and_loses_next_to_nothing(tmp_path, suffix, kind, options, off):
    path = tmp_path / f"scan{suffix}"
    Image.fromarray(NOISE).save(path, **options)
    with Image.open(path) as whole:
        expected = np.asarray(whole.convert("RGB"), float)[5:50, 10:70]
    (tmp_path / f"cut{suffix}").write_bytes(keep.cut_out(path, (10, 5, 70, 50)))
    with Image.open(tmp_path / f"cut{suffix}") as cut:
        assert (cut.format, cut.size) == (kind, (60, 45))
        assert np.abs(np.asarray(cut.convert("RGB"), float) - expected).mean() <= off


def test_of_as_many_pixels_of_the_work_those_with_nothing_around_them_count_more(tmp_path):
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    look = looks.look(tmp_path / "a.png")
    alone, framed = Judged(look, surround.WHOLE), Judged(look, (0.1, 0.1, 0.9, 0.9))
    assert framed.pixels == pytest.approx(0.64 * alone.pixels)
    assert framed.score / framed.pixels == pytest.approx(SURROUNDED * alone.score / alone.pixels)


def test_a_part_is_no_detail_of_a_whole_that_other_files_have_made_one_work_with_it():
    """The first file shows a part of the second and of the fourth; the third one joins the first two."""
    told = {"title": "", "year": "", "technique": "", "rights": "", "page_url": "", "image_url": ""}
    facts = {"set": "collection", "width": 4, "height": 3}
    rows: Any = [{"file": f"{number}.png", "sha256": f"{number}" * 64, **facts, **told} for number in range(4)]
    findings = [
        Finding(0, 1, 9, Verdict("part", 0.9, "features")),
        Finding(3, 0, 9, Verdict("whole", 0.9, "features")),
        *(Finding(other, 2, 9, Verdict("same", 0.9, "view")) for other in (0, 1)),
    ]
    groups = Groups(4)
    assert groups.join(0, 2) and groups.join(1, 2)
    joined, whole = describe([keep.Kept([0, 1, 2], [], {}), keep.Kept([3], [], {})], rows, findings, groups, True)
    assert [match["files"] for match in joined["detail_of"]] == [["3.png", "0.png"]] and not whole["detail_of"]
    assert [match["files"] for match in joined["why"]] == [["0.png", "2.png"], ["1.png", "2.png"]]
