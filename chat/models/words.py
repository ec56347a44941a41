"""What a message can be found by.

*Called by*: chat.search. *Keeps true*: a row apart from the message, because the text of an answer that grows is saved
every second and must not be indexed each time. Which words: chat/search.sql.
"""

from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Words(models.Model):
    message = models.OneToOneField("chat.Message", models.CASCADE, primary_key=True, related_name="words")
    org = models.ForeignKey("workspace.Org", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    vector = SearchVectorField()

    class Meta:
        indexes = [models.Index(fields=["org", "-created_at"], name="words_newest")]

    def __str__(self) -> str:
        return f"words of {self.message_id}"
