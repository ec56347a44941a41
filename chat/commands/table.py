"""The commands, one line each: the composer's list, /help and the dispatcher are all made of this.

*Called by*: chat.commands. *Keeps true*: a command is here once, or it does not exist.
"""

from django.utils.translation import gettext_lazy as _

from chat.commands import deeds
from chat.commands.kinds import Command, in_spaces
from workspace import spaces
from workspace.models import Member, Space


def _managers(member: Member, space: Space) -> bool:
    return in_spaces(member, space) and spaces.may_manage(member, space)


def _writers(member: Member, space: Space) -> bool:
    return in_spaces(member, space) and spaces.may_write(member, space)


def _joined(member: Member, space: Space) -> bool:
    return space.space_members.filter(member=member).exists()


def _who_may_leave(member: Member, space: Space) -> bool:
    return in_spaces(member, space) and spaces.may_leave(member, space)


COMMANDS = (
    Command("help", _("Lists the commands"), deeds.show_help),
    Command(
        "remind", _("Reminds you, or somebody here, at a time"), deeds.remind, _("me | @person  in 20 minutes  to …")
    ),
    Command("reminders", _("Shows what you will be reminded of"), deeds.list_reminders),
    Command("me", _("Says what you do"), deeds.act, _("waves"), writes=True),
    Command("shrug", _("Adds ¯\\_(ツ)_/¯ to your message"), deeds.shrug, _("text"), writes=True),
    Command("who", _("Lists the people of this Space"), deeds.who),
    Command("dm", _("Opens a direct conversation, and says what follows there"), deeds.talk, _("@person  text")),
    Command("search", _("Looks for messages"), deeds.search, _("words")),
    Command(
        "status", _("Sets your status; without words, clears it"), deeds.set_status, _("🌴 On vacation  until friday")
    ),
    Command("away", _("Shows you as away, or as you are again"), deeds.toggle_away),
    Command("mute", _("Tells you only of mentions by name here"), deeds.mute, may=_joined, may_name_space=True),
    Command("unmute", _("Ends that"), deeds.unmute, may=_joined, may_name_space=True),
    Command("note", _("Adds to what this Space remembers"), deeds.note, _("text"), spaces.may_write),
    Command("topic", _("Says what this Space is about"), deeds.set_topic, _("text"), _writers),
    Command("join", _("Takes you into this Space, or another"), deeds.join, _("Space"), in_spaces),
    Command("invite", _("Lets people of the organization into this Space"), deeds.invite, _("@person"), _managers),
    Command("rename", _("Gives this Space another name"), deeds.rename, _("name"), _managers),
    Command("archive", _("Closes this Space for writing"), deeds.archive, may=_managers, may_name_space=True),
    Command("leave", _("Takes you out of this Space"), deeds.leave, may=_who_may_leave, may_name_space=True),
)
