"""Sending to browsers and workers: the one place that publishes.

*Called by*: chat verbs on commit, chat.engine. *Keeps true*: a frame may be lost and nothing breaks: PostgreSQL is the
truth and browsers catch up. When Redis is away, posting goes on at once instead of waiting for it.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import redis
import structlog
from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import translation
from redis.backoff import NoBackoff
from redis.retry import Retry

from billing import caps, credits, ledger
from chat.models import Message
from workspace.models import Member, Space, SpaceMember

HTML_MAX = 100_000
QUIET_SECONDS = 2.0
_log = structlog.get_logger(__name__)
_redis: redis.Redis | None = None
_quiet_until = 0.0


def space_topic(space_id: uuid.UUID) -> str:
    return f"space:{space_id}"


def org_topic(org_id: uuid.UUID) -> str:
    return f"org:{org_id}"


def member_topic(member_id: uuid.UUID) -> str:
    return f"member:{member_id}"


def inbox_topic(member_id: uuid.UUID) -> str:
    """Frames to one person, in whichever tabs they have open."""
    return f"inbox:{member_id}"


def pulse_topic(space_id: uuid.UUID) -> str:
    """That something happens in a Space, for those who joined it and do not look at it."""
    return f"pulse:{space_id}"


def people_topic(org_id: uuid.UUID) -> str:
    """Not for sockets as it is: chat.crowds passes on what each may know."""
    return f"people:{org_id}"


def session_topic(session_key: str) -> str:
    return f"session:{session_key}"


WORKERS_TOPIC = "workers"
WEB_TOPIC = "web"


def as_json(message: Message) -> dict[str, object]:
    """A message as sockets and catch-up send it: in English, which each browser says again in its own language."""
    with translation.override("en"):
        html = render_to_string("chat/_message.html", {"message": message})
    return {
        "id": message.pk,
        "client_id": message.client_id,
        "position": message.position,
        "revision": message.revision,
        "state": message.state,
        "parent": message.parent_id,
        "in_feed": message.in_feed,
        "html": html,
    }


def as_pulse(message: Message) -> dict[str, object]:
    """That there is a new message, without what it says."""
    return {
        "type": "space.active",
        "space": message.space_id,
        "position": message.position,
        "author": message.author_id,
        "mentions": message.mention_ids,
        "group": message.calls_group,
        "thread": message.parent_id,
        "in_feed": message.in_feed,
    }


def messages_changed(
    space_id: uuid.UUID, messages: Iterable[dict[str, object]], *, pulses: Iterable[dict[str, object]] = ()
) -> None:
    """Tell everyone in the Space, and that it is active. Messages come in the order of their revisions."""
    frames = []
    for message in messages:
        small = message if len(str(message["html"])) <= HTML_MAX else {**message, "html": None}
        frames.append({"type": "message.changed", "space": space_id, "revision": message["revision"], "message": small})
    told = [(space_topic(space_id), frame) for frame in frames]
    publish(told + [(pulse_topic(space_id), pulse) for pulse in pulses])


def to_member(member_id: uuid.UUID, frame: dict[str, object]) -> None:
    """Tell one person, in every tab that they have open."""
    publish([(inbox_topic(member_id), frame)])


def to_members(member_ids: Iterable[uuid.UUID], frame: dict[str, object]) -> None:
    publish([(inbox_topic(member_id), frame) for member_id in member_ids])


def to_each(frames: dict[uuid.UUID, dict[str, object]]) -> None:
    """Tell each of these people something of their own, in one round trip."""
    publish([(inbox_topic(member_id), frame) for member_id, frame in frames.items()])


def pool_changed(org_id: uuid.UUID, asker: Member | None = None) -> None:
    """Tell everybody the pool's balance; and whoever asked, what is left under a limit of theirs."""
    balance = ledger.balance(org_id)
    frames = [(org_topic(org_id), {"type": "pool.changed", "org": org_id, **pool_figures(balance.free_ucr)})]
    if asker and (standing := caps.of_member(asker, balance=balance)):
        frames.append((inbox_topic(asker.pk), allowance(standing)))
        if standing.warning_percent:
            frames.append((inbox_topic(asker.pk), {"type": "limits.changed"}))
    publish(frames)


def allowance(standing: caps.Allowance | None) -> dict[str, object]:
    """What is left for one member; null where nothing limits them."""
    return {"type": "allowance.changed", "left": credits.format_ucr(standing.left_ucr) if standing else None}


def pool_figures(free_ucr: int) -> dict[str, str]:
    """The balance rounded down for the header, and exact."""
    return {"balance": credits.format_ucr(free_ucr), "exact": credits.format_exact(free_ucr)}


def space_facts(space: Space) -> dict[str, object]:
    """What a page shows of a Space itself, as `space.changed` and catching up send it."""
    return {
        "revision": space.revision,
        "name": space.name,
        "private": space.is_private,
        "topic": space.topic,
        "archived": space.archived_at is not None,
        **_counts(space),
    }


def _counts(space: Space) -> dict[str, int]:
    """What the bar over a Space counts, in one query."""
    pinned = Message.objects.filter(space=OuterRef("pk"), pinned_at__isnull=False)
    counts = {"pins": _number(pinned), "members": _number(SpaceMember.objects.filter(space=OuterRef("pk")))}
    return Space.objects.annotate(**counts).values(*counts).get(pk=space.pk)


def _number(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values("space").annotate(n=Count("*")).values("n")), 0)


def space_changed(space: Space) -> None:
    publish([(space_topic(space.pk), {"type": "space.changed", "space": space.pk, **space_facts(space)})])


def sidebar_changed(member_ids: Iterable[uuid.UUID]) -> None:
    """Where these members can go has changed: their browsers fetch the sidebar again, their sockets their Spaces."""
    ids = list(member_ids)
    frames: list[tuple[str, dict[str, object]]] = []
    for member_id in ids:
        frames.append((member_topic(member_id), {"type": "joined"}))
        # Not all in the same moment, where it concerns many.
        frames.append((inbox_topic(member_id), {"type": "sidebar.changed", "many": len(ids) > 20}))
    publish(frames)


def draft_changed(
    member_id: uuid.UUID, space_id: uuid.UUID, *, parent: uuid.UUID | None, text: str, at: str, device: str
) -> None:
    """Tell the member's own tabs. `device` is the tab that wrote it, which knows."""
    draft = {"space": space_id, "parent": parent, "text": text, "at": at, "device": device}
    publish([(inbox_topic(member_id), {"type": "draft.changed", **draft})])


def seats_changed(space_id: uuid.UUID, member_ids: Iterable[uuid.UUID]) -> None:
    """These members may do more or less in the Space than before."""
    publish([(inbox_topic(each), {"type": "seat.changed", "space": space_id}) for each in member_ids])


def members_changed(space_id: uuid.UUID) -> None:
    """Somebody came into the Space, left it, or may do something else there."""
    count = SpaceMember.objects.filter(space_id=space_id).count()
    publish([(space_topic(space_id), {"type": "members.changed", "space": space_id, "members": count})])


def member_changed(org_id: uuid.UUID, member: dict[str, object]) -> None:
    """Tell those who may know of the member (chat.crowds) how they are shown now."""
    publish([(people_topic(org_id), {"type": "member.changed", "member": member})])


def presence_changed(org_id: uuid.UUID, **chosen: object) -> None:
    """Have every process look who is here. `chosen`: how a member wants to be seen from now on."""
    publish([(people_topic(org_id), {"type": "look", **chosen})])


def typing(space_id: uuid.UUID, member: Member, parent: str | None) -> None:
    who = {"member": member.pk, "name": member.display_name}
    publish([(space_topic(space_id), {"type": "typing", "space": space_id, **who, "parent": parent})])


def notes_changed(space_id: uuid.UUID) -> None:
    publish([(space_topic(space_id), {"type": "notes.changed", "space": space_id})])


def removed_from_space(space_id: uuid.UUID, member_id: uuid.UUID) -> None:
    publish([(member_topic(member_id), {"type": "kick", "space": space_id})], is_urgent=True)


def removed_from_org(member_id: uuid.UUID) -> None:
    publish([(member_topic(member_id), {"type": "kick", "space": None})], is_urgent=True)


def recheck(space_id: uuid.UUID) -> None:
    """Rights in this Space may have shrunk: every process looks at its sockets again."""
    publish([(WEB_TOPIC, {"type": "recheck", "space": space_id})], is_urgent=True)


def rights_changed(member_ids: Iterable[uuid.UUID]) -> None:
    """These members, or some of their sessions, may be here no longer: their sockets read their rights again."""
    publish([(member_topic(each), {"type": "joined"}) for each in member_ids], is_urgent=True)


def signed_out(session_key: str) -> None:
    publish([(session_topic(session_key), {"type": "signed_out"})], is_urgent=True)


def stop_asked(reply_id: uuid.UUID) -> None:
    publish([(WORKERS_TOPIC, {"type": "stop", "reply": reply_id})])


def encode(frame: dict[str, object]) -> bytes:
    return orjson.dumps(frame, default=str)


def publish(frames: list[tuple[str, dict[str, object]]], *, is_urgent: bool = False) -> None:
    """Send frames in order, in one round trip. Lost, with a log line, when Redis is away.

    `is_urgent`: tried although Redis was away a moment ago, because somebody has lost a right.
    """
    global _quiet_until
    if not frames or (time.monotonic() < _quiet_until and not is_urgent):
        return
    try:
        with _client().pipeline(transaction=False) as pipe:
            for topic, frame in frames:
                pipe.publish(topic, encode(frame))
            pipe.execute()
    except redis.RedisError as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        _log.warning("broadcast.lost", frames=len(frames), error=type(error).__name__)


def ask(question: Callable[[Any], Any]) -> list[Any] | None:
    """What Redis answers to all that the question puts into a pipeline; None, at once, when it is away."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return None
    try:
        with _client().pipeline(transaction=False) as pipe:
            question(pipe)
            return pipe.execute()
    except redis.RedisError as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        _log.warning("broadcast.unanswered", error=type(error).__name__)
        return None


def live_text(reply_id: uuid.UUID, fence: int) -> str:
    """The text of an answer that is streaming, as far as the worker has sent it; "" when unknown."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return ""
    try:
        text: Any = _client().get(live_key(reply_id, fence))
        return (text or b"").decode()
    except redis.RedisError:
        _quiet_until = time.monotonic() + QUIET_SECONDS
    except UnicodeDecodeError:
        pass
    return ""


def live_key(reply_id: uuid.UUID, fence: int) -> str:
    """Where a worker keeps the text so far: its own place, so that one that lost its fence spoils nobody's."""
    return f"live:{reply_id}:{fence}"


def _client() -> redis.Redis:
    global _redis
    if _redis is None:
        _redis = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=0.5,
            socket_timeout=1,
            max_connections=200,
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        )
    return _redis
