"""A push service and the browsers behind it, as a process of its own (RFC 8030, 8188, 8291, 8292).

*Called by*: tests of push (PushService), and itself (`python -m tests.doubles.push_service`). *Keeps true*: a letter is
taken only when its signature, audience, time and coding are right; what a browser's person would read is told at
/letters, opened with that browser's own keys. Not with the library that the product seals with.
"""

import asyncio
import base64
import json
import re
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doubles.double import Double

DAY = 24 * 3600


class PushService(Double):
    module = "tests.doubles.push_service"

    def subscribe(self, name: str, *, key: str) -> dict[str, str]:
        """A new browser of that name subscribes with the server's key: endpoint, p256dh and auth."""
        return dict(self._ask("POST", f"/browsers/{name}", {"key": key}))

    def script(self, name: str, *answers: tuple[int, dict[str, str]]) -> None:
        """How the next letters are answered, one each; 201 after them."""
        self._ask("POST", f"/scripts/{name}", [list(answer) for answer in answers])

    def letters(self, name: str) -> list[dict[str, Any]]:
        """What came: `status`, `why` it was refused, `headers`, and `told`, what it says."""
        return list(self._ask("GET", f"/letters/{name}"))

    def told(self, name: str) -> list[dict[str, Any]]:
        """What the browser was given to show."""
        return [letter["told"] for letter in self.letters(name) if letter["status"] == 201]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read())


class Refused(Exception):
    """What is wrong with a letter, and the status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Browser:
    """One browser: its keys, and what came for it."""

    server_key: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes ok"
    answers: list[list[Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def open(self, body: bytes) -> bytes:
        """RFC 8188, section 2, with the keys of RFC 8291, section 3.4."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        if len(sealed) > size or length != 65:
            raise Refused(400, "not one record after a key")
        secret = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        material = _derive(secret, self.auth, b"WebPush: info\0" + self.public + sender, 32)
        key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
        try:
            padded = AESGCM(key).decrypt(nonce, sealed, None)
        except InvalidTag:
            raise Refused(400, "sealed for somebody else") from None
        text, mark, _padding = padded.rpartition(b"\x02")
        if not mark:
            raise Refused(400, "no end of the record")
        return text

    def take(self, request: web.Request, body: bytes, origin: str) -> dict[str, Any]:
        """What the letter says. Raises Refused."""
        headers = request.headers
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(415, "not aes128gcm")
        if not re.fullmatch(r"\d+", headers.get("TTL", "")):
            raise Refused(400, "no TTL")
        if headers.get("Urgency", "normal") not in ("very-low", "low", "normal", "high"):
            raise Refused(400, "no such urgency")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,32}", headers.get("Topic", "")):
            raise Refused(400, "no such topic")
        if len(body) > 4096:
            raise Refused(413, "too large")
        self._check(headers.get("Authorization", ""), origin)
        return dict(json.loads(self.open(body)))

    def _check(self, authorization: str, origin: str) -> None:
        """RFC 8292: who sends, to whom, until when."""
        found = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", authorization)
        if not found or found[2] != self.server_key:
            raise Refused(403, "not the key that the browser subscribed with")
        point = base64.urlsafe_b64decode(found[2] + "=")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        try:
            claims = jwt.decode(found[1], key, algorithms=["ES256"], audience=origin)
        except jwt.InvalidTokenError as error:
            raise Refused(401, f"the signature is not good: {error}") from None
        if claims["exp"] > time.time() + DAY or not re.fullmatch(r"mailto:\S+@\S+", claims["sub"]):
            raise Refused(401, "good for longer than a day, or from nobody")


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Office:
    """The service's side: who is there, and what came for them."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.origin = ""

    async def subscribe(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        browser = self.browsers[name] = Browser((await request.json())["key"])
        endpoint = f"{self.origin}/send/{name}"
        return web.json_response({"endpoint": endpoint, "p256dh": _text(browser.public), "auth": _text(browser.auth)})

    async def script(self, request: web.Request) -> web.Response:
        self.browsers[request.match_info["name"]].answers = await request.json()
        return web.json_response({})

    async def letters(self, request: web.Request) -> web.Response:
        return web.json_response(self.browsers[request.match_info["name"]].letters)

    async def send(self, request: web.Request) -> web.Response:
        browser = self.browsers.get(request.match_info["name"])
        if browser is None:
            return web.Response(status=404)
        body = await request.read()
        noted: dict[str, Any] = {"headers": {k.lower(): v for k, v in request.headers.items()}, "size": len(body)}
        browser.letters.append(noted)
        try:
            noted["told"] = browser.take(request, body, self.origin)
        except Refused as error:
            noted |= {"status": error.status, "why": str(error)}
            return web.Response(status=error.status, text=str(error))
        noted["status"], headers = browser.answers.pop(0) if browser.answers else [201, {}]
        return web.Response(status=noted["status"], headers=headers)


async def _serve() -> None:
    office = Office()
    app = web.Application()
    app.router.add_post("/browsers/{name}", office.subscribe)
    app.router.add_post("/scripts/{name}", office.script)
    app.router.add_get("/letters/{name}", office.letters)
    app.router.add_post("/send/{name}", office.send)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    office.origin = f"http://127.0.0.1:{port}"
    print(port, flush=True)
    # The parent holds our standard input: when it goes, however it goes, so do we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
