"""Asking for more room under a limit, and the one answer to it.

*Called by*: chat.limits. *Keeps true*: somebody has one open request a limit, however often they click; a request is
answered once, whoever is first; what an answer gives is given in the same transaction.
"""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import alerts, caps, credits
from billing.models import CapRequest
from workspace import access, audit
from workspace.errors import Invalid, NotFound, Refused
from workspace.models import Member

GIVE, RAISE, DECLINE = "give", "raise", "decline"


class AnsweredBefore(Refused):
    code = "answered_before"
    status = 409
    message = gettext_lazy("Somebody answered this request already.")


@transaction.atomic
def ask(
    member: Member, *, scope: str, scope_id: UUID, wanted_ucr: int | None = None, reason: str = ""
) -> tuple[CapRequest, bool]:
    """Ask owners and admins for more; returns the open request, and whether it is new.

    Asked again, the open one stays, with what is said now where something is said.
    """
    if member.is_admin:
        raise Invalid(_("You can change this limit yourself, on the page about limits."))
    if caps.of_scope(member.org_id, scope, scope_id) is None:
        raise Invalid(_("There is no limit here any more. Try again."))
    about = {"wanted_ucr": wanted_ucr, "reason": " ".join(reason.split())[:300]}
    open_one = CapRequest.objects.filter(member=member, scope=scope, scope_id=scope_id, answered_at=None)
    try:
        with transaction.atomic():
            new = CapRequest.objects.create(org=member.org, member=member, scope=scope, scope_id=scope_id, **about)
    except IntegrityError:
        open_one.update(**{name: said for name, said in about.items() if said})
        if found := open_one.select_related("member", "org").first():
            return found, False
        raise AnsweredBefore from None  # in this very moment
    audit.record(member.org, member, "cap.requested", f"@{member.handle}", scope=scope, id=str(scope_id), **about)
    alerts.tell(new, alerts.admins_of(member.org_id), is_shown=False)
    return new, True


@transaction.atomic
def answer(actor: Member, request_id: UUID, *, choice: str, amount_ucr: int = 0) -> CapRequest:
    """Give so much more in this period, raise the limit by it, or decline. Raises AnsweredBefore."""
    access.require_admin(actor)
    rows = CapRequest.objects.select_for_update(of=("self",)).select_related("member", "answered_by")
    request = rows.filter(pk=request_id, org_id=actor.org_id).first()
    if request is None:
        raise NotFound
    if request.answered_at:
        name = request.answered_by.display_name if request.answered_by else ""
        raise AnsweredBefore(_("{name} answered this request already.").format(name=name))
    if choice != DECLINE:
        _give(request, amount_ucr, is_for_good=choice == RAISE)
    request.answered_at, request.answered_by = timezone.now(), actor
    request.save(update_fields=["answered_at", "answered_by", "given_ucr", "is_for_good"])
    details = {"choice": choice, "given_ucr": request.given_ucr, "scope": request.scope, "id": str(request.scope_id)}
    audit.record(actor.org, actor, "cap.request_answered", f"@{request.member.handle}", **details)
    alerts.tell(request, [request.member], is_shown=True)
    return request


def _give(request: CapRequest, amount_ucr: int, *, is_for_good: bool) -> None:
    if amount_ucr <= 0:
        raise Invalid(_("Give more than nothing, or decline."))
    is_raised = caps.raise_by(request.org_id, request.scope, request.scope_id, amount_ucr, is_for_good=is_for_good)
    # Without a limit any more there is nothing to give: the asker has all the room there is.
    request.given_ucr = amount_ucr if is_raised else 0
    request.is_for_good = is_for_good


def suggested_ucr(request: CapRequest, standing: caps.Allowance | None) -> int:
    """What one click gives: what was asked for, else half of the limit in whole credits, and one at least."""
    if request.wanted_ucr:
        return request.wanted_ucr
    half = (standing.limit_ucr if standing else 0) // 2 // credits.UCR_PER_CREDIT * credits.UCR_PER_CREDIT
    return max(half, credits.UCR_PER_CREDIT)
