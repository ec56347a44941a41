"""The API's manners: keys, idempotency, errors, pages, expansion, faults."""

import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.config.stripe_stand_in.conftest import Shop
from tests.doubles.stripe import KEY, StripeStandIn


def test_the_same_idempotency_key_gives_the_first_answer_and_does_nothing(client: Any) -> None:
    given = {"email": "bo@example.org"}

    first = client.customers.create(given, {"idempotency_key": "once"})
    second = client.customers.create(given, {"idempotency_key": "once"})

    assert first.id == second.id
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert len(client.customers.list().data) == 1


def test_the_same_idempotency_key_for_something_else_is_refused(client: Any) -> None:
    client.customers.create({"email": "bo@example.org"}, {"idempotency_key": "once"})

    with pytest.raises(stripe.IdempotencyError) as caught:
        client.customers.create({"email": "cy@example.org"}, {"idempotency_key": "once"})

    assert caught.value.http_status == 400


def test_an_idempotency_key_that_is_in_flight_is_refused(client: Any, stand_in: StripeStandIn) -> None:
    stand_in.fail_next(200, wait=1.5, method="POST", path="/v1/customers")
    given, key = {"email": "bo@example.org"}, {"idempotency_key": "once"}
    slow = threading.Thread(target=lambda: client.customers.create(given, key))
    slow.start()
    while not stand_in.requests():
        pass

    with pytest.raises(stripe.APIError) as caught:
        client.customers.create(given, key)

    slow.join(10)
    error: Any = caught.value.error
    assert (caught.value.http_status, error.code) == (409, "idempotency_key_in_use")
    assert len(client.customers.list().data) == 1


def test_a_decline_is_answered_again_for_its_key(client: Any, ana: str, save_card: Any) -> None:
    method = save_card(ana, "pm_card_chargeCustomerFail")
    given = {"amount": 1200, "currency": "usd", "customer": ana, "payment_method": method, "confirm": True}
    seen = set()

    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.payment_intents.create({**given, "off_session": True}, {"idempotency_key": "recharge-1"})
        seen.add(caught.value.error.payment_intent.id)  # type: ignore[union-attr]

    assert len(seen) == 1


@pytest.mark.parametrize(
    ("call", "status", "code", "param"),
    [
        (lambda v1: v1.customers.create({"nickname": "x"}), 400, "parameter_unknown", "nickname"),
        (lambda v1: v1.prices.create({"currency": "usd", "unit_amount": 1}), 400, "parameter_missing", "product"),
        (lambda v1: v1.subscriptions.create({"customer": "cus_x", "items": [{"price": "p", "x": 1}]}), 400, "parameter_unknown", "items[0][x]"),
        (lambda v1: v1.customers.retrieve("cus_nobody"), 404, "resource_missing", "id"),
        (lambda v1: v1.payment_intents.create({"amount": "ten", "currency": "usd"}), 400, "parameter_invalid_integer", "amount"),
        (lambda v1: v1.checkout.sessions.create({"mode": "gift", "success_url": "http://x"}), 400, None, "mode"),
        (lambda v1: v1.customers.list({"limit": 101}), 400, None, "limit"),
        (lambda v1: v1.customers.create({"metadata": {"k" * 41: "x"}}), 400, None, f"metadata[{'k' * 41}]"),
        (lambda v1: v1.customers.create({"metadata": {"k": "x" * 501}}), 400, None, "metadata[k]"),
        (lambda v1: v1.customers.create({"name": "x", "expand": ["name"]}), 400, "property_cannot_be_expanded", "expand"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_answered_in_stripes_shape(
    client: Any, call: Any, status: int, code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        call(client)

    assert (caught.value.http_status, caught.value.code, caught.value.param) == (status, code, param)
    assert caught.value.request_id and caught.value.request_id.startswith("req_")


def test_another_key_is_refused(stand_in: StripeStandIn) -> None:
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": stand_in.url}, max_network_retries=0).v1

    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test\*+ther"):
        other.customers.list()


def test_pages_go_forth_and_back(client: Any) -> None:
    made = [client.customers.create({"name": str(number)}).id for number in range(25)]

    first = client.customers.list({"limit": 10})
    second = client.customers.list({"limit": 10, "starting_after": first.data[-1].id})
    third = client.customers.list({"limit": 10, "starting_after": second.data[-1].id})
    back = client.customers.list({"limit": 10, "ending_before": third.data[0].id})

    assert [customer.id for customer in first.auto_paging_iter()] == made[::-1]
    assert (first.has_more, len(second.data)) == (True, 10)
    assert [customer.id for customer in back.data] == [customer.id for customer in second.data]
    assert (len(third.data), third.has_more, back.has_more) == (5, False, True)


def test_customers_are_found_by_metadata_and_mail(client: Any) -> None:
    wanted = client.customers.create({"email": "bo@example.org", "metadata": {"org": "7"}}).id
    client.customers.create({"email": "cy@example.org", "metadata": {"org": "8"}})

    assert [each.id for each in client.customers.search({"query": 'metadata["org"]:"7"'}).data] == [wanted]
    assert [each.id for each in client.customers.list({"email": "bo@example.org"}).data] == [wanted]


def test_metadata_is_merged_and_emptied(client: Any, ana: str) -> None:
    client.customers.update(ana, {"metadata": {"plan": "team"}})
    merged = client.customers.retrieve(ana).metadata.to_dict()
    client.customers.update(ana, {"metadata": {"org": ""}})

    assert merged == {"org": "7", "plan": "team"}
    assert client.customers.retrieve(ana).metadata.to_dict() == {"plan": "team"}


def test_a_lookup_key_is_handed_on(client: Any, shop: Shop) -> None:
    product = client.products.create({"name": "Team"}).id
    given = {"product": product, "currency": "usd", "unit_amount": 2600, "recurring": {"interval": "month"}}

    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        client.prices.create({**given, "lookup_key": "team"})
    newer = client.prices.create({**given, "lookup_key": "team", "transfer_lookup_key": True})

    assert [price.id for price in client.prices.list({"lookup_keys": ["team"]}).data] == [newer.id]
    assert client.prices.retrieve(shop.team).lookup_key is None


def test_the_version_that_was_asked_for_is_answered(client: Any) -> None:
    customers = client.customers.list()

    assert customers.last_response.headers["stripe-version"] == stripe.api_version


@pytest.mark.parametrize(
    ("fault", "error"),
    [(500, stripe.APIError), (429, stripe.RateLimitError), (0, stripe.APIConnectionError)],
)
def test_a_call_fails_when_it_is_told_to(
    client: Any, stand_in: StripeStandIn, fault: int, error: type[Exception]
) -> None:
    stand_in.fail_next(fault, path="/v1/customers")

    with pytest.raises(error):
        client.customers.create({"name": "Bo"})

    assert client.customers.create({"name": "Bo"}).name == "Bo"
    assert len(client.customers.list().data) == 1


def test_an_answer_that_was_lost_is_given_again_for_its_key(client: Any, stand_in: StripeStandIn) -> None:
    stand_in.fail_next(0, path="/v1/customers", before=False)

    with pytest.raises(stripe.APIConnectionError):
        client.customers.create({"name": "Bo"}, {"idempotency_key": "once"})
    client.customers.create({"name": "Bo"}, {"idempotency_key": "once"})

    assert len(client.customers.list().data) == 1


def test_every_call_is_noted(client: Any, stand_in: StripeStandIn) -> None:
    client.customers.create({"name": "Bo"}, {"idempotency_key": "once"})

    seen = stand_in.requests()[-1]
    assert (seen["method"], seen["path"], seen["body"], seen["status"]) == ("POST", "/v1/customers", "name=Bo", 200)
    assert seen["idempotency_key"] == "once"
    assert KEY not in str(seen)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}])
def test_a_page_of_another_site_can_do_nothing_here(stand_in: StripeStandIn, headers: dict[str, str]) -> None:
    before = stand_in.now()
    request = urllib.request.Request(f"{stand_in.url}/_stand_in/clock", b'{"seconds": 99999}', headers)

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)

    caught.value.close()
    assert caught.value.code == 403
    assert stand_in.now() - before < 1000
