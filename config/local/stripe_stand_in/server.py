"""The HTTP server: the API under /v1, hosted pages, and the control surface.

*Called by*: __main__.py. *Keeps true*: it listens on this machine only.
"""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from config.local.stripe_stand_in import control, renewals, sites
from config.local.stripe_stand_in.api import Api, Call
from config.local.stripe_stand_in.deliveries import Deliveries
from config.local.stripe_stand_in.pages import Page
from config.local.stripe_stand_in.trouble import Refusal
from config.local.stripe_stand_in.world import Options, World

BODY_MAX = 2_000_000


class StandIn(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options: Options, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.world = World(options)
        self.world.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.deliveries = Deliveries(self.world)
        self.api = Api(self.world, self.deliveries)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def setup(self) -> None:
        super().setup()
        # Answers are written in two pieces, and nobody should wait for the second.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > BODY_MAX:
            self._send(Page(b"Too large.", 413, "text/plain"))
            self.close_connection = True
            return
        body = self.rfile.read(size)
        try:
            self._answer(body)
        except OSError:
            self.close_connection = True  # whoever asked has gone
        except Exception:
            self._send(Page(b'{"error": {"type": "api_error", "message": "See the log."}}', 500, "application/json"))
            raise  # its traceback goes to the log

    def _answer(self, body: bytes) -> None:
        if not self._is_asked_from_here():
            self._send(Page(b"Only pages of this address may ask here.", 403, "text/plain"))
            return
        parts = urlsplit(self.path)
        if parts.path.startswith("/v1/"):
            self._answer_api(parts.path, parts.query, body)
        else:
            self._send(self._answer_page(parts.path, parts.query, body))

    do_GET = do_POST = do_DELETE = do_HEAD = answer

    def _is_asked_from_here(self) -> bool:
        """Say whether no page of another site is behind it: one in the same browser could reach loopback too."""
        here = f"127.0.0.1:{self.server.server_address[1]}"
        origin = self.headers.get("Origin", "")
        return self.headers.get("Host") == here and origin in ("", f"http://{here}")

    def _answer_api(self, path: str, query: str, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.api.answer(Call(self.command, path, query, headers, body))
        if answer is None:
            self.close_connection = True
            return
        self._send(Page(answer.encode(), answer.status, "application/json", answer.headers))

    def _answer_page(self, path: str, query: str, body: bytes) -> Page:
        form = (
            dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)) if self.command == "POST" else None
        )
        asked = dict(parse_qsl(query, keep_blank_values=True))
        if path.startswith("/_stand_in/"):
            return control.answer(self.server.api, self.command, path.removeprefix("/_stand_in/"), body, asked)
        with self.server.world.lock:
            renewals.catch_up(self.server.world)
            try:
                return sites.answer(self.server.api, path, form, asked)
            except Refusal as refusal:
                return sites.show_refusal(refusal)
            finally:
                self.server.deliveries.send_new()

    def _send(self, page: Page) -> None:
        self.send_response(page.status)
        headers = {"Content-Type": page.kind, "Content-Length": str(len(page.body)), **page.headers}
        for name, value in headers.items():
            self.send_header(name, value.replace("\r", "").replace("\n", ""))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def log_message(self, *_: object) -> None:
        """Requests are told at /_stand_in/requests, not on the terminal."""
