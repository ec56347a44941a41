"""What stands before Django: sizes and shapes that no request may have.

*Called by*: config.asgi, config.web. *Keeps true*: a body larger than its address may take is refused, by its length or
when it has grown past it; a doubled Host or Origin header is refused, because which one counts would be a matter of
taste.
"""

import os
import re
from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import parse_qs

BODY_MAX = 512 * 1024
FILE_MAX_MB = int(os.environ.get("PARLEY_FILE_MAX_MB", "25"))
# A form around the file.
UPLOAD_MAX = FILE_MAX_MB * 1024 * 1024 + 64 * 1024
ARCHIVE_MAX_MB = int(os.environ.get("PARLEY_ARCHIVE_MAX_MB", "1024"))
ARCHIVE_MAX = ARCHIVE_MAX_MB * 1024 * 1024 + 64 * 1024
PIECE = 64 * 1024
HEADERS_MAX = 100
URL_MAX = 8192
_ONCE = (b"host", b"origin", b"content-length", b"cookie", b"authorization")
_TOO_LARGE = (413, f"The request is larger than the {BODY_MAX // 1024} KiB that fit.")
_UPLOAD_TOO_LARGE = (413, f"That is larger than the {FILE_MAX_MB} MB that fit in one file. Nothing was stored.")
_ARCHIVE_TOO_LARGE = (413, f"That is larger than the {ARCHIVE_MAX_MB} MB that fit in one archive. Nothing was stored.")
_NOT_PERMITTED = (413, "Load the import page again, as an admin who is signed in, and give the archive once more.")
_CROWDED = (429, "Too much is being sent at once. Wait a moment and send it again. Nothing was stored.")
# What a server says of a body that it did not keep.
_NOT_KEPT = {"stranger": _TOO_LARGE, "crowded": _CROWDED}
_TAKES_ARCHIVES = re.compile(rb"/orgs/([a-z0-9-]{1,48})/import/")
_TAKES_FILES = re.compile(rb"/spaces/[0-9a-fA-F-]{36}/(?:files|messages)/|/messages/[0-9a-fA-F-]{36}/thread/")


def body_max(method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How large the body may be. More than BODY_MAX only for a form with files, at an address that takes them, which
    says its length beforehand: a server can then keep it on disk from the first byte. An archive needs a permit."""
    if method != "POST" or not (_TAKES_FILES.fullmatch(path) or _TAKES_ARCHIVES.fullmatch(path)):
        return BODY_MAX
    named = {name.lower(): value for name, value in headers}
    is_form = named.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
    cookies = named.get(b"cookie", b"")
    # Whether the session is good, config.web asks before it keeps more.
    if not is_form or b"content-length" not in named or b"parley=" not in cookies:
        return BODY_MAX
    if (archive := _TAKES_ARCHIVES.fullmatch(path)) is None:
        return UPLOAD_MAX
    return ARCHIVE_MAX if _is_permitted(archive[1], query, cookies) else BODY_MAX


def _is_permitted(slug: bytes, query: bytes, cookies: bytes) -> bool:
    from workspace import permits  # the settings read this file, and a permit is signed with their key

    given = parse_qs(query.decode("latin-1")).get("permit", [""])
    return permits.holds(given[-1], slug.decode(), cookies.decode("latin-1"))


class Edge:
    """An ASGI application around another."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.inner(scope, receive, send)
            return
        # Some servers let a request's header say where the application is mounted. Parley is at the root.
        scope = {**scope, "root_path": ""}
        refusal = _NOT_KEPT.get(scope.get("extensions", {}).get("parley.refused", "")) or _refusal(scope)
        if scope["type"] == "websocket":
            await (send({"type": "websocket.close", "code": 4400}) if refusal else self.inner(scope, receive, send))
            return
        if refusal is None and not _says_its_length(scope):
            body = await _read(receive)
            refusal = _TOO_LARGE if body is None else None
            receive = _replay(body or b"", receive)
        elif spooled := scope.get("extensions", {}).get("parley.body"):
            receive = _unspool(spooled, receive)
        await (_answer(send, *refusal) if refusal else self.inner(scope, receive, send))


def _refusal(scope: dict) -> tuple[int, str] | None:
    headers = scope["headers"]
    if len(headers) > HEADERS_MAX:
        return 431, "The request has too many headers."
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > URL_MAX:
        return 414, "The address is too long."
    names = [name for name, _ in headers]
    if scope.get("http_version") == "1.1" and b"host" not in names:
        return 400, "The request does not name its host."
    if any(names.count(name) > 1 for name in _ONCE):
        return 400, "The request repeats a header that may come once."
    if any(b"_" in name for name in names):
        return 400, "The request has a header with an underscore in its name."
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    if not length.isdigit() or len(length) > 18:
        return 400, "The request does not say how long it is."
    path = scope.get("raw_path") or b""
    most = body_max(scope.get("method", ""), path, scope["query_string"], headers)
    if int(length) <= most:
        return None
    if most == BODY_MAX and _TAKES_ARCHIVES.fullmatch(path):
        return _NOT_PERMITTED
    return {BODY_MAX: _TOO_LARGE, UPLOAD_MAX: _UPLOAD_TOO_LARGE}.get(most, _ARCHIVE_TOO_LARGE)


def _says_its_length(scope: dict) -> bool:
    """A request without Transfer-Encoding is as long as its Content-Length says, or has no body."""
    return all(name != b"transfer-encoding" for name, _ in scope["headers"])


async def _read(receive: Any) -> bytes | None:
    """The whole body; None when it is larger than BODY_MAX."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Any) -> Any:
    """A `receive` that gives the body first."""
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> dict:
        return first.pop() if first else await receive()

    return replay


def _unspool(body: IO[bytes], receive: Any) -> Any:
    """A `receive` that gives a body which the server keeps on disk, piece by piece, instead of its own empty one."""
    is_read = False

    async def unspool() -> dict:
        nonlocal is_read
        if is_read:
            return await receive()
        piece = body.read(PIECE)
        is_read = len(piece) < PIECE
        if is_read:
            await receive()
        return {"type": "http.request", "body": piece, "more_body": not is_read}

    return unspool


async def _answer(send: Any, status: int, sentence: str) -> None:
    body = sentence.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
