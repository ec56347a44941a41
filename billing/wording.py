"""What is said about limits, in the language at hand: on a page, in a banner, in a mail.

*Called by*: billing.letters, chat.limits. *Keeps true*: what there is is rounded down, what it costs is rounded up; an
alert says what is left now, not what was left when it came.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing import credits, ledger
from billing.forecast import Forecast, Outlook
from billing.models import AlertReceipt, CapRequest


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence that stands for all, and one that says more."""

    lead: str
    more: str = ""


def day(at: datetime | date) -> str:
    """1 December; with the year where it is another one than this."""
    on = timezone.localtime(at).date() if isinstance(at, datetime) else at
    is_near = on.year == timezone.localdate().year or (on - timezone.localdate()).days < 180
    return str(date_format(on, "MONTH_DAY_FORMAT" if is_near else "DATE_FORMAT"))


def foretold(forecast: Forecast) -> str:
    match forecast.outlook:
        case Outlook.ENDS if forecast.day:
            return _("At this pace they run out on {day}.").format(day=day(forecast.day))
        case Outlook.LASTS:
            return _("Not at this pace: they last until the new period begins.")
    return _("Too little use so far to tell how long they last.")


def of_receipt(receipt: AlertReceipt, balance: ledger.Balance, forecast: Forecast | None = None) -> Told:
    if receipt.alert:
        return _of_alert(receipt.alert.threshold_percent, balance, forecast)
    assert receipt.request
    return of_request(receipt.request) if receipt.request.answered_at is None else _of_answer(receipt.request, balance)


def of_request(request: CapRequest) -> Told:
    name = request.member.display_name
    if request.wanted_ucr:
        wanted = credits.format_ucr(request.wanted_ucr)
        return Told(_("{name} asks for {credits} more credits").format(name=name, credits=wanted), request.reason)
    return Told(_("{name} asks for more credits").format(name=name), request.reason)


def _of_alert(percent: int, balance: ledger.Balance, forecast: Forecast | None) -> Told:
    left = _("{left} credits are left until {day}.").format(
        left=credits.format_ucr(balance.free_ucr), day=day(balance.period_ends_at)
    )
    more = f"{left} {foretold(forecast)}" if forecast else left
    if percent >= 100 and not balance.free_ucr:
        return Told(_("All credits of this period are used."), more)
    return Told(_("{percent} % of this period’s credits are used.").format(percent=percent), more)


def _of_answer(request: CapRequest, balance: ledger.Balance) -> Told:
    name = request.answered_by.display_name if request.answered_by else ""
    again = _("You can send it again.")
    if request.given_ucr is None:
        return Told(_("{name} gives no more credits for now.").format(name=name))
    if not request.given_ucr:
        return Told(_("There is no limit here any more."), again)
    given = credits.format_ucr(request.given_ucr)
    if request.is_for_good:
        lead = _("{name} raised the limit by {credits} credits a month.")
    else:
        lead = _("{name} gave {credits} more credits until {day}.")
    return Told(lead.format(name=name, credits=given, day=day(balance.period_ends_at)), again)


def own_warning(percent: int, left_ucr: int, resets_at: datetime) -> Told:
    left = _("{left} credits are left for you until {day}.").format(
        left=credits.format_ucr(left_ucr), day=day(resets_at)
    )
    if percent >= 100:
        return Told(_("Your own limit is used up."), left)
    return Told(_("{percent} % of your own limit is used.").format(percent=percent), left)
