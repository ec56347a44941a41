"""Forms of Spaces as places: topics, roles, notes, sections. They parse; the verbs decide. *Called by*: chat.views."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from chat.forms import WholeNumberField


class RoleForm(forms.Form):
    role = forms.CharField(max_length=20)


class TopicForm(forms.Form):
    topic = forms.CharField(required=False, max_length=2_000)

    def clean_topic(self) -> str:
        """An empty one takes the topic away; none at all is a mistake."""
        if "topic" not in self.data:
            raise forms.ValidationError(_("Say the topic. An empty one takes it away."), code="missing")
        return str(self.cleaned_data["topic"])


class NoteForm(forms.Form):
    text = forms.CharField(strip=False, required=False, max_length=20_000)


class SectionForm(forms.Form):
    name = forms.CharField(max_length=200)


class MoveForm(forms.Form):
    by = forms.ChoiceField(required=False, choices=[("-1", ""), ("1", "")])


class PlacingForm(forms.Form):
    section = WholeNumberField(required=False, min_value=1, max_value=2**62)


class FavouriteForm(forms.Form):
    on = forms.BooleanField(required=False)


class RosterForm(forms.Form):
    """Whom to look for among people, on which page, and whom among those who could be added."""

    q = forms.CharField(required=False, max_length=200)
    add = forms.CharField(required=False, max_length=200)
    page = WholeNumberField(required=False, min_value=1, max_value=100_000)

    @property
    def wanted(self) -> dict[str, Any]:
        """What can be read of it: an address that somebody has changed leads to the beginning."""
        self.is_valid()
        said = self.cleaned_data
        return {"query": said.get("q") or "", "number": said.get("page") or 1}

    @property
    def adding(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("add") or ""


class BrowseForm(forms.Form):
    """What to look for among the Spaces, and in which order."""

    q = forms.CharField(required=False, max_length=200)
    sort = forms.ChoiceField(required=False, choices=[("name", ""), ("members", ""), ("recent", "")])
    archived = forms.BooleanField(required=False)
