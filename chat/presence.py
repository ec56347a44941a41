"""Who is here: active, away or not, by organization, in Redis with an end to everything.

*Called by*: chat.signs, chat.crowds, chat.profiles, views. *Keeps true*: each connection counts by itself and runs
out by itself, so that many processes may say so and one that dies leaves nobody behind; what a member has chosen to be
seen as goes over what they are. Redis away: nothing breaks, and nobody is known to be here.
"""

import time
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any
from uuid import UUID

import redis
import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chat import broadcast
from workspace.models import Availability, Member

ACTIVE, AWAY, BUSY = "active", "away", "busy"
BEAT_SECONDS = 75
# A page that is left for the next one is not gone.
GRACE_SECONDS = 6
_KEPT_SECONDS = 24 * 3600
_log = structlog.get_logger(__name__)
States = dict[str, str]


async def beat(member: Member, connection: str, state: str) -> bool:
    """Note what one connection says of its person; whether that may be news to others."""
    here, active, choice = _keys(member.org_id)
    name, until = f"{member.pk}:{connection}", time.time() + BEAT_SECONDS
    pipe = _redis().pipeline(transaction=False)
    pipe.zscore(here, name)
    pipe.zscore(active, name)
    pipe.zadd(here, {name: until})
    if state == ACTIVE:
        pipe.zadd(active, {name: until})
    else:
        pipe.zrem(active, name)
    if member.availability:
        pipe.hset(choice, str(member.pk), member.availability)
    else:
        pipe.hdel(choice, str(member.pk))
    for key in (here, active, choice):
        pipe.expire(key, _KEPT_SECONDS)
    try:
        was_here, was_active, *_ = await pipe.execute()
    except (redis.RedisError, OSError) as error:
        _log.warning("presence.away", error=type(error).__name__)
        return False
    now = time.time()
    return (was_here or 0) < now or ((was_active or 0) > now) != (state == ACTIVE)


async def leave(org_id: UUID, member_id: UUID, connection: str) -> None:
    """The connection is over: it runs out in a moment, unless its person comes back on another."""
    here, active, _ = _keys(org_id)
    name, until = f"{member_id}:{connection}", time.time() + GRACE_SECONDS
    pipe = _redis().pipeline(transaction=False)
    pipe.zadd(here, {name: until}, xx=True, lt=True)
    pipe.zadd(active, {name: until}, xx=True, lt=True)
    try:
        await pipe.execute()
    except (redis.RedisError, OSError) as error:
        _log.warning("presence.away", error=type(error).__name__)


async def look(org_id: UUID) -> States | None:
    """As `states`, for the loop."""
    pipe = _redis().pipeline(transaction=False)
    try:
        return _read(await _asked(pipe, org_id).execute())
    except (redis.RedisError, OSError) as error:
        _log.warning("presence.away", error=type(error).__name__)
        return None


def states(org_id: UUID) -> States | None:
    """Who is here, by member id: active, away or busy; whoever is not in it is not here. None: nobody can say."""
    answers = broadcast.ask(lambda pipe: _asked(pipe, org_id))
    return None if answers is None else _read(answers)


def active_ids(org_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the members who are active now: whom @here calls. All of them when nobody can say."""
    known = states(org_id)
    return {each for each in member_ids if known is None or known.get(str(each)) == ACTIVE}


def at_tabs(org_id: UUID) -> set[UUID]:
    """Members with a tab before their eyes, whatever they want to be seen as. Nobody when nobody can say."""
    answers = broadcast.ask(lambda pipe: _asked(pipe, org_id))
    return {UUID(_member_of(name)) for name in answers[3]} if answers else set()


def choose(member: Member) -> None:
    """Take over how the member wants to be seen, and have every process look."""
    key = _keys(member.org_id)[2]
    field = str(member.pk)
    if member.availability:
        broadcast.ask(lambda pipe: pipe.hset(key, field, member.availability).expire(key, _KEPT_SECONDS))
    else:
        broadcast.ask(lambda pipe: pipe.hdel(key, field))
    broadcast.presence_changed(member.org_id, member_id=member.pk, availability=member.availability)


def only(states: States, member_ids: Collection[str]) -> States:
    return {key: state for key, state in states.items() if key in member_ids}


def _asked(pipe: Any, org_id: UUID) -> Any:
    here, active, choice = _keys(org_id)
    now = time.time()
    pipe.zremrangebyscore(here, "-inf", now).zremrangebyscore(active, "-inf", now)
    return pipe.zrange(here, 0, -1).zrange(active, 0, -1).hgetall(choice)


def _read(answers: list[Any]) -> States:
    here, active, choice = answers[2:]
    found = dict.fromkeys(map(_member_of, here), AWAY)
    found |= dict.fromkeys(map(_member_of, active), ACTIVE)
    chosen = {field.decode(): value.decode() for field, value in choice.items()}
    return {key: _shown(state, chosen.get(key, "")) for key, state in found.items()}


def _shown(state: str, availability: str) -> str:
    return {Availability.AWAY.value: AWAY, Availability.BUSY.value: BUSY}.get(availability, state)


def _member_of(name: bytes) -> str:
    return name.split(b":", 1)[0].decode()


def _keys(org_id: UUID) -> tuple[str, str, str]:
    return f"presence:{org_id}:here", f"presence:{org_id}:active", f"presence:{org_id}:choice"


@cache
def _redis() -> redis.asyncio.Redis:
    """Of the one loop of a web process. A few connections, for which a thousand that come at once wait their turn."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=8,
        timeout=2,
        socket_connect_timeout=0.5,
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.asyncio.Redis(connection_pool=pool)
