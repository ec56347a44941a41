"""One line of the audit trail. *Keeps true*: appended only; a trigger refuses change (workspace/tenancy.sql)."""

from django.db import models


class AuditLine(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["org", "-id"], name="audit_by_org")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
