"""The text of a piece of HTML as a visitor of the page reads it."""

import re
from html import unescape

from bs4 import BeautifulSoup, Tag

HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
ADDRESS = re.compile(r"https?://\S+")
UNSEEN = ("script", "style", "template", "noscript", "head")
BLOCKS = ("address", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "table")
BLOCKS += ("tbody", "td", "th", "tr", "ul")  # each begins and ends a line or a cell


def visible_text(value: object) -> str:
    """The visible text of a value that may be HTML, in one line; "" for what is no text."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return ""
    text = str(value)
    if "<" not in text:  # plain text, in which an address keeps its &
        return text.strip() if ADDRESS.fullmatch(text.strip()) else " ".join(unescape(text).split())
    page = BeautifulSoup(text, "lxml")
    for element in page.find_all(_is_unseen):
        element.extract()
    for element in page.find_all(BLOCKS):
        element.insert_before(" ")
        element.insert_after(" ")
    return " ".join(page.get_text().split())


def _is_unseen(element: Tag) -> bool:
    """Commons hides Wikidata's statements so: <div style="display: none;">label QS:Len,"..."</div>."""
    return element.name in UNSEEN or element.has_attr("hidden") or bool(HIDDEN.search(str(element.get("style", ""))))
