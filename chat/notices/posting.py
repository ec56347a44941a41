"""Making notices: whom a message concerns, in one statement.

*Called by*: chat.feed and whatever else causes notices, inside its transaction. *Keeps true*: nobody is told of their
own message or of one that they may not see; one notice for each who is told, of the nearest kind; a muted Space tells
only of a mention by name, a level of "nothing" tells nothing.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection, transaction

from chat import broadcast, presence
from chat.mentions import Found
from chat.models import Message, Notice, NoticeKind, Reminder
from workspace.models import Member, NoticeLevel, Space, SpaceMember

# So many are told one by one; where it is more, the Space's pulse tells them.
TOLD_MAX = 100

# $called: members and their level here: who is in the Space, and who is mentioned by name and may see it.
_INSERT = """
WITH called AS (
  SELECT seat.member_id, seat.is_muted,
         COALESCE(NULLIF(seat.notice_level, ''),
                  CASE WHEN %(direct)s THEN 'all' ELSE COALESCE(mine.level, 'mentions') END) AS level
  FROM workspace_spacemember seat LEFT JOIN chat_noticesettings mine ON mine.member_id = seat.member_id
  WHERE seat.space_id = %(space)s
  UNION ALL
  SELECT guest.id, false, COALESCE(mine.level, 'mentions')
  FROM workspace_member guest LEFT JOIN chat_noticesettings mine ON mine.member_id = guest.id
  WHERE guest.id = ANY(%(mentioned)s::uuid[]) AND guest.org_id = %(org)s AND guest.role <> 'guest'
    AND NOT (SELECT is_private FROM workspace_space WHERE id = %(space)s)
    AND NOT EXISTS (SELECT FROM workspace_spacemember WHERE space_id = %(space)s AND member_id = guest.id)
), told AS (
  SELECT member_id, CASE
    WHEN level = 'nothing' THEN NULL
    WHEN member_id = ANY(%(mentioned)s::uuid[]) THEN 'mention'
    WHEN is_muted THEN NULL
    WHEN member_id = %(asker)s::uuid THEN 'answer'
    WHEN %(group)s AND (%(here)s::uuid[] IS NULL OR member_id = ANY(%(here)s::uuid[])) THEN 'group'
    WHEN %(is_edit)s THEN NULL
    WHEN %(direct)s AND level = 'all' THEN 'direct'
    WHEN EXISTS (SELECT FROM chat_threadmember part WHERE part.thread_id = %(root)s::uuid
                 AND part.member_id = called.member_id AND part.is_following) THEN 'thread'
    WHEN level = 'all' AND %(in_feed)s THEN 'message'
  END AS kind
  FROM called WHERE member_id IS DISTINCT FROM %(author)s
)
INSERT INTO chat_notice (id, org_id, member_id, kind, space_id, message_id, actor_id, text, created_at)
SELECT gen_random_uuid(), %(org)s, member.id, told.kind, %(space)s, %(message)s, %(author)s, '', clock_timestamp()
FROM told JOIN workspace_member member ON member.id = told.member_id AND member.left_at IS NULL
          JOIN workspace_user person ON person.id = member.user_id AND person.is_active
WHERE told.kind IS NOT NULL
ON CONFLICT DO NOTHING
RETURNING id, member_id, kind
"""

# Whoever writes in the Space has read it up to there.
_READ_BY_AUTHOR = """
WITH seen AS (
  UPDATE workspace_spacemember SET read_position = %(position)s
  WHERE space_id = %(space)s AND member_id = %(author)s AND read_position < %(position)s
), settled AS (
  UPDATE chat_notice SET read_at = now() FROM chat_message message
  WHERE chat_notice.member_id = %(author)s AND chat_notice.space_id = %(space)s AND chat_notice.read_at IS NULL
    AND message.id = chat_notice.message_id AND message.in_feed AND message.position < %(position)s
), """


def present(space: Space, called: Collection[str]) -> list[UUID]:
    """Whom @here calls. Call before the Space's row is locked: nobody is to wait there for another server's answer."""
    if "here" not in called:
        return []
    people = SpaceMember.objects.filter(space=space).values_list("member_id", flat=True)
    return list(presence.active_ids(space.org_id, list(people)))


def note_post(message: Message, found: Found, *, here: Collection[UUID] = ()) -> None:
    """Tell whom a new message by a member concerns. One query; call inside the transaction that wrote it."""
    statement = _INSERT
    if message.in_feed:
        statement = _READ_BY_AUTHOR + _INSERT.strip().removeprefix("WITH ")
    _insert(statement, message, found, here=here)


def note_answer(message: Message, *, asker_id: UUID | None) -> None:
    """Tell who asked, and who wants to know of everything here, that a model has answered. One query.

    The message comes with its Space. Whoever looks at it marks it read at once (static/js/models/reading.js):
    what one has read is no measure here, because the answer has its place before it has its text.
    """
    _insert(_INSERT, message, Found(message.text), asker_id=asker_id)


def note_edit(message: Message, found: Found, *, groups: Collection[str] = (), here: Collection[UUID] = ()) -> None:
    """Tell those whom a message calls since it was edited; who is no longer mentioned and has not looked, was not.

    `groups` are those that the text did not call before: whoever came since is not called by changing a word.
    """
    gone = Notice.objects.filter(message=message, kind=NoticeKind.MENTION, read_at=None)
    _forget(gone.exclude(member__in=found.members))
    _insert(_INSERT, message, Found(found.text, found.members, groups=[*groups]), is_edit=True, here=here)


def note_reaction(message: Message, actor: Member, emoji: str) -> None:
    """Tell the author of a message who reacted to it; once for each who does, with the emoji they put last."""
    if message.author_id in (None, actor.pk) or not _may_be_told(message):
        return
    made, is_new = Notice.objects.get_or_create(
        org_id=message.org_id,
        member_id=message.author_id,
        message=message,
        kind=NoticeKind.REACTION,
        actor=actor,
        defaults={"space_id": message.space_id, "text": emoji},
    )
    if is_new:
        _tell(message.space_id, [(made.pk, message.author_id, NoticeKind.REACTION)], message)
    elif made.text != emoji:
        Notice.objects.filter(pk=made.pk).update(text=emoji)


def drop_reaction(message: Message, actor: Member, emoji: str) -> None:
    """The emoji was taken away: whoever has not seen the notice of it need not."""
    mine = Notice.objects.filter(message=message, kind=NoticeKind.REACTION, actor=actor, text=emoji)
    _forget(mine)


def note_reminders(reminders: Iterable[Reminder]) -> None:
    """Remind people, because the time has come."""
    made = Notice.objects.bulk_create(
        Notice(
            org_id=each.org_id,
            member_id=each.member_id,
            kind=NoticeKind.REMINDER,
            space_id=each.space_id,
            message_id=each.message_id,
            actor_id=each.asked_by_id if each.asked_by_id != each.member_id else None,
            text=each.text,
        )
        for each in reminders
    )
    for notice in made:
        _tell(notice.space_id, [(notice.pk, notice.member_id, NoticeKind.REMINDER)], None)


def forget(message: Message) -> None:
    """The message was deleted: nobody is told of it any more."""
    _forget(Notice.objects.filter(message=message))


def _insert(
    statement: str,
    message: Message,
    found: Found,
    *,
    here: Collection[UUID] = (),
    is_edit: bool = False,
    asker_id: UUID | None = None,
) -> None:
    values = {
        "org": message.org_id,
        "space": message.space_id,
        "message": message.pk,
        "author": message.author_id,
        "asker": asker_id,
        "position": message.position,
        "root": message.parent_id,
        "in_feed": message.in_feed,
        "direct": message.space.is_direct,
        "mentioned": [member.pk for member in found.members],
        "group": bool(found.groups),
        "here": None if "space" in found.groups else list(here),
        "is_edit": is_edit,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        _tell(message.space_id, cursor.fetchall(), message)


def _may_be_told(message: Message) -> bool:
    """Whether the author of a message still sees it, and has not silenced its Space."""
    seat = SpaceMember.objects.filter(space=message.space_id, member=message.author_id, is_muted=False)
    return seat.filter(member__left_at=None).exclude(notice_level=NoticeLevel.NOTHING).exists()


def _forget(rows: object) -> None:
    members = list(rows.filter(read_at=None).values_list("member_id", flat=True)[:TOLD_MAX])  # type: ignore[attr-defined]
    rows.delete()  # type: ignore[attr-defined]
    if members:
        transaction.on_commit(lambda: broadcast.to_members(members, {"type": "unread.changed"}))


def _tell(space_id: UUID, rows: Collection[tuple[UUID, UUID, str]], message: Message | None) -> None:
    """Takes (notice, member, kind)."""
    if not rows or len(rows) > TOLD_MAX:
        return
    thread = message.parent_id if message and not message.in_feed else None
    frame = {"type": "notice.added", "space": space_id, "thread": thread}
    told = {member: {**frame, "notice": notice, "kind": kind} for notice, member, kind in rows}
    transaction.on_commit(lambda: broadcast.to_each(told))
