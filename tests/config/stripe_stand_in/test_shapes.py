"""What it takes and what it tells, against the official library's own types.

*Keeps true*: a parameter that the stand-in takes is one of Stripe's, and is required where Stripe's is; a field that it
tells is one of Stripe's, and none that Stripe always tells is missing.
"""

import builtins
import importlib
import re
import types
import typing
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NotRequired, Required

import pytest
import stripe
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import StripeObject
from typing_extensions import is_typeddict

import config.local.stripe_stand_in.nouns  # noqa: F401  (registers what there is)
from config.local.stripe_stand_in.routes import ROUTES, Route
from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import StripeStandIn

# Where the library's name of the parameters is not made of the address and the verb.
NAMED = {
    "POST customers/{customer}/balance_transactions": "CustomerBalanceTransactionCreateParams",
    "GET customers/{customer}/balance_transactions": "CustomerBalanceTransactionListParams",
    "POST customers/{customer}/tax_ids": "CustomerTaxIdCreateParams",
    "GET customers/{customer}/tax_ids": "CustomerTaxIdListParams",
    "DELETE customers/{customer}/tax_ids/{tax_id}": "CustomerTaxIdDeleteParams",
    "GET customers/{customer}/payment_methods": "CustomerPaymentMethodListParams",
    "GET customers/{customer}/payment_methods/{method}": "CustomerPaymentMethodRetrieveParams",
    "DELETE customers/{customer}/discount": "CustomerDeleteDiscountParams",
    "DELETE subscriptions/{subscription}/discount": "SubscriptionDeleteDiscountParams",
    "POST payment_methods/{method}/attach": "PaymentMethodAttachParams",
    "POST invoices/create_preview": "InvoiceCreatePreviewParams",
    "POST invoices/{invoice}/finalize": "InvoiceFinalizeInvoiceParams",
    "POST invoices/{invoice}/void": "InvoiceVoidInvoiceParams",
    "GET invoices/{invoice}/lines": "InvoiceLineItemListParams",
    "GET checkout/sessions/{session}/line_items": "checkout.SessionLineItemListParams",
    "DELETE subscriptions/{subscription}": "SubscriptionCancelParams",
    "POST invoiceitems": "InvoiceItemCreateParams",
    "GET invoiceitems": "InvoiceItemListParams",
    "GET invoiceitems/{pending}": "InvoiceItemRetrieveParams",
    "DELETE invoiceitems/{pending}": "InvoiceItemDeleteParams",
}
# Taken as the API takes them, though the library's types leave them to other ways of paying.
EXTRA = {"card[token]", "card[number]", "card[exp_month]", "card[exp_year]", "card[cvc]", "expand"}

LENIENT = {"features[subscription_cancel][cancellation_reason][options]"}


def _name(route: Route) -> str:
    address = f"{route.method} {route.pattern}"
    if address in NAMED:
        return NAMED[address]
    *spaces, noun = [step for step in re.sub(r"\{\w+\}", "", route.pattern).split("/") if step] or [""]
    steps = route.pattern.split("/")
    verb = {"POST": "Create", "GET": "List", "DELETE": "Delete"}[route.method]
    if steps[-1].startswith("{"):
        verb = {"POST": "Update", "GET": "Retrieve", "DELETE": "Delete"}[route.method]
    elif len(steps) > 1 and (steps[-2].startswith("{") or noun == "search"):
        verb, noun = noun.title().replace("_", ""), spaces.pop()
    single = noun[:-1] if noun.endswith("s") else noun
    space = ".".join(spaces)
    return f"{space}.{_camel(single)}{verb}Params".lstrip(".")


def _camel(name: str) -> str:
    return name.title().replace("_", "")


@cache
def _params(name: str) -> Any:
    place: Any = importlib.import_module("stripe.params")
    *spaces, last = name.split(".")
    for space in spaces:
        place = importlib.import_module(f"{place.__name__}.{space}")
    return getattr(place, last)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    module = importlib.import_module(kind.__module__)
    names = _Names({**vars(typing), **vars(stripe), **vars(kind), **vars(module)})
    return typing.get_type_hints(kind, {}, names, include_extras=True)


class _Names(dict[str, Any]):
    """What the library imports for type checkers only may be anything."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        return Any


def _options(hint: Any) -> Iterator[Any]:
    """What a value may be, without the wrappings."""
    if typing.get_origin(hint) in (NotRequired, Required, typing.Required, typing.NotRequired):
        yield from _options(typing.get_args(hint)[0])
    elif typing.get_origin(hint) in (typing.Union, types.UnionType):
        for each in typing.get_args(hint):
            yield from _options(each)
    else:
        yield hint


def _compare(takes: Any, hint: Any, path: str) -> Iterator[str]:
    options = list(_options(hint))
    if isinstance(takes, list):
        inner = [typing.get_args(each)[0] for each in options if typing.get_origin(each) is list]
        if not inner:
            yield f"{path}: Stripe takes no list"
        else:
            yield from _compare(takes[0], inner[0], f"{path}[]")
    elif isinstance(takes, dict):
        tables = [each for each in options if is_typeddict(each)]
        if not tables:
            yield f"{path}: Stripe takes no table"
        else:
            yield from _compare_table(takes, tables[0], path)
    elif isinstance(takes, tuple):
        words = {
            word for each in options if typing.get_origin(each) is typing.Literal for word in typing.get_args(each)
        }
        if words and set(takes) - words:
            yield f"{path}: Stripe does not know {sorted(set(takes) - words)}"
    elif takes in (int, bool) and takes not in options and not (takes is bool and typing.Literal[True] in options):
        yield f"{path}: Stripe takes {options}"


def _compare_table(takes: dict[str, Any], table: Any, path: str) -> Iterator[str]:
    known = _hints(table)
    for name, inner in takes.items():
        bare = name.rstrip("!")
        where = f"{path}[{bare}]" if path else bare
        if where in EXTRA:
            continue
        if bare not in known:
            yield f"{where}: unknown to Stripe"
            continue
        required = bare in table.__required_keys__ and typing.get_origin(known[bare]) is not NotRequired
        # At the top it may ask for more than the types say, as Stripe itself does.
        if required != name.endswith("!") and not (name.endswith("!") and not path) and where not in LENIENT:
            yield f"{where}: {'required' if required else 'not required'} by Stripe"
        yield from _compare(inner, known[bare], where)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern}")
def test_every_parameter_that_it_takes_is_one_of_stripes(route: Route) -> None:
    table = _params(_name(route))

    assert list(_compare_table(route.takes, table, "")) == []


def _tells(told: Any, kind: Any, path: str) -> Iterator[str]:
    """What is told that Stripe does not tell, or not told that Stripe always does."""
    known = _hints(kind)
    for name in told:
        if name not in known and name != "object":
            yield f"{path}.{name}: unknown to Stripe"
    for name, hint in known.items():
        options = list(_options(hint))
        is_sure = typing.get_origin(hint) not in (typing.ClassVar, NotRequired) and type(None) not in options
        if name not in told:
            if is_sure and not name.startswith("_") and name.islower():
                yield f"{path}.{name}: always told by Stripe"
            continue
        if told[name] is None and is_sure:
            yield f"{path}.{name}: never null at Stripe"
        yield from _tells_inner(told[name], options, f"{path}.{name}")


def _tells_inner(value: Any, options: list[Any], path: str) -> Iterator[str]:
    kinds = [each for each in options if isinstance(each, type) and issubclass(each, StripeObject)]
    lists = [each for each in options if typing.get_origin(each) is list]
    if isinstance(value, dict) and value.get("object") == "list":
        for each in value["data"]:
            yield from _tells(each, _class(each["object"]), f"{path}[]")
    elif isinstance(value, dict) and str(value.get("object")) in OBJECT_CLASSES:
        yield from _tells(value, _class(value["object"]), path)
    elif isinstance(value, dict) and kinds and kinds[0] is not StripeObject and "Untyped" not in kinds[0].__name__:
        yield from _tells(value, kinds[0], path)
    elif isinstance(value, list) and lists:
        for each in value:
            yield from _tells_inner(each, list(_options(typing.get_args(lists[0])[0])), f"{path}[]")


@cache
def _class(name: str) -> Any:
    path, kind = OBJECT_CLASSES[name]
    return getattr(importlib.import_module(path), kind)


@pytest.fixture
def everything(
    client: Any, stand_in: StripeStandIn, shop: Shop, ana: str, save_card: Callable[..., str]
) -> list[dict[str, Any]]:
    """A story in which a thing of each kind is made, and all that is told of it."""
    method = save_card(ana)
    coupon = client.coupons.create({"percent_off": 10, "duration": "forever"})
    code = client.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    client.customers.balance_transactions.create(ana, {"amount": -100, "currency": "usd"})
    client.customers.tax_ids.create(ana, {"type": "eu_vat", "value": "DE123456789"})
    discounts = [{"promotion_code": code.id}]
    items = [{"price": shop.team}, {"price": shop.seat, "quantity": 2}]
    tax = {"enabled": True}
    given = {"customer": ana, "items": items, "discounts": discounts, "automatic_tax": tax}
    subscription = client.subscriptions.create(given)
    stand_in.advance(days=3)
    seats = {"id": subscription["items"].data[1].id, "quantity": 5}
    client.subscriptions.update(subscription.id, {"items": [seats], "proration_behavior": "always_invoice"})
    schedule = client.subscription_schedules.create({"from_subscription": subscription.id})
    client.subscription_schedules.release(schedule.id)
    lines = [{"price": shop.pack, "quantity": 1}]
    session = {"mode": "payment", "line_items": lines, "success_url": "http://127.0.0.1:9/", "customer": ana}
    bank = client.checkout.sessions.create({**session, "allowed_payment_method_types": ["us_bank_account"]})
    stand_in.submit(bank.url, what="bank", account="000123456789")
    session = client.checkout.sessions.create({**session, "invoice_creation": {"enabled": True}})
    stand_in.submit(session.url, saved=method)
    client.setup_intents.create({"customer": ana, "payment_method": method, "confirm": True})
    intent = client.payment_intents.create(
        {
            "amount": 1200,
            "currency": "usd",
            "customer": ana,
            "payment_method": method,
            "off_session": True,
            "confirm": True,
        }
    )
    client.refunds.create({"payment_intent": intent.id, "amount": 200})
    stand_in.end_dispute(stand_in.dispute(payment_intent=intent.id)["id"], won=True)
    client.test_helpers.test_clocks.create({"frozen_time": stand_in.now()})
    stand_in.advance(days=40)
    client.subscriptions.cancel(subscription.id)
    return _tell_all(client, ana)


def _tell_all(client: Any, customer: str) -> list[dict[str, Any]]:
    told = [event.to_dict() for event in client.events.list({"limit": 100}).auto_paging_iter()]
    told += client.invoices.list({"expand": ["data.payments", "data.discounts", "data.confirmation_secret"]}).to_dict()[
        "data"
    ]
    told += client.payment_intents.list({"expand": ["data.payment_method", "data.latest_charge"]}).to_dict()["data"]
    told += client.checkout.sessions.list({"expand": ["data.line_items"]}).to_dict()["data"]
    told += client.prices.list({"expand": ["data.currency_options", "data.product"]}).to_dict()["data"]
    told += [
        client.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["charge.failed"]}).to_dict()
    ]
    told += client.customers.balance_transactions.list(customer).to_dict()["data"]
    return told


def test_everything_that_it_tells_has_the_fields_of_stripe(everything: list[dict[str, Any]]) -> None:
    # An upcoming invoice has no id yet.
    allowed = {"invoice.id: always told by Stripe", "event.data.object.id: always told by Stripe"}
    within = [thing["data"]["object"] for thing in everything if thing["object"] == "event"]

    wrong = {what for thing in everything + within for what in _tells(thing, _class(thing["object"]), thing["object"])}

    assert sorted(wrong - allowed) == []
    seen = {thing["object"] for thing in everything + within}
    assert {"dispute", "refund", "charge", "invoiceitem", "invoice_payment", "subscription_schedule"} <= seen
    assert {"setup_intent", "checkout.session", "price", "webhook_endpoint", "customer_balance_transaction"} <= seen
