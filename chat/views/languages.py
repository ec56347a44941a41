"""Choosing a language, signed in or not.

*Called by*: config.urls. *Keeps true*: the way back leads to a page of this server.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from workspace import languages
from workspace.errors import Invalid
from workspace.forms import LanguageForm


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    form = LanguageForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Parley does not speak that language."))
    wanted = form.cleaned_data
    if request.user.is_authenticated:
        languages.choose(request.user, wanted["language"])
    # A whole path: redirect() would take any other word for the name of a view.
    is_ours = wanted["next"].startswith("/") and url_has_allowed_host_and_scheme(wanted["next"], allowed_hosts=None)
    response = HttpResponseRedirect(wanted["next"] if is_ours else reverse("home"))
    languages.remember(response, wanted["language"])
    return response
