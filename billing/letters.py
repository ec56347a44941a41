"""Mails about limits: an alert, a request, its answer. The table of receipts is the outbox.

*Called by*: chat.tasks, each minute. *Keeps true*: a receipt is one mail (which may come twice after a crash, under one
id); of many workers one mails it; while the mail server is away everything waits; what is over by then is not mailed.
"""

import smtplib
import uuid
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing import ledger, pace, paths, wording
from billing.models import AlertReceipt
from workspace import languages
from workspace.models import Member, User

MOST_A_TURN = 500
# What no mail server has taken for so long is let go of; the pages say it too.
PATIENCE = timedelta(days=5)
_IDS = uuid.UUID("0c1d1f0e-5b0a-4f6e-9a52-8f6f5f6a7d11")
_log = structlog.get_logger(__name__)


def send_due() -> int:
    """Mail what waits, until it is done or the mail server is away; how many mails went out."""
    due = AlertReceipt.objects.filter(mailed_at=None).order_by("pk").values_list("pk", flat=True)
    waiting = list(due[:MOST_A_TURN])
    if not waiting:
        return 0
    sent, server = 0, mail.get_connection()
    try:
        server.open()
        for receipt_id in waiting:
            sent += _send(receipt_id, server)
    except (smtplib.SMTPException, OSError) as error:
        _log.warning("letters.postponed", error=type(error).__name__)
    finally:
        server.close()
    return sent


@transaction.atomic
def _send(receipt_id: int, server: BaseEmailBackend) -> bool:
    """Raises what the mail server says of itself; what it says of this one mail is settled here."""
    rows = AlertReceipt.objects.select_for_update(of=("self",), skip_locked=True).filter(mailed_at=None)
    whole = rows.select_related("alert", "request__member", "request__answered_by", "member__user", "member__org")
    receipt = whole.filter(pk=receipt_id).first()
    if receipt is None:
        return False
    is_sent = False
    if is_wanted(receipt):
        try:
            server.send_messages([write(receipt)])
            is_sent = True
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            _log.warning("letters.refused", member=str(receipt.member_id), error=type(error).__name__)
            if not _is_final(error) and receipt.created_at > timezone.now() - PATIENCE:
                return False
    AlertReceipt.objects.filter(pk=receipt_id).update(mailed_at=Now())
    return is_sent


def write(receipt: AlertReceipt) -> EmailMultiAlternatives:
    """The mail, in the language and by the clock of whom it is for."""
    user = receipt.member.user
    assert user is not None
    with translation.override(languages.known(user)), timezone.override(_zone(user)):
        return _write(receipt, user)


def is_wanted(receipt: AlertReceipt) -> bool:
    """Whether it still says something to somebody who can be reached."""
    member, org = receipt.member, receipt.member.org
    if not _is_reachable(member) or org.is_suspended:
        return False
    if receipt.alert:
        return member.is_admin and receipt.alert.period_starts_at == ledger.balance(org.pk).period_starts_at
    assert receipt.request
    # A request is told to admins until it is answered, and the answer to who asked.
    return (receipt.request.answered_at is not None) == (receipt.request.member_id == member.pk)


def _write(receipt: AlertReceipt, user: User) -> EmailMultiAlternatives:
    org, balance = receipt.member.org, ledger.balance(receipt.member.org_id)
    forecast = pace.of_org(org.pk, balance=balance) if receipt.alert else None
    told = wording.of_receipt(receipt, balance, forecast)
    context = {
        "org": org,
        "told": told,
        "url": settings.PARLEY_URL + paths.to_limits(org.slug),
        "button": _("Answer") if receipt.request and not receipt.request.answered_at else _("See the limits"),
    }
    headers = {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{uuid.uuid5(_IDS, _said(receipt))}@{_domain()}>",
    }
    subject = " ".join(f"{told.lead.rstrip('.。')} · {org.name}".split())
    text = render_to_string("billing/mail/letter.txt", context)
    letter = EmailMultiAlternatives(subject, text, to=[user.email], headers=headers)
    letter.attach_alternative(render_to_string("billing/mail/letter.html", context), "text/html")
    return letter


def _said(receipt: AlertReceipt) -> str:
    """The same receipt says two things: that somebody asks, and what was answered."""
    is_answered = bool(receipt.request and receipt.request.answered_at)
    return f"{receipt.alert_id}:{receipt.request_id}:{receipt.member_id}:{is_answered}"


def _is_reachable(member: Member) -> bool:
    user = member.user
    if user is None or member.has_left or not user.is_active:
        return False
    return user.emailaddress_set.filter(email__iexact=user.email, verified=True).exists()  # type: ignore[attr-defined]


def _is_final(error: smtplib.SMTPException) -> bool:
    """Whether trying the same mail again is of no use."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _zone(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.own_zone or "UTC")
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def _domain() -> str:
    """Of the address that mails come from, else of the server."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return sender or urlsplit(settings.PARLEY_URL).hostname or "localhost"
