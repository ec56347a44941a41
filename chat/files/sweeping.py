"""Letting go of files that nothing shows.

*Called by*: chat.tasks, by the calendar. *Keeps true*: an upload that was never sent is kept for a day; a file is there
as long as one message shows it; safe to run in many processes at once.
"""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from chat.files import attachments
from chat.models import Attachment, File

UNSENT_HOURS = 24
BATCH = 500


def sweep() -> int:
    """Returns how many files were let go."""
    Attachment.objects.exclude(message__deleted_at=None).delete()
    before = timezone.now() - timedelta(hours=UNSENT_HOURS)
    shown = Attachment.objects.filter(file=OuterRef("pk"))
    unsent = File.objects.filter(~Exists(shown), created_at__lt=before).order_by("created_at")
    return attachments.let_go(list(unsent.values_list("pk", flat=True)[:BATCH]))
