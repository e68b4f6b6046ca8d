"""One HTTP exchange: connections to checked addresses only, a limit on the whole time and on the decompressed bytes.

A body that is resumed where an earlier exchange broke off is held to the limits as a whole.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse, parse_headers

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError

from stages.scrape.addresses import FetchError, resolve
from stages.scrape.partial import Partial, Version, content_length

CHUNK = 1 << 16
KEPT_HEADERS = ("ETag", "Last-Modified", "Location", "Retry-After")


class Transient(FetchError):
    """A failure that another try may mend."""


class CannotResume(FetchError):
    """The server does not resume the body that is partly there, which is forgotten: another try asks for all of it."""


class TooLarge(FetchError):
    """The body is larger than the limit."""


@dataclass(frozen=True)
class Response:
    """What the server said; `body` is complete for status 200 only."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class _Exchange(threading.local):
    """The exchange that this thread is in; times are on the monotonic clock."""

    local = False  # whether this machine's own addresses may be connected to
    timeout_s = 0.0  # the longest silence
    total_s = 0.0  # that a body may take
    start = 0.0
    body_start = 0.0  # as if the body had come in one piece
    end = 0.0  # the deadline

    def begin(self, timeout_s: float, total_s: float, local: bool, seconds_before: float) -> None:
        """Start the clock, with the seconds that the body has taken before."""
        self.timeout_s, self.total_s, self.local = timeout_s, total_s, local
        self.start = time.monotonic()
        self._set_deadline(self.start - seconds_before)

    def restart_body(self) -> None:
        """A body that starts anew has all the time again."""
        self._set_deadline(self.start)

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.end - time.monotonic()

    def body_seconds(self) -> float:
        """How long the body has taken so far."""
        return time.monotonic() - self.body_start

    def _set_deadline(self, body_start: float) -> None:
        self.body_start = body_start
        self.end = body_start + self.total_s


_exchange = _Exchange()


class _Socket(socket.socket):
    """Each read waits for what is left of the exchange's time, not for the whole timeout again.

    A server that drips is cut off too.
    """

    def recv_into(self, *args, **options) -> int:
        left = _exchange.left()
        if left <= 0:
            raise TimeoutError
        self.settimeout(min(_exchange.timeout_s, left))
        return super().recv_into(*args, **options)


class _SecureSocket(_Socket, ssl.SSLSocket):
    """The same over TLS (its handshake has a limit of its own in the standard library)."""


class _Response(HTTPResponse):
    """Passes by interim answers (103 Early Hints), and knows a length that is said twice.

    The standard library passes by 100 Continue alone, and takes a length that it cannot read for none.
    """

    def begin(self) -> None:
        super().begin()
        length = content_length(dict(self.headers.items())) or ""
        if self.length is None and not self.chunked and length.isdecimal() and self.status == 200:
            self.length = int(length[:20])

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # pyright: ignore[reportAttributeAccessIssue] - not public
            if not 100 < status < 200 or status == 101:
                return version, status, reason
            parse_headers(self.fp)


class _Connection(HTTPConnection):
    """Connects to checked addresses only."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _SecureConnection(HTTPSConnection):
    """The same over TLS."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType] - urllib3's classes do not fit its own protocols


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType] - as above


class Transport:
    """Send GET requests.

    Each thread keeps its own connections, and reuses one only after it has dealt with the last response.
    """

    def __init__(self, timeout_s: float, total_s: float, local: bool):
        """`timeout_s` is the longest silence, `total_s` the longest exchange.

        `local` allows this machine's own addresses.
        """
        self.timeout_s, self.total_s, self.local = timeout_s, total_s, local
        self.tls = ssl.create_default_context(cafile=certifi.where())
        self.tls.sslsocket_class = _SecureSocket
        self._thread = threading.local()

    def get(self, url: str, headers: dict[str, str], max_bytes: int, partial: Partial) -> Response:
        """One exchange, no redirects, that resumes what `partial` holds of the body, and leaves there what arrives.

        Raises FetchError, of the kind Transient or CannotResume where another try may help.
        """
        conditions = partial.conditions(url, max_bytes)
        _exchange.begin(self.timeout_s, self.total_s, self.local, partial.seconds if conditions else 0.0)
        try:
            response = self._pool_manager().request(
                "GET",
                url,
                headers={**headers, **conditions},
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self.timeout_s,
            )
            return self._receive(response, url, max_bytes, partial, bool(conditions))
        except CannotResume:
            partial.forget()
            raise
        except FetchError:
            raise
        except (HTTPError, OSError, ValueError) as error:  # ValueError: addresses that cannot be sent
            if _exchange.left() <= 0:
                partial.forget()  # its time is up
                raise FetchError(f"the answer took more than {self.total_s:g} s in all") from error
            raise _fetch_error(error) from error

    def _receive(
        self, response: urllib3.BaseHTTPResponse, url: str, max_bytes: int, partial: Partial, resuming: bool
    ) -> Response:
        status, body = response.status, b""
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        try:
            if status == 200:
                _exchange.restart_body()
                partial.begin(Version.of(url, response.headers))
                body = _read(response, max_bytes, partial)
            elif resuming and status in (206, 416):
                version = partial.version
                assert version is not None, "only a body of a known version is resumed"
                body = _read_rest(response, partial, version)
                status, kept = 200, version.headers()
            else:
                _drain(response)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Response(status, (response.reason or "")[:80], kept, body)

    def _pool_manager(self) -> urllib3.PoolManager:
        if not hasattr(self._thread, "pools"):
            pools = urllib3.PoolManager(num_pools=8, ssl_context=self.tls)
            pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
            self._thread.pools = pools
        return self._thread.pools


def _drain(response: urllib3.BaseHTTPResponse) -> None:
    """Read the text of a refusal, so that the connection can be used again; a long one is not worth it."""
    try:
        _read(response, CHUNK, Partial())
    except (FetchError, HTTPError):
        response.close()


def _read_rest(response: urllib3.BaseHTTPResponse, partial: Partial, version: Version) -> bytes:
    """The whole body, which the response completes; raises CannotResume when it is anything but the missing bytes."""
    cannot_resume = CannotResume("the server does not go on where it broke off")
    if response.status != 206 or not partial.is_continued_by(response.headers):
        raise cannot_resume
    try:
        body = _read(response, version.length, partial)
    except TooLarge as error:
        raise cannot_resume from error
    if len(body) < version.length:
        raise Transient("the server broke off its answer")
    return body


def _read(response: urllib3.BaseHTTPResponse, max_bytes: int, partial: Partial) -> bytes:
    """The decoded body with what was there of it before, read no further than the limit."""
    too_large = TooLarge(f"larger than the limit of {max_bytes / 1e6:g} MB")
    declared = content_length(response.headers) or "0"
    if not declared.isdecimal():
        raise FetchError("the answer announces an impossible length")
    if partial.size + int(declared[:20]) > max_bytes:
        raise too_large
    try:
        for piece in _pieces(response, partial):
            if partial.size + len(piece) > max_bytes:
                raise too_large
            partial.add(piece, _exchange.body_seconds())
    finally:
        partial.seconds = _exchange.body_seconds()  # a wait for bytes that never came counts
    return partial.body()


def _pieces(response: urllib3.BaseHTTPResponse, partial: Partial) -> Iterator[bytes]:
    """The decoded body piece by piece; one that can be resumed as it arrives, without a wait until a piece is full."""
    if partial.version is None:
        return response.stream(CHUNK, decode_content=True)
    return iter(lambda: response.read1(CHUNK, decode_content=True), b"")


def _connect(connection: HTTPConnection) -> socket.socket:
    """A socket to the connection's host: its name is resolved once, and only what was checked is connected to."""
    try:
        found = resolve(connection._dns_host, connection.port, _exchange.local)
    except OSError as error:
        raise NewConnectionError(connection, str(error)) from error
    failure = OSError("no address")
    for family, kind, protocol, _, target in found:
        opened = _Socket(family, kind, protocol)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(min(_exchange.timeout_s, max(0.001, _exchange.left())))
            opened.connect(target)
            return opened
        except OSError as error:
            opened.close()
            failure = error
    raise NewConnectionError(connection, str(failure)) from failure


def _fetch_error(error: Exception) -> FetchError:
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
