"""What people send about plans and money.

*Called by*: chat.views.plan. *Keeps true*: amounts are read exactly or not at all.
"""

from decimal import Decimal, InvalidOperation

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import credits
from billing.models.plan import Interval
from billing.money import WHOLE

LARGEST = 2**63 - 1
MOST_MINOR = 2**31 - 1


class WishForm(forms.Form):
    plan = forms.SlugField(max_length=20)
    interval = forms.ChoiceField(choices=Interval.choices)
    seats = forms.IntegerField(min_value=1, max_value=10_000, label=gettext_lazy("Seats"))
    currency = forms.RegexField(r"^[a-z]{3}$", required=False)
    key = forms.UUIDField()
    at = forms.IntegerField(required=False, min_value=0, max_value=2**33)


class PackForm(forms.Form):
    pack = forms.SlugField(max_length=20)
    currency = forms.RegexField(r"^[a-z]{3}$", required=False)
    key = forms.UUIDField()


class RechargeForm(forms.Form):
    is_on = forms.BooleanField(required=False)
    threshold = forms.CharField(max_length=30, strip=True)
    pack = forms.SlugField(max_length=20)
    monthly_max = forms.CharField(max_length=30, strip=True)

    def __init__(self, *args: object, currency: str, **rest: object) -> None:
        self.currency = currency
        super().__init__(*args, **rest)  # type: ignore[arg-type]

    def clean_threshold(self) -> int:
        try:
            ucr = credits.parse(self.cleaned_data["threshold"])
        except ValueError:
            raise forms.ValidationError(_("The threshold is a number of credits, at least 0.")) from None
        if not 0 <= ucr <= LARGEST:
            raise forms.ValidationError(_("The threshold is a number of credits, at least 0."))
        return ucr

    def clean_monthly_max(self) -> int:
        """A sum of money as people write it, in the smallest unit."""
        try:
            written = Decimal(self.cleaned_data["monthly_max"].replace(",", ""))
            minor = written if self.currency in WHOLE else written * 100
            if not minor.is_finite() or minor != int(minor) or not 0 < minor <= MOST_MINOR:
                raise ValueError
        except (InvalidOperation, ValueError, OverflowError):
            raise forms.ValidationError(_("The most for a month is a sum of money, such as 50.")) from None
        return int(minor)
