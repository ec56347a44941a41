"""The audit trail: who did what.

*Called by*: verbs of every app, inside their transaction. *Keeps true*: appended with the change or not at
all; holds names, roles and ids, never message text and never a secret.
"""

from collections.abc import Iterable
from typing import Any

from workspace.models import AuditLine, Member, Org


def record(org: Org, actor: Member | None, action: str, subject: str, **details: object) -> None:
    """Append one line. `action` is `noun.past_participle`; `details` are plain JSON values."""
    AuditLine.objects.create(org=org, actor=actor, action=action, subject=subject[:120], details=details)


def record_each(org: Org, actor: Member | None, action: str, subject: str, details: Iterable[dict[str, Any]]) -> None:
    """Append one line for each of the details, at once."""
    told = {"org": org, "actor": actor, "action": action, "subject": subject[:120]}
    AuditLine.objects.bulk_create(AuditLine(**told, details=each) for each in details)
