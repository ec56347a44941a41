"""Asking models: a placeholder for each, what it may cost held, a worker woken.

*Called by*: chat.feed, chat.replies, chat.views. *Keeps true*: an answer stands where its question stands, in the feed
or in the thread; a model is asked by a person only, never by what a model wrote.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import AIModel
from chat import briefs, broadcast, feed, memory, threads
from chat.models import Message, Reply, ReplyState
from workspace.errors import Invalid
from workspace.models import Member, Space


def ask(question: Message, ai_models: Sequence[AIModel], *, first_position: int) -> list[Message]:
    """Write one placeholder for each model, held or refused. Joins the caller's transaction."""
    if not ai_models:
        return []
    lines, remembered = briefs.lines(question, question.space), memory.read(question.space)
    written = []
    for place, ai_model in enumerate(ai_models):
        message = _placeholder(question, question.space, ai_model, position=first_position + place)
        message.mark_new(mention_ids=[])
        reply = Reply(
            org_id=question.org_id,
            space=question.space,
            message=message,
            question=question,
            asked_by=question.author,
            ai_model=ai_model,
            reads_to=question.position,
        )
        reply.mark_untried()
        briefs.reserve(reply, lines, remembered)
        reply.save(force_insert=True)
        written.append(message)
    wake([message.reply for message in written if message.reply.state == ReplyState.QUEUED])
    return written


@transaction.atomic
def retry(member: Member, reply: Reply) -> list[Message]:
    """Ask the same model the same question again, as a new answer paid for by who retries."""
    space, is_in_thread = Space.objects.get(pk=reply.space_id), reply.message.parent_id is not None
    revision = feed.advance(space, by=2 + is_in_thread)
    position = revision - is_in_thread
    feed.enter(member, space)
    locked = Reply.objects.select_for_update(of=("self",)).select_related("message", "question__parent", "ai_model")
    reply = locked.get(pk=reply.pk)
    if reply.question.is_deleted or reply.message.is_deleted:
        raise Invalid(_("The question or the answer was deleted, so it cannot be asked again."))
    if not reply.can_retry:
        raise Invalid(_("Only an answer that was stopped, refused or failed can be tried again."))
    if Reply.objects.filter(retry_of=reply).exists():
        raise Invalid(_("This answer was already tried again, further down."))
    message = _placeholder(reply.question, space, reply.ai_model, position=position)
    again = Reply(
        org_id=reply.org_id,
        space=space,
        message=message,
        question=reply.question,
        asked_by=member,
        ai_model=reply.ai_model,
        retry_of=reply,
        reads_to=reply.reads_to,
    )
    briefs.reserve(again, briefs.lines(reply.question, space), memory.read(space))
    again.save(force_insert=True)
    Message.objects.filter(pk=reply.message_id).update(revision=position - 1)
    if again.state == ReplyState.QUEUED:
        wake([again])
    shown = feed.load([reply.message_id, message.pk])
    if message.parent:
        shown.append(threads.grow(message.parent, [message], mentioned=[], revision=revision))
    feed.tell(space, shown)
    return shown


def wake(replies: list[Reply]) -> None:
    """On commit, tell the pool's new balance and wake a worker. The sweeper wakes those whose call was lost."""
    from chat import tasks

    if not replies:
        return
    ids, org_id, asker = [reply.pk for reply in replies], replies[0].org_id, replies[0].asked_by
    transaction.on_commit(lambda: tasks.wake(ids))
    transaction.on_commit(lambda: broadcast.pool_changed(org_id, asker))


def _placeholder(question: Message, space: Space, ai_model: AIModel, *, position: int) -> Message:
    message = Message(
        org_id=question.org_id,
        space=space,
        position=position,
        revision=position,
        ai_model=ai_model,
        parent=question.parent,
        in_feed=question.parent_id is None,
    )
    message.save(force_insert=True)
    return message
