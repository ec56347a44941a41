"""What Stripe says, as facts: its objects with the few fields that count here, in our own types.

*Called by*: billing.stripe_api makes them; everybody else reads them. *Keeps true*: amounts are whole numbers of the
smallest unit, instants are in UTC, and what Stripe leaves out is None or empty, never missing.
*Why* plain dictionaries come in: an event's payload and an answer of the API have the same shape.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One priced line of a subscription. `metadata` is that of the price: which plan, and base or seat."""

    id: str
    price_id: str
    metadata: dict[str, str]
    interval: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    id: str
    customer_id: str
    status: str
    metadata: dict[str, str]
    items: tuple[Item, ...]
    currency: str
    anchor_at: datetime
    starts_at: datetime
    ends_at: datetime
    trial_ends_at: datetime | None
    cancels_at: datetime | None
    ended_at: datetime | None
    schedule_id: str
    invoice_id: str


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """A price. `metadata` says what it is of; `amounts` are by currency, the one that it is listed in first."""

    id: str
    lookup_key: str
    metadata: dict[str, str]
    interval: str
    amounts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice. `is_proration`: for a part of a period, because something changed within it."""

    price_id: str
    quantity: int
    amount_minor: int
    is_proration: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    id: str
    customer_id: str
    subscription_id: str
    payment_id: str
    number: str
    status: str
    reason: str
    total_minor: int
    due_minor: int
    paid_minor: int
    currency: str
    created_at: datetime
    due_again_at: datetime | None
    page_url: str
    pdf_url: str
    lines: tuple[Line, ...]

    @property
    def is_paid(self) -> bool:
        return self.status == "paid"


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment intent. `problem` is why the card was refused, in Stripe's code."""

    id: str
    customer_id: str
    status: str
    metadata: dict[str, str]
    amount_minor: int
    paid_minor: int
    refunded_minor: int
    is_disputed: bool
    currency: str
    problem: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    id: str
    payment_id: str
    status: str
    amount_minor: int

    @property
    def is_open(self) -> bool:
        """While it lasts; an inquiry ("warning_…") takes no money and freezes nothing."""
        return self.status in ("needs_response", "under_review")


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A visit to Checkout."""

    id: str
    url: str
    mode: str
    status: str
    is_paid: bool
    customer_id: str
    subscription_id: str
    payment_id: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class EventFacts:
    """Something that happened there. Only `type` and `object_id` are trusted: the object itself is read anew."""

    id: str
    type: str
    created_at: datetime
    is_live: bool
    object_id: str
    object_kind: str
    payload: Thing


def instant(stamp: int | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


def _at(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def id_of(thing: Any) -> str:
    """Where Stripe may give either an id or the whole thing; a forecast of an invoice has none."""
    return str((thing.get("id") if isinstance(thing, dict) else thing) or "")


def subscription(thing: Thing) -> SubscriptionFacts:
    items = thing["items"]["data"]
    return SubscriptionFacts(
        id=thing["id"],
        customer_id=id_of(thing["customer"]),
        status=thing["status"],
        metadata=dict(thing.get("metadata") or {}),
        items=tuple(_item(each) for each in items),
        currency=thing["currency"],
        anchor_at=_at(thing["billing_cycle_anchor"]),
        starts_at=_at(min(each["current_period_start"] for each in items)),
        ends_at=_at(max(each["current_period_end"] for each in items)),
        trial_ends_at=instant(thing.get("trial_end")),
        cancels_at=instant(_cancels_at(thing)),
        ended_at=instant(thing.get("ended_at")),
        schedule_id=id_of(thing.get("schedule")),
        invoice_id=id_of(thing.get("latest_invoice")),
    )


def _cancels_at(thing: Thing) -> int | None:
    """Newer versions say `cancel_at` for both ways of ending later; older ones only set the flag."""
    if thing.get("cancel_at") is None and thing.get("cancel_at_period_end"):
        return max(int(each["current_period_end"]) for each in thing["items"]["data"])
    return thing.get("cancel_at")


def _item(thing: Thing) -> Item:
    price = thing["price"]
    return Item(
        id=thing["id"],
        price_id=price["id"],
        metadata=dict(price.get("metadata") or {}),
        interval=(price.get("recurring") or {}).get("interval", ""),
        quantity=thing.get("quantity") or 1,
    )


def price(thing: Thing) -> PriceFacts:
    """Expects `currency_options` expanded."""
    options = thing.get("currency_options") or {}
    amounts = {thing["currency"]: thing["unit_amount"]}
    amounts |= {name: option["unit_amount"] for name, option in options.items() if name != thing["currency"]}
    return PriceFacts(
        id=thing["id"],
        lookup_key=thing.get("lookup_key") or "",
        metadata=dict(thing.get("metadata") or {}),
        interval=(thing.get("recurring") or {}).get("interval", ""),
        amounts=amounts,
    )


def invoice(thing: Thing) -> InvoiceFacts:
    parent = (thing.get("parent") or {}).get("subscription_details") or {}
    moves = thing.get("status_transitions") or {}
    return InvoiceFacts(
        id=thing.get("id") or "",
        customer_id=id_of(thing.get("customer")),
        subscription_id=id_of(parent.get("subscription")),
        payment_id=_payment_of(thing),
        number=thing.get("number") or "",
        status=thing.get("status") or "",
        reason=thing.get("billing_reason") or "",
        total_minor=thing["total"],
        due_minor=thing["amount_due"],
        paid_minor=thing["amount_paid"],
        currency=thing["currency"],
        created_at=_at(moves.get("finalized_at") or thing["created"]),
        due_again_at=instant(thing.get("next_payment_attempt")),
        page_url=thing.get("hosted_invoice_url") or "",
        pdf_url=thing.get("invoice_pdf") or "",
        lines=tuple(_line(each) for each in thing["lines"]["data"]),
    )


def _payment_of(thing: Thing) -> str:
    """The payment intent behind an invoice whose `payments` were asked for; one that paid comes first."""
    payments = (thing.get("payments") or {}).get("data") or []
    for each in sorted(payments, key=lambda payment: payment.get("status") != "paid"):
        if found := id_of((each.get("payment") or {}).get("payment_intent")):
            return found
    return ""


def _line(thing: Thing) -> Line:
    parent = thing.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    price = ((thing.get("pricing") or {}).get("price_details") or {}).get("price")
    return Line(
        price_id=id_of(price),
        quantity=thing.get("quantity") or 0,
        amount_minor=thing["amount"],
        is_proration=bool(details.get("proration")),
        starts_at=_at(thing["period"]["start"]),
        ends_at=_at(thing["period"]["end"]),
    )


def payment(thing: Thing) -> PaymentFacts:
    """Expects `latest_charge` expanded: refunds and disputes are told there."""
    charge = thing.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    error = thing.get("last_payment_error") or {}
    return PaymentFacts(
        id=thing["id"],
        customer_id=id_of(thing.get("customer")),
        status=thing["status"],
        metadata=dict(thing.get("metadata") or {}),
        amount_minor=thing["amount"],
        paid_minor=thing.get("amount_received") or 0,
        refunded_minor=charge.get("amount_refunded") or 0,
        is_disputed=bool(charge.get("disputed")),
        currency=thing["currency"],
        problem=error.get("decline_code") or error.get("code") or "",
        created_at=_at(thing["created"]),
    )


def dispute(thing: Thing) -> DisputeFacts:
    return DisputeFacts(thing["id"], id_of(thing.get("payment_intent")), thing["status"], thing["amount"])


def session(thing: Thing) -> SessionFacts:
    return SessionFacts(
        id=thing["id"],
        url=thing.get("url") or "",
        mode=thing["mode"],
        status=thing.get("status") or "",
        is_paid=thing.get("payment_status") in ("paid", "no_payment_required"),
        customer_id=id_of(thing.get("customer")),
        subscription_id=id_of(thing.get("subscription")),
        payment_id=id_of(thing.get("payment_intent")),
        metadata=dict(thing.get("metadata") or {}),
    )


def event(thing: Thing) -> EventFacts:
    about = (thing.get("data") or {}).get("object") or {}
    return EventFacts(
        id=str(thing["id"]),
        type=str(thing["type"]),
        created_at=_at(thing["created"]),
        is_live=bool(thing.get("livemode")),
        object_id=id_of(about),
        object_kind=str(about.get("object") or ""),
        payload=thing,
    )
