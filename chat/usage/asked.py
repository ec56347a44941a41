"""What an address of the usage pages asks for: a span of time, filters, a dimension, an order.

*Called by*: chat.views.usage, chat.usage.views. *Keeps true*: whatever stands in an address becomes a question that can
be answered or a sentence that says what is wrong with it; days are those of the reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import periods
from billing.periods import Period
from billing.usage import DIMENSIONS, FILTERS, OWN_NAME, Question
from workspace.errors import Invalid
from workspace.models import Member

DAYS_MOST = 366
SPANS = {
    "period": gettext_lazy("This period"),
    "last": gettext_lazy("Last period"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "90d": gettext_lazy("90 days"),
    "custom": gettext_lazy("From a day to a day"),
}
SORTS = ("credits", "answers", "tokens", "empty", "name")
_ID = {"member", "space", "key"}


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SpanForm(forms.Form):
    """The span, as the page shows it."""

    # Chosen by links; a form says from and to.
    span = forms.ChoiceField(choices=tuple(SPANS.items()), required=False)
    since = forms.DateField(required=False, label=gettext_lazy("From"), input_formats=["%Y-%m-%d"], widget=Day)
    until = forms.DateField(required=False, label=gettext_lazy("To"), input_formats=["%Y-%m-%d"], widget=Day)

    def add_prefix(self, field_name: str) -> str:
        """In the address they are called from and to."""
        return {"since": "from", "until": "to"}.get(field_name, field_name)

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        first, last = asked.get("since"), asked.get("until")
        if asked.get("span") not in ("", "custom") or self.errors:
            return asked
        if asked.get("span") == "custom" and not (first and last):
            raise forms.ValidationError(_("Say from which day to which."))
        if bool(first) != bool(last):
            raise forms.ValidationError(_("Say from which day to which."))
        if first and last and not (date(2000, 1, 1) <= first <= last <= date(2200, 1, 1)):
            raise forms.ValidationError(_("The last day is before the first, or not of this century."))
        if first and last and (last - first).days >= DAYS_MOST:
            raise forms.ValidationError(_("A year at once is the most: choose fewer days."))
        return asked


@dataclass(frozen=True)
class Asked:
    """A question, and how its answer is to be shown."""

    member: Member
    form: SpanForm
    span: str
    period: Period
    only: dict[str, str]
    by: str
    sort: str
    number: int

    @property
    def zone(self) -> str:
        return zone_of(self.member)

    @property
    def place(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def question(self) -> Question:
        return Question(self.member.org_id, self.period.starts_at, self.period.ends_at, self.zone, self.only)

    @property
    def spans(self) -> list[tuple[str, Any, str]]:
        """The spans that have a name: what each is called, and its address."""
        around = {"from": None, "to": None, "page": None}
        return [(name, title, self.query(**around, span=name)) for name, title in SPANS.items() if name != "custom"]

    @cached_property
    def first_day(self) -> date:
        return self.period.starts_at.astimezone(self.place).date()

    @cached_property
    def last_day(self) -> date:
        """The last that has come."""
        ends = min(self.period.ends_at - timedelta(microseconds=1), timezone.now())
        return max(ends.astimezone(self.place).date(), self.first_day)

    def query(self, **changes: object) -> str:
        """This question with changes, as the end of an address; one that is None is left out."""
        values: dict[str, object] = dict(self.only)
        if self.span == "custom":
            values |= {"from": self.first_day, "to": (self.period.ends_at - timedelta(seconds=1)).date()}
        elif self.span != "period":
            values["span"] = self.span
        values |= {"by": self.by or None, "sort": self.sort if self.sort != SORTS[0] else None} | changes
        return urlencode({name: str(value) for name, value in values.items() if value is not None})


def read(given: Mapping[str, str], member: Member) -> Asked:
    """Raises Invalid for a filter that names nothing; a span that is none is this period, and the form says why."""
    given = {name: given[name] for name in given}
    form = SpanForm(given if not {"span", "from", "to"}.isdisjoint(given) else {"span": "period"})
    calendar = periods.Calendar(member.org_id)
    span, period = "period", calendar.current
    if form.is_valid():
        span, period = _span(form.cleaned_data, calendar, zone_of(member))
    by, sort, number = given.get("by", ""), given.get("sort", ""), given.get("page", "")
    return Asked(
        member,
        form,
        span,
        period,
        {name: _filter(name, given[name]) for name in FILTERS if name in given},
        by if by in DIMENSIONS else "",
        sort if sort in SORTS else SORTS[0],
        int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
    )


def zone_of(member: Member) -> str:
    return (member.user.own_zone if member.user else "") or "UTC"


def _span(asked: dict[str, Any], calendar: periods.Calendar, zone: str) -> tuple[str, Period]:
    name = asked["span"] or ("custom" if asked["since"] else "period")
    if name == "custom":
        return name, periods.days(asked["since"], asked["until"], zone)
    if name[0].isdigit():
        today = timezone.now().astimezone(ZoneInfo(zone)).date()
        return name, periods.days(today - timedelta(days=int(name[:-1]) - 1), today, zone)
    if name == "last":
        return name, calendar.before(calendar.current) or calendar.at(calendar.last - 1)
    return "period", calendar.current


def _filter(name: str, value: str) -> str:
    """The value as the question takes it. One of another organization's things finds nothing."""
    if "\x00" in value or len(value) > 200:
        raise Invalid(_("That filter names nothing that there is."))
    if name in _ID and value:
        try:
            return str(forms.UUIDField().clean(value))
        except forms.ValidationError:
            raise Invalid(_("That filter names nothing that there is.")) from None
    if name == "model" and not value.startswith(OWN_NAME):
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise Invalid(_("That filter names nothing that there is."))
    return value
