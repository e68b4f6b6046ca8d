"""The page that `python -m stages.report` writes, taken apart for the tests."""

import re
from html.parser import HTMLParser

MINUS, TIMES, DASH, APOSTROPHE = "\N{MINUS SIGN}\N{MULTIPLICATION SIGN}\N{EN DASH}\N{RIGHT SINGLE QUOTATION MARK}"
VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """A page taken apart: its tags with their attributes, the text of each section, and whether every tag is closed."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.sections: dict[str, str] = {"": ""}
        self._open: list[str] = []
        self._section = ""
        self.feed(text)
        assert not self._open, f"not closed: {self._open}"
        self.sections = {name: " ".join(words.split()) for name, words in self.sections.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = self._keep(tag, attrs)
        if tag == "section":
            self._section = attributes["id"]
            self.sections[self._section] = ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._keep(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"
        if tag == "section":
            self._section = ""

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("style", "script"):
            self.sections[self._section] += data + " "

    def _keep(self, tag: str, attrs: list[tuple[str, str | None]]) -> dict[str, str]:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        return attributes

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def written(workspace) -> str:
    """Run the stage in a workspace in which all others have run, and read its page."""
    done = workspace.open("report")
    assert done.returncode == 0, done.stderr
    return (workspace.folder / "data/report/index.html").read_text(encoding="utf-8")


def lines_of(page: Page) -> list[dict[str, str]]:
    """The lines of the charts: paths in a line's color, neither a legend's nor a dot's."""
    return [path for path in page.named("path") if re.match("fill: none; stroke.*var\\(--line", path.get("style", ""))]
