"""What a linked page says of itself, and the messages that link to it.

*Called by*: chat.links. *Keeps true*: an address is asked for once an organization and day, through the guard; what was
read never changes: a message goes on showing what its readers saw, and tomorrow's messages get a row of their own.
"""

import uuid
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q


class LinkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    READ = "read", "Read"
    NOTHING = "nothing", "Nothing to show"


class Link(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    url = models.CharField(max_length=2000)
    state = models.CharField(max_length=7, choices=LinkState, default=LinkState.WAITING)
    title = models.CharField(max_length=200, blank=True)
    site_name = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=400, blank=True)
    image_key = models.CharField(max_length=100, blank=True)
    image_width = models.PositiveIntegerField(null=True)
    image_height = models.PositiveIntegerField(null=True)
    asked_at = models.DateTimeField(null=True)
    # Of those of one address, that which a new message gets.
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "url"], condition=Q(is_current=True), name="link_once"),
            models.UniqueConstraint(fields=["org", "id"], name="link_in_org"),
        ]
        indexes = [models.Index(fields=["asked_at"], condition=Q(state="waiting"), name="link_waiting")]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """Where the link leads, whatever its page calls itself."""
        return urlsplit(self.url).hostname or ""


class MessageLink(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="links")
    link = models.ForeignKey(Link, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    is_hidden = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["message", "link"], name="message_link_once")]

    def __str__(self) -> str:
        return f"{self.link_id} in {self.message_id}"
