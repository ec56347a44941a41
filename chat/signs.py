"""What a tab says of its person: that they are active or away, that they are writing.

*Called by*: chat.sockets. *Keeps true*: nobody is here before their browser says so; writing is told only in a Space
that the socket listens to and its member may write in, and not more often than others need to hear it.
"""

import asyncio
import time
import uuid
from typing import Any

from chat import broadcast, presence
from workspace import access
from workspace.errors import NotFound
from workspace.models import Member

SAME_SECONDS = 20.0
TYPING_SECONDS = 2.0
_farewells: set["asyncio.Task[None]"] = set()


class Signs:
    """Of one socket."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.writable: set[uuid.UUID] = set()
        self._connection = uuid.uuid4().hex[:12]
        self._state = ""
        self._said_at = self._typed_at = 0.0

    async def be(self, state: Any) -> bool:
        """Take a `presence` frame; False for one that says nothing."""
        if state not in (presence.ACTIVE, presence.AWAY):
            return False
        now = time.monotonic()
        if state != self._state or now - self._said_at > SAME_SECONDS:
            self._state, self._said_at = state, now
            if await presence.beat(self.member, self._connection, state):
                await asyncio.to_thread(broadcast.presence_changed, self.member.org_id)
        return True

    async def type(self, space: Any, parent: Any) -> None:
        """Take a `typing` frame. What is no Space of this socket's, or comes too soon, is not passed on."""
        now = time.monotonic()
        try:
            where = access.as_uuid(space)
            under = str(access.as_uuid(parent)) if parent else None
        except NotFound:
            return
        if where in self.writable and now - self._typed_at >= TYPING_SECONDS:
            self._typed_at = now
            await asyncio.to_thread(broadcast.typing, where, self.member, under)

    async def end(self) -> None:
        """The tab is closed: others are told in a moment, when no other tab of the person has come."""
        if not self._state:
            return
        await presence.leave(self.member.org_id, self.member.pk, self._connection)
        farewell = asyncio.create_task(_farewell(self.member.org_id))
        _farewells.add(farewell)
        farewell.add_done_callback(_farewells.discard)


async def _farewell(org_id: uuid.UUID) -> None:
    await asyncio.sleep(presence.GRACE_SECONDS + 0.5)
    await asyncio.to_thread(broadcast.presence_changed, org_id)
