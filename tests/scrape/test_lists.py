"""titles.csv and other lists as people's programs write them: each works, or the message says what is wrong."""

import codecs

import pytest

from stages.scrape.addresses import FetchError
from stages.scrape.lists import COLUMNS, read_list

ROWS = [("a.jpg", "The, Egg", "1931"), ("b é.jpg", 'A "great" one', "1932"), ("sub/c.jpg", "Sleep", "")]
EXPECTED = [dict(zip(("file", "title", "year"), row, strict=True)) for row in ROWS]


def written(separator: str = ",", end: str = "\n", head: tuple[str, ...] = ("file", "title", "year")) -> str:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if separator in value or '"' in value else value

    return end.join(separator.join(map(cell, row)) for row in [head, *ROWS]) + end


SOUND = {
    "commas": written().encode(),
    "a byte order mark and CRLF": codecs.BOM_UTF8 + written(end="\r\n").encode(),
    "carriage returns alone": written(end="\r").encode(),
    "semicolons": written(";").encode(),
    "tabs": written("\t").encode(),
    "bars": written("|").encode(),
    "Excel's first line": b"sep=;\r\n" + written(";", "\r\n").encode(),
    "Excel's first line with a sign of its own": b"sep=~\n" + written("~").encode(),
    "UTF-16": written().encode("utf-16"),
    "UTF-16, big end first": codecs.BOM_UTF16_BE + written("\t").encode("utf-16-be"),
    "capitals": written(head=("File", "TITLE", "Year")).encode(),
    "spaces around the names of columns": written(head=(" file", "title ", " year ")).encode(),
    "quoted names of columns": written(head=('"file"', '"title"', '"year"')).encode().replace(b'"""', b'"'),
    "lines of commas": written().encode() + b",,\n,,\n\n   \n",
    "further empty columns": written(head=("file", "title", "year", "", "")).encode(),
    "commas behind a line": written().replace("1931", "1931,,").encode(),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_list_that_a_program_wrote_is_read(tmp_path, name):
    (tmp_path / "titles.csv").write_bytes(SOUND[name])
    found = read_list(tmp_path / "titles.csv", "file")
    assert found.rows == EXPECTED and found.left_out == []


def test_further_columns_are_not_used_and_named(tmp_path):
    (tmp_path / "titles.csv").write_text("museum,file,Page URL,height\nPrado,a.jpg,https://x.example/,70 cm\n")
    found = read_list(tmp_path / "titles.csv", "file")
    assert found.rows == [{"file": "a.jpg", "page_url": "https://x.example/"}]
    assert [(one.name, one.reason) for one in found.left_out] == [
        ("height", "a column of titles.csv that is not used"),
        ("museum", "a column of titles.csv that is not used"),
    ]


def test_further_keys_of_a_json_list_are_not_used_and_named(tmp_path):
    (tmp_path / "list.jsonl").write_text(
        '{"URL": "http://a.example/1", "tags": ["x"]}\n{"url": "http://b.example/2"}\n'
    )
    found = read_list(tmp_path / "list.jsonl", "url")
    assert found.rows == [{"url": "http://a.example/1"}, {"url": "http://b.example/2"}]
    assert [one.name for one in found.left_out] == ["tags"]


WRONG = {
    "another name for the file": (written(head=("filename", "title", "year")).encode(), "'filename,title,year'"),
    "no names of columns": (b"a.jpg,One,1931\n", "'a.jpg,One,1931'"),
    "an encoding of Windows": (written().encode("cp1252"), "not UTF-8 text, nor UTF-16: save it as UTF-8"),
    "half of UTF-16": (written().encode("utf-16")[:-1], "not UTF-8 text, nor UTF-16"),
    "no file": (b"file,title\n,One\n", "line 2 .* has no 'file'"),
    "more than the header has": (b"file,title\na.jpg,One\nb.jpg,Two,more\n", "line 3 .* beyond the header"),
    "nothing": (b"", "but it is empty"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_list_that_cannot_be_read_says_why_and_what_it_needs(tmp_path, name):
    body, words = WRONG[name]
    (tmp_path / "titles.csv").write_bytes(body)
    with pytest.raises(FetchError, match=words) as caught:
        read_list(tmp_path / "titles.csv", "file")
    if "its first line must name" in str(caught.value):
        assert all(column in str(caught.value) for column in (*COLUMNS, "file"))
