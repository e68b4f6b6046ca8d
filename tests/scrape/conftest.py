"""What the scrape's tests share: a loopback server, a client with little patience, and where the sockets went."""

import sys

import pytest
from loopback import QUICK, Server

from stages.scrape.client import Client


@pytest.fixture
def server():
    opened = Server()
    yield opened
    opened.tcp.shutdown()
    opened.tcp.server_close()


@pytest.fixture
def client() -> Client:
    """A client with little patience that may visit this machine."""
    return Client(QUICK)


class _Connections:
    """Where sockets of this process went, seen by the interpreter's own audit events."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.active = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple) -> None:
        if self.active and event == "socket.connect":
            self.targets.append(str(arguments[1][0]))


_CONNECTIONS = _Connections()


@pytest.fixture
def connections():
    """The addresses that were connected to during the test."""
    _CONNECTIONS.targets.clear()
    _CONNECTIONS.active = True
    yield _CONNECTIONS.targets
    _CONNECTIONS.active = False
