"""The source `folder`: every picture of a real folder is taken, and every other file is counted with its reason."""

import json
import os
import shutil
import unicodedata

import pillow_heif
import pytest
from loopback import picture, query
from PIL import Image
from surroundings import ROOT

from stages.common import files, images
from stages.scrape import folder
from stages.scrape.addresses import FetchError
from stages.scrape.interface import Gap, LeftOut, Record
from stages.scrape.session import REASONS, Collected

HIDDEN = (
    *(".thumbnails/normal/0a.png.jpg", ".Trash-1000/files/d.jpg", ".git/x.jpg", ".ipynb_checkpoints/c.jpg"),
    *("@eaDir/a.jpg/THUMB.jpg", "__MACOSX/thing.jpg", "lost+found/z.jpg", "$RECYCLE.BIN/q.jpg", "sub/.hidden/e.jpg"),
    *("System Volume Information/s.jpg", "._a.jpg", ".DS_Store", "Thumbs.db", "sub/desktop.ini"),
)
KINDS = {
    "a.jfif": "JPEG", "b.jpe": "JPEG", "c.avif": "AVIF", "d.jp2": "JPEG2000", "e.gif": "GIF", "f.bmp": "BMP",
    "h.JPG_large": "JPEG", "no suffix": "PNG", "i.TIF": "TIFF", "j.hif": "HEIF", "k.HEIC": "HEIF", "l.photo": "WEBP",
}  # fmt: skip


def put(place, name: str, data: bytes = b"x") -> None:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def found(client, place, **changes) -> list:
    return list(folder.records(query(client, str(place), **changes)))


def names(client, place) -> list[str]:
    return [one.image_url for one in found(client, place) if isinstance(one, Record)]


def left_out(client, place) -> dict[str, str]:
    return {one.name: one.reason for one in found(client, place) if isinstance(one, LeftOut)}


def test_hidden_and_system_folders_are_left_out_with_a_word(client, tmp_path):
    for name in ("a.jpg", "sub/b.jpg", "lost and found/c.jpg", *HIDDEN):
        put(tmp_path, name)
    assert names(client, tmp_path) == ["a.jpg", "lost and found/c.jpg", "sub/b.jpg"]
    told = left_out(client, tmp_path)
    assert set(told.values()) == {"hidden, or the system's own"}
    assert {name.split("/")[0] for name in told} == {name.split("/")[0] for name in HIDDEN}


def test_every_kind_of_picture_is_taken_whatever_its_name(workspace):
    pillow_heif.register_heif_opener()
    for number, (name, kind) in enumerate(KINDS.items()):
        put(workspace.folder / "mine", name, picture(kind, "RGB", color=(20 * number, 99, 9)))
    workspace.set(scrape__source="folder", scrape__path="mine")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    assert files.read_json(workspace.folder / "metrics/scrape.json")["failures"] == []
    rows = files.read_jsonl(workspace.folder / "data/raw/catalogue.jsonl")
    assert {row["image_url"] for row in rows} == KINDS.keys()
    for row in rows:
        read = images.read(workspace.folder / "data/raw" / row["file"])
        assert read.size == (row["width"], row["height"]) == (40, 30), "later stages read it too"
        assert (workspace.folder / "data/raw" / row["file"]) in images.listing(workspace.folder / "data/raw")


def test_what_is_left_out_is_counted_by_its_reason_and_printed(workspace):
    place = workspace.folder / "mine"
    put(place, "good.jpg", picture())
    for name in ("notes.txt", "doc.pdf", "film.mp4", "raw.dng", "raw.CR2", "empty"):
        put(place, name, picture("TIFF") if name == "raw.dng" else b"")
    put(workspace.folder, "elsewhere/c.jpg", picture())
    (place / "linked").symlink_to(workspace.folder / "elsewhere")
    (place / "linked.jpg").symlink_to(workspace.folder / "elsewhere/c.jpg")
    (place / "broken.jpg").symlink_to(place / "nowhere.jpg")
    os.mkfifo(place / "pipe.jpg")
    workspace.set(scrape__source="folder", scrape__path="mine")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    metrics = files.read_json(workspace.folder / "metrics/scrape.json")
    assert {entry["reason"].split(":")[0]: entry["count"] for entry in metrics["left_out"]} == {
        "of a kind that is not read": 4, "a camera's raw file": 2, "a linked folder": 1, "a broken link": 1,
        "not a file": 1,
    }  # fmt: skip
    assert metrics["left_out"][0]["names"] == ["broken.jpg"] and metrics["files"] == 2
    assert "left out 4: of a kind that is not read (doc.pdf, empty, film.mp4, ...)" in done.stdout
    for name in ("good.jpg", "linked.jpg"):
        (place / name).unlink()
    workspace.fails("scrape", "gave no picture", "left out 2: a camera's raw file", ".jpg", ".heic", ".jxl")


@pytest.mark.parametrize(
    "suffix", [".dng", ".SR2", ".erf", ".mos", ".3fr", ".x3f", ".rwl", ".gpr", ".raw", ".cap", ".crw"]
)
def test_a_raw_file_is_left_out_though_it_begins_like_a_picture(client, tmp_path, suffix):
    put(tmp_path, f"DSC_1{suffix}", picture("TIFF"))
    assert names(client, tmp_path) == []
    assert left_out(client, tmp_path)[f"DSC_1{suffix}"].startswith("a camera's raw file: develop it")


def test_what_failed_is_printed_with_its_reason_and_what_helps(workspace):
    place = workspace.folder / "mine"
    for name, pixels in (("good.png", (900, 900)), ("wall 1.png", (1200, 900)), ("wall 2.png", (1001, 1000))):
        put(place, name, picture("PNG", "1", pixels=pixels))
    for number in range(4):
        put(place, f"page {number}.jpg", b"<!doctype html><html>")
    put(place, "large.png", picture("PNG") + bytes(100_000))
    put(place, "titles.csv", b"file\nmissing.jpg\n")
    workspace.set(scrape__source="folder", scrape__path="mine", scrape__megapixels=1.0, scrape__megabytes=0.1)
    lines = workspace.open("scrape").stdout.splitlines()
    assert [line.removeprefix("scrape: ").partition("type")[0] for line in lines] == [
        "failed 4: not a whole picture of ",
        "failed 2: not a picture that can be used: its pixels are more than the limit of 1 megapixels: "
        "raise scrape.megapixels (at most 170), or save it smaller (wall 1.png, wall 2.png)",
        "failed 1: listed in titles.csv, but not a picture in the folder (missing.jpg)",
        "failed 1: larger than the limit of 0.1 MB: raise scrape.megabytes (at most 1000) (large.png)",
        "metrics/scrape.json names every file that failed, and why",
        "1 files in data/raw, 8 failed",
    ]
    assert lines[0].endswith("but HTML (page 0.jpg, page 1.jpg, page 2.jpg, ...)")
    failures = files.read_json(workspace.folder / "metrics/scrape.json")["failures"]
    assert len(failures) == 8 and "1200 x 900 pixels are more" in " ".join(item["reason"] for item in failures)


def test_many_reasons_are_told_in_no_more_lines_than_a_screen_has():
    failures = [{"image_url": f"{n}.jpg", "title": "", "reason": f"reason {n // 2}\n"} for n in range(31)]
    *lines, last = Collected([], failures).describe_failures()
    assert lines == [f"failed 2: reason {n} ({2 * n}.jpg, {2 * n + 1}.jpg)" for n in range(REASONS)]
    assert last == "failed 7: 4 other reasons (24.jpg, 25.jpg, 26.jpg, ...)"
    assert Collected([], []).describe_failures() == []


def test_names_that_are_no_text_are_taken_and_told(workspace):
    place = workspace.folder / "mine"
    put(place, "good.jpg", picture())
    for name, data in ((b"caf\xe9.png", picture("PNG")), (b"caf\xe9.txt", b"x")):
        with open(os.fsencode(place) + b"/" + name, "wb") as file:
            file.write(data)
    workspace.set(scrape__source="folder", scrape__path="mine")
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    metrics = files.read_json(workspace.folder / "metrics/scrape.json")
    assert (metrics["files"], metrics["left_out"][0]["names"]) == (2, ["caf?.txt"])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_names_that_the_terminal_cannot_show_are_told_in_escapes(workspace, encoding):
    put(workspace.folder / "mine", "good.jpg", picture())
    put(workspace.folder / "mine", "日本.txt")
    workspace.set(scrape__source="folder", scrape__path="mine")
    done = workspace.process("scrape", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert r"left out 1: of a kind that is not read (\u65e5\u672c.txt)" in done.stdout and "1 files in" in done.stdout
    assert files.read_json(workspace.folder / "metrics/scrape.json")["left_out"][0]["names"] == ["日本.txt"]


def test_the_home_folder_may_be_written_as_a_tilde(workspace):
    put(workspace.folder, "home/my pictures/a.png", picture("PNG"))
    workspace.set(scrape__source="folder", scrape__path="~/my pictures")
    done = workspace.open("scrape", HOME=str(workspace.folder / "home"))
    assert done.returncode == 0, done.stderr
    workspace.set(scrape__path="~no-such-user/pictures")
    workspace.fails("scrape", "'~no-such-user/pictures'", "no such home")


def test_a_link_to_itself_is_no_folder(workspace):
    (workspace.folder / "mine").symlink_to("mine")
    workspace.set(scrape__source="folder", scrape__path="mine")
    workspace.fails("scrape", "mine is not a folder. Check scrape.path")
    shutil.copy(ROOT / "dvc.yaml", workspace.folder)
    assert workspace.open("inputs").returncode == 0


@pytest.mark.parametrize("stored, listed", [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_agree_however_their_accents_are_composed(client, tmp_path, stored, listed):
    put(tmp_path, unicodedata.normalize(stored, "Café/Été.jpg"), picture())
    row = unicodedata.normalize(listed, "Café/Été.jpg")
    (tmp_path / "titles.csv").write_text(f"file,title\n{row},Summer\n", encoding="utf-8")
    (record,) = found(client, tmp_path)
    assert isinstance(record, Record) and record.title == "Summer"
    assert folder.read(query(client, str(tmp_path)), record) == picture()


@pytest.mark.parametrize("listed", ["./sub/a.jpg", "sub\\a.jpg", "sub//a.jpg", "Sub/A.JPG"])
def test_names_agree_as_people_and_systems_write_them(client, tmp_path, listed):
    put(tmp_path, "sub/a.jpg")
    (tmp_path / "titles.csv").write_text(f"file,title\n{listed},Found\n")
    assert [one.title for one in found(client, tmp_path)] == ["Found"]


def test_a_file_has_its_own_row_where_two_names_differ_in_case_alone(client, tmp_path):
    for name in ("a.jpg", "A.jpg"):
        put(tmp_path, name)
    (tmp_path / "titles.csv").write_text("file,title\na.jpg,Small\nA.jpg,Large\na.JPG,Neither\n")
    assert [(one.title, type(one)) for one in found(client, tmp_path)] == [
        ("Neither", Gap),
        ("Large", Record),
        ("Small", Record),
    ]


def test_a_file_that_is_listed_twice_with_different_words_is_a_mistake(client, tmp_path):
    put(tmp_path, "a.jpg")
    (tmp_path / "titles.csv").write_text("file,title\na.jpg,One\na.jpg,One\n")
    assert [one.title for one in found(client, tmp_path)] == ["One"]
    (tmp_path / "titles.csv").write_text("file,title\na.jpg,One\n./a.jpg,Two\n")
    with pytest.raises(FetchError, match=r"lists 'a\.jpg' twice"):
        found(client, tmp_path)


@pytest.mark.parametrize("name", ["Titles.csv", "TITLES.CSV"])
def test_the_list_of_titles_is_found_however_it_is_capitalized(client, tmp_path, name):
    put(tmp_path, "a.jpg")
    (tmp_path / name).write_text("file,title,set\na.jpg,Found,reserve\n")
    (record,) = found(client, tmp_path)
    assert isinstance(record, Record) and (record.title, record.set) == ("Found", "reserve")
    put(tmp_path, "sub/titles.csv")
    assert left_out(client, tmp_path) == {"sub/titles.csv": "of a kind that is not read"}


def test_two_lists_of_titles_are_a_mistake(workspace):
    for name, data in (("a.jpg", picture()), ("titles.csv", b"file\na.jpg\n"), ("Titles.csv", b"file\na.jpg\n")):
        put(workspace.folder / "mine", name, data)
    workspace.set(scrape__source="folder", scrape__path="mine")
    workspace.fails("scrape", "has 'Titles.csv' and 'titles.csv'", "keep one of them", "Check scrape.path")


SIDECARS = {
    "a.jpg.json": {"title": "The <i>Egg</i> &amp; Co.", "date": "1931-05-01 00:00:00", "artist": "Jane Painter"},
    "b.json": {"name": "Boat", "completitionYear": 1936, "source": "https://museum.example/b", "license": "CC0"},
    "c.png.json": {"title": ["One", "Two"], "author": {"name": "Jane"}, "url": "not an address", "medium": "oil"},
    "d.jpg.json": [1],
    "e.jpg.json": {"title": {"odd": 1}, "date": None, "artist": 7},
}


def test_what_gallery_dl_wrote_beside_a_picture_is_read_and_titles_csv_has_the_last_word(client, tmp_path):
    for name in ("a.jpg", "b.webp", "c.png", "d.jpg", "e.jpg", "f.jpg"):
        put(tmp_path, name)
    for name, said in SIDECARS.items():
        put(tmp_path, name, json.dumps(said).encode())
    put(tmp_path, "f.jpg.json", b"{")
    put(tmp_path, "info.json", b"{}")
    (tmp_path / "titles.csv").write_text("file,title,year\nb.webp,Ship,\n")
    said = [
        (one.title, one.year, one.technique, one.page_url, one.rights)
        for one in found(client, tmp_path)
        if isinstance(one, Record)
    ]
    assert said == [
        ("The Egg & Co.", "1931", "", "", "author: Jane Painter"),
        ("Ship", "1936", "", "https://museum.example/b", "CC0"),
        ("One, Two", "", "oil", "", "author: Jane"),
        ("d", "", "", "", "as the user knows"),
        ("e", "", "", "", "author: 7"),
        ("f", "", "", "", "as the user knows"),
    ]
    assert left_out(client, tmp_path) == {"info.json": "of a kind that is not read"}


def test_a_turned_tiff_has_the_size_of_its_upright_picture(workspace):
    undone = [None, 0, 3, 1, 5, 2, 6, 4]  # Pillow's transpositions that lead from upright to stored
    upright = Image.effect_noise((60, 40), 80).convert("RGB")
    (workspace.folder / "mine").mkdir()
    for turn, how in enumerate(undone, start=1):
        stored = upright if how is None else upright.transpose(Image.Transpose(how))
        stored.save(workspace.folder / f"mine/{turn}.tif", compression="tiff_lzw", tiffinfo={0x112: turn})
    workspace.set(scrape__source="folder", scrape__path="mine")
    assert workspace.open("scrape").returncode == 0
    rows = files.read_jsonl(workspace.folder / "data/raw/catalogue.jsonl")
    assert [(row["width"], row["height"]) for row in rows] == [(60, 40)] * 8
    assert {images.read(workspace.folder / "data/raw" / row["file"]).tobytes() for row in rows} == {upright.tobytes()}
