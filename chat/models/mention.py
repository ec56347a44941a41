"""Who a message calls. *Keeps true*: stored by id, so that a new name changes no old message's meaning."""

from django.db import models
from django.db.models import Q


class MentionKind(models.TextChoices):
    MEMBER = "member", "Member"
    AI_MODEL = "ai_model", "AI model"
    GROUP = "group", "Group"


class Mention(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="mentions")
    kind = models.CharField(max_length=8, choices=MentionKind)
    member = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="mentions")
    ai_model = models.ForeignKey("catalog.AIModel", models.PROTECT, null=True, related_name="+")
    group = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="member", member__isnull=False, ai_model=None, group="")
                | Q(kind="ai_model", ai_model__isnull=False, member=None, group="")
                | Q(kind="group", member=None, ai_model=None, group__in=["here", "space"]),
                name="mention_one_target",
            ),
            models.UniqueConstraint(fields=["message", "member"], name="mention_member_once"),
            models.UniqueConstraint(fields=["message", "ai_model"], name="mention_ai_model_once"),
        ]

    def __str__(self) -> str:
        return self.kind
