"""For the scrape's tests: pictures made on the spot, a raw loopback server that may misbehave, and a record of every connection."""

import io
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Callable

from PIL import Image

Script = Callable[[socket.socket, str], None]
QUICK = {"contact": "tests@museum.example", "timeout_s": 2, "total_s": 4, "retries": 1, "first_wait_s": 0.01, "local": True}


def picture(kind: str = "JPEG", mode: str = "RGB", pixels: tuple[int, int] = (40, 30), **options) -> bytes:
    """The bytes of a small picture, grey all over unless it is saved with more."""
    data = io.BytesIO()
    Image.new(mode, pixels, options.pop("colour", 0)).save(data, kind, **options)
    return data.getvalue()


def reply(body: bytes, status: str = "200 OK", **headers: str) -> Script:
    """A script that answers one request with a whole response and closes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *(f"{key.replace('_', '-')}: {value}" for key, value in headers.items())]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def raw(data: bytes) -> Script:
    """A script that sends these bytes, whatever they are, and closes."""
    return lambda connection, _: connection.sendall(data)


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
        threading.Thread(target=self.tcp.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"
