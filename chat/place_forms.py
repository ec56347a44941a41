"""Forms of Spaces as places: topics, roles, notes, sections. They parse; the verbs decide. *Called by*: chat.views."""

from django import forms

from chat.forms import WholeNumberField


class RoleForm(forms.Form):
    role = forms.CharField(max_length=20)


class TopicForm(forms.Form):
    topic = forms.CharField(required=False, max_length=2_000)


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


class BrowseForm(forms.Form):
    """What to look for among the Spaces, and in which order."""

    q = forms.CharField(required=False, max_length=200)
    sort = forms.ChoiceField(required=False, choices=[("name", ""), ("members", ""), ("recent", "")])
    archived = forms.BooleanField(required=False)
