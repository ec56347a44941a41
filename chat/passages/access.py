"""The one door to a passage for a person.

*Called by*: chat.views.passages and exports. *Keeps true*: what is brought in is the admins' business; an export is
whoever asked for it, and one of the organization only while they own it: a later owner may see less than they did.
"""

import uuid

from chat.models import Passage, PassageKind
from workspace import access
from workspace.access import Person
from workspace.errors import NotFound
from workspace.models import Member, Role


def passage(user: Person, passage_id: uuid.UUID | str) -> tuple[Passage, Member]:
    """Raises NotFound, Suspended."""
    found = Passage.objects.select_related("org", "asked_by").filter(pk=access.as_uuid(passage_id)).first()
    if found is None:
        raise NotFound
    try:
        member = access.member(user, found.org.slug)
    except NotFound:
        raise NotFound from None
    if not _may_see(member, found):
        raise NotFound
    return found, member


def _may_see(member: Member, found: Passage) -> bool:
    if found.kind == PassageKind.MEMBER_OUT:
        return found.asked_by_id == member.pk
    if found.kind == PassageKind.ORG_OUT:
        return found.asked_by_id == member.pk and member.role == Role.OWNER
    return member.is_admin
