"""What an organization used: sums, the calls behind them, and a sheet of them.

*Called by*: config.urls. *Keeps true*: only owners and admins get here, and they read no message that they could not
read elsewhere.
"""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.usage import asked, calls, tables
from chat.usage import sheet as sheets
from chat.usage.names import Names
from workspace import access
from workspace.errors import Invalid
from workspace.models import Member


@login_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    member = admin(request, slug)
    wanted = asked.read(request.GET, member)
    status = 422 if wanted.form.errors else 200
    return render(request, "billing/usage.html", tables.page(wanted), status=status)


@login_required
@require_safe
def requests(request: HttpRequest, slug: str) -> HttpResponse:
    """The calls, a page at a time."""
    member = admin(request, slug)
    wanted = asked.read(request.GET, member)
    names = Names(member)
    page = calls.page(wanted, names, after=request.GET.get("after", ""))
    context = {"asked": wanted, "page": page, "chips": tables.chips(wanted, names)}
    context |= {"is_first": "after" not in request.GET, "as_asked": wanted.query(by=None, sort=None)}
    return render(request, "billing/usage_calls.html", context, status=422 if wanted.form.errors else 200)


@login_required
@require_safe
def sheet(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The same calls as CSV."""
    wanted = asked.read(request.GET, admin(request, slug))
    if wanted.form.errors:
        raise Invalid(" ".join(str(error) for errors in wanted.form.errors.values() for error in errors))
    room = getattr(request, "scope", {}).get("extensions", {}).get("parley.room")
    return sheets.answer(wanted, room)


def admin(request: HttpRequest, slug: str) -> Member:
    """Who asks, an owner or admin. Raises NotFound, Forbidden."""
    member = access.member(request.user, slug)
    access.require_admin(member)
    request.member = member  # type: ignore[attr-defined]
    return member
