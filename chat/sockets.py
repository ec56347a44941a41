"""The socket of a browser tab: check, listen, forward.

*Called by*: config.asgi. *Keeps true*: a socket holds no rights: they are read at connect and at subscribe, ended by a
kick, read again every RECHECK_SECONDS; it never writes, renders or touches money.
Close codes: 4400 bad frame, 4401 signed out, 4403 not (or no longer) a member, 4408 reader too slow.
"""

import asyncio
import random
import time
import uuid
from collections import deque
from collections.abc import Coroutine
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import orjson
import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import InterfaceError, OperationalError
from django.urls import path

from chat import broadcast, crowds
from chat.hub import hub
from chat.signs import Signs
from workspace import access
from workspace.errors import NotFound, Refused
from workspace.models import Member, Space, User

QUEUE_MAX = 256
RECHECK_SECONDS = 30
SPACES_MAX = 20
FRAMES_PER_SECOND = 20
_log = structlog.get_logger(__name__)
_session_store = import_module(settings.SESSION_ENGINE).SessionStore


class Socket(AsyncWebsocketConsumer):
    """One open tab of a member. Frames: docs/socket.md."""

    async def connect(self) -> None:
        self.spaces: set[uuid.UUID] = set()  # heard in full
        self.joined: set[uuid.UUID] = set()  # of the others among these, only that something happens
        self._pulses: set[uuid.UUID] = set()
        self._lost: set[uuid.UUID] = set()  # kicked out of since the last reading of rights began
        self._looking = asyncio.Lock()
        self.member: Member | None = None
        self.sees: set[str] | None = None
        self._queue: deque[str] = deque()
        self._has_frames = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._allowance, self._counted_at = float(FRAMES_PER_SECOND), time.monotonic()
        self._close_code: int | None = None
        self._room = self.scope.get("extensions", {}).get("parley.room")
        self._say_now = self.scope.get("extensions", {}).get("parley.say")
        self._is_writing = False
        await self.accept()
        user, slug = self.scope["user"], self.scope["url_route"]["kwargs"]["slug"]
        if not user.is_authenticated:
            await self.close(4401)
            return
        try:
            self.member, self.sees = await database_sync_to_async(self._enter)(user, slug)
        except Refused:
            await self.close(4403)
            return
        self._signs = Signs(self.member)
        await crowds.join(self.member.org_id, self)
        await hub.join(self._own_topics(), self)
        await self._follow(await database_sync_to_async(_joined)(self.member))
        for work in (self._write(), self._recheck()):
            self._begin(work).add_done_callback(self._note_end)

    async def disconnect(self, code: int) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        if self.member is not None:
            await crowds.leave(self.member.org_id, self)
            await self._signs.end()
            whole = [broadcast.space_topic(space) for space in self.spaces]
            pulses = [broadcast.pulse_topic(space) for space in self._pulses]
            await hub.leave([*self._own_topics(), *whole, *pulses], self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.member is None:
            return  # closed at connect; what was on its way means nothing
        frame = self._parse(text_data)
        if frame is None or not self._may_speak():
            await self.close(4400)
        elif frame["type"] == "ping":
            self.offer('{"type":"pong"}')
        elif frame["type"] == "space.subscribe":
            await self._subscribe(str(frame.get("space", "")))
        elif frame["type"] == "space.unsubscribe":
            await self._unsubscribe(str(frame.get("space", "")))
        elif frame["type"] == "presence":
            if not await self._signs.be(frame.get("state")):
                self._refuse("unknown_state", "One is active or away.")
        elif frame["type"] == "typing":
            await self._signs.type(frame.get("space"), frame.get("parent"))
        else:
            self._refuse("unknown_frame", "This server does not know that frame.")

    # --- called by the hub, in the loop ---------------------------------------------------------

    def offer(self, frame: str) -> None:
        """Send a frame, or queue it; a reader that lets QUEUE_MAX of them pile up is closed and catches up."""
        if self._close_code is not None:
            return
        if self._is_writing and not self._queue and self._say_now is not None and self._room.is_set():
            self._say_now(frame)
            return
        if len(self._queue) >= QUEUE_MAX:
            self._end(4408)
            return
        self._queue.append(frame)
        self._has_frames.set()

    def control(self, frame: dict) -> None:
        if frame["type"] == "signed_out":
            self._end(4401)
        elif frame["type"] == "kick" and frame["space"] is None:
            self._end(4403)
        elif frame["type"] == "kick":
            self._lost.add(uuid.UUID(frame["space"]))
            hub.mute(broadcast.space_topic(uuid.UUID(frame["space"])), self)
            self._begin(self._lose(uuid.UUID(frame["space"])))
            if self.sees is not None:  # a guest has lost sight of people too
                self._begin(self._look_again())
        elif (
            frame["type"] == "joined"
            or frame["type"] == "recheck"
            and uuid.UUID(frame["space"]) in self.spaces | self.joined
        ):
            self._begin(self._look_again())

    # --- private --------------------------------------------------------------------------------

    async def _subscribe(self, space_id: str) -> None:
        if len(self.spaces) >= SPACES_MAX:
            self._refuse("too_many_spaces", f"One socket listens to at most {SPACES_MAX} Spaces.")
            return
        try:
            space = await database_sync_to_async(self._open)(space_id)
            self.spaces.add(space.pk)
            await hub.join([broadcast.space_topic(space.pk)], self)
            await self._follow(self.joined)
            # Read again after joining: what changed in between is in the revision, what comes later is on the wire;
            # and a right that was lost in between was lost before its kick could find this Space here.
            space = await database_sync_to_async(self._open)(space_id)
        except Refused as refusal:
            await self._unsubscribe(space_id)
            self._refuse(refusal.code, refusal.message)
            return
        self._say({"type": "space.subscribed", "space": space.pk, "revision": space.revision})

    def _enter(self, user: User, slug: str) -> tuple[Member, set[str] | None]:
        member = access.member(user, slug)
        return member, _seen_by(member)

    def _open(self, space_id: str) -> Space:
        assert self.member is not None
        member = access.member(self.scope["user"], self.member.org.slug)
        space = access.space_of(member, space_id)
        if Space.objects.writable_by(member).filter(pk=space.pk).exists():
            self._signs.writable.add(space.pk)
        return space

    async def _unsubscribe(self, space_id: str) -> None:
        try:
            space = access.as_uuid(space_id)
        except NotFound:
            return
        self.spaces.discard(space)
        self._signs.writable.discard(space)
        await self._follow(self.joined)
        await hub.leave([broadcast.space_topic(space)], self)

    async def _follow(self, joined: set[uuid.UUID]) -> None:
        """Hear that something happens in these Spaces, but for those that are heard in full.

        What is wanted is settled before anything waits, so that two at once agree.
        """
        self.joined = joined - self._lost
        wanted = self.joined - self.spaces
        gone, fresh, self._pulses = self._pulses - wanted, wanted - self._pulses, wanted
        leaving = hub.leave([broadcast.pulse_topic(space) for space in gone], self)
        joining = hub.join([broadcast.pulse_topic(space) for space in fresh], self)
        await asyncio.gather(leaving, joining)

    async def _lose(self, space_id: uuid.UUID) -> None:
        if space_id in self.spaces | self.joined:
            self.joined = self.joined - {space_id}
            await self._unsubscribe(str(space_id))
            self._say({"type": "space.removed", "space": space_id})

    async def _write(self) -> None:
        """Send what is queued, as fast as this reader takes it. The server may lend a way that is shorter: then what
        finds room need not even be queued."""
        self._is_writing = True
        while True:
            await self._has_frames.wait()
            while self._queue:
                if self._room is not None and not self._room.is_set():
                    await self._room.wait()  # meanwhile the end may have emptied the queue
                elif self._say_now is not None:
                    self._say_now(self._queue.popleft())
                else:
                    await self.base_send({"type": "websocket.send", "text": self._queue.popleft()})
            self._has_frames.clear()

    async def _recheck(self) -> None:
        while True:
            # Not all at the same moment, when a thousand came at the same moment.
            await asyncio.sleep(RECHECK_SECONDS * random.uniform(0.8, 1))
            try:
                await self._look_again()
            except (OperationalError, InterfaceError) as error:
                _log.warning("recheck.failed", error=type(error).__name__)

    async def _look_again(self) -> None:
        async with self._looking:  # one reading after another, so that none undoes a later one
            await self._compare_rights()

    async def _compare_rights(self) -> None:
        self._lost.clear()
        asked = set(self.spaces)  # one that is subscribed to meanwhile is not lost
        code, mine, joined = await database_sync_to_async(self._rights_now)(asked)
        if code:
            self._end(code)
            return
        for space in (asked | self.joined) - joined - set(mine):
            await self._lose(space)
        await self._follow(joined)
        for space, revision in mine.items():
            # Whatever frame was lost on its way, nobody stays behind for longer than this.
            self._say({"type": "space.subscribed", "space": space, "revision": revision})

    def _rights_now(self, spaces: set[uuid.UUID]) -> tuple[int, dict[uuid.UUID, int], set[uuid.UUID]]:
        """A close code, or 0 and the Spaces that are still this member's to read, with their revisions; all joined."""
        assert self.member is not None
        # One trip to a thread for all of it: a thousand sockets ask, each twice a minute.
        user = get_user(SimpleNamespace(session=_session_store(self.scope["session"].session_key)))  # type: ignore[arg-type]
        if not user.is_authenticated:
            return 4401, {}, set()
        try:
            member = access.member(user, self.member.org.slug)
        except Refused:
            return 4403, {}, set()
        joined = _joined(member)
        mine = Space.objects.visible_to(member).filter(pk__in=spaces)
        self.sees = _seen_by(member)
        self._signs.writable = set(Space.objects.writable_by(member).filter(pk__in=spaces).values_list("pk", flat=True))
        return 0, dict(mine.values_list("pk", "revision")), joined

    def _own_topics(self) -> list[str]:
        assert self.member is not None
        of_member = (broadcast.member_topic(self.member.pk), broadcast.inbox_topic(self.member.pk))
        topics = [broadcast.org_topic(self.member.org_id), *of_member]
        key = self.scope["session"].session_key
        return [*topics, broadcast.session_topic(key)] if key else topics

    def _parse(self, text: str | None) -> dict | None:
        try:
            frame = orjson.loads(text or "")
        except ValueError:
            return None
        return frame if isinstance(frame, dict) and isinstance(frame.get("type"), str) else None

    def _may_speak(self) -> bool:
        """A token bucket: FRAMES_PER_SECOND, with as much again in reserve."""
        now = time.monotonic()
        earned = (now - self._counted_at) * FRAMES_PER_SECOND
        self._allowance, self._counted_at = min(self._allowance + earned, 2.0 * FRAMES_PER_SECOND), now
        self._allowance -= 1
        return self._allowance >= 0

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Kept while it runs, so that it is not collected half done; a socket lives for days, so no longer."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        """A socket that cannot write or check any more is no socket: the browser comes back on a new one."""
        if not task.cancelled() and (error := task.exception()):
            _log.error("socket.crashed", exc_info=error)
            self._end(1011)

    def _say(self, frame: dict[str, Any]) -> None:
        self.offer(broadcast.encode(frame).decode())

    def _refuse(self, code: str, sentence: str) -> None:
        self._say({"type": "refused", "code": code, "sentence": sentence})

    def _end(self, code: int) -> None:
        if self._close_code is None:
            self._close_code = code
            self._queue.clear()
            self._begin(self.close(code))


def _joined(member: Member) -> set[uuid.UUID]:
    return set(Space.objects.joined_by(member).values_list("pk", flat=True))


def _seen_by(member: Member) -> set[str] | None:
    """Of whom a guest may know; None for everybody."""
    return {str(each) for each in access.people(member).values_list("pk", flat=True)} if member.is_guest else None


socket_urls = [path("orgs/<slug:slug>/socket/", Socket.as_asgi())]
