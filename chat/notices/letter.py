"""One mail about what somebody has not read, by Space, in their language and by their clock.

*Called by*: chat.notices.digest. *Keeps true*: it says what the inbox says; each line leads to its message; the same
notices make a mail of the same id, so that one that was sent twice is known as one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import moments
from chat.models import Digest, Notice
from chat.notices import mail_links, wording
from chat.notices.wording import Said
from workspace import languages
from workspace.models import Member, Space, User

OF_SPACE_MAX = 8
SPACES_MAX = 12
_IDS = uuid.UUID("5f0b7a4e-6a37-4f0e-8d8b-0a4d9d3f6c21")


@dataclass
class Group:
    """What waits in one Space: the newest few, and how many are before them."""

    space: Space
    place: str
    url: str
    items: list[Said]
    more: int = 0


def write(member: Member, notices: Sequence[Notice], *, digest: str, more: int = 0) -> EmailMultiAlternatives:
    """The mail to a member whose account is loaded; the notices come oldest first, as wording.say wants them.

    `more` wait besides, and are only counted.
    """
    user = member.user
    assert user is not None
    with translation.override(languages.known(user)), timezone.override(moments.zone_of(user.own_zone)):
        said = wording.say(member, notices)
        return _mail(member, user, said, digest, more)


def _mail(member: Member, user: User, said: list[Said], digest: str, more: int) -> EmailMultiAlternatives:
    groups, off, lead = _groups(said), mail_links.address(member, digest), _lead(len(said) + more, member)
    context = {
        "org": member.org,
        "member": member,
        "groups": groups[:SPACES_MAX],
        "more": more + sum(len(group.items) + group.more for group in groups[SPACES_MAX:]),
        "server": settings.PARLEY_URL,
        "inbox": settings.PARLEY_URL + reverse("notices", args=[member.org.slug]),
        "choices": settings.PARLEY_URL + reverse("notice_settings", args=[member.org.slug]),
        "off": off,
        "often": often(digest),
        "lead": lead,
    }
    headers = {
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{member.org.slug}.notices.{_domain()}>",
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{uuid.uuid5(_IDS, ''.join(sorted(str(each.notice.pk) for each in said)))}@{_domain()}>",
    }
    text = render_to_string("notices/letter.txt", context)
    mail = EmailMultiAlternatives(_subject(said, lead, member), text, to=[user.email], headers=headers)
    mail.attach_alternative(render_to_string("notices/letter.html", context), "text/html")
    return mail


def often(digest: str) -> str:
    """How often mails come, as a part of a sentence's own line."""
    return {
        Digest.SOON: _("Soon after something waits for you, while you are away"),
        Digest.HOURLY: _("At most once an hour"),
        Digest.DAILY: _("Once a day, in the morning"),
    }.get(Digest(digest), "")


def _groups(said: list[Said]) -> list[Group]:
    """By Space, the one that waits longest first; in each the oldest first."""
    found: dict[uuid.UUID, Group] = {}
    for each in said:
        space = each.notice.space
        url = f"{settings.PARLEY_URL}/spaces/{space.pk}/"
        found.setdefault(space.pk, Group(space, each.place, url, [])).items.append(each)
    for group in found.values():
        group.more = max(len(group.items) - OF_SPACE_MAX, 0)
        group.items = group.items[-OF_SPACE_MAX:]
    return list(found.values())


def _subject(said: list[Said], lead: str, member: Member) -> str:
    """One line, whatever people call themselves and their Spaces."""
    if len(said) == 1:
        return " ".join(f"{said[0].title} · {member.org.name}".split())
    return " ".join(lead.split())


def _lead(count: int, member: Member) -> str:
    return ngettext("{count} message waits for you in {org}", "{count} messages wait for you in {org}", count).format(
        count=count, org=member.org.name
    )


def _domain() -> str:
    """Of the address that mails come from, else of the server."""
    return (
        parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
        or urlsplit(settings.PARLEY_URL).hostname
        or "localhost"
    )
