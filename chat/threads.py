"""Threads: the messages under a message, who follows them, and which model goes on answering in one.

*Called by*: chat.feed, chat.replies, chat.views. *Keeps true*: a thread has one level and one Space; it is counted
under that Space's row lock; its root takes a revision with every change, so that the line under it is never stale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from catalog.models import AIModel
from chat import feed, mentions, notices
from chat.models import Message, Thread, ThreadMember
from chat.models.message import MessageQuerySet
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Space

MEMBERS_MAX = 50


@dataclass(frozen=True)
class Answerer:
    """The model that answers the next message of a thread, and what that usually costs."""

    ai_model: AIModel
    price_text: str


def root_of(message: Message, space: Space) -> Message:
    """The message under which an answer to this one goes. Raises NotFound for one of another Space."""
    if message.space_id != space.pk or message.org_id != space.org_id:
        raise NotFound
    return message.parent or message


def asked(root: Message, found: mentions.Found, ask: str | None) -> list[AIModel]:
    """Whom a message in a thread asks: the models that it mentions, and when it mentions nobody, the one whose answer
    it follows. `ask` is that model's handle as the person saw it, "" for none; a handle of no model here is refused."""
    if found.names or ask == "":
        return found.ai_models
    if ask is None:
        last = _last_answerer(root)
        return [last] if last else []
    taking_part = AIModel.objects.offered().filter(handle=ask, pk__in=_ai_models_in(root)).first()
    if taking_part is None:
        raise Invalid(_("That model takes no part in this thread. Mention it to ask it."))
    return [taking_part]


def answerer(root: Message) -> Answerer | None:
    """Who would answer the next message that mentions nobody."""
    ai_model = _last_answerer(root)
    if ai_model is None:
        return None
    return Answerer(ai_model, mentions.price_text(ai_model))


def grow(root: Message, written: Sequence[Message], *, mentioned: Sequence[Member], revision: int) -> Message:
    """Count messages just written in the thread, note who takes part, and stamp the root; returns it, whole.

    Call inside the transaction that wrote them, under the Space's row lock.
    """
    last = written[-1]
    Thread.objects.get_or_create(message=root, defaults={"org_id": root.org_id})
    Thread.objects.filter(pk=root.pk).update(
        replies_count=F("replies_count") + len(written), last_position=last.position, last_at=last.created_at
    )
    _note_writers(root, written)
    _note_called(root, mentioned)
    return _stamp(root, revision)


def shrink(message: Message) -> Message | None:
    """Take one message that was just deleted out of the count of its thread; returns the root to tell, if it has one.

    Call inside the transaction that deleted it, under the Space's row lock.
    """
    root = message.parent
    if root is None:
        return None
    newest = Message.objects.in_thread(root).filter(deleted_at=None).order_by("-position").first()
    Thread.objects.filter(pk=root.pk).update(
        replies_count=Message.objects.in_thread(root).filter(deleted_at=None).count(),
        last_position=newest.position if newest else 0,
        last_at=newest.created_at if newest else None,
    )
    return _stamp(root, feed.advance(Space(pk=root.space_id)))


def quote_again(root: Message) -> list[Message]:
    """Stamp the replies in the feed, which show the beginning of their root, after its text has changed; returns them,
    whole. Call inside the transaction that changed it, under the Space's row lock."""
    quoting = list(Message.objects.in_thread(root).in_feed().order_by("position").only("pk"))
    if not quoting:
        return []
    last = feed.advance(Space(pk=root.space_id), by=len(quoting))
    for revision, message in enumerate(quoting, start=last - len(quoting) + 1):
        message.revision = revision
    Message.objects.bulk_update(quoting, ["revision"])
    return feed.load([message.pk for message in quoting])


def place_of(message: Message) -> str:
    """The address at which a person finds a message: in its Space, at it; one of a thread only, in the open thread."""
    at, thread = message.position, ""
    if not message.in_feed and message.parent:
        at, thread = message.parent.position, f"&thread={message.parent_id}"
    return f"/spaces/{message.space_id}/?at={at}{thread}#message-{message.pk}"


def members(root: Message) -> list[ThreadMember]:
    """Who takes part or follows: who wrote first, people and models."""
    part = ThreadMember.objects.filter(thread_id=root.pk).filter(Q(has_written=True) | Q(is_following=True))
    return list(part.select_related("member", "ai_model").order_by("-has_written", "pk")[:MEMBERS_MAX])


def is_following(root: Message, member: Member) -> bool:
    return ThreadMember.objects.filter(thread_id=root.pk, member=member, is_following=True).exists()


def latest(root: Message) -> feed.Page:
    return feed.page(_under(root).order_by("-position"), is_newest_first=True)


def before(root: Message, position: int) -> feed.Page:
    return feed.page(_under(root).before(position).order_by("-position"), is_newest_first=True)


def after(root: Message, position: int) -> feed.Page:
    return feed.page(_under(root).after(position).order_by("position"), is_newest_first=False)


def around(root: Message, position: int) -> feed.Page:
    return feed.around_in(_under(root), position)


@transaction.atomic
def follow(root: Message, member: Member, *, is_following: bool) -> None:
    """Follow the thread, or no longer. One that nobody has answered yet can be followed too."""
    Thread.objects.get_or_create(message=root, defaults={"org_id": root.org_id})
    is_so = {"is_following": is_following}
    ThreadMember.objects.update_or_create(
        thread_id=root.pk, member=member, defaults=is_so, create_defaults={"org_id": root.org_id, **is_so}
    )


def note_read(root: Message, member: Member, position: int) -> None:
    """Remember up to where a member has read. It never goes back; who takes no part has no place to keep."""
    last = Space.objects.values_list("revision", flat=True).get(pk=root.space_id)
    position = min(position, last)
    ThreadMember.objects.filter(thread_id=root.pk, member=member, read_position__lt=position).update(
        read_position=position
    )
    notices.read_thread(member, root, position)


def _under(root: Message) -> MessageQuerySet:
    return Message.objects.in_thread(root)


def _last_answerer(root: Message) -> AIModel | None:
    """The model that spoke last in the thread, its root being the first word; None when a person did."""
    spoken = Message.objects.in_thread(root).filter(deleted_at=None).order_by("-position").values_list("ai_model_id")
    row = spoken.first() or (None if root.is_deleted else root.ai_model_id,)
    last = row[0]
    return AIModel.objects.offered().filter(pk=last).first() if last else None


def _ai_models_in(root: Message) -> set[int]:
    part = ThreadMember.objects.filter(thread_id=root.pk, ai_model__isnull=False)
    return {*part.values_list("ai_model_id", flat=True), *([root.ai_model_id] if root.ai_model_id else [])}


def _note_writers(root: Message, written: Sequence[Message]) -> None:
    rows = [
        ThreadMember(
            org_id=root.org_id,
            thread_id=root.pk,
            member=message.author,
            ai_model=message.ai_model,
            has_written=True,
            is_following=message.author_id is not None,
            read_position=message.position if message.author_id else 0,
        )
        for message in written
    ]
    people = [row for row in rows if row.member_id]
    ThreadMember.objects.bulk_create(
        people,
        update_conflicts=True,
        unique_fields=["thread", "member"],
        update_fields=["has_written", "is_following", "read_position"],
    )
    if ai_models := [row for row in rows if row.ai_model_id]:
        ThreadMember.objects.bulk_create(ai_models, ignore_conflicts=True)


def _note_called(root: Message, mentioned: Sequence[Member]) -> None:
    """Who is mentioned follows, though they had left; the root's author follows unless they have left."""
    if mentioned:
        ThreadMember.objects.bulk_create(
            [ThreadMember(org_id=root.org_id, thread_id=root.pk, member=member) for member in mentioned],
            update_conflicts=True,
            unique_fields=["thread", "member"],
            update_fields=["is_following"],
        )
    if root.author_id:
        author = ThreadMember(org_id=root.org_id, thread_id=root.pk, member_id=root.author_id)
        ThreadMember.objects.bulk_create([author], ignore_conflicts=True)


def _stamp(root: Message, revision: int) -> Message:
    Message.objects.filter(pk=root.pk).update(revision=revision)
    (shown,) = feed.load([root.pk])
    return shown
