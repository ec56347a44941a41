"""A command that was obeyed, and what it said: sent again, it is answered again and not obeyed again.

*Called by*: chat.commands.obeying.
"""

from django.db import models


class Obeyed(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="+")
    space = models.ForeignKey("workspace.Space", models.CASCADE, related_name="+")
    client_id = models.UUIDField()
    # What the caller was told: the fields of chat.commands.kinds.Said.
    said = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "client_id"], name="obeyed_once")]

    def __str__(self) -> str:
        return str(self.client_id)
