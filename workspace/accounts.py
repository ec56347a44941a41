"""How accounts are opened: what an address must be.

*Called by*: allauth, for sign-up and for every further address. *Keeps true*: one address in one spelling, so that it
is one account; mail goes to a domain of the open internet and nowhere else.
"""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError


class Accounts(DefaultAccountAdapter):
    """allauth asks here."""

    def clean_email(self, email: str) -> str:
        name, _, domain = super().clean_email(email).rpartition("@")
        if not name.isascii():
            raise ValidationError("Mail reaches only addresses with plain letters before the @.", code="invalid")
        try:
            domain = domain.encode("idna").decode().lower()
        except UnicodeError:
            raise ValidationError("That is not the name of a domain.", code="invalid") from None
        if domain.startswith("["):
            raise ValidationError("After the @ stands the name of a domain, not a number.", code="invalid")
        return f"{name}@{domain}"
