"""Deleting: a tombstone stays in the feed, and nothing of what was said.

*Called by*: chat.views.edits. *Keeps true*: text, html, edits, mentions, reactions, links to files, pin, bookmarks and
notices go in one transaction; no later request to a model holds the text; the answers that it caused stay.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import broadcast, feed, notices, replies, threads
from chat.files import attachments
from chat.models import Bookmark, Edit, Mention, Message, MessageLink, Reaction, Reminder
from chat.passages import telling
from chat.search import words
from workspace import audit, spaces
from workspace.errors import Forbidden
from workspace.models import Member

# Rows that say something of a message, and go with it.
_OF_A_MESSAGE = (Edit, Mention, Reaction, MessageLink, Bookmark)


@transaction.atomic
def delete(member: Member, message: Message) -> list[Message]:
    """Leave a tombstone. Who wrote it may; of an answer, who asked; and who manages the Space. Twice is once.

    An answer in the making is stopped first, and what had arrived is paid for.
    """
    space = message.space
    feed.advance(space)
    if _is_own(member, message):  # one's own words one takes back as a viewer too, and where nobody listens any more
        spaces.require_open(space)
    else:
        spaces.require_writer(member, space)
    if Message.objects.filter(pk=message.pk).exclude(deleted_at=None).exists():
        transaction.set_rollback(True)
        return [message]
    require_right(member, message)
    telling.require_free(message)
    was_pinned = message.pinned_at is not None
    replies.stop_before_deletion(message, by=member)
    message = feed.take(message)
    left = bury(message, by=member)
    if not _is_own(member, message):
        audit.record(space.org, member, "message.deleted", str(message.pk), space=str(space.pk))
    feed.tell(space, left)
    if was_pinned:
        transaction.on_commit(lambda: broadcast.space_changed(space))
    return left


def bury(message: Message, *, by: Member) -> list[Message]:
    """Leave the tombstone of a message that is stamped with a new revision; returns what to tell, it first.

    Call inside a transaction, under the Space's row lock, and after the right was asked for.
    """
    for table in _OF_A_MESSAGE:
        table._default_manager.filter(message=message).delete()
    Reminder.objects.filter(message=message, done_at=None).delete()
    notices.forget(message)
    attachments.release(message)
    message.text = message.html = ""
    message.deleted_at, message.deleted_by = timezone.now(), by
    message.edited_at = message.pinned_at = message.pinned_by = message.forwarded_from = None
    message.save()
    words.write([message.pk])
    root = threads.shrink(message)
    return [*feed.load([message.pk]), *([root] if root else []), *threads.quote_again(message)]


def require_right(member: Member, message: Message) -> None:
    if _is_own(member, message) or spaces.may_manage(member, message.space):
        return
    if message.is_by_ai_model:
        raise Forbidden(_("Only who asked, an owner of this Space or an admin can delete an answer."))
    raise Forbidden(_("Only its author, an owner of this Space or an admin can delete a message."))


def _is_own(member: Member, message: Message) -> bool:
    return member.pk == (message.reply.asked_by_id if message.is_by_ai_model else message.author_id)
