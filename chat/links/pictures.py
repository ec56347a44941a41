"""The picture of a page: asked for, made anew and small, kept, shown, let go.

*Called by*: chat.links.reader, chat.links.reading, chat.views.links, chat.tasks. *Keeps true*: no reader's browser goes
to a place that a page names: what is shown was made and is given by this server; it is opened by exactly those who see
a message that shows it; without a picture there is the card of words.
"""

import asyncio
import io
import tempfile
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.db.models import Exists, OuterRef
from django.utils import timezone

from chat.files import child, darkroom, store
from chat.models import Link, LinkState, MessageLink
from gateway import outbound
from gateway.outbound import Blocked
from workspace import access
from workspace.errors import NotFound, Suspended
from workspace.models import Space

MEDIA_TYPES = tuple(darkroom.FORMATS.values())
BYTES_MAX = 2 * 1024 * 1024
SECONDS = 5.0
MAKING_SECONDS = 10.0
REDIRECTS = 3
# Longer than a new message may take a page over that was read before.
UNSHOWN = timedelta(days=2)
BATCH = 500
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Card:
    """A small picture, as WebP."""

    body: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Kept:
    """Where a card lies."""

    key: str
    width: int
    height: int


async def ask(url: str, http: outbound.Client) -> bytes | None:
    """The picture as it is out there; None for what is none, is too large, or cannot be reached from here."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await outbound.read(
                url,
                media_types=MEDIA_TYPES,
                max_bytes=BYTES_MAX,
                is_cut=False,
                redirects=REDIRECTS,
                http=http,
            )
    except (Blocked, TimeoutError, *outbound.FAILURES) as error:
        _log.info("link.picture_not_read", error=type(error).__name__)
        return None
    return found.body


def make(body: bytes) -> Card | None:
    """Decode what a stranger sent, in a process that may die of it; None when nothing came of it."""
    with tempfile.TemporaryDirectory(prefix="parley-") as name:
        folder = Path(name)
        source = folder / "source"
        source.write_bytes(body)
        made = child.develop("card", source, folder, timeout_seconds=MAKING_SECONDS)
        if "width" not in made:
            return None
        return Card((folder / "card").read_bytes(), made["width"], made["height"])


def keep(card: Card) -> Kept:
    key = store.new_key()
    store.put(key, io.BytesIO(card.body))
    return Kept(key, card.width, card.height)


def reach(user: access.Person, link_id: uuid.UUID) -> Link:
    """A link that has a picture, for whoever sees a message that shows it. Raises NotFound, Suspended."""
    link = Link.objects.filter(pk=link_id, state=LinkState.READ).exclude(image_key="").first()
    member = next((each for each in access.memberships(user) if link and each.org_id == link.org_id), None)
    if link is None or member is None:
        raise NotFound
    seen = MessageLink.objects.filter(link=link, is_hidden=False, message__deleted_at=None)
    if not seen.filter(message__space__in=Space.objects.visible_to(member)).exists():
        raise NotFound
    if member.org.is_suspended:
        raise Suspended
    return link


def sweep() -> int:
    """Let go of pictures that no message shows and none can come to show; how many there were."""
    shown = MessageLink.objects.filter(link=OuterRef("pk"), is_hidden=False, message__deleted_at=None)
    old = Link.objects.filter(~Exists(shown), asked_at__lt=timezone.now() - UNSHOWN).exclude(image_key="")
    gone = dict(old.order_by("asked_at").values_list("pk", "image_key")[:BATCH])
    Link.objects.filter(pk__in=gone).update(image_key="", image_width=None, image_height=None)
    store.drop(gone.values())
    return len(gone)
