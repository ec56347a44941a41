"""What a command is made of, what it is given and what it answers. *Called by*: chat.commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat.models import Message
from workspace.models import Member, Space, SpaceKind


@dataclass(frozen=True)
class Call:
    """Who calls a command, where, and with which words after its name."""

    member: Member
    space: Space
    words: str
    root: Message | None
    offered: "tuple[Command, ...]"


@dataclass(frozen=True)
class Said:
    """An answer that only the caller sees: a sentence, lines of (what, words) under it, and where to go next.

    `is_beside`: that page is shown beside this one where there is a panel for it.
    """

    sentence: str
    lines: tuple[tuple[str, str], ...] = ()
    goto: str = ""
    is_beside: bool = False


@dataclass(frozen=True)
class Written:
    """A text to be posted in the caller's name."""

    text: str


Answer = Said | Written
May = Callable[[Member, Space], bool]


def anyone(member: Member, space: Space) -> bool:
    return True


def in_spaces(member: Member, space: Space) -> bool:
    """Not in direct conversations: they have no name and no doors."""
    return space.kind == SpaceKind.SPACE


@dataclass(frozen=True)
class Command:
    """One line of the table. `arguments` as they are typed; `may` decides who is offered it: its verb asks again."""

    name: str
    words: Any
    runs: Callable[[Call], Answer]
    arguments: Any = ""
    may: May = anyone
    # It makes a message of its words, and goes the way of every message.
    writes: bool = False
    # It acts on the Space where it is written, whose name may follow it: any other is refused, and not acted on here.
    may_name_space: bool = False

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.arguments}".rstrip()
