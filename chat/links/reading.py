"""Asking one page what it says of itself, and showing it.

*Called by*: chat.links.reader. *Keeps true*: one asks at a time; what was read is written once and shown in every
message that waits for it; a page that says nothing, or takes too long, is left alone for a day.
"""

import asyncio
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from chat import feed
from chat.files import store
from chat.links import pages, pictures
from chat.links.pages import Facts
from chat.links.pictures import Card, Kept
from chat.models import Link, Message
from chat.models.link import LinkState
from gateway import outbound
from gateway.outbound import Blocked

PAGE_BYTES_MAX = 512 * 1024
SECONDS = 5.0
REDIRECTS = 3
# Longer than a page and its picture may take: whoever asked for them is gone.
LEASE = timedelta(seconds=90)
BATCH = 50
_log = structlog.get_logger(__name__)


def claim(link_id: uuid.UUID) -> str:
    """The address, for whoever is to ask; "" when somebody else does or it is done."""
    free = Q(asked_at=None) | Q(asked_at__lt=Now() - LEASE)
    mine = Link.objects.filter(free, pk=link_id, state=LinkState.WAITING).update(asked_at=Now())
    return Link.objects.values_list("url", flat=True).get(pk=link_id) if mine else ""


def forgotten() -> list[uuid.UUID]:
    """Links whose call was lost, or whose reader died."""
    free = Q(asked_at=None) | Q(asked_at__lt=Now() - LEASE)
    return list(Link.objects.filter(free, state=LinkState.WAITING).values_list("pk", flat=True)[:BATCH])


async def ask(url: str, http: outbound.Client) -> Facts | None:
    """What the page says of itself; None for one that says nothing, is none, or cannot be reached from here."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await outbound.read(
                url,
                media_types=pages.MEDIA_TYPES,
                max_bytes=PAGE_BYTES_MAX,
                is_cut=True,
                redirects=REDIRECTS,
                http=http,
            )
    except (Blocked, TimeoutError, *outbound.FAILURES) as error:
        _log.info("link.not_read", error=type(error).__name__)
        return None
    return await asyncio.to_thread(pages.read, found)


def keep(link_id: uuid.UUID, facts: Facts | None, card: Card | None = None) -> None:
    """Write what was read, and show it in every message that waits for it."""
    picture = pictures.keep(card) if facts and card else None
    is_used = False
    try:
        is_used = _write(link_id, facts, picture)
    finally:
        if picture and not is_used:
            store.drop([picture.key])


@transaction.atomic
def _write(link_id: uuid.UUID, facts: Facts | None, picture: Kept | None) -> bool:
    """Whether nobody was there before."""
    fields: dict[str, Any] = dict(facts.fields) if facts else {}
    if picture:
        fields |= {"image_key": picture.key, "image_width": picture.width, "image_height": picture.height}
    state = LinkState.READ if facts else LinkState.NOTHING
    if not Link.objects.filter(pk=link_id, state=LinkState.WAITING).update(state=state, asked_at=Now(), **fields):
        return False
    if facts is None:
        return True
    waiting = Message.objects.filter(links__link=link_id, links__is_hidden=False, deleted_at=None)
    # In one order everywhere, as each takes its Space's lock.
    for message in waiting.select_related("space").order_by("space_id", "position"):
        with suppress(feed.Deleted):
            feed.show_again(feed.take(message))
    return True
