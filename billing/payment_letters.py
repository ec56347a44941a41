"""Mails about payments that need somebody: a card to confirm, an auto-recharge that turned itself off.

*Called by*: billing.recharges. *Keeps true*: each admin who can be reached gets one, in their language; a mail
server that is away stops nothing, for the plan page says the same.
"""

import logging
import smtplib

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from workspace import languages
from workspace.models import Member, Org

log = logging.getLogger(__name__)

NEEDS_CARD, STOPPED = "needs_card", "stopped"
WORDS = {
    NEEDS_CARD: (
        gettext_noop("Your bank asks to confirm a payment"),
        gettext_noop(
            "Credits ran low, and auto-recharge was to buy more. Your bank wants the owner of the card to confirm it. "
            "Nothing was charged yet: please pay on this page within a day."
        ),
        gettext_noop("Confirm and pay"),
    ),
    STOPPED: (
        gettext_noop("Auto-recharge is off: the card was declined"),
        gettext_noop(
            "The card was declined three times in a row, so auto-recharge turned itself off. Nothing was charged. "
            "Answers go on until the credits run out. Once another card is saved, it can be turned on again."
        ),
        gettext_noop("See the plan"),
    ),
}


def send_to_admins(org: Org, kind: str, *, url: str) -> int:
    """Returns how many mails went out."""
    sent = 0
    for member in Member.objects.present().filter(org=org).select_related("user", "org"):
        if member.is_admin and member.user and member.user.is_active and member.user.email:
            with translation.override(languages.known(member.user)):
                sent += _send(member, kind, url)
    return sent


def _send(member: Member, kind: str, url: str) -> int:
    assert member.user is not None
    lead, text, button = (_(each) for each in WORDS[kind])
    context = {"org": member.org, "lead": lead, "text": text, "button": button, "url": url}
    subject = " ".join(f"{lead} · {member.org.name}".split())
    headers = {"Auto-Submitted": "auto-generated"}
    plain = render_to_string("billing/mail/payment.txt", context)
    letter = EmailMultiAlternatives(subject, plain, to=[member.user.email], headers=headers)
    letter.attach_alternative(render_to_string("billing/mail/payment.html", context), "text/html")
    try:
        return int(letter.send())
    except (smtplib.SMTPException, OSError) as error:
        log.warning("a mail about a payment was not sent: %s", type(error).__name__)
        return 0
