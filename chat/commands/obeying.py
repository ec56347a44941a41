"""Running a command.

*Called by*: chat.views.messages, chat.views.commands. *Keeps true*: what is no command is posted as it is; what looks
like one and is none is refused, and the draft stays.
"""

from typing import Any

from django.utils.translation import gettext as _

from chat.commands import reading, table
from chat.commands.kinds import Answer, Call, Command, Written
from chat.models import Message
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Member, Space


class UnknownCommand(Invalid):
    code = "unknown_command"


def obey(member: Member, space: Space, text: str, *, root: Message | None = None) -> Answer:
    """What a text does: a command's own answer, or the text to be posted. Raises UnknownCommand, and what it runs."""
    found = reading.parts(text)
    if found is None:
        return Written(reading.unescaped(text))
    name, words = found
    offered = tuple(available(member, space))
    for command in offered:
        if command.name == name:
            return command.runs(Call(member, space, words, root, offered))
    raise _unknown(name, [command.name for command in offered])


def available(member: Member, space: Space) -> list[Command]:
    """Those that the member may call here, in the table's order."""
    return [command for command in table.COMMANDS if command.may(member, space)]


def as_json(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "arguments": str(command.arguments),
        "words": str(command.words),
        "writes": command.writes,
    }


def _unknown(name: str, known: list[str]) -> UnknownCommand:
    if near := reading.nearest(name, known):
        sentence = _("There is no command /{name} here. Did you mean /{near}? To send it as text, begin with //.")
    else:
        sentence = _("There is no command /{name} here; /help lists them. To send it as text, begin with //.")
    return UnknownCommand(fill(sentence, {"name": name, "near": near}))
