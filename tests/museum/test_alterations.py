"""Every labeled alteration changes what it names; the files that the museum publishes by default keep their bytes."""

import hashlib
import io

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from stages.common import images
from stages.museum import alterations, camera, scans
from stages.museum.painter import paint
from stages.museum.works import Work, plan

EDGE = 200


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return plan(36, 0, 0)


@pytest.fixture(scope="module")
def pictures(works: list[Work]) -> list[Image.Image]:
    return [paint(work, EDGE) for work in works[:3]]


def opened(rendition: scans.Rendition) -> Image.Image:
    return Image.open(io.BytesIO(rendition.jpeg))


@pytest.mark.slow
def test_the_default_publication_keeps_its_bytes(works, pictures):
    gradient = Image.fromarray(np.add.outer(np.arange(150), np.arange(200))[..., None].repeat(3, 2).astype(np.uint8))
    found = hashlib.sha256(b"".join(r.jpeg for work in works for r in scans.renditions(work, gradient))).hexdigest()
    assert {r.alteration for work in works for r in scans.renditions(work, gradient)} > {"frame", "caption", "crop"}
    others = [r for work in works for r in scans.renditions(work, gradient) if r.name != "reproduction"]
    assert (
        hashlib.sha256(b"".join(r.jpeg for r in others)).hexdigest()
        == "e8edc6f66418f5adc8775974e983e9bac8f28469ad7fd58328c6ef5ec9b560e5"
    )
    assert found == "2b03ff2f82f85b988d733def399f7307bc0cb0cce19832db56017861c2a77ad1"


@pytest.mark.parametrize("name", scans.LABELED)
def test_an_alteration_is_labeled_repeatable_and_opens(works, pictures, name):
    for work, picture in zip(works, pictures, strict=False):
        first = scans.altered(work, picture, name)
        assert first == scans.altered(work, picture, name)
        assert first.alteration == first.name == name
        assert ImageOps.exif_transpose(opened(first)).size == (first.width, first.height)


def test_the_table_has_every_alteration_once():
    names = "resize jpeg30 grayscale fade tint frame caption watermark letterbox crop5 crop10 mirror exif detail"
    assert list(alterations.TABLE) == names.split()
    assert list(scans.LABELED) == [*alterations.TABLE, *camera.TABLE] and len(scans.LABELED) == 29


def test_sizes_and_shares(works, pictures):
    for work, picture in zip(works, pictures, strict=False):
        size = {
            name: (r.width / picture.width, r.height / picture.height)
            for name in alterations.TABLE
            for r in [scans.altered(work, picture, name)]
        }
        assert 0.39 < size["resize"][0] < 0.71
        assert size["crop5"] == pytest.approx((0.95, 0.95), abs=0.01)
        assert size["crop10"] == pytest.approx((0.9, 0.9), abs=0.01)
        assert 0.19 < size["detail"][0] * size["detail"][1] < 0.44
        assert sorted(size["letterbox"])[0] == 1.0 and 1.11 < sorted(size["letterbox"])[1] < 1.33
        for name in ("jpeg30", "grayscale", "fade", "tint", "watermark", "mirror", "exif"):
            assert size[name] == (1.0, 1.0)


def test_what_becomes_of_the_pixels(works, pictures):
    work, picture = works[1], pictures[1]

    def pixels(name: str) -> np.ndarray:
        return np.asarray(opened(scans.altered(work, picture, name)).convert("RGB"), float)

    before = np.asarray(picture, float)
    assert len(scans.altered(work, picture, "jpeg30").jpeg) < 0.6 * len(scans.altered(work, picture, "exif").jpeg)
    assert np.abs(pixels("mirror")[:, ::-1] - before).mean() < 8 < np.abs(pixels("mirror") - before).mean()
    channels = (pixels("tint") / np.maximum(before, 20)).mean((0, 1))
    assert channels.max() / channels.min() > 1.1
    assert pixels("fade").std() < 0.8 * before.std()
    marked = np.abs(pixels("watermark") - before).max(2) > 30
    assert 0.01 < marked.mean() < 0.3
    bars = pixels("letterbox")
    assert bars[0, 0].max() < 12 and bars[-1, -1].max() < 12


def test_a_turned_file_reads_upright(works, pictures, tmp_path):
    seen = set()
    for number, (work, picture) in enumerate(zip(works, pictures, strict=False)):
        rendition = scans.altered(work, picture, "exif")
        seen.add(opened(rendition).getexif()[ExifTags.Base.Orientation])
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(rendition.jpeg)
        upright = images.read(path)
        assert upright.size == picture.size
        stored = opened(rendition).convert("RGB").resize(picture.size)
        before = np.asarray(picture, float)
        assert np.abs(np.asarray(upright, float) - before).mean() < 8
        assert np.abs(np.asarray(stored, float) - before).mean() > 8
    assert seen <= {3, 6, 8}
