"""The Stripe stand-in's pages as a newcomer meets them: paying, 3-D Secure, the portal, the clock."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.doubles.stripe import KEY, StripeStandIn


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StripeStandIn]:
    double = StripeStandIn.start()
    yield double
    double.stop()


@pytest.fixture
def client(stand_in: StripeStandIn) -> Any:
    stand_in.reset()
    return stripe.StripeClient(KEY, base_addresses={"api": stand_in.url}, max_network_retries=0).v1


@pytest.fixture
def session(client: Any, stand_in: StripeStandIn) -> Any:
    """Checkout of a plan with seats, for a customer of whom only the mail is known, that leads to the first page."""
    product = client.products.create({"name": "Team"}).id
    monthly = {"product": product, "currency": "usd", "recurring": {"interval": "month"}}
    base = client.prices.create({**monthly, "unit_amount": 2400}).id
    seat = client.prices.create({**monthly, "unit_amount": 900}).id
    adjustable = {"enabled": True, "minimum": 1, "maximum": 20}
    lines = [{"price": base, "quantity": 1}, {"price": seat, "quantity": 2, "adjustable_quantity": adjustable}]
    given = {"mode": "subscription", "line_items": lines, "customer_email": "ana@example.org"}
    where = f"{stand_in.url}/?done={{CHECKOUT_SESSION_ID}}"
    return client.checkout.sessions.create({**given, "success_url": where, "allow_promotion_codes": True})


@pytest.fixture(params=[("light", 1100), ("dark", 390)], ids=["light, wide", "dark, a phone"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme, width = request.param
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    yield page
    context.close()
    assert faults == []


def look(page: Page) -> None:
    """Everybody can read it, and nothing hangs over the edge."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("() => axe.run()")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_newcomer_subscribes_sees_it_renew_and_cancels(
    page: Page, client: Any, session: Any, stand_in: StripeStandIn
) -> None:
    page.goto(session.url)
    look(page)
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Change quantity").click()
    page.get_by_text("3 × Team (at $9.00 / month)").wait_for()
    page.get_by_label("Card number").fill("4000 0000 0000 9995")
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("alert").inner_text() == "Your card has insufficient funds."
    look(page)
    page.get_by_label("Card number").fill("4000 0025 0000 3155")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your bank asks whether it is you").wait_for()
    look(page)
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"**/?done={session.id}")
    look(page)

    page.get_by_role("button", name="Advance one month").click()
    page.get_by_text("ahead of this machine").wait_for()
    look(page)
    done = client.checkout.sessions.retrieve(session.id)
    portal = client.billing_portal.sessions.create({"customer": done.customer, "return_url": stand_in.url})
    page.goto(portal.url)
    look(page)
    page.get_by_role("button", name="Cancel subscription").click()
    page.get_by_role("button", name="Don’t cancel subscription").wait_for()
    page.get_by_role("link", name="-0002").first.click()
    look(page)

    assert client.subscriptions.retrieve(done.subscription).cancel_at_period_end
    assert [invoice.total for invoice in client.invoices.list({"customer": done.customer}).data] == [5100, 5100]
