"""Pages somewhere on the web, as a process of its own that notes who asked for what.

*Called by*: tests of previews (Site), and itself (`python -m tests.doubles.site`). *Keeps true*: each path answers as
PAGES says; what was asked, with its headers, is told at /asked.
"""

import asyncio
import gzip
import io
import json
import sys
import urllib.request
from html import escape
from typing import Any

from aiohttp import web
from PIL import Image

from tests.doubles.double import Double

ARTICLE = """<!doctype html><html><head><title>Plain title</title>
<meta property="og:title" content="A walk &lt;b&gt;in the woods&lt;/b&gt;"><meta property="og:site_name" content="Field \u202eNotes">
<meta name="description" content="What one sees\n there,  and\x07 hears."><meta property="og:image" content="/picture.png">
</head><body><h1>Body</h1></body></html>"""


class Site(Double):
    module = "tests.doubles.site"

    def asked(self, path: str = "") -> list[dict[str, Any]]:
        """The requests so far: path and headers."""
        with urllib.request.urlopen(f"{self.url}/asked", timeout=10) as response:
            return [each for each in json.loads(response.read()) if path in ("", each["path"])]


def _picture(kind: str, size: tuple[int, int]) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "teal").save(made, kind, exif=b"Exif\0\0secret" if kind == "JPEG" else b"")
    return made.getvalue()


PICTURES = {
    "/picture.png": lambda: (_picture("PNG", (1600, 800)), "image/png"),
    "/dot.png": lambda: (_picture("PNG", (1, 1)), "image/png"),
    "/wide.png": lambda: (_picture("PNG", (12_000, 5_000)), "image/png"),
    "/small.jpg": lambda: (_picture("JPEG", (200, 100)), "image/jpeg"),
    "/lying.png": lambda: (b"<svg onload=alert(1)>", "image/png"),
    "/vector.svg": lambda: (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "/huge.png": lambda: (b"\x89PNG\r\n\x1a\n" + b"\0" * 3_000_000, "image/png"),
}


def _page(title: str, image: str = "") -> str:
    told = f'<meta property="og:image" content="{image}">' if image else ""
    return f"<html><head><title>{title}</title>{told}</head></html>"


async def _answer(request: web.Request) -> web.StreamResponse:
    path = request.path
    if path in PICTURES:
        body, kind = PICTURES[path]()
        return web.Response(body=body, headers={"Content-Type": kind})
    if path.startswith("/to/"):
        return web.Response(status=302, headers={"Location": request.query["where"]})
    if path.startswith("/hops/"):
        left = int(path.rpartition("/")[2])
        return web.Response(status=307, headers={"Location": f"/hops/{left - 1}" if left else "/article"})
    if path == "/endless":
        return await _endless(request)
    if path == "/slow":
        await asyncio.sleep(3600)
    if path == "/bomb":
        return web.Response(body=gzip.compress(b"x" * 10_000_000), headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})  # fmt: skip
    if path == "/latin":
        return web.Response(body=_page("Café").encode("latin-1"), headers={"Content-Type": "text/html; charset=ISO-8859-1"})  # fmt: skip
    if path == "/odd-alphabet":
        return web.Response(body=b"<title>Odd</title>", headers={"Content-Type": "text/html; charset=zip"})
    if path == "/text":
        return web.Response(text="<title>No page</title>", content_type="text/plain")
    if path == "/cookie":
        return web.Response(text=_page("Cookie"), content_type="text/html", headers={"Set-Cookie": "who=org-one"})
    if path == "/missing":
        return web.Response(status=404, text=_page("Missing"), content_type="text/html")
    pages = {
        "/article": ARTICLE,
        "/silent": "<html><body>nothing</body></html>",
        "/late": "x" * 600_000 + _page("Late"),
    }
    if path.startswith("/with/"):
        pages[path] = _page("With a picture", "/" + path.removeprefix("/with/"))
    if path == "/naming":
        pages[path] = _page("With a picture", escape(request.query["picture"]))
    return web.Response(text=pages.get(path, _page(f"Page {path}")), content_type="text/html")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    await response.write(_page("Endless").encode())
    while True:
        await response.write(b"x" * 10_000)


async def _serve() -> None:
    asked: list[dict[str, Any]] = []

    async def note(request: web.Request) -> web.StreamResponse:
        if request.path == "/asked":
            return web.json_response(asked)
        asked.append(
            {"path": request.path, "headers": {name.lower(): value for name, value in request.headers.items()}}
        )
        return await _answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    # The parent holds our standard input: when it goes, however it goes, so do we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
