"""Statements: what came, what went and what is left, a page for each period.

*Called by*: config.urls. *Keeps true*: only owners and admins get here.
"""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billing import periods, statement
from chat.usage import accounts
from chat.views.usage import admin
from workspace.errors import NotFound


@login_required
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    member = admin(request, slug)
    return render(request, "billing/statements.html", {"periods": periods.Calendar(member.org_id).newest_first()})


@login_required
@require_safe
def show(request: HttpRequest, slug: str, day: str) -> HttpResponse:
    """The period that began on the day (in UTC); another day leads to the period that it is in."""
    member = admin(request, slug)
    calendar = periods.Calendar(member.org_id)
    period = calendar.of_day(_day(day))
    if period is None:
        raise NotFound
    if period.slug != day:
        return redirect("statement", slug=slug, day=period.slug)
    context: dict[str, Any] = accounts.lines(statement.of(member.org_id, period), member)
    context |= {"period": period, "before": calendar.before(period), "after": calendar.after(period)}
    return render(request, "billing/statement.html", context)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
