"""Organizations: founding one, and what holds for the whole of it.

*Called by*: chat.places, chat.views. *Keeps true*: an organization has exactly one owner from its first moment.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from workspace import access, audit, members, names
from workspace.models import Member, Org, Role, User

RESERVED_SLUGS = {"new", "api", "admin", "static", "v1", "help", "parley"}


@transaction.atomic
def found(user: User, *, name: str, avoid_handles: set[str] | None = None) -> Member:
    """Make an organization with this person as owner. Raises Invalid for a name that cannot be used."""
    org = _create(names.clean(name, what=_("organization name")))
    owner = members.admit(org, user, role=Role.OWNER, avoid_handles=avoid_handles)
    audit.record(org, owner, "org.founded", org.slug)
    return owner


@transaction.atomic
def change_settings(actor: Member, *, has_link_previews: bool) -> Org:
    """Raises Forbidden."""
    access.require_admin(actor)
    org = lock(actor.org)
    if org.has_link_previews != has_link_previews:
        org.has_link_previews = has_link_previews
        org.save(update_fields=["has_link_previews"])
        audit.record(org, actor, "org.settings_changed", org.slug, has_link_previews=has_link_previews)
    return org


def lock(org: Org) -> Org:
    """Lock the row, so that counts against a plan's limit are taken one at a time. Call inside a transaction."""
    return Org.objects.select_for_update(no_key=True).get(pk=org.pk)


def _create(name: str) -> Org:
    """Two founders of one name at one moment get two slugs."""
    word = names.slug(name, fallback="org")
    while True:
        taken = set(Org.objects.filter(slug__startswith=word).values_list("slug", flat=True)) | RESERVED_SLUGS
        slug = names.free(word, taken)
        try:
            with transaction.atomic():
                return Org.objects.create(name=name, slug=slug)
        except IntegrityError:
            # Unless the slug is somebody's by now, it was not about the slug.
            if not Org.objects.filter(slug=slug).exists():
                raise
