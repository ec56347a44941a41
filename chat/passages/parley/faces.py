"""Pictures of members, out of an organization and into one.

*Called by*: chat.passages.parley.org_out and bring. *Keeps true*: a picture that comes is made anew, as all are; it is
given to names without an account only: nobody who is here gets a face from an archive.
"""

from typing import Any

from django.utils.translation import gettext as _

from chat import profiles, studio
from chat.passages.hold import Hold
from chat.passages.parley.bag import Bag
from chat.passages.parley.crowd import Crowd
from chat.passages.parley.export import Export
from chat.passages.report import Report
from chat.passages.values import line
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Member, Org, Picture

FOLDER = "pictures/"


def pack(bag: Bag, org: Org) -> dict[Any, str]:
    """Put them in; where each lies, by the member's id."""
    paths: dict[Any, str] = {}
    for each in Picture.objects.filter(member__org=org).order_by("pk").iterator(chunk_size=100):
        paths[each.pk] = f"{FOLDER}{each.pk}.webp"
        with bag.entry(paths[each.pk]) as entry:
            entry.write(bytes(each.large))
    return paths


def bring(held: Hold, crowd: Crowd, export: Export, report: Report) -> None:
    """Give those who have no account theirs."""
    for person in export.people.values():
        member = crowd.of(person.id) if person.picture else None
        if member is None or not _is_free(member):
            continue
        held.breathe()
        held.check()
        try:
            raw = export.archive.read(person.picture, most=studio.BYTES_MAX)
            profiles.set_picture(member, raw, is_patient=True)
            report.counts["pictures"] += 1
        except Invalid:
            words = _("The picture of “{name}” could not be read and is left out.")
            report.problems.append(fill(words, {"name": line(person.name, 80)}))


def _is_free(member: Member) -> bool:
    return Member.objects.filter(pk=member.pk, user=None, picture="").exists()
