"""The one way out to the network.

*Called by*: gateway.openai_dialect, chat.links, chat.push; tool servers and webhooks later. *Keeps true*: an address
that a tenant chose is resolved once, refused unless every answer is public, and the connection goes to that very
address; each redirect that is followed is looked at like the first; no proxy, no cookie, no answer past its cap.
*Why* the library's own connections, though slower than bare ones: HTTP and TLS are not what Parley exists for.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0/96", "fec0::/10")
]
_PORTS = {80, 443}
RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
ERROR_BYTES_MAX = 16_384
Client = httpx2.AsyncClient
# What a call out raises besides Blocked and TimeoutError.
FAILURES = (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError)


class Blocked(Exception):
    """The address may not be called. One sentence for all reasons, so that it tells nothing about the inside."""

    def __init__(self) -> None:
        super().__init__("That address cannot be called from here.")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet. `is_global` alone calls several inner forms global."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.is_multicast or not ip.is_global:
        return False
    return not any(ip.version == network.version and ip in network for network in _NETWORKS)


async def resolve(host: str, port: int) -> str:
    """The address to connect to. Raises Blocked when any answer of the resolver is not public."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Blocked from None
    addresses = [str(row[4][0]) for row in rows]
    if not addresses or not all(is_public(address) for address in addresses):
        raise Blocked
    return addresses[0]


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Connects only to addresses that were looked at. TLS keeps the name: only the TCP peer is pinned."""

    def __init__(self) -> None:
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        if f"{host}:{port}" in settings.OUTBOUND_ALLOWED:
            return await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        if port not in _PORTS:
            raise Blocked
        address = await resolve(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        raise Blocked

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class Transport(httpx2.AsyncHTTPTransport):
    """Reads of an error's body no more than its beginning, and that as it came: it may be a bomb."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if not response.is_success and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Beginning(response.stream)
            response.headers.pop("content-encoding", None)
        return response


class _Beginning(httpx2.AsyncByteStream):
    def __init__(self, whole: httpx2.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = ERROR_BYTES_MAX
        async for chunk in self._whole:
            yield chunk[:room]
            room -= len(chunk)
            if room <= 0:
                return

    async def aclose(self) -> None:
        await self._whole.aclose()


def client(*, guarded: bool, max_connections: int = 1000) -> Client:
    """A client for calls out. `guarded=False` is only for addresses that the operator set."""
    limits = httpx2.Limits(max_connections=max_connections, max_keepalive_connections=100, keepalive_expiry=60)
    transport = Transport(limits=limits, trust_env=False, retries=0)
    if guarded:
        transport._pool._network_backend = PinnedBackend()
    found = httpx2.AsyncClient(
        transport=transport,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        headers={"Accept-Encoding": "identity"},
    )
    # What one tenant's call was handed must not go out with another's.
    found.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return found


@dataclass(frozen=True)
class Document:
    """What an address answered, and which one it was in the end."""

    url: str
    media_type: str
    charset: str
    body: bytes


async def fetch(url: str, *, max_bytes: int, timeout_seconds: float, http: httpx2.AsyncClient) -> bytes:
    """GET a tenant's address through a guarded client. Raises Blocked, TimeoutError, httpx2.HTTPError."""
    async with asyncio.timeout(timeout_seconds), http.stream("GET", _allowed(url)) as response:
        if response.is_redirect:
            raise Blocked
        return await _body(response, max_bytes, is_cut=False)


@dataclass(frozen=True)
class Receipt:
    """What was answered to something sent, without its body. `retry_after`: as the header says, or ""."""

    status: int
    retry_after: str


async def send(
    url: str, *, body: bytes, headers: Mapping[str, str], places: Collection[str], timeout_seconds: float, http: Client
) -> Receipt:
    """POST to one of the operator's `places` (see is_listed) through a guarded client; what it answers is not read.

    Raises Blocked, TimeoutError, httpx2.HTTPError.
    """
    if not is_listed(url, places):
        raise Blocked
    async with (
        asyncio.timeout(timeout_seconds),
        http.stream("POST", _allowed(url), content=body, headers=dict(headers)) as response,
    ):
        return Receipt(response.status_code, response.headers.get("retry-after", ""))


def is_listed(url: str, places: Collection[str]) -> bool:
    """Whether an address is at one of the places: `host` and `*.domain` by HTTPS on its own port, or a whole origin."""
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    if parts.userinfo or parts.fragment or not parts.host:
        return False
    host = parts.raw_host.decode("ascii")
    if f"{parts.scheme}://{parts.netloc.decode('ascii')}" in places:
        return True
    if parts.scheme != "https" or parts.port not in (None, 443):
        return False
    return any(host.endswith(place[1:]) if place.startswith("*.") else host == place for place in places)


async def read(
    url: str, *, media_types: Collection[str], max_bytes: int, is_cut: bool, redirects: int, http: httpx2.AsyncClient
) -> Document:
    """GET a document of one of these types through a guarded client, following a few redirects, each through the guard.

    `is_cut`: what is longer is read up to there, else it is Blocked. Raises Blocked, httpx2.HTTPError; the caller
    keeps the time.
    """
    headers = {"Accept": ", ".join(media_types), "User-Agent": "Parley (link preview)"}
    for _ in range(redirects + 1):
        async with http.stream("GET", _allowed(url), headers=headers) as response:
            if response.has_redirect_location:
                url = str(response.url.join(response.headers["location"]))
                continue
            media_type, _, rest = response.headers.get("content-type", "").partition(";")
            media_type = media_type.strip().lower()
            if media_type not in media_types:
                raise Blocked
            body = await _body(response, max_bytes, is_cut=is_cut)
            charset = rest.partition("charset=")[2].strip(" \"';").lower()
            return Document(str(response.url), media_type, charset[:40], body)
    raise Blocked


def _allowed(url: str) -> httpx2.URL:
    parts = httpx2.URL(url)
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
        raise Blocked
    return parts


async def _body(response: httpx2.Response, max_bytes: int, *, is_cut: bool) -> bytes:
    body = bytearray()
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Blocked  # nobody asked for it, and one read of it may become a thousand times as much
    response.raise_for_status()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            if is_cut:
                return bytes(body[:max_bytes])
            raise Blocked
    return bytes(body)
