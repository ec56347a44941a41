"""Forms of the chat: they parse; the verbs decide. *Called by*: chat.views."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat import profiles
from chat.models import FileKind

IDS_MAX = 50


class FileIdsField(forms.Field):
    """Ids of files under one name, in their order, each once."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[UUID]:
        try:
            return list(dict.fromkeys(UUID(each) for each in (value or ())[:IDS_MAX] if each))
        except (ValueError, AttributeError, TypeError):
            raise forms.ValidationError("not ids", code="invalid") from None


class MessageForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=200_000)
    client_id = forms.UUIDField(required=False)
    # The moment of the draft that this message was.
    draft = forms.CharField(required=False, max_length=40)
    file = FileIdsField(required=False)
    preview = forms.ChoiceField(required=False, choices=[("on", "on"), ("off", "off")])


class DraftForm(forms.Form):
    """What stands in a composer. `base` is the draft it was built on, `device` the tab."""

    text = forms.CharField(strip=False, required=False, max_length=200_000)
    parent = forms.UUIDField(required=False)
    base = forms.CharField(required=False, max_length=40)
    device = forms.CharField(required=False, max_length=40)


class ThreadForm(MessageForm):
    also_in_feed = forms.BooleanField(required=False)
    ask = forms.CharField(required=False, max_length=120)

    def clean_ask(self) -> str | None:
        """The handle, "" for nobody; None where the form does not say."""
        return self.cleaned_data["ask"] if "ask" in self.data else None


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
    around = WholeNumberField(required=False, min_value=0, max_value=2**62)


class PlaceForm(forms.Form):
    """The position at which a Space opens."""

    at = WholeNumberField(required=False, min_value=0, max_value=2**62)


class ReadForm(forms.Form):
    position = WholeNumberField(min_value=0, max_value=2**62)


class ListForm(forms.Form):
    """Which page of a list."""

    page = WholeNumberField(required=False, min_value=1, max_value=1000)


class FilesForm(forms.Form):
    """Which files of a list."""

    kind = forms.ChoiceField(required=False, choices=FileKind.choices)
    who = forms.UUIDField(required=False)
    before = WholeNumberField(required=False, min_value=0, max_value=2**62)


class PreviewForm(forms.Form):
    page = WholeNumberField(required=False, min_value=1, max_value=10_000)


class EditForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=250_000)
    # The revision at which the editor read the message.
    revision = WholeNumberField(required=False, min_value=0, max_value=2**62)


class ReactionForm(forms.Form):
    emoji = forms.CharField(strip=True, max_length=100)
    # How it is to be afterwards; left out, the other way round than it is.
    on = forms.TypedChoiceField(
        choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1", empty_value=None, required=False
    )


class ForwardForm(forms.Form):
    """Where to: a Space or somebody, one of the two."""

    space = forms.UUIDField(required=False)
    member = forms.UUIDField(required=False)
    note = forms.CharField(strip=False, required=False, max_length=200_000)
    client_id = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        wanted: dict[str, Any] = super().clean() or {}
        if bool(wanted.get("space")) == bool(wanted.get("member")):
            raise forms.ValidationError("one of the two", code="invalid")
        return wanted


class ArchiveForm(forms.Form):
    archive = forms.FileField(max_length=255)


class ExportForm(forms.Form):
    """What is to be taken out: one's own data, or the organization."""

    what = forms.ChoiceField(choices=[("own", "own"), ("org", "org")])
    everything = forms.BooleanField(required=False)


class MemberForm(forms.Form):
    member = forms.UUIDField()


class IdsField(forms.Field):
    """Several ids under one name, each once."""

    widget = forms.SelectMultiple
    empty_values = (*forms.Field.empty_values, set())

    def to_python(self, value: Any) -> set[UUID]:
        try:
            return {UUID(each) for each in value or ()}
        except (ValueError, AttributeError, TypeError):
            raise forms.ValidationError(_("That is nobody's id."), code="invalid") from None


class PeopleForm(forms.Form):
    member = IdsField()


class AccountForm(forms.Form):
    """What holds for a person everywhere."""

    language = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("As the browser asks")), *settings.LANGUAGES],
        label=gettext_lazy("Language"),
    )
    time_zone = forms.CharField(required=False, max_length=64, label=gettext_lazy("Time zone"))
    sends_on_enter = forms.BooleanField(
        required=False,
        label=gettext_lazy("Enter sends a message"),
        help_text=gettext_lazy("Else Ctrl + Enter (⌘ + Enter on a Mac) sends, and Enter starts a new line."),
    )

    @property
    def zones(self) -> tuple[str, ...]:
        return profiles.zones()

    def clean_time_zone(self) -> str:
        zone = self.cleaned_data["time_zone"]
        if zone and zone not in profiles.zones():
            raise forms.ValidationError(_("That is no time zone that this server knows."), code="invalid")
        return zone


class IdentityForm(forms.Form):
    """What it lacks, the verb says: names are checked there."""

    name = forms.CharField(required=False, max_length=300)
    handle = forms.CharField(required=False, max_length=300)
    title = forms.CharField(required=False, max_length=300)


class StatusForm(forms.Form):
    emoji = forms.CharField(required=False, max_length=300)
    text = forms.CharField(required=False, max_length=300)
    until = forms.ChoiceField(
        required=False,
        choices=[
            ("", gettext_lazy("Until I clear it")),
            ("30m", gettext_lazy("For 30 minutes")),
            ("1h", gettext_lazy("For an hour")),
            ("4h", gettext_lazy("For 4 hours")),
            ("today", gettext_lazy("Today")),
            ("week", gettext_lazy("This week")),
        ],
        label=gettext_lazy("Clear"),
    )


class ReminderForm(forms.Form):
    when = forms.CharField(max_length=100)
