"""What each command runs: a few words around the verb that the rest of the product has for it.

*Called by*: chat.commands.table. *Keeps true*: no rule lives here; rights are asked by the verbs.
"""

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import mentions, places, reminders
from chat.commands.kinds import Call, Said, Written
from workspace import spaces
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Member

# Each sign escaped, so that Markdown leaves the arms where they are.
SHRUG = "¯\\\\\\_(ツ)\\_/¯"
WHO_MAX = 50


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
    spaces.require_manager(call.member, call.space)
    handles = _needed(call.words, _("Say whom: /invite @mei.")).replace(",", " ").split()
    people = [_colleague(handle, call) for handle in handles]
    for person in people:
        spaces.add(call.member, call.space, person)
    return _said(_("{names} can read and write here now."), names=", ".join(each.display_name for each in people))


def rename(call: Call) -> Said:
    name = _needed(call.words, _("Say the new name: /rename Launch."))
    changed = places.change_space(call.member, call.space, name=name, is_private=call.space.is_private)
    return _said(_("This Space is called {name} now."), name=changed.name)


def leave(call: Call) -> Said:
    places.remove_from_space(call.member, call.space, call.member)
    away = reverse("spaces", args=[call.member.org.slug])
    return Said(fill(_("You have left {name}."), {"name": call.space.name}), goto=away)


def remind(call: Call) -> Said:
    who, _space, wanted = _needed(call.words, _example()).partition(" ")
    if who.lower() == "me":
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
    return Said("", goto=reverse("reminders", args=[call.member.org.slug]))


def who(call: Call) -> Said:
    people = Member.objects.present().in_space(call.space).order_by("display_name")
    count = people.count()
    lines = tuple((f"@{each.handle}", each.display_name) for each in people[:WHO_MAX])
    if count > WHO_MAX:
        lines += (("…", fill(ngettext("{count} more", "{count} more", count - WHO_MAX), {"count": count - WHO_MAX})),)
    return Said(fill(ngettext("{count} person is here:", "{count} people are here:", count), {"count": count}), lines)


def _colleague(handle: str, call: Call) -> Member:
    """Somebody of the organization, in this Space or not."""
    word = handle.removeprefix("@").lower()
    found = Member.objects.present().filter(org_id=call.member.org_id, handle=word).first()
    if found is None or call.member.is_guest:
        raise Invalid(fill(_("There is nobody called @{handle} in this organization."), {"handle": word[:40]}))
    return found


def _example() -> str:
    return _("Say who, when and of what: /remind me in 20 minutes to call Mei.")


def _needed(words: str, sentence: str) -> str:
    if not words.strip():
        raise Invalid(sentence)
    return words.strip()


def _said(sentence: str, **figures: str) -> Said:
    return Said(fill(sentence, dict(figures)))
