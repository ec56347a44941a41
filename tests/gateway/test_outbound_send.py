"""Sending to the operator's places: only to them, guarded like every way out, and without reading what comes back."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway import outbound
from gateway.outbound import Blocked
from tests.doubles.site import Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    double = Site.start()
    yield double
    double.stop()


async def send(url: str, places: set[str]) -> outbound.Receipt:
    async with outbound.client(guarded=True) as http:
        return await outbound.send(url, body=b"x", headers={}, places=places, timeout_seconds=5, http=http)


async def test_what_is_listed_is_sent_to_and_only_the_status_is_read(site: Site, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = {site.place}

    article, endless = [await send(site.url + path, {site.url}) for path in ("/article", "/endless")]

    assert article.status == endless.status == 200


async def test_no_redirect_is_followed(site: Site, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = {site.place}

    answer = await send(f"{site.url}/to/x?where=/landed", {site.url})

    assert answer.status == 302
    assert site.asked("/landed") == []


async def test_a_listed_place_inside_is_not_called_unless_the_operator_allows_it(site: Site) -> None:
    with pytest.raises(Blocked):
        await send(f"{site.url}/not-allowed", {site.url})
    assert site.asked("/not-allowed") == []


async def test_an_allowed_place_that_is_not_listed_is_not_called(site: Site, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = {site.place}

    with pytest.raises(Blocked):
        await send(f"{site.url}/not-listed", {"push.example.com", "*.example.org"})
    assert site.asked("/not-listed") == []


LISTED = [
    "https://push.example.com/x",
    "https://push.example.com:443/",
    "https://a.b.example.org/",
    "http://in.test:81/x",
]
UNLISTED = [
    "http://push.example.com/", "https://push.example.com:444/", "https://example.org/", "https://badexample.org/",
    "https://a.push.example.com/", "https://in.test:81/", "http://in.test/", "http://in.test:82/",
    "https://me@push.example.com/", "https://push.example.com/#x", "https://", "push.example.com", "https://[::1/",
]  # fmt: skip
PLACES = {"push.example.com", "*.example.org", "http://in.test:81"}


@pytest.mark.parametrize("url", LISTED)
def test_a_host_a_domain_or_an_origin_is_listed(url: str) -> None:
    assert outbound.is_listed(url, PLACES)


@pytest.mark.parametrize("url", UNLISTED)
def test_what_only_looks_like_it_is_not(url: str) -> None:
    assert not outbound.is_listed(url, PLACES)
