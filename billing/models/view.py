"""A view of the usage page that somebody gave a name. *Called by*: the usage page."""

from django.db import models
from django.db.models.functions import Now


class SavedView(models.Model):
    org = models.ForeignKey("workspace.Org", models.CASCADE, related_name="+")
    member = models.ForeignKey("workspace.Member", models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    # The filters as they stand in the address, without the question mark.
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["member", "name"], name="savedview_once")]

    def __str__(self) -> str:
        return self.name
