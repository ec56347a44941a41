"""Connections of the HTTP client: whole, bounded, and gone when they should be."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway import outbound, tcp

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.fixture
async def listen() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Start a server that answers each connection with a function; returns its port."""
    servers = []

    async def start(serve: Serve, tls: ssl.SSLContext | None = None) -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "double")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    file = folder / "double.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def answer_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Two requests on one connection, each answered in chunks."""
    for number in (b"1", b"2"):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n" + number + b"\r\n0\r\n\r\n")
    await reader.read()
    writer.close()


async def test_a_connection_serves_two_calls_in_turn(listen: Callable[..., Awaitable[int]]) -> None:
    port = await listen(answer_two)

    async with outbound.client(guarded=False) as http:
        texts = [(await http.get(f"http://127.0.0.1:{port}/")).text for _ in range(2)]

    assert texts == ["hello1", "hello2"]


async def test_tls_is_spoken_and_the_certificate_is_checked(
    listen: Callable[..., Awaitable[int]], tmp_path: Path
) -> None:
    file = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    port = await listen(answer_two, server)
    pools = [
        httpcore2.AsyncConnectionPool(ssl_context=context, network_backend=tcp.Backend())
        for context in (ssl.create_default_context(cafile=file), ssl.create_default_context())
    ]

    async with pools[0] as trusting, pools[1] as doubting:
        answer = await trusting.request("GET", f"https://127.0.0.1:{port}/")

        assert answer.content == b"hello1"
        with pytest.raises(httpcore2.ConnectError):
            await doubting.request("GET", f"https://127.0.0.1:{port}/")


async def test_what_nobody_reads_does_not_pile_up(listen: Callable[..., Awaitable[int]]) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 50000000\r\n\r\n")
        while sent < 50_000_000:
            writer.write(b"x" * 50_000)
            await writer.drain()
            sent += 50_000
        await reader.read()
        writer.close()

    port = await listen(flood)

    async with outbound.client(guarded=False) as http, http.stream("GET", f"http://127.0.0.1:{port}/") as response:
        await asyncio.sleep(0.3)
        sent_unread = sent
        size = sum([len(chunk) async for chunk in response.aiter_raw()])

    assert sent_unread < 25_000_000
    assert size == 50_000_000


async def test_a_reset_in_the_middle_is_an_error_and_not_an_end(listen: Callable[..., Awaitable[int]]) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        writer.transport.abort()

    port = await listen(reset)
    pool = httpcore2.AsyncConnectionPool(network_backend=tcp.Backend())

    async with pool as http:
        with pytest.raises((httpcore2.ReadError, httpcore2.RemoteProtocolError)):
            await http.request("GET", f"http://127.0.0.1:{port}/")


async def test_hanging_up_in_the_middle_reaches_the_other_side(listen: Callable[..., Awaitable[int]]) -> None:
    gone = asyncio.Event()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        try:
            await reader.read()
        except ConnectionError:
            pass
        gone.set()
        writer.close()

    port = await listen(stream)
    async with outbound.client(guarded=False) as http:
        async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
            await anext(response.aiter_raw())
        await asyncio.wait_for(gone.wait(), 5)


async def test_nobody_listening_is_a_connect_error() -> None:
    async with httpcore2.AsyncConnectionPool(network_backend=tcp.Backend()) as http:
        with pytest.raises(httpcore2.ConnectError):
            await http.request("GET", "http://127.0.0.1:9/")
