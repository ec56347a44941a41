"""What a notice says, in the language at hand.

*Called by*: chat.notices.inbox, chat.notices.letter, chat.push.telling. *Keeps true*: one set of sentences for the
inbox, the mail and the device; who is no person is called by the model's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chat.models import Notice, NoticeKind
from workspace import titles
from workspace.models import Member, Space

EXCERPT = 180


@dataclass(frozen=True)
class Said:
    """A notice in words: what happened, the beginning of the message, and where it is."""

    notice: Notice
    title: str
    excerpt: str
    place: str
    path: str

    @property
    def by(self) -> dict[str, str] | None:
        """Who caused it, as a picture: a person's, or the first letter of a model."""
        if actor := self.notice.actor:
            return {"id": str(actor.pk), "initials": actor.initials, "picture": actor.picture_url}
        if self.notice.message and self.notice.message.ai_model:
            return {"id": "", "initials": self.notice.message.ai_model.name[:1].upper(), "picture": ""}
        return None

    @property
    def is_unread(self) -> bool:
        return self.notice.read_at is None


def say(viewer: Member, notices: Sequence[Notice]) -> list[Said]:
    """Each of the notices in words. They come with space, actor, message and its author and model; a query more."""
    spaces = {notice.space_id: notice.space for notice in notices}
    titles.name_for(viewer, spaces.values())
    for notice in notices:
        notice.space = spaces[notice.space_id]
    return [
        Said(each, _title(each), each.message.begins(EXCERPT) if each.message else "", place(each.space), path(each))
        for each in notices
    ]


def place(space: Space) -> str:
    """The Space as a sentence names it."""
    return space.name if space.is_direct else f"#{space.name}"


def path(notice: Notice) -> str:
    return f"/messages/{notice.message_id}/" if notice.message_id else f"/spaces/{notice.space_id}/"


def _title(notice: Notice) -> str:
    who, where = _who(notice), place(notice.space)
    match notice.kind:
        case NoticeKind.MENTION:
            return _("{name} mentioned you in {place}").format(name=who, place=where)
        case NoticeKind.GROUP:
            return _("{name} called everybody in {place}").format(name=who, place=where)
        case NoticeKind.DIRECT:
            return _("{name} wrote to you").format(name=who)
        case NoticeKind.THREAD:
            return _("{name} replied in a thread in {place}").format(name=who, place=where)
        case NoticeKind.ANSWER:
            return _("{name} answered you in {place}").format(name=who, place=where)
        case NoticeKind.REACTION:
            return _("{name} reacted with {emoji} to your message in {place}").format(
                name=who, emoji=notice.text, place=where
            )
        case NoticeKind.REMINDER:
            if notice.actor:
                return _("{name} reminds you: {text}").format(name=who, text=notice.text)
            return _("Reminder: {text}").format(text=notice.text) if notice.text else _("Reminder")
    return _("{name} wrote in {place}").format(name=who, place=where)


def _who(notice: Notice) -> str:
    if notice.actor:
        return notice.actor.display_name
    if notice.message and notice.message.ai_model:
        return notice.message.ai_model.name
    return _("Somebody")
