"""Forms of devices: they parse; the verbs decide. *Called by*: chat.views.push."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SubscriptionForm(forms.Form):
    """What a browser says of itself when it asks to be told."""

    endpoint = forms.CharField(max_length=4000)
    p256dh = forms.CharField(max_length=200)
    auth = forms.CharField(max_length=200)
    renews = forms.CharField(max_length=4000, required=False)


class EndpointForm(forms.Form):
    endpoint = forms.CharField(max_length=4000)


class PushForm(forms.Form):
    """What devices are told of one organization."""

    pushed = forms.BooleanField(required=False, label=_("Notify my devices of what happens in this organization"))
    text = forms.BooleanField(
        required=False,
        label=_("Show what was written"),
        help_text=_("Otherwise a notification says who and where, but not what."),
    )
