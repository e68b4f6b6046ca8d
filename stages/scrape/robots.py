"""What a site's robots.txt says (RFC 9309)."""

import codecs

from protego import Protego

from stages.scrape.addresses import FetchError, Refused

MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: the least that a crawler must read, and the most that this one does
MAX_CRAWL_DELAY_S = 60.0


def rules_of(status: int, reason: str, body: bytes) -> Protego:
    """The rules of an answer: there are none where there is no file (4xx).

    Raises FetchError for a busy or broken server (429, 5xx), which allows nothing as long as that lasts.
    """
    if status == 429 or status >= 500:
        raise FetchError(f"the server answered {status} {reason}".rstrip())
    return Protego.parse(_text(body) if status == 200 else "")


def crawl_delay(rules: Protego, agent: str) -> float:
    """Seconds between two requests; raises Refused for more than a scrape waits."""
    delay = rules.crawl_delay(agent) or 0.0
    if not delay <= MAX_CRAWL_DELAY_S:  # NaN is refused too
        raise Refused(
            f"its robots.txt asks for {delay:g} s between two requests, "
            f"more than the {MAX_CRAWL_DELAY_S:g} s that a scrape waits"
        )
    return delay


def _text(body: bytes) -> str:
    """UTF-8 or UTF-16, without the byte order mark that editors put before it."""
    is_utf16 = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return body.decode("utf-16" if is_utf16 else "utf-8", "replace").lstrip("\ufeff")
