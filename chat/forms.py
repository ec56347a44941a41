"""Forms of the chat: they parse; the verbs decide. *Called by*: chat.views."""

import re
from typing import Any

from django import forms


class MessageForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=200_000)
    client_id = forms.UUIDField(required=False)
    preview = forms.ChoiceField(required=False, choices=[("on", "on"), ("off", "off")])


class WholeNumberField(forms.IntegerField):
    """Digits and nothing else: int() alone would also read "1_000" and the digits of every script."""

    def to_python(self, value: Any) -> int | None:
        if value and not re.fullmatch("[0-9]{1,19}", str(value)):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PageForm(forms.Form):
    """Where in the feed. Positions and revisions are whole numbers that fit a BIGINT."""

    before = WholeNumberField(required=False, min_value=0, max_value=2**62)
    after = WholeNumberField(required=False, min_value=0, max_value=2**62)
    since = WholeNumberField(required=False, min_value=0, max_value=2**62)


class MemberForm(forms.Form):
    member = forms.UUIDField()
