"""An emoji under a message. *Called by*: chat.reactions. *Keeps true*: one of a kind a member and message."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import models

NAMES_MAX = 12


class Reaction(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="reactions")
    member = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    emoji = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "member", "emoji"], name="reaction_once")]
        indexes = [models.Index(fields=["member", "-created_at"], name="reaction_recent")]

    def __str__(self) -> str:
        return self.emoji


@dataclass
class Chip:
    """One emoji under a message, and who put it there."""

    emoji: str
    member_ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.member_ids)

    @property
    def who(self) -> str:
        return ", ".join(self.names[:NAMES_MAX])

    @property
    def more(self) -> int:
        return max(0, self.count - NAMES_MAX)


def chips(reactions: Iterable[Reaction]) -> list[Chip]:
    found: dict[str, Chip] = {}
    for reaction in reactions:
        chip = found.setdefault(reaction.emoji, Chip(reaction.emoji))
        chip.member_ids.append(str(reaction.member_id))
        chip.names.append(reaction.member.display_name)
    return list(found.values())
