"""Somebody who looks at a Space through the public protocol, may lose the socket, and comes back.

*Called by*: the flows. *Keeps true*: what it shows came over HTTP and the socket, and from nowhere else.
"""

import json
import re
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed

from chat.models import Reply
from tests.flows.screen import Json, LiveText, Screen
from tests.flows.tab import Tab
from workspace.models import Space

SECONDS = 60.0


class Viewer:
    def __init__(self, tab: Tab, space: Space, **options: Any) -> None:
        self.tab, self.space = tab, str(space.pk)
        self.options = options
        self.texts: dict[str, LiveText] = defaultdict(LiveText)
        self.frames: list[Json] = []
        self.closed: int | None = None
        self.screen = self.load()
        self.connect()

    def load(self) -> Screen:
        """The Space as a fresh page shows it."""
        page = self.tab.get(f"/spaces/{self.space}/")
        revision = re.search(r'data-revision="(\d+)"', page[page.index("<message-feed") :])
        assert revision
        return Screen.of_page(int(revision[1]), self.tab.get(f"/spaces/{self.space}/messages/")["messages"])

    def connect(self) -> None:
        self.socket = self.tab.socket(**self.options)
        self.say({"type": "space.subscribe", "space": self.space})
        self.hear(lambda: self.frames and self.frames[-1]["type"] == "space.subscribed")

    def lose_socket(self) -> None:
        """Without a word, as when a lid is closed."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def state(self, reply: Reply) -> str:
        return str(self.screen.messages.get(str(reply.message_id), {}).get("state"))

    def say(self, frame: Json) -> None:
        self.socket.send(json.dumps(frame))

    def hear(self, is_enough: Callable[[], Any], *, seconds: float = SECONDS) -> None:
        """Take frames until that is so, or the socket is closed."""
        deadline = time.monotonic() + seconds
        while not is_enough():
            assert time.monotonic() < deadline, f"not heard in time; last frames: {self.frames[-3:]}"
            try:
                self._take(json.loads(self.socket.recv(timeout=1)))
            except TimeoutError:
                continue
            except ConnectionClosed:
                self.closed = self.socket.close_code
                return

    def hear_close(self, *, seconds: float = SECONDS) -> int:
        self.hear(lambda: self.closed, seconds=seconds)
        assert self.closed, "the socket stayed open"
        return self.closed

    def _take(self, frame: Json) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "message.changed":
                message = frame["message"]
                if message["html"] is None:  # too large to be sent to everyone at once
                    frame["message"] = self.tab.get(f"/messages/{message['id']}/")["message"]
                self.screen.frame(frame)
            case "space.subscribed" if frame["revision"] != self.screen.last:
                self._catch_up()
            case "reply.deltas":
                for row in frame["deltas"]:
                    if not self.texts[row["reply"]].delta(row["at"], row["text"]):
                        self.texts[row["reply"]].whole(self.tab.get(f"/replies/{row['reply']}/"))
        if self.screen.is_behind:
            self._catch_up()

    def _catch_up(self) -> None:
        self.screen.changes(self.tab.get(f"/spaces/{self.space}/changes/?since={self.screen.last}"))
