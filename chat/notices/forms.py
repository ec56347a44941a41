"""Forms of levels and settings: they parse; the verbs decide. *Called by*: chat.views.notices."""

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.models import Digest


class LevelForm(forms.Form):
    """What one Space tells its member. An empty level is the member's usual one."""

    level = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("As in my settings")),
            ("all", _("Every message")),
            ("mentions", _("Mentions of me, and threads I follow")),
            ("nothing", _("Nothing")),
        ],
        widget=forms.RadioSelect,
        label=_("Tell me about"),
    )
    muted = forms.BooleanField(required=False, label=_("Mute this Space"))


class NoticeSettingsForm(forms.Form):
    """How a member wants to be told, where a Space does not say otherwise."""

    level = forms.ChoiceField(
        choices=LevelForm.base_fields["level"].choices[1:],  # type: ignore[attr-defined]
        widget=forms.RadioSelect,
        label=_("In Spaces, tell me about"),
        help_text=_("Direct messages always tell you. Each Space can have a level of its own."),
    )
    digest = forms.ChoiceField(
        choices=[
            (Digest.SOON, _("After 15 minutes, when I am away")),
            (Digest.HOURLY, _("At most once an hour")),
            (Digest.DAILY, _("Once a day, at 8 in the morning")),
            (Digest.OFF, _("Never")),
        ],
        widget=forms.RadioSelect,
        label=_("Mail me what I have not read"),
    )
    has_toasts = forms.BooleanField(
        required=False,
        label=_("Show new notices in a corner"),
        help_text=_(
            "For a few seconds, when they are not about what you look at. Never while your status is Do not disturb."
        ),
    )
