"""The requests behind the sums, one by one, newest first.

*Called by*: chat.views.usage. *Keeps true*: no text of a message is read; a row leads to its message only where the
reader may open the Space, and names no other Space that is private.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing import credits, usage
from billing.usage import PAGE, Place, Request
from chat import moments
from chat.models import Message
from chat.usage.asked import Asked
from chat.usage.names import Names

REPLY = "reply"


@dataclass(frozen=True)
class Call:
    """A request with its names. `message`: the id of the answer, or "" where there is none for this reader."""

    request: Request
    member: str
    space: str
    model: str
    provider: str
    key: str
    kind: str
    message: str

    @property
    def at(self) -> datetime:
        return self.request.at

    @property
    def credits(self) -> str:
        return credits.format_exact(self.request.spent_ucr)

    @property
    def written_off(self) -> str:
        return credits.format_exact(self.request.written_off_ucr) if self.request.written_off_ucr else ""


@dataclass(frozen=True)
class Page:
    calls: list[Call]
    # The address of what is older; "" for none.
    older: str


def page(asked: Asked, names: Names, *, after: str = "") -> Page:
    found = usage.requests(asked.question, after=_place(after), count=PAGE + 1)
    shown = named(found[:PAGE], names)
    older = asked.query(by=None, sort=None, after=_text(found[PAGE - 1].place)) if len(found) > PAGE else ""
    return Page(shown, older)


def named(found: list[Request], names: Names) -> list[Call]:
    """With names, and with messages where they may be read."""
    for dimension in ("member", "space", "model", "provider"):
        names.learn(dimension, {getattr(each, dimension) for each in found})
    messages = _messages(found, names)
    return [
        Call(
            each,
            **{name: names.of(name, getattr(each, name)) for name in ("member", "space", "model", "provider", "kind")},
            key=names.of("key", each.key) if each.key else "",
            message=messages.get(each.call, ""),
        )
        for each in found
    ]


def _messages(found: list[Request], names: Names) -> dict[str, str]:
    """The answers by call, of Spaces that the reader may open. Where a call says it was is not taken for granted."""
    replies = {_reply_id(each.call) for each in found} - {None}
    kept = Message.objects.filter(reply__in=replies, org_id=names.reader.org_id, deleted_at=None)
    open_to_reader = kept.filter(space__in=[UUID(pk) for pk in names.open_spaces])
    return {f"{REPLY}:{reply}": str(pk) for reply, pk in open_to_reader.values_list("reply__pk", "pk")}


def _reply_id(call: str) -> UUID | None:
    kind, _, rest = call.partition(":")
    try:
        return UUID(rest) if kind == REPLY else None
    except ValueError:
        return None


def _text(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.hold_id}~{place.attempt}"


def _place(text: str) -> Place | None:
    """Where the next page begins; what is no place is the beginning."""
    at, *numbers = text.split("~")
    moment = moments.told(at.replace(" ", "+"))
    if not moment or len(numbers) != 2 or not all(each.isascii() and each.isdigit() for each in numbers):
        return None
    hold_id, attempt = (int(each) for each in numbers)
    return Place(moment, hold_id, attempt) if hold_id < 2**63 and attempt < 2**15 else None
