"""Running a command.

*Called by*: chat.views.messages, chat.views.commands, chat.sweeper. *Keeps true*: what is no command is posted as it
is; what looks like one and is none is refused, and the draft stays; one that is sent twice acts once.
"""

import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from chat.commands import reading, table
from chat.commands.kinds import Answer, Call, Command, Said, Written
from chat.models import Message, Obeyed
from workspace import access
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Member, Space

KEPT = timedelta(days=1)


class UnknownCommand(Invalid):
    code = "unknown_command"


def obey(
    member: Member, space: Space, text: str, *, root: Message | None = None, client_id: uuid.UUID | None = None
) -> Answer:
    """What a text does: a command's own answer, or the text to be posted. Raises UnknownCommand, and what it runs.

    The same client_id again gives back what the command said, and does nothing more.
    """
    found = reading.parts(text)
    if found is None:
        return Written(reading.unescaped(text))
    return _once(member, space, client_id or uuid.uuid4(), *found, root=root)


def told_away(user: access.Person, client_id: uuid.UUID | None) -> Said | None:
    """What a command of theirs said that leads elsewhere: after /leave they may not see where they called it."""
    if client_id is None:
        return None
    row = Obeyed.objects.filter(member__in=access.memberships(user), client_id=client_id).first()
    return _said(row) if row and row.said.get("goto") else None


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


def forget_old() -> None:
    """Nobody sends again what they sent yesterday."""
    Obeyed.objects.filter(at__lt=Now() - KEPT).delete()


@transaction.atomic
def _once(member: Member, space: Space, client_id: uuid.UUID, name: str, words: str, *, root: Message | None) -> Answer:
    """The row is written first: whoever sends the same at the same moment waits for it, and finds the answer in it."""
    of_space = {"org_id": space.org_id, "space": space}
    row, is_new = Obeyed.objects.get_or_create(member=member, client_id=client_id, defaults=of_space)
    if not is_new:
        return _said(row)
    answer = _run(name, words, member, space, root)
    if isinstance(answer, Written):  # its post has the client_id
        transaction.set_rollback(True)
    else:
        row.said = asdict(answer)
        row.save(update_fields=["said"])
    return answer


def _said(row: Obeyed) -> Said:
    return Said(**row.said | {"lines": tuple((what, line) for what, line in row.said["lines"])})


def _run(name: str, words: str, member: Member, space: Space, root: Message | None) -> Answer:
    offered = tuple(available(member, space))
    for command in offered:
        if command.name == name:
            _require_fitting(words, command, space)
            return command.runs(Call(member, space, words, root, offered))
    raise _unknown(name, [command.name for command in offered])


def _require_fitting(words: str, command: Command, space: Space) -> None:
    """Words that a command would pass over may have meant another Space, or another command."""
    if not words or command.arguments or (command.may_name_space and reading.means(words, space)):
        return
    if not command.may_name_space:
        raise Invalid(fill(_("/{name} takes nothing after it."), {"name": command.name}))
    sentence = _("/{name} is for the Space where it is written, and this is {space}. Write it there, or here alone.")
    raise Invalid(fill(sentence, {"name": command.name, "space": space.name}))


def _unknown(name: str, known: list[str]) -> UnknownCommand:
    if near := reading.nearest(name, known):
        sentence = _("There is no command /{name} here. Did you mean /{near}? To send it as text, begin with //.")
    else:
        sentence = _("There is no command /{name} here; /help lists them. To send it as text, begin with //.")
    return UnknownCommand(fill(sentence, {"name": name, "near": near}))
