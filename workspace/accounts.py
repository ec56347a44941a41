"""How accounts are opened: what an address must be.

*Called by*: allauth, for sign-up and for every further address. *Keeps true*: one address in one spelling, so that it
is one account; mail goes to a domain of the open internet, and its links lead here.
"""

import contextlib
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _


class Accounts(DefaultAccountAdapter):
    """allauth asks here."""

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _public(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _public(super().get_email_confirmation_url(request, emailconfirmation))

    def clean_email(self, email: str) -> str:
        name, _at, domain = super().clean_email(email).rpartition("@")
        if not name.isascii():
            raise ValidationError(_("Mail reaches only addresses with plain letters before the @."), code="invalid")
        if domain.startswith("["):
            raise ValidationError(_("After the @ stands the name of a domain, not a number."), code="invalid")
        try:
            return _spelled(email)
        except UnicodeError:
            raise ValidationError(_("That is not the name of a domain."), code="invalid") from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Sign in with an address in any spelling; tries are counted for the one that it is stored in."""
        with contextlib.suppress(KeyError, UnicodeError):
            credentials["email"] = _spelled(credentials["email"])
        return super().authenticate(request, **credentials)


def _spelled(email: str) -> str:
    """The address with its domain as the network writes it. Raises UnicodeError."""
    name, _at, domain = email.rpartition("@")
    return f"{name}@{domain.encode('idna').decode().lower()}"


def _public(url: str) -> str:
    """A link in a mail leads to this server by its public name, whatever Host the request claimed."""
    return settings.PARLEY_URL + urlsplit(url).path
