"""The HTTP client: honest about who asks, obeys robots.txt, tries again when a server is busy, keeps connections open."""

from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup
from protego import Protego
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

USER_AGENT = "how-far-do-n-pictures-go/1.0 (a collection builder for small art data sets; see the repository's README)"
RETRY = Retry(total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), respect_retry_after_header=True, retry_after_max=60, raise_on_status=False)


class FetchError(Exception):
    """A page or file could not be had; the text says why."""


class Client:
    """Fetch pages and files of one or several hosts."""

    def __init__(self, timeout_s: float):
        self.session = requests.Session()
        self.session.headers["User-Agent"] = USER_AGENT
        self.session.trust_env = False  # no proxies or passwords from the environment
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=RETRY))
        self.timeout_s = timeout_s
        self.robots: dict[str, Protego] = {}

    def bytes(self, url: str, **headers: str) -> bytes:
        """The body behind an address; raises FetchError when it is forbidden, refused or out of reach."""
        if not self._allowed(url):
            raise FetchError("forbidden by the site's robots.txt")
        response = self._get(url, headers)
        if response.status_code != 200:
            raise FetchError(f"the server answered {response.status_code} {response.reason}")
        return response.content

    def page(self, url: str) -> BeautifulSoup:
        """The HTML behind an address, parsed."""
        return BeautifulSoup(self.bytes(url), "lxml")

    def _allowed(self, url: str) -> bool:
        """RFC 9309: no robots.txt (4xx) allows all, a broken server (5xx) forbids all."""
        address = urlsplit(url)
        host = f"{address.scheme}://{address.netloc}"
        if host not in self.robots:
            response = self._get(urljoin(host, "/robots.txt"), {})
            forbidden = response.status_code >= 500
            text = response.text if response.ok else "User-agent: *\nDisallow: /" if forbidden else ""
            self.robots[host] = Protego.parse(text)
        return self.robots[host].can_fetch(url, USER_AGENT)

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        try:
            return self.session.get(url, headers=headers, timeout=self.timeout_s)
        except requests.RequestException as error:
            raise FetchError(_plain(error)) from error


def _plain(error: requests.RequestException) -> str:
    """The cause in words that are the same in every run (no addresses of objects, no ports)."""
    match error:
        case requests.exceptions.Timeout():
            return "the server did not answer in time"
        case requests.exceptions.ConnectionError():
            return "no connection to the server"
        case _:
            return f"the request failed ({type(error).__name__})"
