"""The museum's website: paginated lists, work pages, renditions and robots.txt, served on loopback like any site.

Paintings are painted ahead by a pool of processes; a request for one that is not ready waits for it.
"""

import html
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from stages.museum.scans import FAITHFUL, LONG_EDGE, Rendition, names
from stages.museum.works import Work

Answer = tuple[int, str, bytes]  # status, content type, body
PAGE_LENGTH = 24  # works on a page of a list
ROBOTS = "User-agent: *\nDisallow: /office/\n"
RIGHTS = "CC0: painted by this project's own program"
STYLE = (
    "body{font:17px/1.6 Georgia,serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#2b2621;background:#faf8f3}"
    "img{max-width:100%}dt{font-variant:small-caps}nav a{margin-right:1rem}"
)


class Site:
    """Answers of the museum by path, apart from the HTTP around them."""

    def __init__(self, works: list[Work], scans: Callable[[Work], list[Rendition]]):
        """`scans` returns the renditions of a work; it may wait until the work is painted."""
        self.works = {work.id: work for work in works}
        self.sets = {name: [work for work in works if work.set == name] for name in LONG_EDGE}
        self.scans = scans

    def answer(self, target: str) -> Answer:
        """Status, content type and body for the path and query of a GET request."""
        address = urlsplit(target)
        match address.path.strip("/").split("/"):
            case [""]:
                return _page("The museum of dream landscapes", self._index())
            case ["robots.txt"]:
                return 200, "text/plain", ROBOTS.encode()
            case [name] if name in self.sets:
                return self._list(name, parse_qs(address.query).get("page", ["1"])[0])
            case ["works", key] if key in self.works:
                return _page(self.works[key].title, self._work(self.works[key]))
            case ["images", key, file] if key in self.works:
                return self._image(self.works[key], file.removesuffix(".jpg"))
        return _page("Not found", "<p>There is no such page.</p>", 404)

    def _index(self) -> str:
        links = (
            f'<li><a class="set" href="/{name}/">{name}</a>: {len(works)} works</li>'
            for name, works in self.sets.items()
        )
        return f"<ul>{''.join(links)}</ul>"

    def _list(self, name: str, page: str) -> Answer:
        pages = max(1, -(-len(self.sets[name]) // PAGE_LENGTH))
        if not page.isdecimal() or not 1 <= int(page) <= pages:
            return _page("Not found", "<p>There is no such page.</p>", 404)
        start = (int(page) - 1) * PAGE_LENGTH
        rows = (
            f'<li class="work"><a href="/works/{work.id}/">{html.escape(work.title)}</a>, '
            f'<span class="year">{work.year}</span></li>'
            for work in self.sets[name][start : start + PAGE_LENGTH]
        )
        after = f'<a rel="next" href="/{name}/?page={int(page) + 1}">next page</a>' if int(page) < pages else ""
        return _page(f"The {name}", f"<ol start={start + 1}>{''.join(rows)}</ol><nav>{after}</nav>")

    def _work(self, work: Work) -> str:
        facts = {"Year": str(work.year), "Technique": work.technique, "Set": work.set, "Rights": RIGHTS}
        terms = "".join(f"<dt>{key}</dt><dd>{html.escape(value)}</dd>" for key, value in facts.items())
        links = "".join(_link(work, name) for name in names(work))
        return f'<img src="/images/{work.id}/{names(work)[-1]}.jpg" alt=""><dl>{terms}</dl><ul>{links}</ul>'

    def _image(self, work: Work, name: str) -> Answer:
        if name not in names(work):
            return _page("Not found", "<p>There is no such rendition.</p>", 404)
        found = next(scan for scan in self.scans(work) if scan.name == name)
        return 200, "image/jpeg", found.jpeg


def _link(work: Work, name: str) -> str:
    """The row of a file on a work's page; that of the faithful one says so."""
    kind, words = (" official", ", the museum's own photograph") if name == FAITHFUL else ("", "")
    return f'<li><a class="rendition{kind}" href="/images/{work.id}/{name}.jpg">{name}</a>{words}</li>'


def serve(site: Site) -> ThreadingHTTPServer:
    """A server for the site on a free port of 127.0.0.1; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # the head and the body are two packets: without it each answer waits 40 ms

        def do_GET(self) -> None:
            status, kind, body = site.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet: the visitor shows the progress."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


def _page(title: str, body: str, status: int = 200) -> Answer:
    """An HTML page with the museum's head and style."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head>"
        f'<body><nav><a href="/">museum</a></nav><h1>{html.escape(title)}</h1>{body}</body></html>'
    )
    return status, "text/html; charset=utf-8", text.encode()
