"""Pins: messages that a Space keeps at hand.

*Called by*: chat.views.pins. *Keeps true*: whoever writes in a Space pins and unpins; at most PINS_MAX at once.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import broadcast, feed
from chat.models import Message
from chat.models.message import MessageQuerySet
from chat.search import words
from workspace import spaces
from workspace.errors import Invalid
from workspace.models import Member, Space

PINS_MAX = 100


def pin(member: Member, message: Message) -> list[Message]:
    """Raises Deleted, Archived, ReadOnly, Invalid where too many are pinned. Twice is once."""
    return _set(member, message, is_pinned=True)


def unpin(member: Member, message: Message) -> list[Message]:
    return _set(member, message, is_pinned=False)


def pinned(space: Space) -> MessageQuerySet:
    """The pinned messages, the latest pin first."""
    return Message.objects.in_space(space).filter(pinned_at__isnull=False).order_by("-pinned_at")


@transaction.atomic
def _set(member: Member, message: Message, *, is_pinned: bool) -> list[Message]:
    message = feed.take(message)
    spaces.require_writer(member, message.space)
    if (message.pinned_at is not None) == is_pinned:
        shown = feed.load([message.pk])
        transaction.set_rollback(True)
        return shown
    if is_pinned and pinned(message.space).count() >= PINS_MAX:
        raise Invalid(_("This Space has {most} pinned messages already. Unpin one first.").format(most=PINS_MAX))
    message.pinned_at = timezone.now() if is_pinned else None
    message.pinned_by = member if is_pinned else None
    message.save(update_fields=["pinned_at", "pinned_by", "revision"])
    words.write([message.pk])
    shown = feed.load([message.pk])
    feed.tell(message.space, shown)
    transaction.on_commit(lambda: broadcast.space_changed(message.space))
    return shown
