"""Forms about limits: amounts of credits, exactly as somebody writes them. *Called by*: chat.views.limits.

*Keeps true*: no float; what is negative, no number, finer than a micro-credit or beyond what a BIGINT holds is refused
with a sentence that says what can be written.
"""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import caps, credits, requests

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
# Longer than any amount that there can be, and short enough to be reckoned with.
LONGEST = 40


class CreditsField(forms.CharField):
    """Credits in a field, micro-credits in the program: "1,250.5" is 1_250_500_000."""

    def __init__(self, *, above_zero: bool = False, **options: Any) -> None:
        self.above_zero = above_zero
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return self._ucr(text) if text else None

    def _ucr(self, text: str) -> int:
        if re.fullmatch(r"[-−].*[0-9].*", text):
            raise forms.ValidationError(_("Credits cannot be less than nothing."), code="negative")
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _NUMBER.fullmatch(text):
            raise forms.ValidationError(_("Write a number of credits, such as 50 or 12.5."), code="no_number")
        if len(text.partition(".")[2].rstrip("0")) > 6:
            raise forms.ValidationError(_("Credits have at most six decimals."), code="too_fine")
        try:
            ucr = credits.parse(text[: LONGEST + 1])
        except ValueError:  # what is written is a number: it is too large for the books
            ucr = caps.MOST_UCR + 1
        if len(text) > LONGEST or ucr > caps.MOST_UCR:
            raise forms.ValidationError(_("At most 1,000,000,000,000 credits."), code="too_many")
        if self.above_zero and not ucr:
            raise forms.ValidationError(_("Write more than nothing."), code="nothing")
        return ucr


class LimitForm(forms.Form):
    """Whose limit, and how much; `remove` takes it away, whatever stands in the field."""

    scope = forms.ChoiceField(choices=[("default", "default"), ("member", "member"), ("space", "space")])
    subject = forms.UUIDField(required=False)
    limit = CreditsField(required=False, label=gettext_lazy("Credits a month"))
    remove = forms.BooleanField(required=False)
    # Which page of the list it was written on.
    q = forms.CharField(required=False, max_length=200)
    page = forms.CharField(required=False, max_length=10)

    def clean_limit(self) -> int | None:
        limit: int | None = self.cleaned_data["limit"]
        if limit is None and not self.data.get("remove"):
            raise forms.ValidationError(_("Write a number of credits, such as 50 or 12.5."), code="required")
        return limit

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("remove"):
            said["limit"] = None
            self.errors.pop("limit", None)
        if said.get("scope") != "default" and not said.get("subject"):
            raise forms.ValidationError(_("That is nobody's limit."), code="no_subject")
        return said


class AskForm(forms.Form):
    scope = forms.ChoiceField(choices=[("member", "member"), ("space", "space")], required=False)
    space = forms.UUIDField(required=False)
    wanted = CreditsField(required=False, above_zero=True, label=gettext_lazy("How many more credits"))
    reason = forms.CharField(required=False, max_length=300, label=gettext_lazy("What for"))


class AnswerForm(forms.Form):
    choice = forms.ChoiceField(choices=[(each, each) for each in (requests.GIVE, requests.RAISE, requests.DECLINE)])
    amount = CreditsField(required=False, above_zero=True, label=gettext_lazy("Credits"))

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("choice") == requests.DECLINE:
            self.errors.pop("amount", None)
            said["amount"] = 0
        elif "amount" in said and not said["amount"]:
            self.add_error("amount", _("Write more than nothing."))
        return said


class SeenForm(forms.Form):
    what = forms.CharField(max_length=20)
