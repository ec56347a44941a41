"""Founding organizations, making Spaces and letting people in, within what the plan allows.

*Called by*: chat.views, chat.demo. *Keeps true*: a plan's limit is counted under the organization's row lock, so two
at once cannot both take the last place; whoever loses a right loses their open sockets too.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing import plans, surplus
from catalog.models import AIModel
from chat import broadcast, feed, profiles, replies
from workspace import access, invitations, members, orgs, seats, spaces
from workspace.models import Invitation, Member, Space, User

FIRST_SPACE = gettext_noop("General")


@transaction.atomic
def found(user: User, *, name: str) -> Space:
    """Make an organization on the Starter plan, with its first Space. A second press of the button finds that one."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    made = Space.objects.filter(space_members__member__in=access.memberships(user)).order_by("created_at").first()
    if made:
        return made
    owner = orgs.found(user, name=name, avoid_handles=_model_handles())
    plans.enroll(owner.org)
    return spaces.create(owner, name=_(FIRST_SPACE), is_private=False)


@transaction.atomic
def create_space(creator: Member, *, name: str, is_private: bool) -> Space:
    """Raises PlanLimit, Invalid, Forbidden."""
    org = orgs.lock(creator.org)
    plans.require_room_for_space(org, Space.objects.filter(org=org).of_the_plan().count() + 1)
    transaction.on_commit(lambda: broadcast.sidebar_changed([creator.pk]))
    return spaces.create(creator, name=name, is_private=is_private)


@transaction.atomic
def change_space(actor: Member, space: Space, **facts: Any) -> Space:
    """`facts` are those of spaces.change."""
    feed.advance(space)
    changed = spaces.change(actor, space, **facts)
    _tell_facts(changed)
    return changed


@transaction.atomic
def set_topic(member: Member, space: Space, topic: str) -> Space:
    feed.advance(space)
    feed.enter(member, space)
    changed = spaces.set_topic(member, space, topic)
    _tell_facts(changed)
    return changed


@transaction.atomic
def archive_space(actor: Member, space: Space) -> Space:
    """Close the Space for writing. What is being answered in it is stopped."""
    feed.advance(space)
    changed = spaces.archive(actor, space)
    surplus.settle(actor.org)
    _tell_facts(changed)
    _stop_answers(changed, by=actor)
    return changed


@transaction.atomic
def restore_space(actor: Member, space: Space) -> Space:
    """Raises PlanLimit: an archived Space takes none of the plan's places, a restored one does."""
    org = orgs.lock(actor.org)
    spaces.require_manager(actor, space)
    feed.advance(space)
    if Space.objects.filter(pk=space.pk).exclude(archived_at=None).exists():
        plans.require_room_for_space(org, Space.objects.filter(org=org).of_the_plan().count() + 1)
    changed = spaces.restore(actor, space)
    surplus.settle(org)
    _tell_facts(changed)
    return changed


@transaction.atomic
def join_space(member: Member, space: Space) -> None:
    if spaces.join(member, space):
        _tell_seats(space, [member])


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Member:
    """Raises PlanLimit when the plan has no place left, InvitationOver."""
    org = orgs.lock(invitation.org)
    present = Member.objects.present().filter(org=org)
    if not present.filter(user=user).exists():
        plans.require_room_for_member(org, present.count() + 1)
    member = invitations.accept(invitation, user, avoid_handles=_model_handles())
    _tell_people(invitation.space_id, member)
    return member


@transaction.atomic
def add_to_space(actor: Member, space: Space, people: Iterable[Member]) -> None:
    """Let several in at once, or none of them."""
    _tell_seats(space, spaces.add(actor, space, *people))


@transaction.atomic
def set_role(actor: Member, space: Space, member: Member, role: str) -> None:
    seats.set_role(actor, space, member, role)
    _tell_seats(space, [member])


@transaction.atomic
def give_space(actor: Member, space: Space, heir: Member) -> None:
    seats.give(actor, space, heir)
    _tell_seats(space, [actor, heir])


@transaction.atomic
def remove_from_space(actor: Member, space: Space, member: Member) -> None:
    spaces.remove(actor, space, member)
    transaction.on_commit(lambda: broadcast.removed_from_space(space.pk, member.pk))
    transaction.on_commit(lambda: broadcast.sidebar_changed([member.pk]))
    transaction.on_commit(lambda: broadcast.members_changed(space.pk))
    if space.is_private or member.is_guest:
        transaction.on_commit(lambda: replies.stop_all_of(member, by=actor, space=space))


@transaction.atomic
def remove_from_org(actor: Member, member: Member) -> None:
    for space in members.remove(actor, member):
        feed.advance(space)
        space.refresh_from_db()
        _tell_facts(space)
        _stop_answers(space, by=actor)
    transaction.on_commit(lambda: broadcast.removed_from_org(member.pk))
    transaction.on_commit(lambda: broadcast.member_changed(member.org_id, profiles.as_json(member)))
    transaction.on_commit(lambda: replies.stop_all_of(member, by=actor))


def _tell_facts(space: Space) -> None:
    """Everybody in the Space hears of it at once; the sidebars of its members, wherever they are, ask again."""
    transaction.on_commit(lambda: broadcast.space_changed(space))
    transaction.on_commit(lambda: broadcast.recheck(space.pk))
    people = list(space.space_members.values_list("member_id", flat=True))
    transaction.on_commit(lambda: broadcast.sidebar_changed(people))


def _stop_answers(space: Space, *, by: Member) -> None:
    transaction.on_commit(lambda: replies.stop_all_in(space, by=by))


def _tell_seats(space: Space, people: list[Member]) -> None:
    ids = [member.pk for member in people]
    transaction.on_commit(lambda: broadcast.seats_changed(space.pk, ids))
    transaction.on_commit(lambda: broadcast.members_changed(space.pk))
    transaction.on_commit(lambda: broadcast.sidebar_changed(ids))


def _tell_people(space_id: UUID, member: Member) -> None:
    """Somebody is new here: lists of people that are open show them."""
    transaction.on_commit(lambda: broadcast.member_changed(member.org_id, profiles.as_json(member)))
    transaction.on_commit(lambda: broadcast.members_changed(space_id))


def _model_handles() -> set[str]:
    """A person's handle never hides a model's."""
    return set(AIModel.objects.offered().values_list("handle", flat=True))
