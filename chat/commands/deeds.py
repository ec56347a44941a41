"""What each command runs: a few words around the verb that the rest of the product has for it.

*Called by*: chat.commands.table. *Keeps true*: no rule lives here; rights are asked by the verbs.
"""

import re
import uuid
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import directs, emojis, feed, memory, mentions, moments, places, profiles, reminders
from chat.commands.kinds import Call, Said, Written
from chat.notices import levels
from workspace import access, spaces
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Availability, Member, Space, SpaceKind

# Each sign escaped, so that Markdown leaves the arms where they are.
SHRUG = "¯\\\\\\_(ツ)\\_/¯"
WHO_MAX = 50
INVITED_MAX = 100
_ENDING = re.compile(
    r"(?P<words>.*\S)\s+(?:(?P<kind>until|for)\s+|[到至]\s*)(?P<when>\S.{0,60})", re.IGNORECASE | re.DOTALL
)


def show_help(call: Call) -> Said:
    lines = [(command.usage, str(command.words)) for command in call.offered]
    lines.append(("//", _("Two slashes at the beginning: the rest is text, with one of them.")))
    return Said(_("What can be written after a slash:"), tuple(lines))


def shrug(call: Call) -> Written:
    return Written(f"{call.words} {SHRUG}".strip())


def act(call: Call) -> Written:
    """Kept as it was typed, so that it can be changed later; the renderer shows it as something done."""
    return Written(f"/me {_needed(call.words, _('Say what you do: /me waves.'))}")


def invite(call: Call) -> Said:
    spaces.require_manager(call.member, call.space)  # who may not is not told who there is
    handles = _each_once(_needed(call.words, _("Say whom: /invite @mei.")).replace(",", " ").split())
    if len(handles) > INVITED_MAX:
        raise Invalid(fill(_("At most {most} people can be let in by one command."), {"most": INVITED_MAX}))
    people = _colleagues(handles, call)
    places.add_to_space(call.member, call.space, people)
    return _said(_("{names} can read and write here now."), names=", ".join(each.display_name for each in people))


def rename(call: Call) -> Said:
    name = _needed(call.words, _("Say the new name: /rename Launch."))
    changed = places.change_space(call.member, call.space, name=name)
    return _said(_("This Space is called {name} now."), name=changed.name)


def set_topic(call: Call) -> Said:
    if call.words:
        topic = places.set_topic(call.member, call.space, call.words).topic
        return _said(_("The topic is now: {topic}"), topic=topic)
    if not call.space.topic:
        return Said(_("This Space has no topic. Write one: /topic Launch on Friday."))
    return _said(_("The topic is: {topic}"), topic=call.space.topic)


def archive(call: Call) -> Said:
    closed = places.archive_space(call.member, call.space)
    sentence = _("{name} is archived: it can be read and restored, but nothing new is written in it.")
    return Said(fill(sentence, {"name": closed.name}), goto=closed.get_absolute_url())


def join(call: Call) -> Said:
    space = _space_called(call.words, call) if call.words else call.space
    places.join_space(call.member, space)
    if space.pk == call.space.pk:
        return _said(_("You are in {name} now."), name=space.name)
    return Said(fill(_("You are in {name} now."), {"name": space.name}), goto=space.get_absolute_url())


def leave(call: Call) -> Said:
    """Of a private Space its name is asked for: nobody comes back there by themselves."""
    if call.space.is_private and not call.words:
        sentence = _(
            "{name} is private: once out, only somebody in it can let you back in. To leave, write /leave {name}."
        )
        raise Invalid(fill(sentence, {"name": call.space.name}))
    places.remove_from_space(call.member, call.space, call.member)
    away = reverse("spaces", args=[call.member.org.slug])
    return Said(fill(_("You have left {name}."), {"name": call.space.name}), goto=away)


def mute(call: Call) -> Said:
    _set_muted(call, is_muted=True)
    return Said(_("This Space is muted: only a mention by name is told. /unmute ends that."))


def unmute(call: Call) -> Said:
    _set_muted(call, is_muted=False)
    return Said(_("This Space is no longer muted."))


def note(call: Call) -> Said:
    memory.add(call.member, call.space, text=_needed(call.words, _("Say what to note: /note We ship on Fridays.")))
    return Said(_("Noted for everybody here, and for every model that answers here."))


def set_status(call: Call) -> Said:
    """`/status 🌴 On vacation until tomorrow`, `/status 🌴 休假中 到星期五`; nothing clears it."""
    words, until = _ending(call.words, call.member)
    first, _space, rest = words.partition(" ")
    emoji, text = (first, rest.strip()) if emojis.one(first) else ("", words)
    profiles.set_status(call.member, emoji=emoji, text=text, until=until)
    if not words:
        return Said(_("Your status is cleared."))
    if until is None:
        return _said(_("Your status: {status}"), status=words)
    at = date_format(until.astimezone(reminders.zone(call.member)), "DATETIME_FORMAT")
    return _said(_("Your status until {at}: {status}"), at=at, status=words)


def toggle_away(call: Call) -> Said:
    is_away = call.member.availability == Availability.AWAY
    profiles.set_availability(call.member, Availability.AUTO if is_away else Availability.AWAY)
    return Said(_("You are shown as you are.") if is_away else _("You are shown as away. /away again ends that."))


def talk(call: Call) -> Said:
    """Open the conversation with one or several people; what follows their names is said there."""
    words = _needed(call.words, _("Say with whom: /dm @mei."))
    called = []
    while words.startswith("@"):
        handle, _space, words = words.partition(" ")
        called.append(handle.rstrip(",:"))
        words = words.strip()
    handles = _each_once(called)
    if not handles:
        raise Invalid(_("Say with whom: /dm @mei."))
    directs.require_room(len(handles))
    space = directs.open(call.member, [_acquaintance(handle, call) for handle in handles])
    if words:
        feed.post(space, call.member, text=words, client_id=uuid.uuid4())
    return Said("", goto=space.get_absolute_url())


def search(call: Call) -> Said:
    wanted = urlencode({"q": _needed(call.words, _("Say what to look for: /search budget."))})
    return Said("", goto=f"{reverse('search', args=[call.member.org.slug])}?{wanted}", is_beside=True)


def remind(call: Call) -> Said:
    who, _space, wanted = _needed(call.words, _example()).partition(" ")
    if who.lower() in ("me", "我"):
        person = call.member
    elif who.startswith("@"):
        person = mentions.person(who, call.space, call.member)
    else:
        person, wanted = call.member, call.words
    made = reminders.plan(call.member, call.space, who=person, wanted=_needed(wanted, _example()))
    at = date_format(made.due_at.astimezone(reminders.zone(call.member)), "DATETIME_FORMAT")
    if person.pk == call.member.pk:
        return _said(_("You will be reminded on {at}: {text}"), at=at, text=made.text)
    return _said(_("{name} will be reminded on {at}: {text}"), name=person.display_name, at=at, text=made.text)


def list_reminders(call: Call) -> Said:
    return Said("", goto=reverse("reminders", args=[call.member.org.slug]), is_beside=True)


def who(call: Call) -> Said:
    people = Member.objects.present().in_space(call.space).order_by("display_name")
    count = people.count()
    lines = tuple((f"@{each.handle}", each.display_name) for each in people[:WHO_MAX])
    if count > WHO_MAX:
        lines += (("…", fill(ngettext("{count} more", "{count} more", count - WHO_MAX), {"count": count - WHO_MAX})),)
    return Said(fill(ngettext("{count} person is here:", "{count} people are here:", count), {"count": count}), lines)


def _each_once(handles: list[str]) -> list[str]:
    """In order, as they are stored: without the @, in small letters."""
    return list(dict.fromkeys(handle.removeprefix("@").lower() for handle in handles))


def _colleagues(handles: list[str], call: Call) -> list[Member]:
    """People of the organization, in this Space or not."""
    people = Member.objects.present().filter(org_id=call.member.org_id, handle__in=handles)
    found = {} if call.member.is_guest else {person.handle: person for person in people}
    for handle in handles:
        if handle not in found:
            raise Invalid(fill(_("There is nobody called @{handle} in this organization."), {"handle": handle[:40]}))
    return [found[handle] for handle in handles]


def _acquaintance(handle: str, call: Call) -> Member:
    """Somebody whom the caller may know; a guest, only those of shared Spaces."""
    found = access.people(call.member).filter(handle=handle).select_related("user").first()
    if found is None:
        raise Invalid(fill(_("There is nobody called @{handle} in this organization."), {"handle": handle[:40]}))
    return found


def _space_called(name: str, call: Call) -> Space:
    """Of those that the caller can see."""
    name = name.removeprefix("#").strip()
    shown = Space.objects.visible_to(call.member).filter(org_id=call.member.org_id, kind=SpaceKind.SPACE)
    found = list(shown.filter(name__iexact=name, archived_at=None)[:2])
    if not found:
        raise Invalid(fill(_("There is no Space called {name} that you could join."), {"name": name[:80]}))
    if len(found) > 1:
        raise Invalid(
            fill(_("Several Spaces are called {name}. Join one from the list of Spaces."), {"name": name[:80]})
        )
    return found[0]


def _set_muted(call: Call, *, is_muted: bool) -> None:
    level = call.space.space_members.filter(member=call.member).values_list("notice_level", flat=True).first()
    levels.change(call.member, call.space, level=level or "", is_muted=is_muted)


def _ending(words: str, member: Member) -> tuple[str, datetime | None]:
    """What stands before "until 17:30" or "for 2 hours", and that moment; words that mean none are words."""
    found = _ENDING.fullmatch(words)
    if found is None:
        return words, None
    wanted = ("in " if (found["kind"] or "").lower() == "for" else "") + found["when"]
    for moment in (wanted, f"at {wanted}"):
        try:
            until = moments.read(moment, now=timezone.now(), zone=reminders.zone(member))
        except moments.Unclear:
            continue
        return found["words"].strip(), until
    return words, None


def _example() -> str:
    return _("Say who, when and of what: /remind me in 20 minutes to call Mei.")


def _needed(words: str, sentence: str) -> str:
    if not words.strip():
        raise Invalid(sentence)
    return words.strip()


def _said(sentence: str, **figures: str) -> Said:
    return Said(fill(sentence, dict(figures)))
