"""More Spaces than the plan holds, after it became a smaller one: which of them can be written in.

*Called by*: billing.plans, billing.subscriptions, chat.places, the plan page. *Keeps true*: as many as the plan
holds can be written in, the rest is read; the oldest stay unless an admin chose others; a larger plan opens all.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import ngettext

from billing.models import Plan
from workspace import access, audit
from workspace.errors import Invalid
from workspace.models import Member, Org, Space
from workspace.models.space import SpaceQuerySet


@transaction.atomic
def settle(org: Org) -> int:
    """Open or close what the plan says; returns how many can only be read now. What is open stays first."""
    most = Plan.objects.filter(accounts__org=org).values_list("max_spaces", flat=True).first()
    rows = list(_counted(org).select_for_update(no_key=True).order_by("is_beyond_plan", "created_at", "pk"))
    kept = {row.pk for row in (rows if most is None else rows[:most])}
    _mark(rows, kept)
    return len(rows) - len(kept)


@transaction.atomic
def choose(admin: Member, wanted: Iterable[UUID]) -> None:
    """Let these be written in, and the others be read. Those that the admin cannot see stay as they are."""
    access.require_admin(admin)
    most = Plan.objects.filter(accounts__org=admin.org).values_list("max_spaces", flat=True).first()
    if most is None:
        settle(admin.org)
        return
    rows = list(_counted(admin.org).select_for_update(no_key=True).order_by("created_at", "pk"))
    seen = set(Space.objects.visible_to(admin).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    kept = (set(wanted) & seen) | {row.pk for row in rows if row.pk not in seen and not row.is_beyond_plan}
    if len(kept) > most:
        said = ngettext("The plan holds {count} Space.", "The plan holds {count} Spaces.", most)
        raise Invalid(said.format(count=most))
    _mark(rows, kept)
    audit.record(admin.org, admin, "plan.spaces_chosen", str(len(kept)))


def _counted(org: Org) -> SpaceQuerySet:
    return Space.objects.filter(org=org).of_the_plan()


def _mark(rows: list[Space], kept: set[UUID]) -> None:
    closed = [row.pk for row in rows if row.pk not in kept and not row.is_beyond_plan]
    opened = [row.pk for row in rows if row.pk in kept and row.is_beyond_plan]
    Space.objects.filter(pk__in=closed).update(is_beyond_plan=True)
    Space.objects.filter(pk__in=opened).update(is_beyond_plan=False)
