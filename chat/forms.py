"""Forms of the chat: they parse; the verbs decide. *Called by*: chat.views."""

from django import forms


class MessageForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=200_000)
    client_id = forms.UUIDField(required=False)


class PageForm(forms.Form):
    """Where in the feed. Positions and revisions are whole numbers that fit a BIGINT."""

    before = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    since = forms.IntegerField(required=False, min_value=0, max_value=2**62)


class MemberForm(forms.Form):
    member = forms.UUIDField()
