"""The public page of prices. *Called by*: config.urls. *Keeps true*: it says what the rows of plans and packs say."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import money, stripe_api
from billing.models import Pack, Plan
from billing.models.plan import LIST_CURRENCY, Interval


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    plans = list(Plan.objects.prefetch_related("prices"))
    currencies = sorted({price.currency for plan in plans for price in plan.prices.all()})
    currency, interval = request.GET.get("currency", ""), request.GET.get("interval", "")
    currency = currency if currency in currencies else LIST_CURRENCY
    interval = interval if interval in Interval.values else Interval.MONTH
    packs = [(pack, pack.amount_minor(currency)) for pack in Pack.objects.prefetch_related("prices")]
    context = {
        "rows": [(plan, plan.price(interval, currency)) for plan in plans],
        "packs": [(pack, money.text(minor, currency)) for pack, minor in packs if minor is not None],
        "currencies": currencies,
        "currency": currency,
        "interval": interval,
        "is_sold": stripe_api.is_on(),
    }
    return render(request, "billing/pricing.html", context)
