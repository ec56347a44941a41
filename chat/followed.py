"""The threads that a member follows: which have something new, and how much.

*Called by*: chat.views.threads. *Keeps true*: only threads of Spaces that the member may open now; a page takes as many
queries with thirty threads as with one.
"""

from dataclasses import dataclass

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from chat.models import Message, ThreadMember
from workspace import titles
from workspace.models import Member, Space

PAGE = 30


@dataclass(frozen=True)
class Row:
    root: Message
    unread: int


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    number: int
    has_more: bool


def page(member: Member, *, number: int = 1) -> Page:
    """Threads with something new first, then those in which something was written last."""
    start = (number - 1) * PAGE
    found = list(_followed(member)[start : start + PAGE + 1])
    unread = {row.thread_id: row.unread for row in found[:PAGE]}
    roots = Message.objects.for_page().select_related("space").in_bulk(list(unread))
    titles.name_for(member, [root.space for root in roots.values()])
    return Page([Row(roots[pk], count) for pk, count in unread.items()], number, len(found) > PAGE)


def _followed(member: Member):
    after = Message.objects.filter(
        parent=OuterRef("thread_id"), position__gt=OuterRef("read_position"), deleted_at=None
    ).exclude(author=member)
    counted = after.order_by().values("parent").annotate(found=Count("pk")).values("found")
    mine = ThreadMember.objects.filter(member=member, is_following=True, thread__replies_count__gt=0)
    here = mine.filter(thread__message__space__in=Space.objects.visible_to(member))
    new = Case(
        When(Q(thread__last_position__gt=F("read_position")), then=Coalesce(Subquery(counted), Value(0))),
        default=Value(0),
        output_field=IntegerField(),
    )
    is_new = Case(When(unread__gt=0, then=Value(1)), default=Value(0), output_field=IntegerField())
    return here.annotate(unread=new).annotate(is_new=is_new).order_by("-is_new", "-thread__last_at", "pk")
