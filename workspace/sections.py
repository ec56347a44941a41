"""One member's own order in the sidebar: favourites, and sections with names.

*Called by*: chat.views.sections. *Keeps true*: it is the member's alone: it changes nothing for anybody else, so it is
not audited; a member has at most SECTIONS_MAX sections, each name once.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from workspace import names
from workspace.errors import Invalid, NotFound
from workspace.languages import fill
from workspace.models import Member, Section, Space, SpaceMember

SECTIONS_MAX = 30
NAME_MAX = 40


def of(member: Member) -> list[Section]:
    return list(member.sections.order_by("position", "pk"))


def own(member: Member, section_id: int) -> Section:
    """Raises NotFound for somebody else's."""
    found = member.sections.filter(pk=section_id).first()
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def create(member: Member, *, name: str) -> Section:
    """The same name again is the section that there is. Raises Invalid."""
    name = _clean(name)
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)  # two at once count one after the other
    count = member.sections.count()
    if (found := member.sections.filter(name=name).first()) is not None:
        return found
    if count >= SECTIONS_MAX:
        raise Invalid(fill(_("A sidebar has at most {most} sections."), {"most": SECTIONS_MAX}))
    return Section.objects.create(member=member, name=name, position=count)


@transaction.atomic
def rename(section: Section, *, name: str) -> None:
    name = _clean(name)
    if Section.objects.filter(member_id=section.member_id, name=name).exclude(pk=section.pk).exists():
        raise Invalid(_("You have a section of that name already."))
    Section.objects.filter(pk=section.pk).update(name=name)


@transaction.atomic
def move(section: Section, *, by: int) -> None:
    """One up (-1) or one down (1); at the end it stays where it is."""
    Member.objects.select_for_update(no_key=True).get(pk=section.member_id)
    row = list(Section.objects.filter(member_id=section.member_id).order_by("position", "pk"))
    here = row.index(section)
    there = min(max(here + by, 0), len(row) - 1)
    row.insert(there, row.pop(here))
    for place, each in enumerate(row):
        each.position = place
    Section.objects.bulk_update(row, ["position"])


def delete(section: Section) -> None:
    """Its Spaces go back under their own heading."""
    section.delete()


def place(member: Member, space: Space, section: Section | None) -> None:
    """Put a Space under one of the member's headings, or back under its own. Raises Invalid for one not joined."""
    _set(member, space, section=section, is_favourite=False)


def star(member: Member, space: Space, *, is_favourite: bool) -> None:
    _set(member, space, is_favourite=is_favourite)


def _set(member: Member, space: Space, **values: object) -> None:
    if not SpaceMember.objects.filter(member=member, space=space).update(**values):
        raise Invalid(_("Join this Space first."))


def _clean(name: str) -> str:
    name = names.clean(name, what=_("section name"))
    if len(name) > NAME_MAX:
        sentence = _("The name is {count} characters long; at most {most} fit.")
        raise Invalid(fill(sentence, {"count": len(name), "most": NAME_MAX}))
    return name
