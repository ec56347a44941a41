"""What comes back over the guarded way out: nothing endless, nothing compressed, nothing that leads on elsewhere."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest
from aiohttp import web

from gateway import outbound
from gateway.outbound import Blocked

BOMB = gzip.compress(b"x" * 10_000_000)


async def ok(request: web.Request) -> web.Response:
    return web.json_response(
        {"agent": request.headers.get("User-Agent", ""), "accepts": request.headers["Accept-Encoding"]}
    )


async def onward(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/ok"})


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 10_000)


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.01)


async def bomb(_: web.Request) -> web.Response:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})


async def failing(_: web.Request) -> web.Response:
    return web.Response(status=500, body=b"x" * 5_000_000)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A web server on this machine, and thus one that only an unguarded client reaches."""
    app = web.Application()
    app.router.add_routes(
        [web.get(f"/{what.__name__}", what) for what in (ok, onward, endless, dripping, bomb, failing)]
    )
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def fetch(url: str, *, max_bytes: int = 100_000, timeout_seconds: float = 10, guarded: bool = False) -> bytes:
    async with outbound.client(guarded=guarded) as http:
        return await outbound.fetch(url, max_bytes=max_bytes, timeout_seconds=timeout_seconds, http=http)


async def test_a_small_answer_is_given_back(site: str) -> None:
    assert b'"accepts": "identity"' in await fetch(f"{site}/ok")


async def test_the_same_address_is_refused_to_a_tenant(site: str) -> None:
    with pytest.raises(Blocked, match="cannot be called from here"):
        await fetch(f"{site}/ok", guarded=True)


@pytest.mark.parametrize("path", ["onward", "endless", "bomb"])
async def test_a_redirect_an_endless_answer_and_a_bomb_are_refused(site: str, path: str) -> None:
    with pytest.raises(Blocked):
        await fetch(f"{site}/{path}")


async def test_an_answer_that_drips_is_left_at_the_deadline(site: str) -> None:
    with pytest.raises(TimeoutError):
        await fetch(f"{site}/dripping", timeout_seconds=0.2)


async def test_an_error_is_an_error_and_its_body_is_not_read_to_the_end(site: str) -> None:
    with pytest.raises(httpx2.HTTPStatusError) as failed:
        await fetch(f"{site}/failing")

    assert failed.value.response.status_code == 500


@pytest.mark.parametrize("port", [22, 25, 6379, 5432, 8000, 65535])
async def test_only_the_ports_of_the_web_are_called(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def public(host: str, port: int) -> str:
        raise AssertionError("the port is looked at before the name")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", public)

    with pytest.raises(Blocked):
        await fetch(f"https://example.com:{port}/", guarded=True)
