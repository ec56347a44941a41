"""Giving the bytes of a file: whole, in part, or not again.

*Called by*: chat.views.files, chat.views.links. *Keeps true*: no database connection waits for a slow reader, who gets
a piece when there is room for it; nothing that is given can run: it is saved, or it is a picture that this server made.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _

from chat.files import kinds, names, store
from chat.models import File, FileKind
from workspace.errors import Refused

# What is given in one piece; what is larger goes piece by piece.
WHOLE_MAX = 512 * 1024
WEBP = "image/webp"
# Asked again each time, so that a right that was lost is lost at once; the bytes need not come twice.
CACHE = "private, no-cache"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SERVED = {FileKind.IMAGE, FileKind.PDF, FileKind.TEXT}


class Lost(Refused):
    code = "file_lost"
    status = 410


class NotReady(Refused):
    code = "file_not_ready"
    status = 409


class Given(NamedTuple):
    """Bytes that lie somewhere, and how they go out."""

    key: str
    size: int
    media_type: str
    disposition: str


def original(request: HttpRequest, file: File) -> HttpResponseBase:
    """The file itself, to be saved. Raises NotReady for a picture that still tells where it was taken, Lost."""
    if file.is_waiting and file.kind == FileKind.IMAGE:
        raise NotReady(_("This picture is still being prepared. Try again in a moment."))
    media_type = file.media_type if file.kind in _SERVED else kinds.OCTETS
    return give(request, Given(file.key, file.size_bytes, media_type, names.disposition(file.name)))


def preview(request: HttpRequest, file: File, number: int) -> HttpResponseBase:
    """A picture of it, made by this server."""
    return picture(request, f"{file.preview_key}-{number}")


def picture(request: HttpRequest, key: str) -> HttpResponseBase:
    """A WebP that this server made, shown where it stands. Raises Lost."""
    try:
        size = store.size(key)
    except OSError:
        raise _lost() from None
    return give(request, Given(key, size, WEBP, "inline"))


def give(request: HttpRequest, given: Given) -> HttpResponseBase:
    tag = f'"{given.key.replace("/", "")}"'
    if unchanged := get_conditional_response(request, etag=tag):
        if isinstance(unchanged, HttpResponseNotModified):
            return _dressed(unchanged, given, tag)
    start, end = _part(request, given.size, tag)
    if start >= given.size > 0:
        answer: HttpResponseBase = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{given.size}"
        return _dressed(answer, given, tag)
    answer = _body(request, given, start, end - start)
    if (start, end) != (0, given.size):
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{given.size}"
    answer["Content-Length"] = str(end - start)
    return _dressed(answer, given, tag)


def _body(request: HttpRequest, given: Given, start: int, length: int) -> HttpResponseBase:
    _give_connection_back()
    pieces = store.pieces(given.key, start=start, length=length)
    try:
        if length <= WHOLE_MAX:
            return HttpResponse(b"".join(pieces), content_type=given.media_type)
        first = next(pieces)
    except (OSError, StopIteration):
        raise _lost() from None
    room = getattr(request, "scope", {}).get("extensions", {}).get("parley.room")
    return StreamingHttpResponse(_flow(first, pieces, room), content_type=given.media_type)


async def _flow(first: bytes, pieces: Iterator[bytes], room: asyncio.Event | None) -> AsyncIterator[bytes]:
    """Pieces as the reader takes them; each is read in a thread."""
    piece: bytes | None = first
    while piece:
        yield piece
        if room is not None:
            await room.wait()
        piece = await asyncio.to_thread(next, pieces, None)


def _dressed(answer: HttpResponseBase, given: Given, tag: str) -> Any:
    answer["Content-Disposition"] = given.disposition
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = CACHE
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = tag
    return answer


def _part(request: HttpRequest, size: int, tag: str) -> tuple[int, int]:
    """Where to begin and to end. One part at most: who asks for several gets the whole, as RFC 9110 allows."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or not any(found.groups()) or request.headers.get("If-Range", tag) != tag:
        return 0, size
    if not found[1]:
        return max(size - int(found[2]), 0), size
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end or start >= size else (0, size)


def _give_connection_back() -> None:
    """Before the first byte: a reader may take minutes, and the request is not over until then."""
    if not connection.in_atomic_block:
        connection.close()


def _lost() -> Lost:
    return Lost(_("The bytes of this file are not where they were kept. Tell the operator of this server."))
