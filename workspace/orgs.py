"""Organizations: founding one.

*Called by*: chat.founding. *Keeps true*: an organization has exactly one owner from its first moment.
"""

from django.db import transaction

from workspace import audit, members, names
from workspace.models import Member, Org, Role, User

RESERVED_SLUGS = {"new", "api", "admin", "static", "v1", "help", "parley"}


@transaction.atomic
def found(user: User, *, name: str) -> Member:
    """Make an organization with this person as owner. Raises Invalid for a name that cannot be used."""
    name = names.clean(name, what="organization name")
    word = names.slug(name, fallback="org")
    taken = set(Org.objects.filter(slug__startswith=word).values_list("slug", flat=True)) | RESERVED_SLUGS
    org = Org.objects.create(name=name, slug=names.free(word, taken))
    owner = members.admit(org, user, role=Role.OWNER)
    audit.record(org, owner, "org.founded", org.slug)
    return owner


def lock(org: Org) -> Org:
    """Lock the row, so that counts against a plan's limit are taken one at a time. Call inside a transaction."""
    return Org.objects.select_for_update(no_key=True).get(pk=org.pk)
