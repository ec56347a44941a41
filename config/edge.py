"""What stands before Django: sizes and shapes that no request may have.

*Called by*: config.asgi. *Keeps true*: a body larger than BODY_MAX is refused by its length before it is read;
a doubled Host or Origin header is refused, because which one counts would be a matter of taste.
"""

from typing import Any

BODY_MAX = 512 * 1024
HEADERS_MAX = 100
_ONCE = (b"host", b"origin", b"content-length", b"cookie", b"authorization")


class Edge:
    """An ASGI application around another."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        refusal = _refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self.inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4400})
        else:
            await _answer(send, *refusal)


def _refusal(scope: dict) -> tuple[int, str] | None:
    headers = scope["headers"]
    if len(headers) > HEADERS_MAX:
        return 431, "The request has too many headers."
    names = [name for name, _ in headers]
    if any(names.count(name) > 1 for name in _ONCE):
        return 400, "The request repeats a header that may come once."
    if any(b"_" in name for name in names):
        return 400, "The request has a header with an underscore in its name."
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    if not length.isdigit():
        return 400, "The request does not say how long it is."
    if int(length) > BODY_MAX:
        return 413, f"The request is larger than the {BODY_MAX // 1024} KiB that fit."
    return None


async def _answer(send: Any, status: int, sentence: str) -> None:
    body = sentence.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
