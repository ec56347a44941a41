"""What the payment provider says no to, in sentences for people.

*Called by*: billing.stripe_api raises them; the plan page and the tasks read them. *Keeps true*: whoever is told one
knows whether money moved: none of these leaves a charge behind.
"""

from django.utils.translation import gettext_lazy as _

from workspace.errors import Refused


class CardDeclined(Refused):
    """`details["problem"]` is the code of the refusal, such as insufficient_funds."""

    code = "card_declined"
    status = 402
    message = _("The card was declined, so nothing was charged and nothing has changed. Another card may work.")


class NeedsCardholder(Refused):
    """The bank wants to hear from whoever owns the card (3-D Secure), who is not here."""

    code = "needs_cardholder"
    status = 402
    message = _(
        "The bank asks the owner of the card to confirm this payment. Nothing was charged and nothing has changed."
    )


class StripeAway(Refused):
    code = "stripe_away"
    status = 503
    message = _("Stripe does not answer just now. Nothing is lost: please try again in a minute.")


class StripeSaidNo(Refused):
    """Stripe understood and refused; what it said is in the log."""

    code = "stripe_refused"
    status = 409
    message = _("Stripe did not accept this. Nothing was charged and nothing has changed.")


class StripeOff(Refused):
    """No key is configured."""

    code = "not_found"
    status = 404
    message = _("There is nothing here, or it is not for you.")


class Forged(Refused):
    """An event that is not to be believed. `message` is one of the reasons of StripeAlarm."""

    code = "forged"
    status = 400
