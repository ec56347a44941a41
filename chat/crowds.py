"""The open sockets of an organization in this process, and what each of them may know about people.

*Called by*: chat.sockets; chat.hub hands it the frames. *Keeps true*: a guest hears only of people they share a Space
with; who came and went is told at most every LOOK_SECONDS, and is right again within QUIET_SECONDS whatever was lost.
"""

import asyncio
from typing import Protocol
from uuid import UUID

from chat import broadcast, presence
from chat.hub import hub
from workspace.models import Member

LOOK_SECONDS = 2.0
QUIET_SECONDS = 20.0
GONE = "gone"


class Listener(Protocol):
    """A socket. `sees`: the ids of whom a guest may know, None for everybody."""

    member: Member | None
    sees: set[str] | None

    def offer(self, frame: str) -> None: ...


class Crowd:
    """A reader of the organization's people topic for all of its sockets here."""

    def __init__(self, org_id: UUID) -> None:
        self.org_id = org_id
        self.sockets: set[Listener] = set()
        self._known: presence.States | None = None
        self._is_stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._watch())

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def offer(self, frame: str) -> None:
        """Nothing comes uncontrolled on this topic."""

    def control(self, frame: dict) -> None:
        if frame["type"] == "member.changed":
            self._tell({frame["member"]["id"]: frame["member"]}, lambda about: frame)
        elif frame["type"] == "look":
            for socket in self.sockets:
                if socket.member is not None and str(socket.member.pk) == frame.get("member_id"):
                    socket.member.availability = frame["availability"]
            self._is_stirred.set()

    async def _watch(self) -> None:
        """Look who is here when something has happened, and now and then; tell what is different."""
        while True:
            self._is_stirred.clear()
            self._compare(await presence.look(self.org_id))
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await asyncio.wait_for(self._is_stirred.wait(), QUIET_SECONDS)
            except TimeoutError:
                continue

    def _compare(self, now: presence.States | None) -> None:
        before, self._known = self._known, now
        if now is None and before is None:
            return
        if now is None:
            self._tell({}, lambda about: self._frame(about, is_known=False))
            return
        old = before or {}
        changed = {key: state for key, state in now.items() if old.get(key) != state}
        changed |= dict.fromkeys(old.keys() - now.keys(), GONE)
        if changed:
            self._tell(changed, lambda about: self._frame(about, is_known=True))

    def _frame(self, about: dict, *, is_known: bool) -> dict:
        return {"type": "presence.changed", "org": self.org_id, "known": is_known, "members": about}

    def _tell(self, about: dict, frame_of: object) -> None:
        """The whole of it is encoded once for all who may know everybody."""
        whole = ""
        for socket in list(self.sockets):
            if socket.sees is None:
                whole = whole or broadcast.encode(frame_of(about)).decode()  # type: ignore[operator]
                socket.offer(whole)
                continue
            seen = {key: value for key, value in about.items() if key in socket.sees}
            if seen or not about:
                socket.offer(broadcast.encode(frame_of(seen)).decode())  # type: ignore[operator]


_crowds: dict[UUID, Crowd] = {}


async def join(org_id: UUID, socket: Listener) -> None:
    crowd = _crowds.get(org_id)
    if crowd is None:
        crowd = _crowds[org_id] = Crowd(org_id)
        crowd.begin()
    crowd.sockets.add(socket)
    await hub.join([broadcast.people_topic(org_id)], crowd)


async def leave(org_id: UUID, socket: Listener) -> None:
    crowd = _crowds.get(org_id)
    if crowd is None:
        return
    crowd.sockets.discard(socket)
    if not crowd.sockets:
        del _crowds[org_id]
        crowd.end()
        await hub.leave([broadcast.people_topic(org_id)], crowd)
