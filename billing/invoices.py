"""Copies of what was billed: what the plan page lists, with links to the provider's own pages.

*Called by*: billing.events, billing.subscriptions, the plan page. *Keeps true*: a copy is as it was when last read;
drafts and previews are nobody's business yet.
"""

from django.utils import timezone

from billing.models import Account, Invoice
from billing.stripe_facts import InvoiceFacts

UNTOLD = {"draft", ""}


def keep(account: Account, invoice: InvoiceFacts) -> None:
    if invoice.status in UNTOLD:
        return
    Invoice.objects.update_or_create(
        id=invoice.id,
        defaults={
            "org_id": account.org_id,
            "number": invoice.number,
            "status": invoice.status,
            "total_minor": invoice.total_minor,
            "paid_minor": invoice.paid_minor,
            "currency": invoice.currency,
            "payment_id": invoice.payment_id,
            "created_at": invoice.created_at,
            "due_again_at": invoice.due_again_at,
            "page_url": invoice.page_url,
            "pdf_url": invoice.pdf_url,
            "read_at": timezone.now(),
        },
    )
