"""Which previews a message shows.

*Called by*: chat.feed, chat.views.links. *Keeps true*: at most three a message; only people's messages have any; only
the author, and who manages the Space, take one away; nobody has this server ask pages without end.
"""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import broadcast, markdown, tasks
from chat.models import Link, Message, MessageLink
from chat.models.link import LinkState
from workspace import spaces
from workspace.errors import Forbidden, NotFound
from workspace.models import Member, Org

LINKS_MAX = 3
URL_MAX = 2000
FRESH = timedelta(days=1)
# So many pages of one member's are asked for within a while; messages beyond show none that is not known.
ASKED_MAX = 60
ASKED_SECONDS = 600


def note_post(message: Message, org: Org) -> None:
    """Give a new message of a person its links. Call inside its transaction. Costs nothing where there are none."""
    shown: list[MessageLink] = []
    if "<a " in message.html and org.has_link_previews:
        withheld = _withheld(message.forwarded_from) if message.forwarded_from else set()
        shown = _attach(message, [url for url in _addresses(message.html) if url not in withheld])
    message.mark_links(shown)


@transaction.atomic
def note_edit(message: Message, org: Org, *, before: str) -> None:
    """A changed text shows its own links: those that stayed as they were, without those that were taken away.

    `before` is the HTML that it had. Call before the message is sent out.
    """
    old, new = _addresses(before), _addresses(message.html)
    if old == new:
        return
    MessageLink.objects.filter(message=message).exclude(link__url__in=new).delete()
    had = set(MessageLink.objects.filter(message=message).values_list("link__url", flat=True))
    # Without any before, the author may have sent it without on purpose: only what is new in the text is added.
    added = [url for url in new if url not in had and url not in old]
    if added and org.has_link_previews:
        _attach(message, added, first=len(had))


@transaction.atomic
def hide(member: Member, message: Message, link_id: uuid.UUID) -> Message:
    """Take a preview from a message, for everyone. Raises NotFound, Forbidden, Deleted, Archived, ReadOnly."""
    from chat import feed

    message = feed.take(message)
    spaces.require_writer(member, message.space)
    if message.author_id != member.pk and not spaces.may_manage(member, message.space):
        raise Forbidden(_("Only the author, the Space's owner or an admin can remove a preview."))
    if not MessageLink.objects.filter(message=message, link=link_id).update(is_hidden=True):
        raise NotFound
    return feed.show_again(message)[0]


def _withheld(original: Message) -> set[str]:
    """Links of which the original shows no preview, because its author or who manages its Space wanted none."""
    if original.is_by_ai_model:  # an answer shows none in any case
        return set()
    seen = MessageLink.objects.filter(message=original, is_hidden=False).values_list("link__url", flat=True)
    return set(_addresses(original.html)) - set(seen)


def _addresses(html: str) -> list[str]:
    """The first few that lead out of this house."""
    if "<a " not in html:
        return []
    web = [url for url in markdown.addresses(html) if urlsplit(url).scheme in ("http", "https")]
    return [url for url in web if len(url) <= URL_MAX and not url.startswith(settings.PARLEY_URL + "/")][:LINKS_MAX]


def _attach(message: Message, urls: list[str], *, first: int = 0) -> list[MessageLink]:
    """Two queries where all are known; more for what is new."""
    if not urls:
        return []
    links = _current(message.org_id, urls)
    missing = sorted(set(urls) - set(links))
    if missing and _is_in_pace(message, len(missing)):
        Link.objects.filter(org=message.org_id, url__in=missing, is_current=True).update(is_current=False)
        # Sorted, so that two who post the same addresses at once wait for each other in one order.
        Link.objects.bulk_create([Link(org_id=message.org_id, url=url) for url in missing], ignore_conflicts=True)
        links = _current(message.org_id, urls)
    shown = [
        MessageLink(org_id=message.org_id, message=message, link=links[url], position=first + place)
        for place, url in enumerate(urls)
        if url in links
    ]
    MessageLink.objects.bulk_create(shown)
    if waiting := [row.link_id for row in shown if row.link.state == LinkState.WAITING]:
        transaction.on_commit(lambda: tasks.wake_reader(waiting))
    return shown


def _is_in_pace(message: Message, count: int) -> bool:
    """Where Redis is away nobody counts."""
    key = f"links:{message.author_id}"

    def note(pipe: Any) -> None:
        pipe.set(key, 0, ex=ASKED_SECONDS, nx=True)
        pipe.incrby(key, count)

    answers = broadcast.ask(note)
    return answers is None or int(answers[1]) <= ASKED_MAX


def _current(org_id: uuid.UUID, urls: list[str]) -> dict[str, Link]:
    """Those that were read within a day, or wait to be."""
    since = timezone.now() - FRESH
    found = Link.objects.filter(org=org_id, url__in=urls, is_current=True)
    return {link.url: link for link in found if link.state == LinkState.WAITING or (link.asked_at or since) > since}
