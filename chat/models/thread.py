"""The messages under a message, and who follows them.

*Called by*: chat.threads. *Keeps true*: a thread is counted under its Space's row lock, in the transaction that
changes it.
"""

from django.db import models


class Thread(models.Model):
    """Made with the first answer; its id is that of the message it stands under."""

    message = models.OneToOneField("chat.Message", models.CASCADE, primary_key=True, related_name="thread")
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    replies_count = models.PositiveIntegerField(default=0)
    last_position = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"thread of {self.message_id}"


class ThreadMember(models.Model):
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="thread_members")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="+")
    has_written = models.BooleanField(default=False)
    is_following = models.BooleanField(default=True)
    read_position = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "member"], name="thread_member_once")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.thread_id}"
