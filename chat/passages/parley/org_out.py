"""The archive of an organization, made for its owner.

*Called by*: chat.passages.leaving. *Keeps true*: it holds the Spaces that it was given and names no other; messages are
read a few at a time, in order, up to where their Space stood when its turn came; bytes pass through piece by piece.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.db.models import Count
from django.utils import timezone

from chat.models import Attachment, File, Message
from chat.models.message import MessageQuerySet
from chat.passages.parley import FORMAT, ORG, VERSION, faces, said
from chat.passages.parley.bag import Bag
from chat.passages.parley.luggage import Luggage
from workspace.models import Member, Org, Space

BATCH = 200


def write(
    org: Org, spaces: list[Space], file: IO[bytes], tell: Callable[[int, int], None], *, is_everything: bool
) -> dict[str, Any]:
    """Fill `file`; returns what it holds, in numbers. `tell(done, total)` counts messages and files; it may raise."""
    bag = Bag(file)
    known = frozenset(space.pk for space in spaces)
    counts, wanted = Counter[str](), dict.fromkeys(_files(known))
    total = sum(
        Message.objects.filter(space__in=known).values("space").annotate(n=Count("pk")).values_list("n", flat=True)
    )
    total += len(wanted)
    told = [0]

    def step(by: int = 1) -> None:
        told[0] += by
        tell(min(told[0], total), total + 1)

    rows = [_space(bag, space, known, step) for space in spaces]
    counts["messages"] = sum(row.get("messages", 0) for row in rows)
    luggage = Luggage(bag, step)
    luggage.pack(File.objects.filter(org=org, pk__in=wanted))
    bag.json("files.json", luggage.rows)
    bag.json("spaces.json", rows)
    members = Member.objects.filter(org=org).select_related("user").order_by("created_at", "pk")
    paths = faces.pack(bag, org)
    bag.json(
        "members.json",
        [said.member(each, has_address=True) | said.filled(picture=paths.get(each.pk)) for each in members],
    )
    bag.json("parley.json", _facts(org, is_everything=is_everything))
    bag.close()
    counts |= {"spaces": len(rows), "people": len(members), "files": len(luggage.rows)}
    return {**counts, "problems": luggage.problems[:200]}


def _facts(org: Org, *, is_everything: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "holds": ORG,
        "is_everything": is_everything,
        "made_at": timezone.now(),
        "org": said.filled(id=org.pk, name=org.name, slug=org.slug, created_at=org.created_at),
    }


def _space(bag: Bag, space: Space, known: frozenset[uuid.UUID], step: Callable[[], None]) -> dict[str, Any]:
    def lines() -> Iterator[dict[str, Any]]:
        for row in in_order(Message.objects.all(), space):
            yield said.message(row, known_spaces=known)
            step()

    return said.space(space, messages=bag.lines(f"messages/{space.pk}.jsonl", lines()))


def in_order(messages: MessageQuerySet, space: Space) -> Iterator[Message]:
    """Messages of a Space by position, with all that is said of them, a batch in memory at a time."""
    end = Space.objects.values_list("revision", flat=True).get(pk=space.pk)
    rows = messages.filter(space=space, position__lte=end).order_by("position")
    rows = rows.select_related("ai_model", "forwarded_from", "reply__retry_of")
    rows = rows.prefetch_related("mentions__member", "mentions__ai_model", "edits", "reactions", "attachments")
    after = -1
    while batch := list(rows.filter(position__gt=after)[:BATCH]):
        yield from batch
        after = batch[-1].position


def _files(known: frozenset[uuid.UUID]) -> Iterator[uuid.UUID]:
    shown = Attachment.objects.filter(message__space__in=known, message__deleted_at=None)
    yield from shown.order_by("pk").values_list("file_id", flat=True).iterator()
