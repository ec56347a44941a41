"""The row behind one model's answer: it is the job.

*Called by*: chat.replies. *Keeps true*: queued or streaming ends once, in finished, stopped, failed or refused;
whoever writes a streaming one holds its fence.
"""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from billing import credits
from chat import reasons
from chat.reasons import SENTENCES
from workspace.languages import told


class ReplyState(models.TextChoices):
    QUEUED = "queued", "Queued"
    STREAMING = "streaming", "Answering"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    REFUSED = "refused", "Refused"


OPEN_STATES = [ReplyState.QUEUED, ReplyState.STREAMING]


class Reply(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey("workspace.Space", models.PROTECT, related_name="+")
    message = models.OneToOneField("chat.Message", models.CASCADE, related_name="reply")
    question = models.ForeignKey("chat.Message", models.PROTECT, related_name="replies")
    asked_by = models.ForeignKey("workspace.Member", models.PROTECT, related_name="+")
    ai_model = models.ForeignKey("catalog.AIModel", models.PROTECT, related_name="+")
    retry_of = models.OneToOneField("self", models.PROTECT, null=True, related_name="retry")
    state = models.CharField(max_length=9, choices=ReplyState, default=ReplyState.QUEUED)
    reason = models.CharField(max_length=30, blank=True)
    reason_detail = models.CharField(max_length=300, blank=True)
    # The question and all before it: several models in one message answer from the same snapshot.
    reads_to = models.BigIntegerField()
    input_bound = models.PositiveIntegerField(default=0)
    # The budget in which the same lines fit again: what the worker reads is never more than what was held for.
    reads_bytes = models.PositiveIntegerField(default=0)
    # Of these, what instructions and notes may take; and how many notes that was.
    memory_bytes = models.PositiveIntegerField(default=0)
    notes_count = models.PositiveSmallIntegerField(default=0)
    max_output_tokens = models.PositiveIntegerField(default=0)
    runs = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    stop_asked_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    provider_name = models.CharField(max_length=120, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cost_ucr = models.BigIntegerField(null=True)
    is_estimated = models.BooleanField(default=False)
    # The question was edited after this was begun.
    is_stale = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="reply_in_org"),
            models.CheckConstraint(condition=Q(state__in=ReplyState.values), name="reply_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at=None) | Q(ended_at__isnull=False), name="reply_ends_dated"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*OPEN_STATES, "finished"]) | ~Q(reason=""), name="reply_end_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="streaming") | Q(leased_until__isnull=False), name="reply_streaming_is_leased"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="queued"), name="reply_queued"),
            models.Index(fields=["leased_until"], condition=Q(state="streaming"), name="reply_streaming"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def call(self) -> str:
        """The reference under which the ledger knows this answer."""
        return f"reply:{self.id}"

    @property
    def is_done(self) -> bool:
        return self.state not in OPEN_STATES

    @property
    def can_retry(self) -> bool:
        return self.state in (ReplyState.STOPPED, ReplyState.FAILED, ReplyState.REFUSED)

    @property
    def retried(self) -> bool:
        return hasattr(self, "retry")

    def mark_untried(self) -> None:
        """An answer that has not ended was never tried again: showing it need not ask."""
        self._meta.get_field("retry").set_cached_value(self, None)  # type: ignore[union-attr]

    @property
    def reason_words(self) -> tuple[str, dict[str, Any]]:
        """Why it ended early, as an English sentence and what fills it; empty for a plain finish."""
        return ("", {}) if self.state == ReplyState.FINISHED else reasons.words(self.reason, self.reason_detail)

    @property
    def reason_sentence(self) -> str:
        return told(*self.reason_words)

    @property
    def refused_by(self) -> str:
        """Whose limit refused it: member, space, key, pool; "" for none of them."""
        if self.state != ReplyState.REFUSED:
            return ""
        return {"cap_reached": reasons.scope(self.reason_detail), "no_credits": "pool"}.get(self.reason, "")

    @property
    def limit_note(self) -> str:
        """Why a finished answer is shorter than the model wanted, in English."""
        return SENTENCES.get(self.reason, "") if self.state == ReplyState.FINISHED else ""

    @property
    def cost_text(self) -> str:
        """Credits with every micro-credit: "0.005234"."""
        if self.cost_ucr is None:
            return ""
        return credits.format_exact(self.cost_ucr)
