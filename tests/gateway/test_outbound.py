"""The guarded way out: what it refuses, and that it connects to the address that it looked at."""

import asyncio
import socket

import httpx2
import pytest

from gateway import outbound
from gateway.outbound import Blocked

INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1",
]  # fmt: skip
WRITTEN_ODDLY = [
    "http://127.0.0.1/", "http://0x7f000001/", "http://0177.0.0.1/", "http://2130706433/", "http://127.1/", "http://0/",
    "http://①②⑦.⓪.⓪.①/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://user@127.0.0.1/",
    "ftp://127.0.0.1/", "data:text/plain,x", "javascript:alert(1)", "//example.com", "https://", "unix:///run/x.sock",
    "http://127.0.0.1:6379/", "https://" + "a" * 300 + ".test/",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not outbound.is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert outbound.is_public(address)


@pytest.mark.parametrize("url", WRITTEN_ODDLY)
async def test_an_inner_address_is_refused_however_it_is_written(url: str) -> None:
    async with outbound.client(guarded=True) as http:
        with pytest.raises((Blocked, httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
            await outbound.fetch(url, max_bytes=1000, timeout_seconds=5, http=http)


async def test_a_name_with_one_inner_answer_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()

    async def answers(host: str, port: int, **options: object) -> list:
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.7")]

    monkeypatch.setattr(loop, "getaddrinfo", answers)

    with pytest.raises(Blocked):
        await outbound.resolve("rebinding.example.com", 443)
