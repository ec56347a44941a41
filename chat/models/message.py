"""A message, by a member or by a model.

*Called by*: chat.feed, chat.replies, pages. *Keeps true*: exactly one author; `position` is its place in the
Space and never changes, `revision` is the Space's revision at its last visible change.
"""

import uuid
from html import unescape

from django.db import models
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from chat.models.file import Attachment, File
from chat.models.link import Link, LinkState, MessageLink
from chat.models.reaction import Chip, Reaction, chips
from chat.models.thread import ThreadMember
from workspace.models import Space

EXCERPT_MAX = 90


class MessageQuerySet(models.QuerySet["Message"]):
    def in_space(self, space: Space) -> "MessageQuerySet":
        return self.filter(space=space)

    def in_feed(self) -> "MessageQuerySet":
        """What the Space itself shows: not what stands in a thread only."""
        return self.filter(in_feed=True)

    def in_thread(self, root: "Message") -> "MessageQuerySet":
        return self.filter(parent=root)

    def before(self, position: int) -> "MessageQuerySet":
        return self.filter(position__lt=position)

    def after(self, position: int) -> "MessageQuerySet":
        return self.filter(position__gt=position)

    def changed_since(self, revision: int) -> "MessageQuerySet":
        return self.filter(revision__gt=revision)

    def for_page(self) -> "MessageQuerySet":
        """With all that the partial shows, in a number of queries that does not grow with the page."""
        faces = Prefetch("thread__thread_members", ThreadMember.objects.faces(), to_attr="known_faces")
        roots = Prefetch("parent", Message.objects.select_related("ai_model"))
        links = Prefetch("links", MessageLink.objects.filter(is_hidden=False).select_related("link"))
        reactions = Prefetch("reactions", Reaction.objects.select_related("member"))
        originals = Prefetch("forwarded_from", Message.objects.select_related("author", "ai_model"))
        known = self.select_related("author", "ai_model", "reply", "reply__retry", "thread")
        shown = Prefetch("attachments", Attachment.objects.select_related("file"))
        return known.prefetch_related("mentions", faces, roots, links, shown, reactions, originals)


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    space = models.ForeignKey("workspace.Space", models.PROTECT, related_name="messages")
    position = models.BigIntegerField()
    revision = models.BigIntegerField()
    author = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="messages")
    ai_model = models.ForeignKey("catalog.AIModel", models.PROTECT, null=True, related_name="+")
    # The first message of the thread in which this one stands. A thread has one level.
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="thread_messages")
    in_feed = models.BooleanField(default=True)
    forwarded_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    # Where it was brought from ("Slack"): nobody wrote it here.
    brought_from = models.CharField(max_length=20, blank=True)
    client_id = models.UUIDField(default=uuid.uuid4)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.ForeignKey("workspace.Member", models.PROTECT, null=True, related_name="+")

    # As everyone was sent it (feed.tell), so that the answer to whoever wrote it need not be rendered again.
    told: "dict[str, object] | None" = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "id"], name="message_in_org"),
            models.UniqueConstraint(fields=["space", "position"], name="message_place_once"),
            models.UniqueConstraint(fields=["org", "author", "client_id"], name="message_sent_once"),
            models.CheckConstraint(
                condition=Q(author=None, ai_model__isnull=False) | Q(author__isnull=False, ai_model=None),
                name="message_one_author",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(text="", html="", pinned_at=None), name="message_deleted_says_nothing"
            ),
            models.CheckConstraint(condition=Q(in_feed=True) | Q(parent__isnull=False), name="message_shown_somewhere"),
            models.CheckConstraint(
                condition=Q(revision__gte=models.F("position")), name="message_changes_after_it_came"
            ),
        ]
        indexes = [
            models.Index(fields=["space", "revision"], name="message_by_revision"),
            models.Index(fields=["space", "position"], condition=Q(in_feed=True), name="message_in_feed"),
            models.Index(fields=["parent", "position"], condition=Q(parent__isnull=False), name="message_in_thread"),
            models.Index(fields=["space", "pinned_at"], condition=Q(pinned_at__isnull=False), name="message_pinned"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_by_ai_model(self) -> bool:
        return self.ai_model_id is not None

    @property
    def by(self) -> str:
        """The name that stands over it."""
        by = self.ai_model.name if self.ai_model else self.author and self.author.display_name
        return by or ""

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def state(self) -> str:
        if self.is_deleted:
            return "deleted"
        return self.reply.state if self.is_by_ai_model else "sent"

    @property
    def body_html(self) -> SafeString:
        # Safe: chat.markdown made it, and its allow-list was the last step.
        return mark_safe(self.html)

    @property
    def is_deed(self) -> bool:
        """Of what its author does rather than says: "/me waves"."""
        return self.text.startswith("/me ")

    @property
    def excerpt(self) -> str:
        """The beginning of the text on one line, with names for mentions."""
        return self.begins(EXCERPT_MAX)

    def begins(self, most: int) -> str:
        """As many characters as a reader of the text sees of it on one line."""
        return Truncator(" ".join(unescape(strip_tags(self.html)).split())).chars(most)

    @cached_property
    def mention_ids(self) -> list[str]:
        return [str(mention.member_id) for mention in self.mentions.all() if mention.member_id]

    @cached_property
    def calls_group(self) -> bool:
        return any(mention.group for mention in self.mentions.all())

    @cached_property
    def chips(self) -> list[Chip]:
        """The reactions, one chip an emoji, in the order in which they first came."""
        return chips(self.reactions.all())

    @cached_property
    def previews(self) -> list[Link]:
        """What is known of the pages that it links to."""
        if self.is_deleted:
            return []
        rows = [row for row in self.links.all() if not row.is_hidden]
        return [row.link for row in rows if row.link.state == LinkState.READ]

    @property
    def pictures(self) -> list[File]:
        return [file for file in self.files if file.is_picture]

    @property
    def cards(self) -> list[File]:
        """The files that are shown by name."""
        return [file for file in self.files if not file.is_picture]

    @cached_property
    def files(self) -> list[File]:
        return [] if self.is_deleted else [row.file for row in self.attachments.all()]

    def mark_links(self, rows: list[MessageLink]) -> None:
        """The links of a message just made are known: showing them asks nothing."""
        self.previews = [row.link for row in rows if row.link.state == LinkState.READ]

    def mark_new(self, *, mention_ids: list[str], calls_group: bool = False) -> None:
        """Whom a message just made mentions, and what it cannot have yet, is known: showing it asks nothing."""
        self.mention_ids, self.calls_group = mention_ids, calls_group
        self.previews, self.files, self.chips = [], [], []
        if not self._meta.get_field("thread").is_cached(self):  # type: ignore[union-attr]
            self._meta.get_field("thread").set_cached_value(self, None)  # type: ignore[union-attr]
        if not self.is_by_ai_model:
            self._meta.get_field("reply").set_cached_value(self, None)  # type: ignore[union-attr]
