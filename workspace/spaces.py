"""Spaces: making, changing, archiving, and who is in them.

*Called by*: chat.places, chat.feed. *Keeps true*: a Space has an owner who is here; nobody comes into an archived one,
nor anywhere once they are removed; what is changed is audited.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace import audit, names
from workspace.errors import Forbidden, Invalid
from workspace.languages import fill
from workspace.models import FormerViewer, Invitation, Member, Role, Space, SpaceKind, SpaceMember, SpaceRole

TOPIC_MAX = 250
DESCRIPTION_MAX = 1_000
INSTRUCTIONS_MAX = 8_000


class Archived(Forbidden):
    code = "space_archived"


class BeyondPlan(Archived):
    """As good as archived until the plan has room for it; it still takes a place among those that are counted."""

    code = "beyond_plan"
    status = 402
    message = gettext_lazy(
        "The plan of this organization holds fewer Spaces, so this one can be read and not written in. Nothing is "
        "lost: an owner or admin can choose a plan that holds it, or archive another Space."
    )


class ReadOnly(Forbidden):
    code = "read_only"


class Unreachable(Forbidden):
    code = "nobody_there"
    message = gettext_lazy("Nobody else is left in this conversation, so it can only be read.")


@transaction.atomic
def create(creator: Member, *, name: str, is_private: bool) -> Space:
    if creator.role == Role.GUEST:
        raise Forbidden(_("Guests cannot make Spaces. Ask a member to make one and add you."))
    name = names.clean(name, what=_("Space name"))
    space = Space.objects.create(org=creator.org, name=name, is_private=is_private, created_by=creator)
    SpaceMember.objects.create(org=creator.org, space=space, member=creator, role=SpaceRole.OWNER)
    audit.record(creator.org, creator, "space.created", str(space.id), is_private=is_private)
    return space


@transaction.atomic
def change(
    actor: Member,
    space: Space,
    *,
    name: str | None = None,
    is_private: bool | None = None,
    topic: str | None = None,
    description: str | None = None,
    instructions: str | None = None,
) -> Space:
    """Change what is given. A Space that becomes private keeps those who had joined; no older link leads into it.

    Raises Archived, Forbidden, Invalid.
    """
    require_manager(actor, space)
    wanted = {
        "name": None if name is None else names.clean(name, what=_("Space name")),
        "is_private": is_private,
        "topic": None if topic is None else _line(topic, most=TOPIC_MAX),
        "description": None if description is None else _text(description, most=DESCRIPTION_MAX),
        "instructions": None if instructions is None else _text(instructions, most=INSTRUCTIONS_MAX),
    }
    return _write(actor, space, {fact: value for fact, value in wanted.items() if value is not None})


@transaction.atomic
def set_topic(member: Member, space: Space, topic: str) -> Space:
    """What the Space is about today: whoever may write in it may say. Raises Archived, ReadOnly, Invalid."""
    require_writer(member, space)
    return _write(member, space, {"topic": _line(topic, most=TOPIC_MAX)})


@transaction.atomic
def archive(actor: Member, space: Space) -> Space:
    """Close the Space for writing; all of it stays to be read. Twice is once."""
    return _close(actor, space, at=timezone.now())


@transaction.atomic
def restore(actor: Member, space: Space) -> Space:
    return _close(actor, space, at=None)


@transaction.atomic
def add(actor: Member, space: Space, *people: Member) -> list[Member]:
    """Let members of the organization in, all or none; returns who is new. The Space's owner may, and admins who can
    see it. As many queries for a hundred as for one. Raises Forbidden, Archived, Invalid.
    """
    require_manager(actor, space)
    if _lock(space).archived_at is not None:
        raise Archived(_("Nobody is added to an archived Space."))
    found = lock_present(people)
    if len(found) < len(set(people)) or any(member.org_id != space.org_id for member in found):
        raise Invalid(_("That person is not in this organization."))
    here = set(SpaceMember.objects.filter(space=space, member__in=found).values_list("member_id", flat=True))
    new = [member for member in found if member.pk not in here]
    SpaceMember.objects.bulk_create(SpaceMember(org_id=space.org_id, space=space, member=member) for member in new)
    audit.record_each(
        actor.org, actor, "space.member_added", str(space.id), ({"member": member.handle} for member in new)
    )
    return new


@transaction.atomic
def remove(actor: Member, space: Space, member: Member) -> None:
    """Take a member out; anyone may take out themselves."""
    if space.is_direct:
        raise Forbidden(_("Nobody can be taken out of a direct conversation. You can hide it instead."))
    if actor.pk != member.pk:
        require_manager(actor, space)
    if not SpaceMember.objects.filter(space=space, member=member).exists():
        return
    space = _lock(space)  # two owners who leave at once leave one
    owners = SpaceMember.objects.filter(space=space).owners().exclude(member=member)
    if not owners.exists() and space.space_members.filter(member=member, role=SpaceRole.OWNER).exists():
        if actor.pk != member.pk:
            raise Invalid(_("A Space needs an owner. Make somebody else one first."))
        raise Invalid(_("A Space needs an owner. You are its only one, so you cannot leave it."))
    _note_viewer(space, member)
    SpaceMember.objects.filter(space=space, member=member).delete()
    if space.is_private:
        # Whoever is out, by themselves or not, may have kept a link that lets many in.
        _close_links(space)
    audit.record(actor.org, actor, "space.member_removed", str(space.id), member=member.handle)


@transaction.atomic
def join(member: Member, space: Space) -> bool:
    """Let the member into a public Space; whether they were not in it before.

    Whoever was removed since the page was asked for is not let in again: the rights are read under a lock. Raises
    Forbidden for a private Space, Archived.
    """
    if SpaceMember.objects.filter(space=space, member=member).exists():
        return False
    space = _lock(space)
    if space.is_private or not lock_present([member]) or member.is_guest:
        raise Forbidden(_("Only somebody who is in this Space can add you to it."))
    if space.archived_at is not None:
        raise _archived()
    entry, is_new = SpaceMember.objects.get_or_create(
        space=space,
        member=member,
        defaults={"org_id": space.org_id, "role": returning_role(space, member), "visited_at": timezone.now()},
    )
    if is_new:
        audit.record(member.org, member, "space.joined", str(space.id))
    return is_new


def returning_role(space: Space, member: Member) -> SpaceRole:
    """With which role somebody comes, whom nobody gives one: a viewer who was here before stays a viewer."""
    was_viewer = FormerViewer.objects.filter(space=space, member=member).exists()
    return SpaceRole.VIEWER if was_viewer else SpaceRole.EDITOR


def visit(space: Space, member: Member) -> SpaceMember | None:
    """Remember when the member last looked. None for who has not joined: looking does not join."""
    seat = SpaceMember.objects.filter(space=space, member=member).first()
    if seat:
        SpaceMember.objects.filter(pk=seat.pk).update(visited_at=timezone.now())
    return seat


def lock_present(people: Iterable[Member]) -> list[Member]:
    """Those of them who may act today, and who cannot be removed until the commit. Call inside a transaction.

    Everybody who seats somebody locks the Space first and the people after it.
    """
    rows = Member.objects.present().select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in=[member.pk for member in people]).order_by("pk"))


def may_leave(member: Member, space: Space) -> bool:
    """A Space's only owner stays; whoever has not joined has nothing to leave; a direct conversation can be hidden."""
    if space.is_direct:
        return False
    owners = set(SpaceMember.objects.filter(space=space).owners().values_list("member_id", flat=True))
    return owners != {member.pk} and space.space_members.filter(member=member).exists()


def may_manage(actor: Member, space: Space) -> bool:
    """The Space's owner, and admins of the organization who can see it; of a direct conversation, nobody."""
    if space.is_direct:
        return False
    return actor.is_admin or space.space_members.filter(member=actor, role=SpaceRole.OWNER).exists()


def require_manager(actor: Member, space: Space) -> None:
    if space.is_direct:
        raise Forbidden(_("A direct conversation stays as it is: the same people, and no name of its own."))
    if not may_manage(actor, space):
        raise Forbidden(_("Only the Space's owner or an admin can change that."))


def require_writer(member: Member, space: Space) -> bool:
    """Every verb that writes in a Space asks this. Raises Archived, ReadOnly (viewers, and whoever cannot see it).

    Returns whether the member has joined: in a public Space one may write first, and joins by it. One query for who
    has joined; under the Space's row lock its answer stands until the commit.
    """
    seat = SpaceMember.objects.filter(space=space, member=member)
    row = seat.values_list("role", "space__archived_at", "space__is_beyond_plan").first()
    if row is None:
        was_viewer = Exists(FormerViewer.objects.filter(space=OuterRef("pk"), member=member))
        asked = Space.objects.annotate(was_viewer=was_viewer)
        facts = asked.values_list("archived_at", "is_beyond_plan", "is_private", "was_viewer").get(pk=space.pk)
        archived_at, is_beyond, *reasons = facts
        row = "" if any(reasons) or member.is_guest else SpaceRole.EDITOR, archived_at, is_beyond
        is_joined = False
    else:
        is_joined = True
    if row[1] is not None:
        raise _archived()
    if row[2]:
        raise BeyondPlan
    if row[0] not in (SpaceRole.OWNER, SpaceRole.EDITOR):
        raise ReadOnly(_("You can read here, but not write. An owner of this Space can change that."))
    if space.is_direct and not _has_listener(member, space):
        raise Unreachable
    return is_joined


def may_write(member: Member, space: Space) -> bool:
    """Whether require_writer would let them, for a page that shows it."""
    try:
        require_writer(member, space)
    except (Archived, ReadOnly, Unreachable):
        return False
    return True


def require_open(space: Space) -> None:
    """For what viewers may do too (to react, to bookmark). Raises Archived."""
    archived_at, is_beyond = Space.objects.values_list("archived_at", "is_beyond_plan").get(pk=space.pk)
    if archived_at is not None:
        raise _archived()
    if is_beyond:
        raise BeyondPlan


def _has_listener(member: Member, space: Space) -> bool:
    """Whether somebody else is still there; notes to oneself need nobody."""
    others = space.space_members.exclude(member=member).values_list("member__left_at", "member__user__is_active")
    return not others or any(left_at is None and is_active for left_at, is_active in others)


def _write(actor: Member, space: Space, wanted: dict[str, Any]) -> Space:
    """Raises Archived. The trail says which facts were changed, and of the texts not what they say."""
    space = _lock(space)
    if space.archived_at is not None:
        raise _archived()
    changed = [fact for fact, value in wanted.items() if getattr(space, fact) != value]
    for fact in changed:
        setattr(space, fact, wanted[fact])
    if changed:
        space.save(update_fields=changed)
        if "is_private" in changed and space.is_private:
            _close_links(space)  # they were made for a Space that anybody could open
        audit.record(
            actor.org, actor, "space.changed", str(space.id), facts=sorted(changed), is_private=space.is_private
        )
    return space


def _close(actor: Member, space: Space, *, at: datetime | None) -> Space:
    require_manager(actor, space)
    space = _lock(space)
    if space.kind == SpaceKind.DIRECT:
        raise Invalid(_("A direct conversation is not archived. Leave it, or hide it."))
    if (space.archived_at is None) != (at is None):
        space.archived_at = at
        space.save(update_fields=["archived_at"])
        audit.record(actor.org, actor, "space.archived" if at else "space.restored", str(space.id))
    return space


def _note_viewer(space: Space, member: Member) -> None:
    """Before they go: whoever comes back by themselves comes back as what they were."""
    known: dict[str, Any] = {"org_id": space.org_id, "space": space, "member": member}
    if SpaceMember.objects.filter(space=space, member=member, role=SpaceRole.VIEWER).exists():
        FormerViewer.objects.get_or_create(**known)
    else:
        FormerViewer.objects.filter(**known).delete()


def _close_links(space: Space) -> None:
    Invitation.objects.open().filter(space=space).update(revoked_at=timezone.now())


def _lock(space: Space) -> Space:
    return Space.objects.select_for_update(no_key=True).get(pk=space.pk)


def _line(text: str, *, most: int) -> str:
    return _text(" ".join(text.split()), most=most)


def _text(text: str, *, most: int) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(_("This text holds a character that cannot be stored. Remove it and save again."))
    if len(text) > most:
        sentence = _("This is {count} characters long; at most {most} fit.")
        raise Invalid(fill(sentence, {"count": len(text), "most": most}))
    return text


def _archived() -> Archived:
    return Archived(_("This Space is archived: it can be read, but nothing new can be written. Restore it to go on."))
