"""Webhooks: signed as Stripe signs, sent until they are taken, and disturbed on demand."""

import time
from typing import Any

import pytest
import stripe

from tests.config.stripe_stand_in.conftest import Mailbox
from tests.doubles.stripe import SECRET, StripeStandIn


def test_an_event_is_posted_with_a_signature_that_the_library_verifies(client: Any, mailbox: Mailbox) -> None:
    customer = client.customers.create({"name": "Bo"}, {"idempotency_key": "once"})
    client.customers.update(customer.id, {"name": "Bob"})

    mailbox.wait_for(2)

    created, updated = mailbox.events()
    assert (created.type, created.data.object.id, created.request.idempotency_key) == (
        "customer.created",
        customer.id,
        "once",
    )
    assert (updated.type, updated.data.previous_attributes.to_dict()) == ("customer.updated", {"name": "Bo"})
    assert client.events.retrieve(updated.id).data.object.name == "Bob"


def test_an_event_is_sent_again_until_it_is_taken(client: Any, stand_in: StripeStandIn, mailbox: Mailbox) -> None:
    stand_in.set_options(delivery_pauses=[0.05, 0.05, 0.05])
    mailbox.answers = [500, 404]

    client.customers.create({"name": "Bo"})

    mailbox.wait_for(3)
    stand_in.settle()
    assert len({event.id for event in mailbox.events()}) == 1
    delivery = stand_in.deliveries()[-1]
    assert (delivery["state"], [attempt["status"] for attempt in delivery["attempts"]]) == ("taken", [500, 404, 200])
    assert client.events.list().data[0].pending_webhooks == 0


def test_an_event_that_nobody_takes_is_given_up_but_can_be_read(
    client: Any, stand_in: StripeStandIn, mailbox: Mailbox
) -> None:
    stand_in.set_options(delivery_pauses=[0.05])
    mailbox.answers = [500] * 9

    client.customers.create({"name": "Bo"})

    mailbox.wait_for(2)
    stand_in.settle()
    assert stand_in.deliveries()[-1]["state"] == "given up"
    assert [event.type for event in client.events.list({"delivery_success": False}).data] == ["customer.created"]


def test_deliveries_are_duplicated_dropped_and_delayed(client: Any, stand_in: StripeStandIn, mailbox: Mailbox) -> None:
    stand_in.mischief(duplicate=1)
    client.customers.create({"name": "Twice"})
    mailbox.wait_for(2)
    stand_in.mischief(drop=1)
    client.customers.create({"name": "Never"})
    stand_in.mischief(delay=1, delay_seconds=0.5)
    client.customers.create({"name": "Late"})
    client.customers.create({"name": "Soon"})

    mailbox.wait_for(4)

    assert [event.data.object.name for event in mailbox.events()] == ["Twice", "Twice", "Soon", "Late"]


def test_deliveries_are_turned_round(client: Any, stand_in: StripeStandIn, mailbox: Mailbox) -> None:
    stand_in.mischief(reorder=3)

    for name in ("one", "two", "three"):
        client.customers.create({"name": name})

    mailbox.wait_for(3)
    assert [event.data.object.name for event in mailbox.events()] == ["three", "two", "one"]


def test_deliveries_wait_while_they_are_paused(client: Any, stand_in: StripeStandIn, mailbox: Mailbox) -> None:
    stand_in.mischief(pause=True)
    client.customers.create({"name": "Bo"})
    client.customers.list()

    nobody = list(mailbox.letters)
    stand_in.mischief(pause=False)

    mailbox.wait_for(1)
    assert nobody == []


@pytest.mark.parametrize("how", [{"secret": "whsec_forged"}, {"stamp_offset": -3600}])
def test_a_forged_or_stale_event_is_posted_on_demand(
    client: Any, stand_in: StripeStandIn, mailbox: Mailbox, how: Any
) -> None:
    client.customers.create({"name": "Bo"})
    mailbox.wait_for(1)

    stand_in.send_again(mailbox.events()[0].id, **how)

    mailbox.wait_for(2)
    headers, body = mailbox.letters[1]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["stripe-signature"], SECRET)


def test_an_event_is_posted_from_the_future_and_with_other_words(
    client: Any, stand_in: StripeStandIn, mailbox: Mailbox
) -> None:
    client.customers.create({"name": "Bo"})
    mailbox.wait_for(1)

    stand_in.send_again(
        mailbox.events()[0].id, stamp_offset=3600, changed={"data.object.name": "Mallory", "livemode": True}
    )

    mailbox.wait_for(2)
    event = mailbox.events()[1]
    assert (event.data.object.name, event.livemode) == ("Mallory", True)
    stamp = int(mailbox.letters[1][0]["stripe-signature"].split(",")[0].removeprefix("t="))
    assert stamp > time.time() + 3000


def test_an_endpoint_takes_only_what_it_asked_for(client: Any, stand_in: StripeStandIn, mailbox: Mailbox) -> None:
    for endpoint in client.webhook_endpoints.list().data:
        client.webhook_endpoints.delete(endpoint.id)
    made = client.webhook_endpoints.create({"url": mailbox.url, "enabled_events": ["product.created"]})

    client.customers.create({"name": "Bo"})
    client.products.create({"name": "Team"})

    mailbox.wait_for(1)
    stand_in.settle()
    headers, body = mailbox.letters[0]
    event = stripe.Webhook.construct_event(body, headers["stripe-signature"], made.secret)
    assert (event.type, len(mailbox.letters)) == ("product.created", 1)


def test_events_are_listed_by_type_and_time(client: Any, stand_in: StripeStandIn) -> None:
    client.customers.create({"name": "Bo"})
    stand_in.advance(days=1)
    since = stand_in.now()
    client.customers.create({"name": "Cy"})
    client.products.create({"name": "Team"})

    found = client.events.list({"types": ["customer.created"], "created": {"gte": since}}).data

    assert [event.data.object.name for event in found] == ["Cy"]
