"""A site that links lead to, and where sockets went.

*Called by*: pytest.
"""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    double = Site.start()
    yield double
    double.stop()


@pytest.fixture
def trusted(site: Site, settings: Any) -> Site:
    """The site is one that the operator lets previews reach."""
    settings.OUTBOUND_ALLOWED = {site.place}
    return site


@pytest.fixture
def connections_made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where sockets were connected to over a network from here on."""
    made: list[Any] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            made.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return made
