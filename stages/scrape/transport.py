"""One HTTP exchange: connections to checked addresses only, a limit on the whole time and on the bytes, decompressed ones too.

A body that goes on where an earlier exchange broke off is held to the limits as a whole.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError

from stages.scrape.addresses import FetchError, resolve
from stages.scrape.partial import Partial, Version

CHUNK = 1 << 16
KEPT_HEADERS = ("ETag", "Last-Modified", "Location", "Retry-After")
_clock = threading.local()  # of the exchange that this thread is in


class Transient(FetchError):
    """A failure that another try may mend."""


class Stale(FetchError):
    """The server does not go on with the body that is partly there, which is forgotten: another try asks for all of it."""


class TooLarge(FetchError):
    """The body is larger than the limit."""


@dataclass(frozen=True)
class Answer:
    """What the server said; `body` is complete for status 200 only."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class _Patience:
    """Each read waits for what is left of the exchange's time, not for `timeout_s` again: a server that drips is cut off too."""

    def recv_into(self, *args, **options) -> int:
        left = _clock.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(min(_clock.idle, left))
        return super().recv_into(*args, **options)


class _Socket(_Patience, socket.socket):
    """A plain socket with patience."""


class _SecureSocket(_Patience, ssl.SSLSocket):
    """A TLS socket with patience (its handshake has a limit of its own in the standard library)."""


class Transport:
    """Send GET requests; each thread keeps its own connections, and reuses one only after it has dealt with the last answer."""

    def __init__(self, timeout_s: float, total_s: float, local: bool):
        """`timeout_s` is the longest silence, `total_s` the longest exchange; `local` allows this machine's own addresses."""
        self.timeout_s, self.total_s = timeout_s, total_s
        self.pool_classes = _pool_classes(local)
        self.tls = ssl.create_default_context(cafile=certifi.where())
        self.tls.sslsocket_class = _SecureSocket
        self._own = threading.local()

    def get(self, url: str, headers: dict[str, str], most_bytes: int, partial: Partial) -> Answer:
        """One exchange, no redirects, that goes on with what `partial` holds of the body, and leaves there what arrives.

        Raises FetchError, of the kind Transient or Stale where another try may help.
        """
        conditions = partial.conditions(url, most_bytes)
        with self._time(partial.seconds if conditions else 0.0):
            try:
                response = self._pool().request(
                    "GET",
                    url,
                    headers={**headers, **conditions},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    timeout=self.timeout_s,
                )
                return self._answer(response, url, most_bytes, partial, bool(conditions))
            except Stale:
                partial.forget()
                raise
            except FetchError:
                raise
            except (HTTPError, OSError, ValueError) as error:  # ValueError: addresses that cannot be sent
                if time.monotonic() >= _clock.end:
                    partial.forget()  # its time is up
                    raise FetchError(f"the answer took more than {self.total_s:g} s in all") from error
                raise _plain(error) from error

    def _answer(
        self, response: urllib3.BaseHTTPResponse, url: str, most_bytes: int, partial: Partial, going_on: bool
    ) -> Answer:
        status, body = response.status, b""
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        try:
            if status == 200:
                self._restart()
                partial.begin(Version.of(url, response.headers))
                body = _read(response, most_bytes, partial)
            elif going_on and status in (206, 416):
                body = _rest(response, partial)
                status, kept = 200, partial.version.headers()
            else:
                _drop(response)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Answer(status, (response.reason or "")[:80], kept, body)

    @contextmanager
    def _time(self, spent: float) -> Iterator[None]:
        """Start the clock of an exchange, with the seconds that its body has taken before."""
        _clock.idle, _clock.start = self.timeout_s, time.monotonic()
        _clock.body = _clock.start - spent
        _clock.end = _clock.body + self.total_s
        yield

    def _restart(self) -> None:
        """A body that starts anew has all the time again."""
        _clock.body = _clock.start
        _clock.end = _clock.body + self.total_s

    def _pool(self) -> urllib3.PoolManager:
        if not hasattr(self._own, "pool"):
            self._own.pool = urllib3.PoolManager(num_pools=8, ssl_context=self.tls)
            self._own.pool.pool_classes_by_scheme = self.pool_classes
        return self._own.pool


def _drop(response: urllib3.BaseHTTPResponse) -> None:
    """Read the text of a refusal, so that the connection can be used again; a long one is not worth it."""
    try:
        _read(response, CHUNK, Partial())
    except (FetchError, HTTPError):
        response.close()


def _rest(response: urllib3.BaseHTTPResponse, partial: Partial) -> bytes:
    """The whole body, which the answer completes; raises Stale when the answer is anything but the missing bytes."""
    stale = Stale("the server does not go on where it broke off")
    if response.status != 206 or not partial.is_continued(response.headers):
        raise stale
    try:
        body = _read(response, partial.version.length, partial)
    except TooLarge as error:
        raise stale from error
    if len(body) < partial.version.length:
        raise Transient("the server broke off its answer")
    return body


def _read(response: urllib3.BaseHTTPResponse, most_bytes: int, partial: Partial) -> bytes:
    """The decoded body with what was there of it before, read no further than the limit."""
    too_large = TooLarge(f"larger than the limit of {most_bytes / 1e6:g} MB")
    declared = response.headers.get("Content-Length", "0")
    if not declared.isdecimal():
        raise FetchError("the answer announces an impossible length")
    if partial.size + int(declared[:20]) > most_bytes:
        raise too_large
    try:
        for piece in _pieces(response, partial):
            if partial.size + len(piece) > most_bytes:
                raise too_large
            partial.add(piece, time.monotonic() - _clock.body)
    finally:
        partial.seconds = time.monotonic() - _clock.body  # a wait for bytes that never came counts
    return partial.body()


def _pieces(response: urllib3.BaseHTTPResponse, partial: Partial) -> Iterator[bytes]:
    """The decoded body piece by piece; one that can be gone on with as it arrives, without a wait until a piece is full."""
    if partial.version is None:
        return response.stream(CHUNK, decode_content=True)
    return iter(lambda: response.read1(CHUNK, decode_content=True), b"")


def _pool_classes(local: bool) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's pools, with connections that resolve a name once, check the addresses, and connect to what was checked."""

    def connect(connection: HTTPConnection) -> socket.socket:
        try:
            found = resolve(connection._dns_host, connection.port, local)
        except OSError as error:
            raise NameResolutionError(connection.host, connection, error) from error
        failure = OSError("no address")
        for family, kind, protocol, _, target in found:
            opened = _Socket(family, kind, protocol)
            try:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opened.settimeout(min(_clock.idle, max(0.001, _clock.end - time.monotonic())))
                opened.connect(target)
                return opened
            except OSError as error:
                opened.close()
                failure = error
        raise NewConnectionError(connection, str(failure)) from failure

    class Connection(HTTPConnection):
        _new_conn = connect

    class SecureConnection(HTTPSConnection):
        _new_conn = connect

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _plain(error: Exception) -> FetchError:
    """The cause in words that are the same in every run (no addresses of objects, no ports)."""
    match error:
        case SSLError():
            return FetchError("no secure connection to the server (its certificate or its protocol)")
        case NewConnectionError() | NameResolutionError():
            return Transient("no connection to the server")
        case urllib3.exceptions.TimeoutError() | TimeoutError():
            return Transient("the server did not answer in time")
        case urllib3.exceptions.IncompleteRead() | urllib3.exceptions.ProtocolError():
            return Transient("the server broke off its answer")
        case urllib3.exceptions.DecodeError():
            return FetchError("the answer's compression is broken")
        case _:
            return FetchError(f"the request failed ({type(error).__name__})")
