"""A signed-in person's tab without a browser: forms over HTTP, frames over a socket.

*Called by*: the flows. *Keeps true*: it knows the public protocol (docs/socket.md) and nothing of the server's inside.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.stack import Stack
from workspace.models import Member, Space

CSRF = "c" * 32


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirect is an answer like any other."""


_opener = urllib.request.build_opener(_StayHere, urllib.request.ProxyHandler({}))


@dataclass
class Answer:
    status: int
    body: Any


class Tab:
    def __init__(self, stack: Stack, member: Member) -> None:
        client = Client()
        client.force_login(member.user)
        self.url, self.slug = stack.url, member.org.slug
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"

    def post(self, space: Space, text: str, client_id: uuid.UUID | None = None) -> Answer:
        return self.send(f"/spaces/{space.pk}/messages/", text=text, client_id=str(client_id or uuid.uuid4()))

    def get(self, path: str) -> Any:
        """The JSON at a path, which must be there."""
        answer = self._ask(urllib.request.Request(self.url + path))
        assert answer.status == 200, (path, answer)
        return answer.body

    def send(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        return self._ask(urllib.request.Request(self.url + path, urllib.parse.urlencode(fields).encode()))

    def socket(self, **options: Any) -> ClientConnection:
        """A live connection. Whoever does not recv() lets frames pile up: max_queue of them here, the rest in TCP."""
        path = self.url.replace("http", "ws", 1) + f"/orgs/{self.slug}/socket/"
        origin, headers = Origin(self.url), {"Cookie": self.cookies}
        return connect(path, origin=origin, additional_headers=headers, proxy=None, legacy=True, **options)

    def _ask(self, request: urllib.request.Request) -> Answer:
        for name, value in {"Cookie": self.cookies, "X-CSRFToken": CSRF, "Accept": "application/json"}.items():
            request.add_header(name, value)
        try:
            with _opener.open(request, timeout=30) as response:
                return Answer(response.status, _parsed(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _parsed(error.read()))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
