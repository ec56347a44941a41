"""Reactions: an emoji that a member puts under a message, or takes away again.

*Called by*: chat.views.reactions. *Keeps true*: only emoji of Unicode are stored, each in one spelling; a message
carries at most KINDS_MAX different ones.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from chat import emojis, feed, notices
from chat.models import Message, Reaction
from workspace import spaces
from workspace.errors import Invalid
from workspace.models import Member

KINDS_MAX = 50


class NoEmoji(Invalid):
    code = "no_emoji"


@transaction.atomic
def toggle(member: Member, message: Message, *, emoji: str, is_on: bool | None = None) -> list[Message]:
    """Put the emoji under the message, or take one's own away. With `is_on`, that is how it is afterwards.

    Raises NoEmoji, Invalid, Deleted, Archived. Whoever reads may react, viewers too.
    """
    spelled = emojis.spelled(emoji)
    if spelled is None:
        raise NoEmoji(_("That is not an emoji. Pick one from the list."))
    message = feed.take(message)
    spaces.require_open(message.space)
    mine = Reaction.objects.filter(message=message, member=member, emoji=spelled)
    was_on = mine.exists()
    wanted = not was_on if is_on is None else is_on
    if wanted == was_on:
        shown = feed.load([message.pk])
        transaction.set_rollback(True)
        return shown
    if wanted:
        _require_room(message, spelled)
        Reaction.objects.create(org_id=message.org_id, message=message, member=member, emoji=spelled)
        notices.note_reaction(message, member, spelled)
    else:
        mine.delete()
        notices.drop_reaction(message, member, spelled)
    return feed.show_again(message)


def _require_room(message: Message, emoji: str) -> None:
    kinds = set(Reaction.objects.filter(message=message).order_by().values_list("emoji", flat=True).distinct())
    if emoji not in kinds and len(kinds) >= KINDS_MAX:
        raise Invalid(
            _("A message holds at most {most} different emoji. Join one that is there.").format(most=KINDS_MAX)
        )
