"""A file, and the messages that show it.

*Called by*: chat.files. *Keeps true*: a file is opened by its uploader while no message shows it, and then by
exactly those who can see a message that does; what is stored lies under a random key.
"""

import re
import uuid
from urllib.parse import quote

from django.db import models
from django.db.models import Q
from django.utils.safestring import SafeString, mark_safe

# A picture in the feed takes at most this many pixels, and at least so many that a finger finds it.
BOX_WIDTH, BOX_HEIGHT, BOX_LEAST = 448, 320, 48


class FileKind(models.TextChoices):
    IMAGE = "image", "Image"
    PDF = "pdf", "PDF"
    TEXT = "text", "Text"
    OTHER = "other", "File"


class FileState(models.TextChoices):
    """Of what stands for a file: its preview, and for a picture its own bytes, made anew without what it tells."""

    WAITING = "waiting", "Being prepared"
    READY = "ready", "Ready"


class File(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    uploader = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="files")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=5, choices=FileKind)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # Where the storage keeps it, and the smaller pictures that stand for it: so many, under this key and a number.
    key = models.CharField(max_length=100, unique=True)
    preview_key = models.CharField(max_length=100, blank=True)
    previews = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=7, choices=FileState, default=FileState.READY)
    # Who prepares it began then; after a while, and a few times, another may.
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Of the picture, in pixels.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    pages = models.PositiveIntegerField(null=True)
    # The beginning of a text: as plain text for models, and its first lines highlighted for people.
    excerpt = models.TextField(blank=True)
    excerpt_html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="file_in_org"),
            models.CheckConstraint(condition=Q(size_bytes__gte=0), name="file_size_not_negative"),
        ]
        indexes = [
            # What an organization keeps is summed from the index alone.
            models.Index(fields=["org"], include=["size_bytes"], name="file_bytes_of_org"),
            models.Index(fields=["uploader", "created_at"], name="file_by_uploader"),
            # Of a kind that is rare a list is made from here; of one that is not, from the newest on.
            models.Index(fields=["org", "kind"], name="file_by_kind"),
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="file_waiting"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where its bytes are. The name is there for whoever reads the address."""
        name = self.name if self.name != "preview" else "file"
        return f"/files/{self.pk}/{quote(name, safe='')}"

    @property
    def box(self) -> tuple[int, int]:
        """Width and height at which the feed shows it: known before it has come, so that nothing jumps."""
        if not self.width or not self.height:
            return BOX_HEIGHT, BOX_HEIGHT * 3 // 4
        scale = min(1, BOX_WIDTH / self.width, BOX_HEIGHT / self.height)
        return max(round(self.width * scale), BOX_LEAST), max(round(self.height * scale), BOX_LEAST)

    @property
    def size_words(self) -> str:
        return size_words(self.size_bytes)

    @property
    def ending(self) -> str:
        """What stands on the card of a file that is shown as nothing else: "ZIP"; "" where the name tells nothing."""
        stem, dot, letters = self.name.rpartition(".")
        return letters.upper() if stem and dot and re.fullmatch(r"[A-Za-z0-9]{1,5}", letters) else ""

    @property
    def is_picture(self) -> bool:
        return self.kind == FileKind.IMAGE

    @property
    def has_long_excerpt(self) -> bool:
        return self.excerpt_html.count("\n") >= 6 or len(self.excerpt_html) > 2_000

    @property
    def is_waiting(self) -> bool:
        return self.state == FileState.WAITING

    @property
    def is_animated(self) -> bool:
        """Its first preview stands still, its second moves."""
        return self.kind == FileKind.IMAGE and self.previews > 1

    @property
    def excerpt_safe(self) -> SafeString:
        # Safe: chat.markdown's highlighter made it.
        return mark_safe(self.excerpt_html)


class Attachment(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="attachments")
    file = models.ForeignKey(File, models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["message", "file"], name="attachment_once")]
        indexes = [models.Index(fields=["org", "-id"], name="attachment_newest")]

    def __str__(self) -> str:
        return f"{self.file_id} at {self.message_id}"


def size_words(size_bytes: int) -> str:
    """Such as 1.2 MB: the same in every language, since a message is rendered once for all."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GB" if size < 10 else f"{size:.0f} GB"
