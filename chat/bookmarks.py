"""Bookmarks: messages that a member keeps for themselves.

*Called by*: chat.views.bookmarks. *Keeps true*: nobody else sees them, and the member sees only those whose Space they
may still open.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chat import feed
from chat.models import Bookmark, Message
from workspace import titles
from workspace.errors import Invalid
from workspace.models import Member, Space

BOOKMARKS_MAX = 1000
SHOWN_MAX = 200
EXCERPT_MAX = 240


def add(member: Member, message: Message) -> None:
    """Raises Deleted, Invalid where there are too many. Twice is once."""
    if message.is_deleted:
        raise feed.Deleted
    mine = Bookmark.objects.filter(member=member)
    if not mine.filter(message=message).exists() and mine.count() >= BOOKMARKS_MAX:
        raise Invalid(_("You keep {most} bookmarks already. Remove one first.").format(most=BOOKMARKS_MAX))
    Bookmark.objects.get_or_create(member=member, message=message, defaults={"org_id": message.org_id})


def remove(member: Member, message: Message) -> None:
    Bookmark.objects.filter(member=member, message=message).delete()


def shown(member: Member, found: QuerySet[Bookmark]) -> list[Bookmark]:
    """With `excerpt`, the beginning of each message as plain text."""
    rows = list(found[:SHOWN_MAX])
    titles.name_for(member, [row.message.space for row in rows])
    for row in rows:
        row.excerpt = row.message.begins(EXCERPT_MAX)  # type: ignore[attr-defined]
    return rows


def of(member: Member) -> QuerySet[Bookmark]:
    """The member's own, newest first, with all that a list of them shows."""
    mine = Bookmark.objects.filter(member=member, message__space__in=Space.objects.visible_to(member))
    return mine.select_related("message__space", "message__author", "message__ai_model").order_by("-created_at", "-pk")
