"""The archive of what one member has here, made for them.

*Called by*: chat.passages.leaving. *Keeps true*: it holds what the member wrote, chose and uploaded in the Spaces that
they may still open, and the names of those Spaces; nothing that somebody else wrote, nobody's address but their own.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.utils import timezone

from chat.files import access as file_access
from chat.models import Bookmark, Draft, Message, NoticeSettings, Reaction, Reminder
from chat.passages.parley import FORMAT, MEMBER, VERSION, said
from chat.passages.parley.bag import Bag
from chat.passages.parley.luggage import Luggage
from chat.passages.parley.org_out import in_order
from workspace import titles
from workspace.models import Member, Picture, Space

_SEAT = ("notice_level", "is_muted", "is_favourite", "is_hidden", "read_position")


def write(member: Member, file: IO[bytes], tell: Callable[[int, int], None]) -> dict[str, Any]:
    """Fill `file`; returns what it holds, in numbers. `tell(done, total)` counts messages and files; it may raise."""
    bag = Bag(file)
    spaces = list(Space.objects.visible_to(member).order_by("created_at", "pk"))
    titles.name_for(member, spaces)
    known = frozenset(space.pk for space in spaces)
    mine = Message.objects.filter(author=member, space__in=known)
    files = file_access.visible_to(member).filter(uploader=member)
    total, told = mine.count() + files.count(), [0]

    def step(by: int = 1) -> None:
        told[0] += by
        tell(min(told[0], total), total + 1)

    def lines() -> Iterator[dict[str, Any]]:
        for space in spaces:
            for row in in_order(Message.objects.filter(author=member), space):
                yield {"space": space.pk} | _own(said.message(row, known_spaces=known))
                step()

    counts = Counter[str](messages=bag.lines("messages.jsonl", lines()), spaces=len(spaces))
    counts["reactions"] = bag.lines("reactions.jsonl", _reactions(member, known))
    luggage = Luggage(bag, step)
    luggage.pack(files)
    bag.json("files.json", luggage.rows)
    bag.json("spaces.json", [_space(space, member) for space in spaces])
    bag.json("bookmarks.json", _bookmarks(member, known))
    bag.json("drafts.json", _drafts(member, known))
    bag.json("reminders.json", _reminders(member, known))
    bag.json("profile.json", _profile(member))
    _picture(bag, member)
    bag.json("parley.json", _facts(member))
    bag.close()
    counts["files"] = len(luggage.rows)
    return {**counts, "problems": luggage.problems[:200]}


def _own(line: dict[str, Any]) -> dict[str, Any]:
    """Without what others did to it."""
    return {
        name: value for name, value in line.items() if name not in ("reactions", "pinned_at", "pinned_by", "author")
    }


def _facts(member: Member) -> dict[str, Any]:
    org = said.filled(id=member.org_id, name=member.org.name, slug=member.org.slug)
    return {"format": FORMAT, "version": VERSION, "holds": MEMBER, "made_at": timezone.now(), "org": org}


def _profile(member: Member) -> dict[str, Any]:
    user, told = member.user, NoticeSettings.objects.filter(member=member).first() or NoticeSettings(member=member)
    return {
        "member": said.member(member, has_address=True)
        | said.filled(
            status_emoji=member.status_emoji,
            status_text=member.status_text,
            status_until=member.status_until,
            availability=member.availability,
        ),
        "account": said.filled(
            language=user and user.language,
            time_zone=user and user.time_zone,
            sends_on_enter=user and user.sends_on_enter,
        ),
        "notices": {
            "level": told.level,
            "digest": told.digest,
            "is_pushed": told.is_pushed,
            "has_sound": told.has_sound,
            "has_toasts": told.has_toasts,
        },
    }


def _space(space: Space, member: Member) -> dict[str, Any]:
    seat = space.space_members.filter(member=member).select_related("section").first()
    mine = (
        {}
        if seat is None
        else said.filled(
            role=seat.role,
            joined_at=seat.created_at,
            section=seat.section and seat.section.name,
            **{name: getattr(seat, name) for name in _SEAT},
        )
    )
    return said.filled(id=space.pk, kind=space.kind, name=space.name, mine=mine)


def _reactions(member: Member, known: frozenset[Any]) -> Iterator[dict[str, Any]]:
    rows = Reaction.objects.filter(member=member, message__space__in=known).select_related("message").order_by("id")
    for row in rows.iterator():
        yield {"space": row.message.space_id, "message": row.message_id, "emoji": row.emoji, "at": row.created_at}


def _bookmarks(member: Member, known: frozenset[Any]) -> list[dict[str, Any]]:
    rows = Bookmark.objects.filter(member=member, message__space__in=known).select_related("message").order_by("id")
    return [{"space": row.message.space_id, "message": row.message_id, "at": row.created_at} for row in rows]


def _drafts(member: Member, known: frozenset[Any]) -> list[dict[str, Any]]:
    rows = Draft.objects.filter(member=member, space__in=known).order_by("id")
    return [said.filled(space=row.space_id, thread=row.parent_id, text=row.text, at=row.updated_at) for row in rows]


def _reminders(member: Member, known: frozenset[Any]) -> list[dict[str, Any]]:
    rows = Reminder.objects.filter(member=member, space__in=known).order_by("due_at", "pk")
    return [
        said.filled(space=row.space_id, message=row.message_id, text=row.text, due_at=row.due_at, done_at=row.done_at)
        for row in rows
    ]


def _picture(bag: Bag, member: Member) -> None:
    if portrait := Picture.objects.filter(member=member).first():
        with bag.entry("picture.webp") as entry:
            entry.write(bytes(portrait.large))
