"""Finding answers that were left behind.

*Called by*: chat.engine of every worker process, each few seconds. *Keeps true*: no answer is for ever "answering":
whatever dies, it ends within a lease and a sweep; safe to run in many processes at once.
"""

import uuid
from datetime import timedelta

from django.utils import timezone

from chat import replies
from chat.models import Reply, ReplyState

QUEUED_SECONDS = 5
BATCH = 100


def sweep() -> list[uuid.UUID]:
    """End answers whose lease ran out; return queued ones whose wake-up call seems lost."""
    now = timezone.now()
    overdue = Reply.objects.filter(state=ReplyState.STREAMING, leased_until__lt=now)
    for reply_id in list(overdue.values_list("id", flat=True)[:BATCH]):
        replies.end_lost(reply_id)
    forgotten = Reply.objects.filter(state=ReplyState.QUEUED, created_at__lt=now - timedelta(seconds=QUEUED_SECONDS))
    return list(forgotten.order_by("created_at").values_list("id", flat=True)[:BATCH])
