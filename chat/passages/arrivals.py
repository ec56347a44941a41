"""Messages from elsewhere, written as if they had always been here.

*Called by*: chat.passages.slack.bring, chat.passages.parley. *Keeps true*: a message of a source has one id for ever,
made of where it came from, so that bringing it twice writes it once; each batch is one transaction under the Space's
row lock; nobody is told, nothing is asked, nothing is billed.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from catalog.models import AIModel
from chat import feed, markdown
from chat.models import Attachment, Edit, File, Mention, MentionKind, Message, Reaction, Reply
from chat.passages.hold import Hold
from chat.search import words
from workspace.models import Member, Org, Space

REACTIONS_MAX = 50
_COUNT_THREADS = """
    INSERT INTO chat_thread (message_id, org_id, replies_count, last_position, last_at)
    SELECT parent_id, min(org_id::text)::uuid, count(*), max(position), max(created_at) FROM chat_message
    WHERE space_id = %(space)s AND parent_id = ANY (%(roots)s) AND deleted_at IS NULL GROUP BY parent_id
    ON CONFLICT (message_id) DO UPDATE SET replies_count = excluded.replies_count,
      last_position = excluded.last_position, last_at = excluded.last_at"""
_NOTE_WRITERS = """
    INSERT INTO chat_threadmember (org_id, thread_id, member_id, has_written, is_following, read_position)
    SELECT DISTINCT ON (parent_id, author_id) org_id, parent_id, author_id, true, true, %(revision)s FROM chat_message
    WHERE space_id = %(space)s AND parent_id = ANY (%(roots)s) AND author_id IS NOT NULL AND deleted_at IS NULL
    ON CONFLICT (thread_id, member_id) DO NOTHING"""
_NOTE_AI_MODELS = """
    INSERT INTO chat_threadmember (org_id, thread_id, ai_model_id, has_written, is_following, read_position)
    SELECT DISTINCT ON (parent_id, ai_model_id) org_id, parent_id, ai_model_id, true, false, 0 FROM chat_message
    WHERE space_id = %(space)s AND parent_id = ANY (%(roots)s) AND ai_model_id IS NOT NULL AND deleted_at IS NULL
    ON CONFLICT (thread_id, ai_model_id) DO NOTHING"""
_STAMP_ROOTS = """
    UPDATE chat_message SET revision = %(before)s + stamped.place
    FROM unnest(%(roots)s::uuid[]) WITH ORDINALITY AS stamped (id, place) WHERE chat_message.id = stamped.id"""
# Who, which emoji, and when, where the source says it.
Chosen = tuple[Member, str, datetime | None]


@dataclass
class Arrival:
    """One message of a source, by a member, or by a model with its `reply`, whose question is here or comes along.

    `parent_id` is our id of the thread's first message; `edits` are earlier texts, with
    their HTML and until when each stood.
    """

    id: uuid.UUID
    author: Member | None
    text: str
    created_at: datetime
    parent_id: uuid.UUID | None = None
    in_feed: bool = True
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    pinned_at: datetime | None = None
    pinned_by: Member | None = None
    reactions: list[Chosen] = field(default_factory=list)
    ai_model: AIModel | None = None
    reply: Reply | None = None
    deleted_by: Member | None = None
    edits: list[tuple[str, str, datetime]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    brought_from: str = ""


def id_of(org: Org, source: str, kind: str, source_id: str) -> uuid.UUID:
    """The id under which a thing of a source lives in this organization, the same at every import."""
    return uuid.uuid5(org.pk, f"{source}\n{kind}\n{source_id}")


def write(held: Hold, space: Space, arrivals: Sequence[Arrival], *, names: dict[str, str], brought_from: str) -> int:
    """Write those that are not here yet, in their order; returns how many. `names` maps mention keys to handles.

    Raises Stopped, and has written nothing, where the passage is in other hands.
    """
    here = set(Message.objects.filter(pk__in=[each.id for each in arrivals]).values_list("pk", flat=True))
    new = [each for each in arrivals if each.id not in here]
    # Before any lock: it is the slowest part.
    html = {each.id: _rendered(held, each, names) for each in new if each.text and not each.deleted_at}
    return _write(held, space, new, html, names=names, brought_from=brought_from) if new else 0


def _rendered(held: Hold, each: Arrival, names: dict[str, str]) -> str:
    held.breathe()
    return markdown.render(each.text, names)


@transaction.atomic
def _write(
    held: Hold,
    space: Space,
    arrivals: Sequence[Arrival],
    html: dict[uuid.UUID, str],
    *,
    names: dict[str, str],
    brought_from: str,
) -> int:
    held.fence()
    Space.objects.select_for_update(no_key=True).get(pk=space.pk)
    here = set(Message.objects.filter(pk__in=[each.id for each in arrivals]).values_list("pk", flat=True))
    fresh = list({each.id: each for each in arrivals if each.id not in here}.values())
    if not fresh:
        return 0
    first = feed.advance(space, by=len(fresh)) - len(fresh) + 1
    parents = Message.objects.filter(space=space, parent=None, pk__in={each.parent_id for each in fresh})
    roots = {each.id for each in fresh if each.parent_id is None} | set(parents.values_list("pk", flat=True))
    rows = [
        _row(space, each, position=first + place, html=html, brought_from=brought_from, roots=roots)
        for place, each in enumerate(fresh)
    ]
    Message.objects.bulk_create(rows)
    Mention.objects.bulk_create(_mentions(rows, names))
    _put_reactions(fresh, space)
    _put_edits(fresh, rows)
    Attachment.objects.bulk_create(_attachments(fresh, space))
    _put_replies(fresh, rows)
    words.write([row.pk for row in rows])
    return len(rows)


@transaction.atomic
def close(held: Hold, space: Space, *, since: int) -> None:
    """Count the threads to which messages came after the position `since`, stamp their roots, and let what came be
    unread for nobody who had read the rest. Call it with the Space's revision from before the first batch."""
    held.fence()
    revision = Space.objects.select_for_update(no_key=True).values_list("revision", flat=True).get(pk=space.pk)
    came = Message.objects.filter(space=space, position__gt=since, parent__isnull=False)
    roots = sorted(set(came.values_list("parent_id", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_THREADS, {"space": space.pk, "roots": roots})
        cursor.execute(_NOTE_WRITERS, {"space": space.pk, "revision": revision, "roots": roots})
        cursor.execute(_NOTE_AI_MODELS, {"space": space.pk, "roots": roots})
        if roots:
            last = feed.advance(space, by=len(roots))
            cursor.execute(_STAMP_ROOTS, {"roots": roots, "before": last - len(roots)})
    if revision > since:
        space.space_members.filter(read_position__gte=since, read_position__lt=revision).update(read_position=revision)


def _row(
    space: Space, each: Arrival, *, position: int, html: dict[uuid.UUID, str], brought_from: str, roots: set[uuid.UUID]
) -> Message:
    text = "" if each.deleted_at else each.text
    parent_id = each.parent_id if each.parent_id in roots and each.parent_id != each.id else None
    return Message(
        id=each.id,
        client_id=each.id,
        org_id=space.org_id,
        space=space,
        position=position,
        revision=position,
        author=each.author,
        ai_model=each.ai_model,
        parent_id=parent_id,
        in_feed=parent_id is None or each.in_feed,
        brought_from=each.brought_from or brought_from,
        text=text,
        html=html.get(each.id, ""),
        created_at=each.created_at,
        edited_at=each.edited_at,
        deleted_at=each.deleted_at,
        deleted_by=each.deleted_by if each.deleted_at else None,
        pinned_at=None if each.deleted_at else each.pinned_at,
        pinned_by=None if each.deleted_at else each.pinned_by,
    )


def _mentions(rows: Iterable[Message], names: dict[str, str]) -> list[Mention]:
    found = []
    for row in rows:
        keys = {f"{hit[1]}:{hit[2]}" for hit in markdown.MENTION.finditer(row.text)} & (
            names.keys() | {"G:here", "G:space"}
        )
        for key in sorted(keys):
            kind, _, target = key.partition(":")
            if kind == "M":
                found.append(
                    Mention(org_id=row.org_id, message=row, kind=MentionKind.MEMBER, member_id=uuid.UUID(target))
                )
            elif kind == "A":
                found.append(
                    Mention(org_id=row.org_id, message=row, kind=MentionKind.AI_MODEL, ai_model_id=int(target))
                )
            elif kind == "G":
                found.append(Mention(org_id=row.org_id, message=row, kind=MentionKind.GROUP, group=target))
    return found


def _put_reactions(fresh: Iterable[Arrival], space: Space) -> None:
    rows, moments = [], []
    for each in fresh:
        chosen = {(member, emoji): at for member, emoji, at in each.reactions} if each.deleted_at is None else {}
        kept = list(dict.fromkeys(emoji for _member, emoji in chosen))[:REACTIONS_MAX]
        for (member, emoji), at in chosen.items():
            if emoji in kept:
                rows.append(Reaction(org_id=space.org_id, message_id=each.id, member=member, emoji=emoji))
                moments.append(at or each.created_at)
    Reaction.objects.bulk_create(rows)
    for row, at in zip(rows, moments, strict=True):
        row.created_at = at
    Reaction.objects.bulk_update(rows, ["created_at"])


def _put_edits(fresh: Sequence[Arrival], messages: Sequence[Message]) -> None:
    rows, moments = [], []
    for each, message in zip(fresh, messages, strict=True):
        for text, html, at in each.edits if each.deleted_at is None else ():
            rows.append(Edit(org_id=message.org_id, message=message, text=text, html=html, revision=message.revision))
            moments.append(at)
    Edit.objects.bulk_create(rows)
    for row, at in zip(rows, moments, strict=True):
        row.at = at
    Edit.objects.bulk_update(rows, ["at"])


def _attachments(fresh: Iterable[Arrival], space: Space) -> list[Attachment]:
    return [
        Attachment(org_id=space.org_id, message_id=each.id, file=file, position=position)
        for each in fresh
        if each.deleted_at is None
        for position, file in enumerate({file.pk: file for file in each.files}.values())
    ]


def _put_replies(fresh: Sequence[Arrival], messages: Sequence[Message]) -> None:
    """The rows behind answers: over, and never billed."""
    pairs = [(each.reply, message) for each, message in zip(fresh, messages, strict=True) if each.reply]
    asked = Message.objects.filter(pk__in=[reply.question_id for reply, _message in pairs])
    positions = dict(asked.values_list("pk", "position"))
    moments = [reply.created_at for reply, _message in pairs]
    for reply, message in pairs:
        reply.org_id, reply.space, reply.message = message.org_id, message.space, message
        reply.reads_to = positions[reply.question_id]
    rows = Reply.objects.bulk_create([reply for reply, _message in pairs])
    for reply, at in zip(rows, moments, strict=True):
        reply.created_at = at
    Reply.objects.bulk_update(rows, ["created_at"])
