"""A polite HTTP client.

It obeys robots.txt, keeps each host's rate, waits when told to, stops when it is sent away, and asks for nothing twice.
"""

import json
import random
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from protego import Protego

from stages.scrape import robots
from stages.scrape.addresses import FetchError, Refused, host_of, is_this_machine, join, origin_of
from stages.scrape.partial import Partial
from stages.scrape.rate_limit import RateLimiter, retry_after
from stages.scrape.store import Store
from stages.scrape.transport import CannotResume, Response, Transient, Transport

# XML parsed as HTML is on purpose: the HTML parser knows no entities from outside. A page may be one word.
for kind in (XMLParsedAsHTMLWarning, MarkupResemblesLocatorWarning):
    warnings.filterwarnings("ignore", category=kind)

USER_AGENT = "how-far-do-n-pictures-go"
MAX_PAGE_BYTES = 16_000_000  # the most that a page or list may hold
MAX_REDIRECTS = 5  # RFC 9309, 2.3.1.2
BUSY = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
LOGIN = {"login", "log-in", "signin", "sign-in", "sign_in", "sso", "auth", "authenticate", "account", "accounts"}
Accepted = TypeVar("Accepted")


@dataclass(frozen=True)
class ClientConfig:
    """How a visit behaves; the comments in params.yaml say what each of these does."""

    contact: str = ""
    requests_per_second: float = 0.0  # 0 = no limit
    timeout_s: float = 30.0
    total_s: float = 120.0
    retries: int = 3
    max_bytes: int = 100_000_000
    local: bool = False  # the source is on this machine, so its addresses may be asked
    max_wait_s: float = 60.0  # of the waits that a busy server asks for; one that asks for more is left
    first_wait_s: float = 0.5  # before the second try; doubles with each further one


class Client:
    """Fetch pages and files of one or several hosts; safe to use from several threads."""

    def __init__(self, config: ClientConfig, store: Store | None = None, offline: bool = False, refresh: bool = False):
        """`offline` answers from the store alone, `refresh` asks for what has changed since it was stored."""
        self.config, self.store, self.offline, self.refresh = config, store, offline, refresh
        self.transport = Transport(config.timeout_s, config.total_s, config.local)
        self.rate_limiter = RateLimiter(config.requests_per_second)
        self.headers = {
            "User-Agent": f"{USER_AGENT}/1.0 ({config.contact or 'no contact given'}; builds small data sets)",
            "Accept-Encoding": "gzip",
        }
        self.robots: dict[str, Protego | FetchError] = {}
        self.left: dict[str, str] = {}  # hosts, and why
        self.locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def fetch(
        self,
        url: str,
        accept: Callable[[bytes], Accepted] = bytes,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        robots: bool = True,
    ) -> Accepted:
        """What `accept` makes of the body behind an address; raises FetchError when it cannot be had.

        The body comes from the store or the network. `accept` raises FetchError for one that is not what was asked for
        (an error page with status 200, half a picture): it is not stored, and the next visit asks again.
        `robots` is False for a published programming interface alone: robots.txt speaks to crawlers.
        """
        entry = self.store.find(url) if self.store else None
        body = self.store.body(entry) if self.store and entry and not entry.failure else None
        if entry and (self.offline or not self.refresh):
            if entry.failure:
                raise FetchError(entry.failure)
            if body is not None:
                try:
                    return accept(body)
                except FetchError:
                    if self.offline:
                        raise
                    body = None  # stored by an earlier version, or damaged where its hash was made
        if self.offline:
            raise FetchError("not in the store of fetched files, and scrape.offline is true")
        conditions = entry.conditions() if entry and body is not None else {}
        partial = self.store.partial(url) if self.store else Partial()
        limit = max_bytes or self.config.max_bytes
        response = self._ask(url, {**(headers or {}), **conditions}, limit, robots, partial)
        if response.status == 200:
            body = response.body
        if body is None:
            raise FetchError("the server answered 304, unchanged, to a first request")
        try:
            accepted = accept(body)
            if self.store and response.status == 200:
                etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
                self.store.keep(url, body, etag, modified)
        finally:
            partial.forget()  # not before the whole is stored
        return accepted

    def file(self, url: str, accept: Callable[[bytes], Accepted] = bytes) -> Accepted:
        """A picture; asked for without compression, since a compressed body cannot be resumed."""
        return self.fetch(url, accept, {"Accept-Encoding": "identity"})

    def page(self, url: str, accept: Callable[[BeautifulSoup], Any] = lambda page: page) -> Any:
        """What `accept` makes of the HTML behind an address, which is parsed."""
        return self.fetch(url, lambda body: accept(BeautifulSoup(body, "lxml")), max_bytes=MAX_PAGE_BYTES)

    def json(
        self,
        url: str,
        accept: Callable[[Any], Any] = lambda value: value,
        headers: Mapping[str, str] | None = None,
        robots: bool = True,
    ) -> Any:
        """What `accept` makes of the JSON behind an address; raises NotJSON for anything else."""
        return self.fetch(url, lambda body: accept(_from_json(body)), headers, MAX_PAGE_BYTES, robots)

    def forget(self, url: str) -> None:
        """Ask for an address again at the next visit."""
        if self.store and not self.offline:
            self.store.forget(url)

    def leave(self, host: str, reason: str) -> None:
        """Ask a host for nothing more; what is stored of it can still be had. The first reason counts."""
        self.left.setdefault(host, reason)

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least that time between two requests to an address's host."""
        self.rate_limiter.set_min_interval(host_of(url), seconds)

    def _ask(self, url: str, headers: Mapping[str, str], max_bytes: int, robots: bool, partial: Partial) -> Response:
        """The answer of the network, of status 200 or 304; a final failure is stored."""
        try:
            return self._follow_redirects(url, headers, max_bytes, robots, partial)
        except Gone as error:
            if self.store:
                self.store.keep_failure(url, str(error))
            partial.forget()
            raise
        except Refused as error:
            error.address = url
            raise

    def _follow_redirects(
        self, url: str, headers: Mapping[str, str], max_bytes: int, robots: bool, partial: Partial
    ) -> Response:
        """The response at the end of the redirects; each step is checked as the first one is."""
        for _ in range(MAX_REDIRECTS + 1):
            self._check_allowed(url, robots)
            response = self._retry(url, headers, max_bytes, partial)
            if not _is_redirect(response):
                return _check_status(response)
            url = _redirect_target(url, response)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects")

    def _check_allowed(self, url: str, robots: bool) -> None:
        origin = origin_of(url)
        self._check_left(url)
        if not self.config.contact and not is_this_machine(url):
            raise Refused(
                "scrape.contact is empty: a site must be able to reach whoever collects from it "
                "(an e-mail or web address)"
            )
        if robots and not self._robots(origin).can_fetch(url, USER_AGENT):
            raise Forbidden("forbidden by the site's robots.txt")

    def _check_left(self, url: str) -> None:
        host = host_of(url)
        if host in self.left:
            raise Refused(f"not asked for: {host} {self.left[host]}")

    def _robots(self, origin: str) -> Protego:
        """The origin's robots.txt, read once per scrape; what made it unreadable is remembered as well."""
        with self.locks[origin]:
            if origin not in self.robots:
                try:
                    self.robots[origin] = self._read_robots(origin)
                except Refused as error:
                    self.robots[origin] = error
                except FetchError as error:
                    self.robots[origin] = FetchError(f"its robots.txt cannot be read: {error}")
        rules = self.robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        return rules

    def _read_robots(self, origin: str) -> Protego:
        """Raises Refused when it asks for too long a delay, FetchError when it cannot be had."""
        url = f"{origin}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            origin_of(url)
            response = self._retry(url, {}, robots.MAX_BYTES, Partial())
            if not _is_redirect(response):
                break
            url = _location(url, response)
        rules = robots.rules_of(response.status, response.reason, response.body)
        self.slow_down(origin, robots.crawl_delay(rules, USER_AGENT))
        return rules

    def _retry(self, url: str, headers: Mapping[str, str], max_bytes: int, partial: Partial) -> Response:
        """One request at the host's rate, and again when the server is busy or the connection breaks."""
        attempt = 0
        while True:
            held = False
            try:
                response = self._request(url, {**self.headers, **headers}, max_bytes, partial)
            except Transient:
                if attempt == self.config.retries:
                    raise
            else:
                if response.status not in BUSY:
                    return response
                held = self._hold(url, response)
                if attempt == self.config.retries:
                    return response
            if not held:
                # Longer each time; the jitter keeps threads from coming back all at once, and changes no result.
                longest = min(self.config.max_wait_s, self.config.first_wait_s * 2**attempt)
                time.sleep(longest * random.uniform(0.5, 1))
            attempt += 1

    def _hold(self, url: str, response: Response) -> bool:
        """Whether a busy server asks for a pause, which its whole host gets; raises Refused where it is too long."""
        seconds, host, longest = retry_after(response.headers), host_of(url), self.config.max_wait_s
        if seconds is None:
            return False
        if seconds > longest:
            reason = f"asks for a pause of {seconds:.0f} s, more than the {longest:g} s that a scrape waits"
            self.leave(host, reason)
            raise Refused(f"{_answer(response)}: {host} {reason}")
        self.rate_limiter.hold(host, seconds)
        return True

    def _request(self, url: str, headers: dict[str, str], max_bytes: int, partial: Partial) -> Response:
        """One request at the host's rate; a second one for the whole body when the server does not resume it."""
        try:
            self._take_turn(url)
            return self.transport.get(url, headers, max_bytes, partial)
        except CannotResume:
            self._take_turn(url)
            return self.transport.get(url, headers, max_bytes, partial)

    def _take_turn(self, url: str) -> None:
        """Wait until the host may be asked; another thread may have left it meanwhile."""
        self.rate_limiter.wait(host_of(url))
        self._check_left(url)


class Gone(FetchError):
    """There is nothing at the address, today or tomorrow."""


class Forbidden(Gone):
    """robots.txt keeps the address for others."""


class NotJSON(FetchError):
    """The answer is something else than JSON."""


def _from_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJSON("not the JSON that was expected") from error


def _is_redirect(response: Response) -> bool:
    return response.status in MOVED and "Location" in response.headers


def _answer(response: Response) -> str:
    return f"the server answered {response.status} {response.reason}".rstrip()


def _check_status(response: Response) -> Response:
    """The response, if it has what was asked for; raises FetchError for every refusal and failure."""
    message = _answer(response)
    if response.status in (401, 403):
        raise Refused(f"{message}: it does not want this visit")
    if response.status in (404, 410):
        raise Gone(message)
    if response.status not in (200, 304):
        raise FetchError(message)
    return response


def _redirect_target(url: str, response: Response) -> str:
    """Where a redirect leads; a login page is the end of the visit."""
    target = _location(url, response)
    origin_of(target)
    if LOGIN & set(urlsplit(target).path.lower().replace(".", "/").split("/")):
        raise Refused("the server sends visitors to a login page")
    return target


def _location(url: str, response: Response) -> str:
    """The address that a response names; servers write other letters than ASCII as they are, in UTF-8."""
    location = response.headers["Location"]
    with suppress(UnicodeError):  # it is what it looks like
        location = location.encode("latin-1").decode()  # headers are read as Latin-1
    return join(url, location)
