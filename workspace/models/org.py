"""An organization: the tenant. *Called by*: everything that belongs to one."""

import uuid

from django.db import models


class Org(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=48, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    has_link_previews = models.BooleanField(default=True)
    suspended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/orgs/{self.slug}/"

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None
