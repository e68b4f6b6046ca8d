"""For the scrape's tests: pictures made on the spot, queries, and loopback servers, of which one may misbehave."""

import hashlib
import io
import socket
import socketserver
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image

from stages.common import params
from stages.scrape.client import Client, ClientConfig
from stages.scrape.interface import Found, Query, Record
from stages.scrape.params import ScrapeParams

Script = Callable[[socket.socket, str], object]  # answers a request on its connection; knows the path
# A client with little patience, which may visit this machine.
QUICK = ClientConfig(contact="tests@museum.example", timeout_s=2, total_s=4, retries=1, first_wait_s=0.01, local=True)
DEFAULTS = params.load(Path(__file__).resolve().parents[2] / "params.yaml").section(ScrapeParams)
OK = b"HTTP/1.1 200 OK\r\n"
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "bbbbbbbbbb">'
    b'<!ENTITY c "&b;&b;&b;&b;">]><r>&a;&c;</r>'
)


def query(client: Client, address: str, **changes: object) -> Query:
    """A query with the values of the project's params.yaml, apart from the changes."""
    return Query(client, address, DEFAULTS.model_copy(update=changes))


def all_records(found: Iterable[Found]) -> list[Record]:
    """What a source gives, where it may give no gap."""
    records = list(found)
    for item in records:
        assert isinstance(item, Record), item
    return [item for item in records if isinstance(item, Record)]


def picture(kind: str = "JPEG", mode: str = "RGB", pixels: tuple[int, int] = (40, 30), **options) -> bytes:
    """The bytes of a small picture, gray all over unless it is saved with more."""
    data = io.BytesIO()
    Image.new(mode, pixels, options.pop("color", 0)).save(data, kind, **options)
    return data.getvalue()


def reply(body: bytes, status: str = "200 OK", **headers: str) -> Script:
    """A script that answers one request with a whole response and closes."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items()),
    ]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Script:
    """A script that sends these bytes, whatever they are, and closes."""
    return lambda connection, _: connection.sendall(data)


def drip(head: bytes, every: float = 0.2):
    """Send the head at once, then a byte now and then, never long enough apart for an idle limit."""

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            time.sleep(every)
            connection.sendall(b"x")

    return script


def stall(head: bytes):
    """Send the head, then nothing."""

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        time.sleep(30)

    return script


def endless(head: bytes, piece: bytes):
    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return script


class Server:
    """Answers each path with a script; counts the requests."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {"/robots.txt": reply(b"", "404 Not Found")}
        self.asked: Counter[str] = Counter()
        self.requests: list[str] = []
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        more = self.request.recv(65536)
                        if not more:
                            return
                        request += more
                    target = request.split(b" ", 2)[1].decode()
                    server.asked[target] += 1
                    server.requests.append(request.decode("latin-1"))
                    server.scripts.get(target, reply(b"", "404 Not Found"))(self.request, target)
                except OSError:
                    pass  # the client hung up, as it should on a hostile server

        self.tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.tcp.daemon_threads = True
        self.tcp.block_on_close = False
        self.port = self.tcp.server_address[1]
        threading.Thread(target=self.tcp.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Visitors are killed, and the connection breaks."""


class Gallery:
    """A well-behaved site that keeps connections open.

    Every answer takes `delay` seconds, and its body comes in `pieces`. The site knows which answers a visitor has
    certainly dealt with (those after which the same connection asked for the next one), from which byte each request
    wanted a body, and which bodies were sent whole in one answer.
    """

    def __init__(self, files: dict[str, bytes], delay: float = 0.0, pieces: int = 1, pause: float = 0.0):
        """`pause` is the time between two pieces, in seconds."""
        self.files, self.asked, self.dealt_with, self.whole = files, Counter[str](), Counter[str](), Counter[str]()
        self.starts: defaultdict[str, list[int]] = defaultdict(list)
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        gallery = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            last: str | None = None

            def do_GET(self) -> None:
                with gallery.lock:
                    gallery.asked[self.path] += 1
                    gallery.starts[self.path].append(self.start())
                    if self.last is not None:
                        gallery.dealt_with[self.last] += 1
                    gallery.busy += 1
                    gallery.busiest = max(gallery.busy, gallery.busiest)
                time.sleep(delay)
                with gallery.lock:
                    gallery.busy -= 1
                self.answer(gallery.files.get(self.path))
                self.last = self.path

            def start(self) -> int:
                """The first byte that is asked for."""
                return int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])

            def answer(self, body: bytes | None) -> None:
                """Send a body, or the rest of it that is asked for."""
                data = body or b""
                tag = f'"{hashlib.sha256(data).hexdigest()}"'
                start = self.start() if self.headers["If-Range"] == tag else 0
                found = 206 if start else 200
                self.send_response(404 if body is None else found)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(data) - start))
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.end_headers()
                rest = data[start:]
                step = -(-len(rest) // pieces) or 1
                for at in range(0, len(rest), step):
                    time.sleep(pause if at else 0)
                    self.wfile.write(rest[at : at + step])
                with gallery.lock:
                    gallery.whole[self.path] += start == 0 and body is not None

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.http = _QuietServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def museum_files(works: int) -> dict[str, bytes]:
    """A museum's site of that many works in two renditions each, and a third one that is listed but missing."""
    names = ("large", "small", "lost")
    files = {"/": b'<a class="set" href="/all/">collection</a>'}
    files["/all/"] = "".join(
        f'<li class="work"><a href="/works/w{number}/">Work {number}</a></li>' for number in range(works)
    ).encode()
    for number in range(works):
        links = "".join(f'<a class="rendition" href="/images/{number}/{name}.jpg">{name}</a>' for name in names)
        files[f"/works/w{number}/"] = f"<h1>Work {number}</h1><dl><dt>Year</dt><dd>1931</dd></dl>{links}".encode()
        for name, width in zip(names[:2], (60, 40), strict=True):
            files[f"/images/{number}/{name}.jpg"] = picture(pixels=(width, 30), color=(number * 8, 100, 50))
    return files
