"""Forms of people, organizations and Spaces: they parse; the verbs decide.

*Called by*: views, allauth. *Keeps true*: a form lists its fields, so nothing else in a request is read.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from workspace import names, spaces
from workspace.errors import Invalid
from workspace.models import Role, Space, User


class NameField(forms.CharField):
    """A name a person gives, checked by workspace.names."""

    def __init__(self, *, what: Any, **options: Any) -> None:
        self.what = what
        super().__init__(max_length=names.NAME_MAX, strip=True, **options)

    def clean(self, value: str) -> str:
        value = super().clean(value)
        try:
            return names.clean(value, what=self.what)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message, code=refusal.code) from None


class SignupForm(forms.Form):
    """Joins allauth's sign-up form: how the person is called."""

    name = NameField(what=_("name"), label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        if get_language() != settings.LANGUAGE_CODE:
            user.language = get_language()  # mails that no browser asks for are in it too
        user.save(update_fields=["name", "language"])


class LanguageForm(forms.Form):
    """Blank is what the browser asks for; `next` is the page to come back to."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    next = forms.CharField(max_length=2000, required=False, strip=False)


class OrgForm(forms.Form):
    name = NameField(
        what=_("organization name"),
        label=_("Organization"),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class OrgSettingsForm(forms.Form):
    link_previews = forms.BooleanField(
        required=False,
        label=_("Show previews of links"),
        help_text=_(
            "The server asks a page that somebody links to for its title and shows it under the message. When this is "
            "off it asks no page; previews that are shown already stay."
        ),
    )


class SpaceForm(forms.Form):
    name = NameField(what=_("Space name"), label=_("Name"))
    private = forms.BooleanField(required=False, label=_("Private: only people who are added can see it"))


class SpaceSettingsForm(forms.Form):
    """What is not sent stays as it is, but for the box, which says no by being left out."""

    name = NameField(what=_("Space name"), label=_("Name"))
    topic = forms.CharField(
        required=False,
        max_length=spaces.TOPIC_MAX,
        label=_("Topic"),
        help_text=_("What it is about at the moment. Shown at the top of the Space."),
    )
    description = forms.CharField(
        required=False,
        max_length=spaces.DESCRIPTION_MAX,
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it is for. Shown where people look for Spaces."),
    )
    private = forms.BooleanField(required=False, label=_("Private: only people who are added can see it"))
    instructions = forms.CharField(
        required=False,
        max_length=spaces.INSTRUCTIONS_MAX,
        label=_("Instructions for models"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Given to every model that answers here, before the conversation: tone, language, facts, rules."),
    )

    def __init__(self, data: Any = None, *, space: Space) -> None:
        now = {name: getattr(space, name) for name in ("name", "topic", "description", "instructions")}
        super().__init__(data, initial={**now, "private": space.is_private})

    @property
    def facts(self) -> dict[str, Any]:
        """What is to be changed, as spaces.change takes it."""
        sent = {
            name: self.cleaned_data[name]
            for name in ("name", "topic", "description", "instructions")
            if name in self.data
        }
        return {**sent, "is_private": self.cleaned_data["private"]}


class InvitationForm(forms.Form):
    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in (Role.MEMBER, Role.ADMIN, Role.GUEST)], label=_("Role")
    )
    space = forms.UUIDField(label=_("Space"), widget=forms.Select)
    days = forms.TypedChoiceField(
        coerce=int, choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))], initial=7, label=_("Good for")
    )
    uses = forms.TypedChoiceField(
        coerce=int, choices=[(1, _("1 person")), (5, _("5 people")), (25, _("25 people"))], initial=1, label=_("Serves")
    )
