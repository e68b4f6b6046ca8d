"""Which addresses are asked: web addresses only, no private network, and this machine only for a source on it."""

import itertools
import socket
from dataclasses import replace

import pytest
from loopback import QUICK, reply

from stages.scrape.addresses import FetchError, may_connect
from stages.scrape.client import Client

ELSEWHERE = replace(QUICK, local=False)
FORBIDDEN = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255"),
    *("224.0.0.1", "192.0.2.1", "240.0.0.1", "[::]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]"),
    *("[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:0.0.0.0]", "[2002:0a00:0001::1]", "[64:ff9b::a00:1]"),
    *("[2001:db8::1]", "167772161", "0x0a000001", "012.0.0.1", "10.1", "2852039166"),
]
LOOPBACK = [
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "LOCALHOST",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_a_redirect_into_a_private_network_is_not_followed(server, client, connections, host):
    server.scripts["/a"] = reply(b"", "302 Found", Location=f"http://{host}/latest/meta-data/")
    with pytest.raises(FetchError, match=r"private network|host's name"):
        client.fetch(server.url("/a"))
    assert set(connections) == {"127.0.0.1"} and server.asked["/a"] == 1


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_is_closed_to_a_source_that_is_elsewhere(server, connections, host):
    server.scripts["/robots.txt"] = server.scripts["/a"] = reply(b"secret")
    with pytest.raises(FetchError, match="this machine"):
        Client(ELSEWHERE).fetch(f"http://{host}:{server.port}/a")
    assert not connections and not server.asked


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["93.184.216.34", "::ffff:10.0.0.1"], ["fe80::1%1"]],
    ids=str,
)
def test_a_name_that_resolves_to_a_forbidden_address_is_not_asked(monkeypatch, connections, answers):
    infos = [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in answers]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    with pytest.raises(FetchError, match="private network"):
        Client(ELSEWHERE).fetch("http://museum.example/a")
    assert not connections


def test_a_name_is_resolved_once_for_a_connection(monkeypatch, connections):
    """DNS rebinding: the first answer is a public address, the second one this machine. Nobody asks a second time."""
    addresses = itertools.chain(["93.184.216.34"], itertools.repeat("127.0.0.1"))
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), 9))]
    )
    client = Client(replace(ELSEWHERE, retries=0, timeout_s=0.2))
    with pytest.raises(FetchError):
        client.fetch("http://museum.example:9/a")
    assert connections == ["93.184.216.34"]
    with pytest.raises(FetchError, match="private network"):
        Client(client.config).fetch("http://museum.example:9/a")
    assert connections == ["93.184.216.34"]


def test_public_addresses_may_be_asked():
    public = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808")
    assert all(may_connect(ip, False) for ip in public)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.jpg",
        "//x/a",
        "ftp://x/a",
        "file:///a",
        "data:image/png;base64,AA",
        "http://",
        "http://[",
        "http://x:99999/",
        "gopher://x",
    ],
)
def test_what_is_no_web_address_is_not_asked(client, connections, url):
    with pytest.raises(FetchError):
        client.fetch(url)
    assert not connections


def test_there_are_enough_cases():
    assert len(FORBIDDEN) >= 26 and len(LOOPBACK) >= 11
