"""The audit trail: who did what.

*Called by*: verbs of every app, inside their transaction. *Keeps true*: appended with the change or not at
all; holds names, roles and ids, never message text and never a secret.
"""

from workspace.models import AuditLine, Member, Org


def record(org: Org, actor: Member | None, action: str, subject: str, **details: object) -> None:
    """Append one line. `action` is `noun.past_participle`; `details` are plain JSON values."""
    AuditLine.objects.create(org=org, actor=actor, action=action, subject=subject[:120], details=details)
