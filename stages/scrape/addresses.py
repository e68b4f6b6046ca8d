"""Which addresses may be asked at all: public ones over http(s), and this machine only when the source is on it."""

import ipaddress
import socket
from urllib.parse import urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class FetchError(Exception):
    """A page or file could not be had; the text says why, in words that are the same in every run."""


class Refused(FetchError):
    """The site does not want this visit (401, 403, login, contact, too long a pause); `address` is what was asked for.

    A page or list that is refused ends the visit; of single pictures only several in a row do.
    """

    address = ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an http(s) address, the key of its robots.txt; raises FetchError for any other one."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018, reading it checks it
    except ValueError as error:
        raise FetchError("not a valid address") from error
    if parts.scheme not in ("http", "https"):
        raise FetchError(f"only http and https are fetched, not {parts.scheme[:20] or 'an address without a scheme'}")
    if not parts.hostname:
        raise FetchError("the address names no host")
    if parts.username is not None:
        raise FetchError("the address carries a user name or password")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_asked(url: str) -> bool:
    """Whether an address is one of http(s) that `origin_of` takes."""
    try:
        return bool(origin_of(url))
    except FetchError:
        return False


def host_of(url: str) -> str:
    """The host's name, by which its rate is kept; "" where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def join(base: str, link: str) -> str:
    """Where a link on a page leads; one that is no address stays as it is, and fails when it is asked."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def is_this_machine(url: str) -> bool:
    """Whether an address names this machine outright: localhost does, another name that resolves to it does not."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_connect(ip: str, local: bool) -> bool:
    """Whether a resolved address is public, or on this machine while `local` allows that.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is checked by both.
    """
    address = ipaddress.ip_address(ip.partition("%")[0])
    if address.is_loopback or _mapped_loopback(address):
        return local
    return all(
        item.is_global and not (item.is_multicast or item.is_reserved or item.is_unspecified)
        for item in _with_embedded(address)
    )


def resolve(host: str, port: int, local: bool) -> list[tuple]:
    """The socket addresses behind a host, each of them checked.

    Whoever connects to one of these cannot be led elsewhere by a second answer of DNS.
    Raises FetchError when one is forbidden, and OSError when the name is unknown.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise FetchError("the host's name is not valid") from error
    if not all(may_connect(str(item[4][0]), local) for item in found):
        raise FetchError("the host is on this machine or in a private network, where nothing is fetched from")
    return found


def _mapped_loopback(address: Address) -> bool:
    return address.version == 6 and address.ipv4_mapped is not None and address.ipv4_mapped.is_loopback


def _with_embedded(address: Address) -> list[Address]:
    """The address with the IPv4 addresses that it carries; a mapped or NAT64 one is nothing but its IPv4 address."""
    if address.version == 4:
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.is_site_local:
        return [ipaddress.ip_address("10.0.0.1")]  # deprecated, and as private
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address, *(item for item in (address.sixtofour, *(address.teredo or ())) if item is not None)]
