"""What people do about limits, told to the browsers that it concerns.

*Called by*: chat.views.limits, chat.views.replies, chat.replies, chat.tasks. *Keeps true*: the money's own rules are
those of billing.caps and billing.requests; here is only who hears of it, on commit.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing import alerts, caps, credits, ledger, letters, pace, paths, requests, wording
from billing.models import CapRequest, CapScope
from chat import broadcast
from chat.models import Reply
from workspace import access
from workspace.errors import Invalid
from workspace.models import Member


@transaction.atomic
def change(actor: Member, scope: str, subject_id: uuid.UUID | None, limit_ucr: int | None) -> str:
    """Set a limit, or with None take it away; returns what was done, in words."""
    access.require_admin(actor)
    if scope == CapScope.SPACE:
        space = access.space_of(actor, subject_id or "")
        caps.set_space(actor, space, limit_ucr)
        return _done(space.name, limit_ucr)
    if scope == CapScope.MEMBER:
        member = access.colleague(actor, subject_id or "")
        caps.set_member(actor, member, limit_ucr)
        _tell([member])
        return _done(member.display_name, limit_ucr)
    caps.set_default(actor, limit_ucr)
    _tell(Member.objects.present().filter(org_id=actor.org_id).select_related("org"))
    return _done(_("Everybody without a limit of their own"), limit_ucr)


def ask(
    member: Member, scope: str, space_id: uuid.UUID | None = None, *, wanted_ucr: int | None = None, reason: str = ""
) -> CapRequest:
    """Ask for more under one's own limit, or under that of a Space that one can open."""
    if scope == CapScope.SPACE:
        scope_id = access.space_of(member, space_id or "").pk
    else:
        scope, scope_id = CapScope.MEMBER, member.pk
    asked, is_new = requests.ask(member, scope=scope, scope_id=scope_id, wanted_ucr=wanted_ucr, reason=reason)
    if is_new:
        _tell_news(each.pk for each in alerts.admins_of(member.org_id))
    return asked


def ask_about(member: Member, reply: Reply) -> CapRequest:
    """Ask for more under the limit that refused an answer: one's own, or that of the Space."""
    match reply.refused_by:
        case "space":
            return ask(member, CapScope.SPACE, reply.space_id)
        case "member" if reply.asked_by_id == member.pk:
            return ask(member, CapScope.MEMBER)
    raise Invalid(_("It was not your limit that refused this."))


@transaction.atomic
def answer(actor: Member, request_id: uuid.UUID, *, choice: str, amount_ucr: int = 0) -> str:
    """Answer a request; returns what was done, in words."""
    answered = requests.answer(actor, request_id, choice=choice, amount_ucr=amount_ucr)
    _tell([answered.member])
    _tell_news(each.pk for each in alerts.admins_of(actor.org_id))
    name = answered.member.display_name
    if choice == requests.DECLINE:
        return _("Declined. {name} is told.").format(name=name)
    return _("Done. {name} is told, and can send again.").format(name=name)


def put_away(member: Member, what: str) -> None:
    """The member has read a banner: that of a receipt, or how far their own limit is used up."""
    if what == "own":
        caps.put_away(member)
    elif what.isascii() and what.isdigit() and len(what) < 19:
        alerts.put_away(member, int(what))


def news(member: Member, balance: ledger.Balance, standing: caps.Allowance | None) -> list[dict[str, Any]]:
    """What stands above every page until it is put away or answered."""
    receipts = alerts.shown(member, period_starts_at=balance.period_starts_at)
    forecast = pace.of_org(member.org_id, balance=balance) if any(each.alert for each in receipts) else None
    plan = paths.to_plan(member.org.slug) if forecast else ""
    waiting = [each.request for each in receipts if each.request and not each.request.answered_at]
    rows: list[dict[str, Any]] = []
    if waiting:
        rows.append({"told": wording.of_request(waiting[-1]), "more": len(waiting) - 1, "answers": True})
    for receipt in receipts:
        if receipt.request not in waiting:
            told = wording.of_receipt(receipt, balance, forecast)
            rows.append({"told": told, "id": receipt.pk, "alert": receipt.alert, "plan": receipt.alert and plan})
    if standing and standing.warning_percent and not any(row.get("id") and not row["alert"] for row in rows):
        told = wording.own_warning(standing.warning_percent, standing.left_ucr, standing.resets_at)
        rows.append({"told": told, "id": "own", "own": True})
    return rows


def tell_alerts() -> None:
    """Each minute: show and mail what has come."""
    _tell_news(alerts.hand_out())
    letters.send_due()


def _tell(members: Iterable[Member]) -> None:
    """On commit: what is left for these members has changed."""
    told = list(members)

    def tell() -> None:
        if not told:
            return
        standings = caps.of_members(told[0].org_id, [each.pk for each in told])
        broadcast.to_each({each.pk: broadcast.allowance(standings.get(each.pk)) for each in told})
        broadcast.to_members([each.pk for each in told], {"type": "limits.changed"})

    transaction.on_commit(tell)


def _tell_news(member_ids: Iterable[uuid.UUID]) -> None:
    ids = list(member_ids)
    transaction.on_commit(lambda: broadcast.to_members(ids, {"type": "limits.changed"}))


def _done(name: str, limit_ucr: int | None) -> str:
    if limit_ucr is None:
        return _("{name}: the limit was taken away.").format(name=name)
    return _("{name}: {credits} credits a month from now on.").format(
        name=name, credits=credits.format_exact(limit_ucr)
    )
