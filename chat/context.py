"""What every signed-in page shows around its content.

*Called by*: Django, as a context processor. *Keeps true*: nothing here decides a right; it only shows.
"""

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from billing import caps, credits, ledger
from billing.models import Account
from chat import broadcast, limits, sidebar
from workspace import access
from workspace.models import Member


def signed_in(request: HttpRequest) -> dict[str, Any]:
    """Sidebar, balance and plan of the organization that the page is about."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    memberships = access.memberships(user)
    member: Member | None = getattr(request, "member", None) or next(iter(memberships), None)
    if member is None:
        return {}
    balance = ledger.balance(member.org_id)
    standing = caps.of_member(member, balance=balance)
    account = Account.objects.select_related("plan").filter(org_id=member.org_id).first()
    return {
        "org": member.org,
        "member": member,
        "memberships": memberships,
        "file_bytes_most": settings.FILE_MAX_BYTES,
        "sidebar": sidebar.of(member),
        # Another one after each sign-in: a browser that is told of things says so again then (models/push-renewal.js).
        "sign_in": sha256((request.session.session_key or "").encode()).hexdigest()[:12],
        # Guests see what is left for them, and nothing of the organization's.
        "balance": None if member.is_guest else _balance(balance),
        "allowance": credits.format_ucr(standing.left_ucr) if standing else "",
        # Only asked for where a page shows it.
        "limit_news": lambda: limits.news(member, balance, standing),
        "plan": account.plan if account else None,
    }


def _balance(balance: ledger.Balance) -> dict[str, str]:
    figures = broadcast.pool_figures(balance.free_ucr)
    return {"rounded": figures["balance"], "exact": figures["exact"]}
