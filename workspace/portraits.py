"""Pictures of members: the two squares that are shown.

*Called by*: chat.studio, chat.profiles, chat.views.people. *Keeps true*: what is kept was made by this server,
never bytes as they came.
"""

import hashlib
from dataclasses import dataclass

from workspace.errors import NotFound
from workspace.models import Member, Picture


@dataclass(frozen=True)
class Portrait:
    """Two squares of WebP."""

    large: bytes
    small: bytes


def keep(member: Member, made: Portrait) -> str:
    """Store the squares; the version for member.picture. Call inside a transaction."""
    Picture.objects.update_or_create(member=member, defaults={"large": made.large, "small": made.small})
    return hashlib.sha256(made.large).hexdigest()[:16]


def forget(member: Member) -> None:
    Picture.objects.filter(member=member).delete()


def read(member: Member, *, is_large: bool) -> bytes:
    """The WebP file. Raises NotFound for one who shows initials."""
    size = "large" if is_large else "small"
    found = Picture.objects.filter(member=member).values_list(size, flat=True).first()
    if found is None:
        raise NotFound
    return bytes(found)
