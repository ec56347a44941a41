"""Lists of files, newest first.

*Called by*: chat.views.files. *Keeps true*: each row is an appearance in a message that the reader may see; a page
costs the same wherever in the list it is.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.http import urlencode

from billing import plans
from chat.files import access, intake
from chat.models import Attachment, File
from chat.models.file import size_words
from workspace import access as workspace_access
from workspace import titles
from workspace.models import Member, Org, Space

PAGE = 40
PEOPLE_MAX = 200


@dataclass(frozen=True)
class Filters:
    kind: str = ""
    member_id: UUID | None = None
    before: int | None = None

    def query(self, **changes: object) -> str:
        """These filters as the end of an address."""
        values = {"kind": self.kind, "who": self.member_id, **changes}
        return urlencode({name: str(value) for name, value in values.items() if value})


@dataclass(frozen=True)
class Found:
    """A page of appearances, the filters that made it, and the address of what is older ("" for none)."""

    rows: list[Attachment]
    filters: Filters
    older: str
    people: list[Member]


def of_space(member: Member, space: Space, filters: Filters) -> Found:
    people = workspace_access.acquaintances(member).filter(space_members__space=space)
    return _page(access.shown_to(member).filter(message__space=space), filters, people)


def of_org(member: Member, filters: Filters) -> Found:
    found = _page(access.shown_to(member), filters, workspace_access.acquaintances(member))
    titles.name_for(member, [row.message.space for row in found.rows])
    return found


def appearances(member: Member, file: File) -> list[Attachment]:
    """The newest messages that show this file to the member."""
    found = list(access.shown_to(member).filter(file=file).order_by("-id")[:5])
    titles.name_for(member, [row.message.space for row in found])
    return found


def use_of(org: Org) -> dict[str, object]:
    """What the files of an organization weigh, and what its plan allows (None: as much as one likes)."""
    used, most = intake.stored_bytes(org), plans.storage_bytes(org)
    percent = min(100, used * 100 // most) if most else 0
    return {"used": size_words(used), "room": most and size_words(most), "used_percent": percent}


def _page(rows: QuerySet[Attachment], filters: Filters, people: QuerySet[Member]) -> Found:
    # Whom one can choose are those whom one knows: to ask who shares a file would read all there are.
    if filters.kind:
        rows = rows.filter(file__kind=filters.kind)
    if filters.member_id:
        rows = rows.filter(file__uploader_id=filters.member_id)
    if filters.before:
        rows = rows.filter(pk__lt=filters.before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    older = filters.query(before=found[PAGE - 1].pk) if len(found) > PAGE else ""
    return Found(found[:PAGE], filters, older, list(people.order_by("display_name", "pk")[:PEOPLE_MAX]))
