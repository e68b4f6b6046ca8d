"""A polite HTTP client.

It obeys robots.txt, keeps each host's rate, waits when told to, stops when it is sent away, and asks for nothing twice.
"""

import json
import random
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from protego import Protego
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from stages.scrape.addresses import FetchError, Refused, is_this_machine, join, origin_of
from stages.scrape.partial import Partial
from stages.scrape.rate_limit import RateLimiter
from stages.scrape.store import Entry, Store
from stages.scrape.transport import CannotResume, Response, Transient, Transport

# XML parsed as HTML is on purpose: the HTML parser knows no entities from outside.
warnings.filterwarnings("ignore", category=XMLParsedAsHTMLWarning)

USER_AGENT = "how-far-do-n-pictures-go"
MAX_PAGE_BYTES = 16_000_000  # the most that a page or list may hold
MAX_ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: the least that a crawler must read, and the most that this one does
MAX_REDIRECTS = 5  # RFC 9309, 2.3.1.2
MAX_CRAWL_DELAY_S = 60.0
BUSY = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
LOGIN = {"login", "log-in", "signin", "sign-in", "sign_in", "sso", "auth", "authenticate", "account", "accounts"}
FORBID_ALL = "User-agent: *\nDisallow: /"


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
    max_wait_s: float = 60.0  # of the waits that a busy server asks for
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
        self.locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def fetch(
        self, url: str, headers: Mapping[str, str] | None = None, max_bytes: int | None = None, robots: bool = True
    ) -> bytes:
        """The body behind an address, from the store or the network; raises FetchError when it cannot be had.

        `robots` is False for a published programming interface alone: robots.txt speaks to crawlers.
        """
        entry = self.store.find(url) if self.store else None
        body = self.store.body(entry) if self.store and entry and not entry.failure else None
        if entry and (self.offline or not self.refresh) and (entry.failure or body is not None):
            return _stored_body(entry, body)
        if self.offline:
            raise FetchError("not in the store of fetched files, and scrape.offline is true")
        conditions = entry.conditions() if entry and body is not None else {}
        partial = self.store.partial(url) if self.store else Partial()
        try:
            limit = max_bytes or self.config.max_bytes
            response = self._follow_redirects(url, {**(headers or {}), **conditions}, limit, robots, partial)
        except Gone as error:
            if self.store:
                self.store.keep_failure(url, str(error))
            partial.forget()
            raise
        if response.status == 200:
            body = response.body
            if self.store:
                etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
                self.store.keep(url, body, etag, modified)
        partial.forget()  # not before the whole is stored
        if body is None:
            raise FetchError("the server answered 304, unchanged, to a first request")
        return body

    def file(self, url: str) -> bytes:
        """A picture's bytes; asked for without compression, since a compressed body cannot be resumed."""
        return self.fetch(url, {"Accept-Encoding": "identity"})

    def page(self, url: str) -> BeautifulSoup:
        """The HTML behind an address, parsed."""
        return BeautifulSoup(self.fetch(url, max_bytes=MAX_PAGE_BYTES), "lxml")

    def json(self, url: str, headers: Mapping[str, str] | None = None, robots: bool = True) -> Any:
        """The JSON behind an address; raises NotJSON for anything else."""
        body = self.fetch(url, headers, MAX_PAGE_BYTES, robots)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            if self.store and not self.offline:
                self.store.forget(url)  # a list that came out wrong is worth another visit
            raise NotJSON("not the JSON that was expected") from error

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least that time between two requests to an address's host."""
        self.rate_limiter.set_min_interval(_host(url), seconds)

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
        if not self.config.contact and not is_this_machine(url):
            raise Refused(
                "scrape.contact is empty: a site must be able to reach whoever collects from it "
                "(an e-mail or web address)"
            )
        if robots and not self._robots(origin).can_fetch(url, USER_AGENT):
            raise Forbidden("forbidden by the site's robots.txt")

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
        rules = Protego.parse(self._robots_text(f"{origin}/robots.txt"))
        delay = rules.crawl_delay(USER_AGENT) or 0.0
        if not delay <= MAX_CRAWL_DELAY_S:  # NaN is refused too
            raise Refused(
                f"its robots.txt asks for {delay:g} s between two requests, "
                f"more than the {MAX_CRAWL_DELAY_S:g} s that a scrape waits"
            )
        self.slow_down(origin, delay)
        return rules

    def _robots_text(self, url: str) -> str:
        """RFC 9309: no robots.txt (4xx) allows all, a broken server (5xx) forbids all."""
        for _ in range(MAX_REDIRECTS + 1):
            origin_of(url)
            response = self._retry(url, {}, MAX_ROBOTS_BYTES, Partial())
            if not _is_redirect(response):
                break
            url = join(url, response.headers["Location"])
        if response.status == 200:
            return response.body.decode("utf-8", "replace")
        return FORBID_ALL if response.status >= 500 else ""

    def _retry(self, url: str, headers: Mapping[str, str], max_bytes: int, partial: Partial) -> Response:
        """One request at the host's rate, and again when the server is busy or the connection breaks."""
        attempt = 0
        while True:
            try:
                response = self._request(url, {**self.headers, **headers}, max_bytes, partial)
            except Transient:
                if attempt == self.config.retries:
                    raise
                retry_after = None
            else:
                if response.status not in BUSY or attempt == self.config.retries:
                    return response
                retry_after = self._retry_after(response)
            self._wait(url, attempt, retry_after)
            attempt += 1

    def _wait(self, url: str, attempt: int, retry_after: float | None) -> None:
        """Before the next try: as long as the server asks for, else exponentially longer each time."""
        if retry_after is not None:
            self.rate_limiter.hold(_host(url), retry_after)
            return
        # The jitter keeps threads from coming back all at once; it changes when things are asked, not what comes out.
        longest = min(self.config.max_wait_s, self.config.first_wait_s * 2**attempt)
        time.sleep(longest * random.uniform(0.5, 1))

    def _request(self, url: str, headers: dict[str, str], max_bytes: int, partial: Partial) -> Response:
        """One request at the host's rate; a second one for the whole body when the server does not resume it."""
        try:
            self.rate_limiter.wait(_host(url))
            return self.transport.get(url, headers, max_bytes, partial)
        except CannotResume:
            self.rate_limiter.wait(_host(url))
            return self.transport.get(url, headers, max_bytes, partial)

    def _retry_after(self, response: Response) -> float | None:
        """The seconds of Retry-After (a number or a date), up to the longest wait."""
        try:
            return min(self.config.max_wait_s, Retry().parse_retry_after(response.headers["Retry-After"]))
        except (KeyError, InvalidHeader, ValueError, OverflowError):
            return None


class Gone(FetchError):
    """There is nothing at the address, today or tomorrow."""


class Forbidden(Gone):
    """robots.txt keeps the address for others."""


class NotJSON(FetchError):
    """The answer is something else than JSON."""


def _stored_body(entry: Entry, body: bytes | None) -> bytes:
    """The body of an entry; raises FetchError for one that is a failure."""
    if body is None:
        raise FetchError(entry.failure)
    return body


def _is_redirect(response: Response) -> bool:
    return response.status in MOVED and "Location" in response.headers


def _check_status(response: Response) -> Response:
    """The response, if it has what was asked for; raises FetchError for every refusal and failure."""
    message = f"the server answered {response.status} {response.reason}".rstrip()
    if response.status in (401, 403):
        raise Refused(f"{message}: it does not want this visit")
    if response.status in (404, 410):
        raise Gone(message)
    if response.status not in (200, 304):
        raise FetchError(message)
    return response


def _redirect_target(url: str, response: Response) -> str:
    """Where a redirect leads; a login page is the end of the visit."""
    target = join(url, response.headers["Location"])
    origin_of(target)
    if LOGIN & set(urlsplit(target).path.lower().replace(".", "/").split("/")):
        raise Refused("the server sends visitors to a login page")
    return target


def _host(url: str) -> str:
    """The host's name, by which its rate is kept."""
    return urlsplit(url).hostname or ""
