"""The edge: what no request may have, first as ASGI calls of any server, then over a wire to the web process."""

import gzip
import socket
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import RequestFactory

from config.edge import ARCHIVE_MAX, BODY_MAX, HEADERS_MAX, URL_MAX, Edge, body_max
from tests.stack import Stack
from workspace import permits

Headers = list[tuple[bytes, bytes]]
# What the web process takes of a body that is too large before it cuts the sender off.
DRAINED = 64 << 20


class Inside:
    """The application behind the edge: says what it was given."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] | None = None
        self.body = b""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope
        while scope["type"] == "http":
            message = await receive()
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def call(headers: Headers, chunks: list[bytes] | None = None, **scope: Any) -> tuple[Any, Inside]:
    """Send a request through the edge; what it answered first, and what came through."""
    inside, sent = Inside(), []
    waiting = list(chunks or [b""])

    async def receive() -> dict[str, Any]:
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    whole = {"type": "http", "headers": headers, "query_string": b"", "raw_path": b"/", "root_path": "", **scope}
    await Edge(inside)(whole, receive, send)
    return sent[0].get("status", sent[0].get("code")), inside


REFUSED: dict[str, tuple[int, Headers]] = {
    "two hosts": (400, [(b"host", b"a"), (b"host", b"b")]),
    "two origins": (400, [(b"origin", b"a"), (b"origin", b"b")]),
    "two lengths": (400, [(b"content-length", b"1"), (b"content-length", b"1")]),
    "two cookies": (400, [(b"cookie", b"a=1"), (b"cookie", b"a=2")]),
    "two authorizations": (400, [(b"authorization", b"a"), (b"authorization", b"b")]),
    "an underscore": (400, [(b"x_forwarded_for", b"1.2.3.4")]),
    "a negative length": (400, [(b"content-length", b"-1")]),
    "a length in words": (400, [(b"content-length", b"ten")]),
    "a length of a thousand digits": (400, [(b"content-length", b"9" * 1000)]),
    "a body too large": (413, [(b"content-length", str(BODY_MAX + 1).encode())]),
    "too many headers": (431, [(b"x", b"y")] * (HEADERS_MAX + 1)),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_the_edge_refuses(what: str) -> None:
    status, headers = REFUSED[what]

    answered, inside = await call(headers)

    assert (answered, inside.scope) == (status, None)


async def test_the_edge_lets_through_what_is_right_up_to_its_limits() -> None:
    headers = [(b"host", b"a"), (b"content-length", str(BODY_MAX).encode())] + [(b"x", b"y")] * (HEADERS_MAX - 2)

    answered, inside = await call(headers, [b"x" * 9], raw_path=b"/" * URL_MAX)

    assert (answered, inside.body) == (200, b"x" * 9)


async def test_an_address_that_is_too_long_is_refused() -> None:
    long_path, _ = await call([], raw_path=b"/" * (URL_MAX + 1))
    long_query, _ = await call([], query_string=b"q" * URL_MAX)

    assert (long_path, long_query) == (414, 414)


async def test_a_body_in_chunks_is_read_up_to_the_limit_and_no_further() -> None:
    chunked = [(b"transfer-encoding", b"chunked")]

    small, inside = await call(chunked, [b"a" * 1000, b"b" * 1000, b"c"])
    large, nothing = await call(chunked, [b"x" * 100_000] * 7)

    assert (small, inside.body) == (200, b"a" * 1000 + b"b" * 1000 + b"c")
    assert (large, nothing.scope) == (413, None)


@pytest.mark.parametrize(("why", "status"), [("stranger", 413), ("crowded", 429)])
async def test_a_body_that_the_server_did_not_keep_goes_no_further(why: str, status: int) -> None:
    answered, inside = await call([], extensions={"parley.refused": why})

    assert (answered, inside.scope) == (status, None)


async def test_a_header_cannot_move_the_application() -> None:
    _, inside = await call([], root_path="/evil")

    assert inside.scope and inside.scope["root_path"] == ""


async def test_a_socket_of_a_doubtful_shape_is_closed() -> None:
    answered, inside = await call([(b"origin", b"a"), (b"origin", b"b")], type="websocket")

    assert (answered, inside.scope) == (4400, None)


FORM_OF_FILES = (b"content-type", b"multipart/form-data; boundary=b")
IMPORT = b"/orgs/juniper/import/"


def permit(slug: str = "juniper", session: str = "s1") -> bytes:
    asked = RequestFactory().get("/")
    asked.COOKIES["parley"] = session
    return urlencode({"permit": permits.give(asked, slug)}).encode()


def most_of(query: bytes, *, path: bytes = IMPORT, cookie: bytes = b"a=b; parley=s1") -> int:
    headers = [FORM_OF_FILES, (b"content-length", b"9"), (b"cookie", cookie)]
    return body_max("POST", path, query, headers)


def test_an_archive_is_kept_only_of_who_was_given_leave_with_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    given = permit()

    assert most_of(given) == ARCHIVE_MAX
    assert most_of(given, path=b"/orgs/larch/import/") == BODY_MAX
    assert most_of(given, cookie=b"parley=s2") == most_of(given, cookie=b"parley=") == BODY_MAX
    assert most_of(b"") == most_of(b"permit=") == most_of(given + b"x") == most_of(b"permit=%ff%fe:1:2") == BODY_MAX
    monkeypatch.setattr(permits, "SECONDS", -1)
    assert most_of(given) == BODY_MAX


async def test_an_archive_without_leave_is_refused_in_words() -> None:
    headers = [FORM_OF_FILES, (b"content-length", str(BODY_MAX + 1).encode()), (b"cookie", b"parley=s1")]

    refused, inside = await call(headers, method="POST", raw_path=IMPORT)
    taken, _ = await call(headers, method="POST", raw_path=IMPORT, query_string=permit())

    assert (refused, inside.scope, taken) == (413, None, 200)


def request(line: str, *headers: str, host: str = "127.0.0.1", body: bytes = b"") -> bytes:
    return (
        "\r\n".join([f"{line} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", ""]).encode("latin-1")
        + body
    )


def chunks(size: int, count: int) -> bytes:
    return b"".join(f"{size:x}\r\n".encode() + b"x" * size + b"\r\n" for _ in range(count)) + b"0\r\n\r\n"


FORM = "Content-Type: application/x-www-form-urlencoded"
FILES = "POST /spaces/00000000-0000-0000-0000-000000000000/files/"
PARTS = "Content-Type: multipart/form-data; boundary=b"
CHUNKED = "Transfer-Encoding: chunked"
BOMB = gzip.compress(b"x" * 5_000_000)
# What is sent, and the statuses that are right.
WIRE: dict[str, tuple[bytes, set[int]]] = {
    "two hosts": (request("GET /livez", "Host: evil.test"), {400}),
    "no host": (b"GET /accounts/login/ HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
    "a foreign host": (request("GET /accounts/login/", host="evil.test"), {400}),
    "a forwarded host": (request("GET /accounts/login/", "X-Forwarded-Host: evil.test"), {200}),
    "an underscore": (request("GET /livez", "X_Forwarded_For: 1.2.3.4"), {200, 400}),
    "ten thousand headers": (request("GET /livez", *["X-A: b"] * 10_000), {400, 431}),
    "a hundred headers": (request("GET /livez", *["X-A: b"] * 120), {431}),
    "length and chunks": (request("POST /livez", "Content-Length: 5", CHUNKED, body=chunks(5, 1)), {400}),
    "chunks and length": (request("POST /livez", CHUNKED, "Content-Length: 5", body=chunks(5, 1)), {400}),
    "chunks of another kind": (
        request("POST /livez", "Transfer-Encoding: gzip, chunked", body=chunks(5, 1)),
        {400, 501},
    ),
    "small chunks": (request("POST /livez", CHUNKED, FORM, body=chunks(5, 2)), {403}),
    "too many chunks": (request("POST /livez", CHUNKED, FORM, body=chunks(65_536, 32)), {413}),
    "fifty megabytes": (request("POST /livez", "Content-Length: 50000000", FORM, body=b"x" * 50_000_000), {413}),
    "a large form of nobody": (
        request(FILES, "Content-Length: 3000000", "Cookie: parley=nobody", PARTS, body=b"x" * 3_000_000),
        {413},
    ),
    "a compressed body": (
        request("POST /livez", FORM, "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}", body=BOMB),
        {400, 403},
    ),
    "a long address": (request("GET /" + "a" * 9000), {414}),
    "an endless address": (request("GET /" + "a" * 60_000), {400, 414}),
    "a cookie of 64 KB": (request("GET /livez", "Cookie: a=" + "b" * 65_536), {400, 431}),
    "bad percent signs": (request("GET /%zz/%"), {404}),
    "nul in the path": (request("GET /%00/"), {404}),
    "nul in the query": (request("GET /accounts/login/?next=%00"), {200}),
    "bytes in the path": (request("GET /\xff\xfe/"), {400}),
    "bytes in the query": (request("GET /accounts/login/?next=%ff%fe&\xff"), {400}),
    "no utf-8 in the query": (request("GET /accounts/login/?next=%ff%fe"), {200}),
    "dot segments": (request("GET /static/../../../../etc/passwd"), {404}),
    "dot segments in disguise": (request("GET /static/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), {404}),
    "trace": (request("TRACE /"), {405}),
    "an unknown method": (request("BREW /"), {403, 405}),
    "another method by header": (request("GET /livez", "X-HTTP-Method-Override: DELETE"), {200}),
    "a whole address": (request("GET http://evil.test/livez"), {200, 400, 404}),
    "a control in a header": (request("GET /livez", "X-A: a\x0bb"), {400}),
    "a mount point": (request("GET /accounts/login/", "Daphne-Root-Path: /evil"), {200}),
    "a range without end": (request("GET /livez", "Range: bytes=" + "0-0," * 3000), {200, 416}),
    "no request at all": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", {400}),
}


def exchange(stack: Stack, sent: bytes) -> bytes:
    """Send bytes and read the whole answer; a server that has said no may stop listening."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as wire:
        try:
            wire.sendall(sent)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while part := wire.recv(65_536):
                answer += part
        except ConnectionResetError:
            pass
    return answer


def test_the_web_process_answers_every_shape_of_request_in_words(stack: Stack) -> None:
    stack.start_web()
    wrong = []

    for what, (sent, right) in WIRE.items():
        answer = exchange(stack, sent.replace(b"Host: 127.0.0.1\r\n", f"Host: 127.0.0.1:{stack.port}\r\n".encode()))
        status = int(answer[9:12] or b"0")
        if status not in right or b"evil" in answer or b"root:" in answer:
            wrong.append(f"{what}: {status}, expected {right}: {answer[:200]!r}")
    endless = request("POST /livez", CHUNKED, FORM) + chunks(1 << 20, (DRAINED >> 20) + 2)[:-5]
    wire = socket.create_connection(("127.0.0.1", stack.port), timeout=60)
    with wire, pytest.raises((BrokenPipeError, ConnectionResetError)):
        wire.sendall(endless)
        wire.recv(1)

    assert not wrong, "\n".join(wrong)
    assert b"Traceback" not in stack.log("web")
    assert exchange(stack, request("GET /livez")).startswith(b"HTTP/1.1 200")
