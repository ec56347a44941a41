"""How a member is shown: name, handle, title, picture, status.

*Called by*: chat.views.profile. *Keeps true*: a handle is one person's in the organization, and no model's; what
changes reaches open browsers; what was written stays as it was: a mention leads to the person by id, whatever they
are called by then.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import AIModel
from chat import broadcast, emojis, moments, presence, studio
from workspace import audit, members, names, portraits
from workspace.errors import Invalid
from workspace.models import Availability, Member, User

HANDLE_MAX = 40
STATUS_MAX = 100
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?")
_LONGEST_STATUS = timedelta(days=366)
_NONE = timedelta(0)
_SPANS = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4)}


@dataclass(frozen=True)
class LocalTime:
    """`ahead_minutes` and its words are from where who looks is."""

    at: datetime
    zone: str
    ahead_minutes: int
    difference: str


def as_json(person: Member) -> dict[str, Any]:
    """Somebody as browsers show them. Names only: no address, no role."""
    status = None
    if person.has_status:
        until = person.status_until.isoformat() if person.status_until else None
        status = {"emoji": person.status_emoji, "text": person.status_text, "until": until}
    return {
        "id": str(person.pk),
        "name": person.display_name,
        "handle": person.handle,
        "title": person.title,
        "initials": person.initials,
        "picture": person.picture_url,
        "status": status,
    }


@transaction.atomic
def change(member: Member, *, display_name: str, handle: str, title: str) -> Member:
    """Raises Invalid, with what is wrong with which of them."""
    before = member.handle
    member.display_name = names.clean(display_name)
    member.title = names.clean(title, what=_("title")) if title.strip() else ""
    member.handle = _free_handle(member, handle)
    try:
        with transaction.atomic():
            member.save(update_fields=["display_name", "handle", "title"])
    except IntegrityError:
        raise _taken() from None
    if member.handle != before:
        audit.record(member.org, member, "member.handle_changed", member.handle, before=before)
    _tell(member)
    return member


def set_picture(member: Member, raw: bytes, *, is_patient: bool = False) -> None:
    """Raises Invalid for what is no picture, Busy while many are made."""
    made = studio.make(raw, whose=member.pk, is_patient=is_patient)
    with transaction.atomic():
        member.picture = portraits.keep(member, made)
        member.save(update_fields=["picture"])
        _tell(member)


@transaction.atomic
def remove_picture(member: Member) -> None:
    portraits.forget(member)
    member.picture = ""
    member.save(update_fields=["picture"])
    _tell(member)


@transaction.atomic
def set_status(member: Member, *, emoji: str, text: str, until: datetime | None) -> None:
    """An empty status clears it. Raises Invalid."""
    member.status_text = names.clean(text, what=_("status")) if text.strip() else ""
    member.status_emoji = _emoji(emoji)
    has_any = bool(member.status_text or member.status_emoji)
    if has_any and until is not None and not timezone.now() < until < timezone.now() + _LONGEST_STATUS:
        raise Invalid(_("A status ends in the future, within a year."))
    member.status_until = until if has_any else None
    member.save(update_fields=["status_text", "status_emoji", "status_until"])
    _tell(member)


@transaction.atomic
def set_availability(member: Member, availability: str) -> None:
    if availability not in Availability.values:
        raise Invalid(_("Pick one of the ways to be seen."))
    member.availability = availability
    member.save(update_fields=["availability"])
    transaction.on_commit(lambda: presence.choose(member))


def change_account(user: User, *, time_zone: str, sends_on_enter: bool) -> None:
    """What holds for the person in every organization. Raises Invalid for a zone that is none."""
    if time_zone and time_zone not in zones():
        raise Invalid(_("That is no time zone that this server knows."))
    user.time_zone, user.sends_on_enter = time_zone, sends_on_enter
    user.save(update_fields=["time_zone", "sends_on_enter"])


def note_browser(user: User, zone: str) -> None:
    """Keep where the person's browser is. The first time it is theirs, unless they have said another; see zones()."""
    if zone == user.browser_zone or zone not in _known_zones():
        return
    if not user.browser_zone and not user.time_zone and zone in zones():
        user.time_zone = zone
    user.browser_zone = zone
    user.save(update_fields=["time_zone", "browser_zone"])


@cache
def zones() -> tuple[str, ...]:
    """Places by which a zone is named: Europe/Lisbon, Asia/Taipei."""
    return tuple(sorted(name for name in _known_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))))


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def local_time(person: Member, *, seen_from: User) -> LocalTime | None:
    """What the clock shows where the person is; None for one who has not said where."""
    theirs = _zone(person.user)
    if theirs is None:
        return None
    now = timezone.now()
    there, here = now.astimezone(theirs), now.astimezone(moments.zone_of(seen_from.own_zone))
    ahead = ((there.utcoffset() or _NONE) - (here.utcoffset() or _NONE)) // timedelta(minutes=1)
    return LocalTime(there, theirs.key, ahead, _difference(ahead) if seen_from.own_zone else "")


def presets() -> list[dict[str, str]]:
    """What people are most often about."""
    return [
        {"emoji": "📅", "text": _("In a meeting"), "until": "1h"},
        {"emoji": "🚆", "text": _("Commuting"), "until": "30m"},
        {"emoji": "🎧", "text": _("Focusing"), "until": "1h"},
        {"emoji": "🏡", "text": _("Working from home"), "until": "today"},
        {"emoji": "🤒", "text": _("Out sick"), "until": "today"},
        {"emoji": "🌴", "text": _("On vacation"), "until": "week"},
    ]


def end_of(until: str, member: Member) -> datetime | None:
    """The moment at which a status ends, by the clock of the member; None for one that stays."""
    now = timezone.now()
    if until in _SPANS:
        return now + _SPANS[until]
    if until not in ("today", "week"):
        return None
    local = now.astimezone(moments.zone_of(member.user.own_zone if member.user else ""))
    days = 1 if until == "today" else 7 - local.weekday()
    return (local + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def _zone(user: User | None) -> ZoneInfo | None:
    name = user.time_zone if user else ""
    return ZoneInfo(name) if name in zones() else None


def _difference(minutes: int) -> str:
    if not minutes:
        return _("the same time as yours")
    hours = f"{abs(minutes) / 60:.2f}".rstrip("0").rstrip(".")
    return (_("{hours} h ahead of you") if minutes > 0 else _("{hours} h behind you")).format(hours=hours)


def _tell(member: Member) -> None:
    transaction.on_commit(lambda: broadcast.member_changed(member.org_id, as_json(member)))


def _free_handle(member: Member, wanted: str) -> str:
    handle = wanted.strip().lower().removeprefix("@")
    if handle == member.handle:
        return handle
    if not _HANDLE.fullmatch(handle):
        raise Invalid(
            _("A handle is at most {most} small letters and digits, with dots or dashes between them.").format(
                most=HANDLE_MAX
            )
        )
    if handle in members.RESERVED_HANDLES:
        raise Invalid(_("@{handle} calls a group. Pick another handle.").format(handle=handle))
    if AIModel.objects.offered().filter(handle=handle).exists():
        raise Invalid(_("@{handle} is a model’s handle. Pick another one.").format(handle=handle))
    if Member.objects.filter(org_id=member.org_id, handle=handle).exclude(pk=member.pk).exists():
        raise _taken()
    return handle


def _taken() -> Invalid:
    return Invalid(_("Somebody in this organization has that handle already. Pick another one."))


def _emoji(text: str) -> str:
    """One emoji, as a keyboard of emoji types it."""
    found = emojis.one(text.strip()) if text.strip() else ""
    if found is None:
        raise Invalid(_("Pick one emoji for the status."))
    return found
