"""Drafts: what somebody has begun to write, waiting for them on every device.

*Called by*: chat.views. *Keeps true*: one a Space or thread, the newest; whoever overwrites another device's text is
handed that text, so that nothing is lost in silence; what was sent is no draft any more.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from chat import broadcast, feed, moments
from chat.models import Draft, Message
from workspace import titles
from workspace.errors import Invalid, NotFound
from workspace.languages import fill
from workspace.models import Member, Space

LIST_MAX = 200


@dataclass(frozen=True)
class Saved:
    """`other`: a text of another device that this one did not know of and has taken the place of."""

    draft: Draft | None
    other: Draft | None = None


def find(member: Member, space: Space, parent: Message | None = None) -> Draft | None:
    return Draft.objects.filter(member=member, space=space, parent=parent).first()


def of(member: Member) -> list[Draft]:
    """The latest first, in Spaces that the member may still open, which are named for them."""
    mine = Draft.objects.filter(member=member, space__in=Space.objects.visible_to(member))
    found = list(mine.select_related("space", "parent").order_by("-updated_at")[:LIST_MAX])
    titles.name_for(member, [draft.space for draft in found])
    return found


@transaction.atomic
def save(
    member: Member, space: Space, *, text: str, parent: Message | None = None, base: str = "", device: str = ""
) -> Saved:
    """Keep a text, or with an empty one keep none. `base` is the moment of the draft that the device built on.

    Raises Invalid, TooLong; NotFound for a parent of another Space.
    """
    _require_sayable(text)
    if parent is not None and (parent.space_id != space.pk or parent.parent_id is not None):
        raise NotFound
    before = Draft.objects.select_for_update().filter(member=member, space=space, parent=parent).first()
    is_news = before is not None and before.updated_at != moments.told(base) and before.text != text
    other = Draft(text=before.text, updated_at=before.updated_at) if before and is_news else None
    draft = _write(member, space, parent, before, text)
    transaction.on_commit(lambda: _tell(member, space.pk, parent.pk if parent else None, draft, device))
    return Saved(draft, other)


def sent(member: Member, space: Space, parent: Message | None = None, *, base: str) -> None:
    """What was sent is no draft. One that another device has written since stays."""
    moment = moments.told(base)
    gone = Draft.objects.filter(member=member, space=space, parent=parent)
    if moment is not None:
        gone = gone.filter(updated_at__lte=moment)
    if gone.delete()[0]:
        _tell(member, space.pk, parent.pk if parent else None, None, "")


def _write(member: Member, space: Space, parent: Message | None, before: Draft | None, text: str) -> Draft | None:
    if not text.strip():
        if before is not None:
            before.delete()
        return None
    if before is not None:
        before.text = text
        before.save(update_fields=["text", "updated_at"])
        return before
    try:
        with transaction.atomic():
            return Draft.objects.create(org_id=member.org_id, member=member, space=space, parent=parent, text=text)
    except IntegrityError:
        # Another device began at the same moment. It came first, so this one is newer.
        draft = Draft.objects.get(member=member, space=space, parent=parent)
        draft.text = text
        draft.save(update_fields=["text", "updated_at"])
        return draft


def _tell(member: Member, space_id: UUID, parent_id: UUID | None, draft: Draft | None, device: str) -> None:
    text, at = (draft.text, draft.updated_at.isoformat()) if draft else ("", "")
    broadcast.draft_changed(member.pk, space_id, parent=parent_id, text=text, at=at, device=device)


def _require_sayable(text: str) -> None:
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(_("The draft holds characters that cannot be stored. It is kept in this browser only."))
    if len(text) > feed.TEXT_MAX:
        raise feed.TooLong(
            fill(_("The message is too long; at most {most} characters fit in one."), {"most": feed.TEXT_MAX})
        )
