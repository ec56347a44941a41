"""Direct conversations: one to one, in a small group, or notes to oneself.

*Called by*: chat.views.directs, chat.feed. *Keeps true*: the same people have one conversation, however many ask for it
at once; it counts against no plan; who is in it never changes, so that what was said stays among those who heard it.
"""

import hashlib
from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chat import broadcast
from workspace import titles
from workspace.errors import Forbidden, Invalid
from workspace.models import Member, Space, SpaceKind, SpaceMember

PEOPLE_MAX = 9
SHOWN_MAX = 40


@transaction.atomic
def open(member: Member, others: Collection[Member]) -> Space:
    """Find or make the conversation of the member with these people of the organization; with none, or only the member
    themselves, it is for notes. Others see a new one once something is said in it.
    """
    people = {person.pk: person for person in (member, *others)}
    require_room(len(people))
    if any(person.org_id != member.org_id for person in people.values()):
        raise Invalid(_("That person is not in this organization."))
    space, is_new = Space.objects.get_or_create(
        org_id=member.org_id,
        direct_key=_key(people),
        defaults={"kind": SpaceKind.DIRECT, "name": "", "is_private": True},
    )
    if is_new:
        SpaceMember.objects.bulk_create(
            SpaceMember(org_id=member.org_id, space=space, member=person, is_hidden=person.pk != member.pk)
            for person in people.values()
        )
    else:
        SpaceMember.objects.filter(space=space, member=member, is_hidden=True).update(is_hidden=False)
    news_to = list(people) if is_new else [member.pk]
    transaction.on_commit(lambda: broadcast.sidebar_changed(news_to))
    space.org = member.org
    titles.name_for(member, [space])
    return space


def hide(member: Member, space: Space) -> None:
    """Take a conversation out of the member's sidebar until somebody writes in it."""
    if not space.is_direct:
        raise Forbidden(_("Only direct conversations can be hidden. A Space can be left."))
    SpaceMember.objects.filter(space=space, member=member).update(is_hidden=True)
    transaction.on_commit(lambda: broadcast.sidebar_changed([member.pk]))


def note_post(space: Space) -> None:
    """Show the conversation to everybody in it again. Called inside the post's transaction."""
    hidden = SpaceMember.objects.filter(space=space, is_hidden=True)
    found = list(hidden.values_list("member_id", flat=True))
    if found:
        hidden.update(is_hidden=False)
        transaction.on_commit(lambda: broadcast.sidebar_changed(found))


def require_room(count: int) -> None:
    """`count` people, with oneself. Raises Invalid."""
    if count > PEOPLE_MAX:
        raise Invalid(
            _("A direct conversation holds at most {most} people. Make a Space for more.").format(most=PEOPLE_MAX)
        )


def _key(member_ids: Collection[UUID]) -> str:
    return hashlib.sha256("".join(sorted(each.hex for each in member_ids)).encode()).hexdigest()
