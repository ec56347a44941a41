"""Unread: what came since one looked, and how far one has read.

*Called by*: chat.views, chat.threads, chat.notices. *Keeps true*: reading only moves forward, except where a member
says so; counts stop at COUNT_MAX and read no more of an index than that; a fixed number of queries for any number of
Spaces.
"""

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Coalesce, Now

from chat import broadcast
from chat.models import Message, Notice, ThreadMember
from chat.models.notice import CALLING
from workspace.models import Member, Space, SpaceMember

COUNT_MAX = 100
# Deleted and one's own are left out of the first so many, not in the index scan: a guess of the planner about how rare
# they are could make it sort the whole Space.
LOOKED_AT = 400

_SPACES = """
SELECT seat.space_id, seat.read_position, seat.is_muted, COALESCE(new.count, 0), calls.count
FROM workspace_spacemember seat
JOIN workspace_space space ON space.id = seat.space_id AND space.archived_at IS NULL
LEFT JOIN LATERAL (
  SELECT LEAST(%(most)s, count(*) FILTER (WHERE deleted_at IS NULL AND author_id IS DISTINCT FROM seat.member_id))
  FROM (
    SELECT deleted_at, author_id FROM chat_message
    WHERE space_id = seat.space_id AND in_feed AND position > seat.read_position
    ORDER BY position LIMIT %(looked_at)s) few
) new (count) ON space.revision > seat.read_position
CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT FROM chat_notice notice
    WHERE notice.member_id = seat.member_id AND notice.space_id = seat.space_id AND notice.read_at IS NULL
      AND notice.kind = ANY(%(calling)s) LIMIT %(most)s) few
) calls
WHERE seat.member_id = %(member)s
"""

_THREADS = """
SELECT count(*) FROM (
  SELECT FROM chat_threadmember part
  JOIN chat_thread thread ON thread.message_id = part.thread_id AND thread.last_position > part.read_position
  JOIN chat_message root ON root.id = thread.message_id
  JOIN workspace_spacemember seat ON seat.space_id = root.space_id AND seat.member_id = part.member_id
  WHERE part.member_id = %(member)s AND part.is_following LIMIT %(most)s) few
"""

# The notices of messages that the Space itself shows; those of a thread are settled where the thread is read.
_SETTLE = """
UPDATE chat_notice SET read_at = now() FROM chat_message message
WHERE chat_notice.member_id = %(member)s AND chat_notice.space_id = %(space)s AND chat_notice.read_at IS NULL
  AND message.id = chat_notice.message_id AND message.position <= %(position)s
  AND (message.in_feed AND %(root)s::uuid IS NULL OR message.parent_id = %(root)s::uuid)
  AND chat_notice.kind <> 'reaction' AND chat_notice.kind <> 'reminder'
"""


def counts(member: Member) -> dict[str, object]:
    """What the member has not read, by Space; how many of their threads go on, and how many notices wait."""
    values: dict[str, Any] = {"member": member.pk, "most": COUNT_MAX, "looked_at": LOOKED_AT, "calling": list(CALLING)}
    with connection.cursor() as cursor:
        cursor.execute(_SPACES, values)
        spaces = {str(row[0]): _badge(*row[1:]) for row in cursor.fetchall()}
        cursor.execute(_THREADS, values)
        (threads,) = cursor.fetchone()
    waiting = Notice.objects.visible_to(member).unread()[:COUNT_MAX].count()
    return {"spaces": spaces, "threads": threads, "notices": waiting}


def place(member: Member, space: Space) -> int:
    """The position up to which the member has read; the Space's end for one who has not joined."""
    seat = SpaceMember.objects.filter(member=member, space=space).values_list("read_position", flat=True).first()
    return space.revision if seat is None else seat


@transaction.atomic
def read(member: Member, space: Space, position: int) -> None:
    """The member has seen the Space up to there."""
    position = min(position, Space.objects.values_list("revision", flat=True).get(pk=space.pk))
    seat = SpaceMember.objects.filter(member=member, space=space, read_position__lt=position)
    moved = seat.update(read_position=position)
    settled = _settle(member, space.pk, position, root_id=None)
    if moved or settled:
        _tell(member, space.pk, position)


def read_thread(member: Member, root: Message, position: int) -> None:
    """The member has seen a thread up to there: its notices are settled. Where one is in it, chat.threads keeps."""
    if _settle(member, root.space_id, position, root_id=root.pk):
        transaction.on_commit(lambda: broadcast.to_member(member.pk, {"type": "unread.changed"}))


@transaction.atomic
def unread_from(member: Member, message: Message) -> None:
    """The member wants to come back to this message: it and all after it are unread again."""
    before = message.position - 1
    rows = Notice.objects.filter(member=member, space=message.space_id, message__position__gte=message.position)
    if message.in_feed:
        rows = rows.filter(message__in_feed=True)
        SpaceMember.objects.filter(member=member, space=message.space_id).update(read_position=before)
    else:
        rows = rows.filter(message__in_feed=False, message__parent=message.parent_id)
        ThreadMember.objects.filter(member=member, thread=message.parent_id).update(read_position=before)
    # What is unread by wish has been told: it is neither pushed nor mailed once more.
    told = {"pushed_at": Coalesce("pushed_at", Now()), "mailed_at": Coalesce("mailed_at", Now())}
    rows.filter(kind__in=CALLING).update(read_at=None, **told)
    if message.in_feed:
        _tell(member, message.space_id, before, is_back=True)
    else:
        transaction.on_commit(lambda: broadcast.to_member(member.pk, {"type": "unread.changed"}))


def _badge(position: int, is_muted: bool, unread: int, mentions: int) -> dict[str, object]:
    return {
        "position": position,
        "muted": is_muted,
        "unread": unread,
        "mentions": mentions,
        "has_unread": bool(unread or mentions),
    }


def _settle(member: Member, space_id: UUID, position: int, *, root_id: UUID | None) -> int:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"member": member.pk, "space": space_id, "position": position, "root": root_id}
        cursor.execute(_SETTLE, values)
        return cursor.rowcount


def _tell(member: Member, space_id: UUID, position: int, *, is_back: bool = False) -> None:
    """All tabs of the member, on all their devices. Frames may change places: which of them goes back is said."""
    frame = {"type": "space.read", "space": space_id, "position": position, "back": is_back}
    transaction.on_commit(lambda: broadcast.to_member(member.pk, frame))
