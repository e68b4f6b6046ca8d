"""The user's word: a list's column `work` and data/corrections.csv merge, keep apart, drop and choose."""

from pathlib import PurePosixPath

import numpy as np
import pytest
from PIL import Image, ImageFilter

from stages.common import files, images
from stages.common.cli import UserError
from stages.dedupe import corrections
from stages.dedupe.groups import Groups


def rows(*names: str, **more) -> list:
    return [{"file": f"{n}.png", "image_url": f"a/{name}", "title": name.split(".")[0], "work": None, "sha256": f"{n}"}
            | more for n, name in enumerate(names)]  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def of(text: str, catalogue: list) -> corrections.Corrections:
        (tmp_path / "corrections.csv").write_text(f"action,file,other\n{text}\n")
        return corrections.read(tmp_path / "corrections.csv", catalogue)

    return of


def test_files_are_named_as_stored_as_at_the_source_or_by_title(read):
    found = read(
        "same,0.png,A/B.JPG\ndifferent,b,c.jpg\nkeep,c\ndrop,a/d.jpg", rows("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    )
    assert (found.same, found.different, found.kept) == ([(0, 1)], [(1, 2)], {2})
    assert [row["title"] for row in found.rows] == ["a", "b", "c"] and len(found.told) == 4 and not found.lost
    both = [*rows("x.jpg"), *rows("x.png")]
    assert read("same,x,x.png", both).same, "a title names all files that have it"


def at(*addresses: str, **more) -> list:
    """Rows of a folder or a list of addresses, titled by the file's name there."""
    found = rows(*addresses, **more)
    return [row | {"file": f"{number:016x}.png", "image_url": name, "title": PurePosixPath(name).stem}
            for number, (row, name) in enumerate(zip(found, addresses, strict=True))]  # fmt: skip


def test_a_whole_name_counts_more_than_the_end_of_another(read):
    folder = at("1.png", "2.png", "late/1.png", "late/2.png", "late/3.png")
    assert read("same,1.png,2.png", folder).same == [(0, 1)]
    assert read("same,late/1.png,3.png", folder).same == [(2, 4)]
    assert [row["image_url"] for row in read("drop,1.png", folder[:4]).rows] == ["2.png", "late/1.png", "late/2.png"]
    dropped = read("drop,1.png\nsame,1.png,3.png\nsame,2,3", folder)
    assert dropped.same == [(0, 2), (2, 3)] and len(dropped.lost) == 1, "the other 1.png is not meant"
    assert read("same,1,2.png", folder).same == [(0, 2), (2, 1)], "a title names all files that have it"


@pytest.mark.parametrize("text", ["drop,default.jpg", "drop,default", "different,a,DEFAULT.jpg", "keep,default.jpg"])
def test_the_end_of_several_addresses_is_none_of_them(read, text):
    addresses = [f"https://iiif.example/{name}/full/default.jpg" for name in "abcdefg"]
    catalogue = [row | {"title": name} for row, name in zip(at(*addresses), "abcdefg", strict=True)]
    with pytest.raises(UserError, match=r"line 2 .*means 7 files, 0+.png \(https://iiif.example/a/.*and 2 more: name"):
        read(text, catalogue)


def test_a_web_address_is_found_whole(read):
    first, second = "https://iiif.example/a/default.jpg", "https://iiif.example/b/default.jpg"
    found = read(f"drop,{first}", at(first, second))
    assert [row["image_url"] for row in found.rows] == [second] and not found.lost


@pytest.mark.parametrize("host", ["http://127.0.0.1:8000", "HTTP://LocalHost", "https://[::1]:9"])
def test_a_whole_address_on_this_machine_is_found_though_the_catalogue_has_no_host(read, host):
    found = read(f"drop,{host}/late/33.jpg", at("/33.jpg", "/late/33.jpg", "/late/33.jpg?large"))
    assert [row["image_url"] for row in found.rows] == ["/33.jpg", "/late/33.jpg?large"] and not found.lost
    (lost,) = read(f"drop,{host}.example/33.jpg\n", at("/33.jpg")).lost
    assert ".example/33.jpg'" in lost


def test_one_file_that_was_found_twice_can_be_kept(read):
    copies = [row | {"file": "aa.jpg"} for row in at("egg.jpg", "egg copy.jpg")]
    assert read("keep,aa.jpg", [*at("large.jpg"), *copies]).kept == {1, 2}


@pytest.mark.parametrize(
    "text, words",
    [
        ("merge,a,b", "'merge', but it must be one of same, different, drop, keep"),
        ("same,a", "same takes 2 files"),
        ("drop,a,b", "drop takes 1 files"),
        ("different,a,a.jpg", "mean the same file"),
        ("keep,t", "means 2 files"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(read, text, words):
    catalogue = [*rows("a.jpg", "b.jpg"), *rows("c.jpg", "d.jpg", title="t")]
    with pytest.raises(UserError, match=r"line 2 of .*corrections\.csv") as caught:
        read(text, catalogue)
    assert words in str(caught.value)


def test_a_name_that_means_nothing_is_told_and_a_wrong_header_too(read, tmp_path):
    (lost,) = read("same,scann,b", rows("scan.jpg", "b.jpg")).lost
    assert "line 2" in lost and "'scann'" in lost and "did you mean 'scan'" in lost
    (tmp_path / "corrections.csv").write_text("what,who\n")
    with pytest.raises(UserError, match="must name the columns, action, file and any of other, but it is 'what,who'"):
        corrections.read(tmp_path / "corrections.csv", rows("a.jpg"))
    assert corrections.read(tmp_path / "none.csv", rows("a.jpg")).told == []


@pytest.mark.parametrize(
    "data",
    [
        "action;file;other\nsame;Ébauche;b\n".encode("utf-8-sig"),
        "action\tfile\tother\nsame\tÉbauche\tb\n".encode("utf-16"),
        b"sep=;\r\nAction;File;Other\r\nsame;E\xcc\x81bauche;B\r\n;;\r\n",
    ],
)
def test_corrections_are_read_as_spreadsheet_programs_save_them(tmp_path, data):
    (tmp_path / "corrections.csv").write_bytes(data)
    assert corrections.read(tmp_path / "corrections.csv", rows("ébauche.jpg", "b.jpg")).same == [(0, 1)]


def test_a_name_is_found_however_it_is_composed_and_spaced(read):
    catalogue = rows("E\N{COMBINING ACUTE ACCENT}bauche.jpg", "two spaces.jpg")
    assert len(read("drop,Ébauche.jpg", catalogue).rows) == len(read("drop,two  spaces.jpg", catalogue).rows) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"action,file,other\ndrop,\xe9t\xe9.png,\n", "is not UTF-8 text, nor UTF-16: save it as UTF-8"),
        (b'action,file,other\ndrop,"a.png,\n', "line 2 of .* is not valid CSV"),
        (b"action,file,other\nsame,a,b,c\n", "line 2 of .* has a column beyond the header: put a text with a ','"),
    ],
)
def test_a_file_that_is_no_table_is_told(tmp_path, data, words):
    (tmp_path / "corrections.csv").write_bytes(data)
    with pytest.raises(UserError, match=words):
        corrections.read(tmp_path / "corrections.csv", rows("a.jpg"))


def test_files_of_the_same_bytes_are_one_work(read):
    catalogue = [row | {"sha256": "one"} for row in rows("a.jpg", "b.jpg", "c.jpg")]
    groups, _ = corrections.groups(read("same,a,b", catalogue))
    assert corrections.join_equal(groups, catalogue) == [(1, 2)] and groups.members() == [[0, 1, 2]]


@pytest.mark.parametrize("works", [None, ("klein", "klein 2")], ids=["a correction", "a list"])
def test_the_user_cannot_make_two_works_of_the_same_bytes(read, works):
    catalogue = rows("a.jpg", "b.jpg")
    for row, work in zip(catalogue, works or (None, None), strict=True):
        row |= {"sha256": "one", "work": work, "told": bool(work)}
    corrected = read("" if works else "different,a,b", catalogue)
    groups, _ = corrections.groups(corrected)
    with pytest.raises(UserError, match=r"a/a.jpg \(a\) and a/b.jpg \(b\) are the same picture, byte for byte"):
        corrections.join_equal(groups, catalogue)


def test_corrections_that_contradict_each_other_are_named(read):
    with pytest.raises(UserError, match="one work, and that they are not"):
        corrections.groups(read("same,a,b\nsame,b,c\ndifferent,a,c", rows("a.jpg", "b.jpg", "c.jpg")))


def test_works_of_a_list_merge_and_stay_apart_through_what_lies_between():
    catalogue = [*rows("a", "b", work="one", told=True), *rows("c", work="two", told=True), *rows("d", "e")]
    groups, joined = corrections.groups(corrections.Corrections(catalogue))
    assert groups.members() == [[0, 1], [2], [3], [4]] and joined == [(0, 1)]
    assert groups.join(3, 0) and groups.join(2, 4), "files that nobody told of go where they are like"
    assert not groups.may_join(3, 4) and not groups.join(3, 4) and groups.members() == [[0, 1, 3], [2, 4]]
    untold, _ = corrections.groups(corrections.Corrections(rows("a", "b", work="one")))
    assert untold.members() == [[0], [1]], "a source's word is measured, not obeyed"


def test_a_group_keeps_the_work_that_the_user_told_of_a_file_in_it():
    groups = Groups(3)
    groups.tell([1], "one")
    groups.tell([2], "two")
    assert groups.join(0, 1) and not groups.join(0, 2) and groups.members() == [[0, 1], [2]]


def test_a_pair_that_is_apart_stays_apart_with_what_joins_it():
    groups = Groups(4, apart=[(0, 3)])
    assert groups.join(0, 1) and groups.join(3, 2) and not groups.join(1, 2)
    assert groups.members() == [[0, 1], [2, 3]]


@pytest.fixture
def collected(workspace):
    """Two files of one picture, a blurred one of another that hashing does not find, and a poster."""
    rng, found = np.random.default_rng(0), []
    one, two = (Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((240, 180)) for _ in range(2))
    files_of = {
        "a.png": one,
        "a small.png": one.resize((200, 150)),
        "b.png": two,
        "wall.png": one.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    }
    for number, (name, picture) in enumerate(files_of.items()):
        images.save_png(workspace.folder / f"data/raw/{number}.png", picture.filter(ImageFilter.GaussianBlur(0.5)))
        found.append(
            {"file": f"{number}.png", "image_url": name, "title": name[:-4], "work": None, "year": "", "rights": ""}
            | {"technique": "", "page_url": "", "set": "collection", "sha256": f"{number}".ljust(64, "0")}
            | {"width": picture.width, "height": picture.height, "bytes": 1}
        )
    files.write_jsonl(workspace.folder / "data/raw/catalogue.jsonl", found)
    return workspace


@pytest.mark.slow
def test_the_stage_obeys_and_tells_what_was_corrected(collected):
    def works() -> dict[str, list[str]]:
        assert collected.open("dedupe").returncode == 0
        kept = files.read_jsonl(collected.folder / "data/works/works.jsonl")
        return {work["title"]: work["duplicates"] for work in kept}

    assert works() == {"a": ["1.png"], "b": [], "wall": []}
    path = collected.folder / "data/corrections.csv"
    path.write_text("action,file,other\ndifferent,a,a small\nsame,wall,a.png\ndrop,b.png\nkeep,wall\nsame,nobody,a\n")
    assert works() == {"wall": ["0.png"], "a small": []}
    told = ["different: a, a small", "same: wall, a.png", "drop: b.png", "keep: wall"]
    measured = files.read_json(collected.folder / "metrics/dedupe.json")
    assert measured["corrected"] == told
    (lost,) = measured["not_corrected"]
    assert lost.startswith("line 6 of data/corrections.csv: no file of this collection is called 'nobody'")
    (why,) = files.read_jsonl(collected.folder / "data/works/works.jsonl")[0]["why"]
    assert (why["check"], why["correlation"]) == ("told", 1.0)
    assert "warning: line 6 of data/corrections.csv" in collected.open("dedupe").stdout
