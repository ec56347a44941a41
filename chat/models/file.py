"""A file, and the messages that show it.

*Called by*: chat.files. *Keeps true*: a file is opened by its uploader while no message shows it, and then by
exactly those who can see a message that does; what is stored lies under a random key.
"""

import uuid

from django.db import models
from django.db.models import Q


class FileKind(models.TextChoices):
    IMAGE = "image", "Image"
    PDF = "pdf", "PDF"
    TEXT = "text", "Text"
    OTHER = "other", "File"


class File(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    uploader = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="files")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=5, choices=FileKind)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # Where the storage keeps it, and the smaller picture that stands for it ("" where there is none).
    key = models.CharField(max_length=100, unique=True)
    preview_key = models.CharField(max_length=100, blank=True)
    # Of the picture, in pixels.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    pages = models.PositiveIntegerField(null=True)
    # The first lines of a text, as plain text.
    excerpt = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="file_in_org"),
            models.CheckConstraint(condition=Q(size_bytes__gte=0), name="file_size_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="attachments")
    file = models.ForeignKey(File, models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["message", "file"], name="attachment_once")]

    def __str__(self) -> str:
        return f"{self.file_id} at {self.message_id}"
