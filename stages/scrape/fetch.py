"""The polite client: obeys robots.txt, keeps each host's pace, waits when told to, stops when sent away, and asks for nothing twice."""

import json
import random
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from protego import Protego
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from stages.scrape.addresses import FetchError, Refused, host_of, is_this_machine, join
from stages.scrape.pace import Pace
from stages.scrape.partial import Partial
from stages.scrape.store import Kept, Store
from stages.scrape.transport import Answer, Stale, Transient, Transport

warnings.filterwarnings(
    "ignore", category=XMLParsedAsHTMLWarning
)  # on purpose: the HTML parser knows no entities from outside

NAME = "how-far-do-n-pictures-go"
PAGE_BYTES = 16_000_000  # the most that a page or list may hold
ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: the least that a crawler must read, and the most that this one does
REDIRECTS = 5  # RFC 9309, 2.3.1.2
LONGEST_CRAWL_DELAY_S = 60.0
BUSY = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
LOGIN = {"login", "log-in", "signin", "sign-in", "sign_in", "sso", "auth", "authenticate", "account", "accounts"}


@dataclass(frozen=True)
class Manners:
    """How a visit behaves; the comments in params.yaml say what each of them does."""

    contact: str = ""
    requests_per_second: float = 0.0  # 0 = no limit
    timeout_s: float = 30.0
    total_s: float = 120.0
    retries: int = 3
    most_bytes: int = 100_000_000
    local: bool = False  # the source is on this machine, so its addresses may be asked
    longest_wait_s: float = 60.0  # of the waits that a busy server asks for
    first_wait_s: float = 0.5  # before the second try; doubles with each further one


class Client:
    """Fetch pages and files of one or several hosts; safe to use from several threads."""

    def __init__(self, manners: Manners, store: Store | None = None, offline: bool = False, refresh: bool = False):
        """`offline` answers from the store alone, `refresh` asks for what has changed since it was stored."""
        self.manners, self.store, self.offline, self.refresh = manners, store, offline, refresh
        self.transport = Transport(manners.timeout_s, manners.total_s, manners.local)
        self.pace = Pace(manners.requests_per_second)
        self.headers = {
            "User-Agent": f"{NAME}/1.0 ({manners.contact or 'no contact given'}; builds small data sets)",
            "Accept-Encoding": "gzip",
        }
        self.robots: dict[str, Protego | FetchError] = {}
        self.locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def bytes(
        self, url: str, headers: Mapping[str, str] | None = None, most_bytes: int | None = None, robots: bool = True
    ) -> bytes:
        """The body behind an address, from the store or the network; raises FetchError when it cannot be had.

        `robots` is False for a published programming interface alone: robots.txt speaks to crawlers.
        """
        kept = self.store.find(url) if self.store else None
        body = self.store.body(kept) if kept and not kept.failure else None
        if kept and (self.offline or not self.refresh) and (kept.failure or body is not None):
            return _given(kept, body)
        if self.offline:
            raise FetchError("not in the store of fetched files, and scrape.offline is true")
        conditions = kept.conditions() if kept and body is not None else {}
        partial = self.store.partial(url) if self.store else Partial()
        try:
            answer = self._follow(
                url, {**(headers or {}), **conditions}, most_bytes or self.manners.most_bytes, robots, partial
            )
        except Gone as error:
            if self.store:
                self.store.keep_failure(url, str(error))
            partial.forget()
            raise
        if answer.status == 200:
            body = answer.body
            if self.store:
                self.store.keep(url, body, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
        partial.forget()  # not before the whole is stored
        return _unchanged(body)

    def file(self, url: str) -> bytes:
        """A picture's bytes; asked for uncoded, since a compressed answer could not be gone on with after an interruption."""
        return self.bytes(url, {"Accept-Encoding": "identity"})

    def page(self, url: str) -> BeautifulSoup:
        """The HTML behind an address, parsed."""
        return BeautifulSoup(self.bytes(url, most_bytes=PAGE_BYTES), "lxml")

    def json(self, url: str, headers: Mapping[str, str] | None = None, robots: bool = True) -> Any:
        """The JSON behind an address; raises NotJSON for anything else."""
        body = self.bytes(url, headers, PAGE_BYTES, robots)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            if self.store and not self.offline:
                self.store.forget(url)  # a list that came out wrong is worth another visit
            raise NotJSON("not the JSON that was expected") from error

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least that time between two requests to an address's host."""
        self.pace.at_least(_name(url), seconds)

    def _follow(self, url: str, headers: Mapping[str, str], most_bytes: int, robots: bool, partial: Partial) -> Answer:
        """The answer at the end of the redirects; each step is checked as the first one is."""
        for _ in range(REDIRECTS + 1):
            self._check(url, robots)
            answer = self._patiently(url, headers, most_bytes, partial)
            if answer.status not in MOVED or "Location" not in answer.headers:
                return _judged(answer)
            url = _next(url, answer)
        raise FetchError(f"more than {REDIRECTS} redirects")

    def _check(self, url: str, robots: bool) -> None:
        origin = host_of(url)
        if not self.manners.contact and not is_this_machine(url):
            raise Refused(
                "scrape.contact is empty: a site must be able to reach whoever collects from it (an e-mail or web address)"
            )
        if robots and not self._rules(origin).can_fetch(url, NAME):
            raise Forbidden("forbidden by the site's robots.txt")

    def _rules(self, origin: str) -> Protego:
        """The origin's robots.txt, read once a scrape; what made it unreadable is remembered as well."""
        with self.locks[origin]:
            if origin not in self.robots:
                try:
                    self.robots[origin] = self._read_rules(origin)
                except Refused as error:
                    self.robots[origin] = error
                except FetchError as error:
                    self.robots[origin] = FetchError(f"its robots.txt cannot be read: {error}")
        rules = self.robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        return rules

    def _read_rules(self, origin: str) -> Protego:
        """RFC 9309: no robots.txt (4xx) allows all, a broken server (5xx) forbids all."""
        url = f"{origin}/robots.txt"
        for _ in range(REDIRECTS + 1):
            host_of(url)
            answer = self._patiently(url, {}, ROBOTS_BYTES, Partial())
            if answer.status not in MOVED or "Location" not in answer.headers:
                break
            url = join(url, answer.headers["Location"])
        text = (
            answer.body.decode("utf-8", "replace")
            if answer.status == 200
            else "User-agent: *\nDisallow: /"
            if answer.status >= 500
            else ""
        )
        rules = Protego.parse(text)
        delay = rules.crawl_delay(NAME) or 0.0
        if not delay <= LONGEST_CRAWL_DELAY_S:
            raise Refused(
                f"its robots.txt asks for {delay:g} s between two requests, more than the {LONGEST_CRAWL_DELAY_S:g} s that a scrape waits"
            )
        self.slow_down(origin, delay)
        return rules

    def _patiently(self, url: str, headers: Mapping[str, str], most_bytes: int, partial: Partial) -> Answer:
        """One request at the host's pace, and again when the server is busy or the connection breaks."""
        for attempt in count():
            try:
                answer = self._ask(url, {**self.headers, **headers}, most_bytes, partial)
            except Transient:
                if attempt == self.manners.retries:
                    raise
                told = None
            else:
                if answer.status not in BUSY or attempt == self.manners.retries:
                    return answer
                told = self._told(answer)
            if told is None:
                # The jitter keeps threads from coming back all at once; it changes when things are asked, not what comes out.
                time.sleep(
                    min(self.manners.longest_wait_s, self.manners.first_wait_s * 2**attempt) * random.uniform(0.5, 1)
                )
            else:
                self.pace.hold(_name(url), told)

    def _ask(self, url: str, headers: dict[str, str], most_bytes: int, partial: Partial) -> Answer:
        """One request at the host's pace; a second one for the whole body when the server does not go on with a part of it."""
        try:
            self.pace.wait(_name(url))
            return self.transport.get(url, headers, most_bytes, partial)
        except Stale:
            self.pace.wait(_name(url))
            return self.transport.get(url, headers, most_bytes, partial)

    def _told(self, answer: Answer) -> float | None:
        """The seconds of Retry-After (a number or a date), up to the longest wait."""
        try:
            return min(self.manners.longest_wait_s, Retry().parse_retry_after(answer.headers["Retry-After"]))
        except (KeyError, InvalidHeader, ValueError, OverflowError):
            return None


class Gone(FetchError):
    """There is nothing at the address, today or tomorrow."""


class Forbidden(Gone):
    """robots.txt keeps the address for others."""


class NotJSON(FetchError):
    """The answer is something else than JSON."""


def _unchanged(body: bytes | None) -> bytes:
    if body is None:
        raise FetchError("the server answered 304, unchanged, to a first request")
    return body


def _given(kept: Kept, body: bytes | None) -> bytes:
    if body is None:
        raise FetchError(kept.failure)
    return body


def _judged(answer: Answer) -> Answer:
    """The answer, if it is one; raises FetchError for every refusal and failure."""
    said = f"the server answered {answer.status} {answer.reason}".rstrip()
    if answer.status in (401, 403):
        raise Refused(f"{said}: it does not want this visit")
    if answer.status in (404, 410):
        raise Gone(said)
    if answer.status not in (200, 304):
        raise FetchError(said)
    return answer


def _next(url: str, answer: Answer) -> str:
    """Where a redirect leads; a login page is the end of the visit."""
    target = join(url, answer.headers["Location"])
    host_of(target)
    if LOGIN & set(urlsplit(target).path.lower().replace(".", "/").split("/")):
        raise Refused("the server sends visitors to a login page")
    return target


def _name(url: str) -> str:
    """The host's name, by which its pace is kept."""
    return urlsplit(url).hostname or ""
