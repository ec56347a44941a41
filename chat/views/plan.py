"""The plan of an organization: what it is, what it costs, and everything that can be done about it.

*Called by*: config.urls. *Keeps true*: only admins see sums of money and change them; what moves money is a form
that was confirmed; without a key of Stripe nothing is for sale, and the page says who sets plans.
"""

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import credits, money, plan_changes, plan_page, purchases, recharges, stripe_api, surplus
from billing.forms import PackForm, RechargeForm, WishForm
from billing.plan_changes import Wish
from workspace import access
from workspace.errors import Invalid, NotFound
from workspace.models import Member


@login_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member(request.user, slug)
    page = plan_page.of(member, interval=request.GET.get("interval", ""), currency=request.GET.get("currency", ""))
    request.member = member  # type: ignore[attr-defined]
    stopped = plan_page.why_stopped(page.recharge) if page.recharge else ""
    threshold = credits.format_exact(page.recharge.threshold_ucr) if page.recharge else "100"
    told = {"page": page, "stopped": stopped, "threshold": threshold, "is_admin": member.is_admin}
    return render(request, "billing/plan.html", told)


@login_required
@require_POST
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    member = _payer(request, slug)
    form, wanted = _wish(request, member)
    url = plan_changes.subscribe(
        member,
        wanted,
        currency=form.cleaned_data["currency"],
        done_url=_done_url(slug),
        back_url=purchases.return_url(reverse("plan", args=[slug])),
        key=str(form.cleaned_data["key"]),
    )
    return HttpResponseRedirect(url, status=303)


@login_required
@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """First what it would cost, then, confirmed, the change itself at the very second that was shown."""
    member = _payer(request, slug)
    form, wanted = _wish(request, member)
    stamp = form.cleaned_data["at"]
    if "confirmed" not in request.POST:
        at = timezone.now().replace(microsecond=0)
        told = plan_changes.preview(member, wanted, at=at)
        request.member = member  # type: ignore[attr-defined]
        context = {
            "wanted": wanted,
            "told": told,
            "due": money.text(told.due_minor, told.currency),
            "each": money.text(told.each_minor, told.currency),
            "at": int(at.timestamp()),
            "key": form.cleaned_data["key"],
        }
        return render(request, "billing/plan_confirm.html", context)
    shown = datetime.fromtimestamp(stamp, UTC) if stamp and abs(stamp - timezone.now().timestamp()) < 900 else None
    row = plan_changes.change(member, wanted, at=shown, key=str(form.cleaned_data["key"]))
    messages.success(request, _("It begins with the next period.") if row.next_plan_id else _("The plan is changed."))
    return redirect("plan", slug=slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    member = _payer(request, slug)
    row = plan_changes.live(member.org)
    if row is None:
        raise NotFound
    if request.method == "POST":
        plan_changes.cancel(member)
        messages.success(request, _("The subscription ends with what was paid. Until then nothing changes."))
        return redirect("plan", slug=slug)
    request.member = member  # type: ignore[attr-defined]
    return render(request, "billing/plan_cancel.html", {"row": row})


@login_required
@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    plan_changes.resume(_payer(request, slug))
    messages.success(request, _("The subscription goes on as it is."))
    return redirect("plan", slug=slug)


@login_required
@require_POST
def pay(request: HttpRequest, slug: str) -> HttpResponse:
    member = _payer(request, slug)
    plan_changes.pay(member, key=stripe_api.once())
    messages.success(request, _("The payment is made."))
    return redirect("plan", slug=slug)


@login_required
@require_POST
def portal(request: HttpRequest, slug: str) -> HttpResponse:
    back = purchases.return_url(reverse("plan", args=[slug]))
    return HttpResponseRedirect(plan_changes.open_portal(_payer(request, slug), back_url=back), status=303)


@login_required
@require_POST
def top_up(request: HttpRequest, slug: str) -> HttpResponse:
    member = _payer(request, slug)
    form = PackForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("That pack is not for sale here."))
    back = purchases.return_url(reverse("plan", args=[slug]))
    given = form.cleaned_data
    url = purchases.begin(
        member,
        given["pack"],
        currency=given["currency"],
        done_url=_done_url(slug),
        back_url=back,
        key=str(given["key"]),
    )
    return HttpResponseRedirect(url, status=303)


@login_required
@require_POST
def recharge(request: HttpRequest, slug: str) -> HttpResponse:
    member = _payer(request, slug)
    form = RechargeForm(request.POST, currency=plan_page.of(member).currency)
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    given = form.cleaned_data
    recharges.set_up(
        member,
        is_on=given["is_on"],
        threshold_ucr=given["threshold"],
        pack=given["pack"],
        monthly_max_minor=given["monthly_max"],
    )
    messages.success(request, _("Saved."))
    return redirect("plan", slug=slug)


@login_required
@require_POST
def choose_spaces(request: HttpRequest, slug: str) -> HttpResponse:
    """Which Spaces can be written in, where the plan holds fewer than there are; with or without Stripe."""
    member = access.member(request.user, slug)
    surplus.choose(member, [access.as_uuid(each) for each in request.POST.getlist("space")[:1000]])
    messages.success(request, _("Saved."))
    return redirect("plan", slug=slug)


@login_required
@require_safe
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from Checkout: what was bought is there at once, whichever event is on its way."""
    member = _payer(request, slug)
    session = request.GET.get("session", "")[:255]
    if not session.startswith("cs_") or not session.replace("_", "").isalnum():
        raise NotFound
    plan_changes.finish(member.org, session)
    messages.success(request, _("Thank you. What you bought is here."))
    return redirect("plan", slug=slug)


def _payer(request: HttpRequest, slug: str) -> Member:
    """An admin, where anything is for sale."""
    member = access.member(request.user, slug)
    access.require_admin(member)
    if not stripe_api.is_on():
        raise NotFound
    return member


def _wish(request: HttpRequest, member: Member) -> tuple[WishForm, Wish]:
    form = WishForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Choose a plan and a number of seats."))
    given = form.cleaned_data
    return form, plan_changes.wish(member.org, plan=given["plan"], interval=given["interval"], seats=given["seats"])


def _done_url(slug: str) -> str:
    return purchases.return_url(reverse("plan_done", args=[slug])) + "?session={CHECKOUT_SESSION_ID}"
