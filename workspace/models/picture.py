"""The picture of a member, in two sizes.

*Called by*: workspace.portraits. *Keeps true*: squares of WebP that this server made itself, never bytes as they came.
*Why* here and not among the files: they are small, change with their row, and every process has the database.
"""

from django.db import models


class Picture(models.Model):
    member = models.OneToOneField("workspace.Member", models.CASCADE, primary_key=True, related_name="portrait")
    large = models.BinaryField()
    small = models.BinaryField()

    def __str__(self) -> str:
        return f"picture of {self.member_id}"
