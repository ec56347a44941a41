"""A stand-in, the official client on it, a shop with prices, and a mailbox for its webhooks."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from tests.doubles.stripe import KEY, SECRET, StripeStandIn


@pytest.fixture(scope="module")
def process() -> Iterator[StripeStandIn]:
    double = StripeStandIn.start()
    yield double
    double.stop()


@pytest.fixture
def stand_in(process: StripeStandIn) -> StripeStandIn:
    """One that knows nothing yet."""
    process.reset()
    return process


@pytest.fixture
def client(stand_in: StripeStandIn) -> Any:
    return stripe.StripeClient(KEY, base_addresses={"api": stand_in.url}, max_network_retries=0).v1


@dataclass
class Shop:
    """Two plans of a base and seats, and a pack."""

    team: str
    seat: str
    team_yearly: str
    business: str
    pack: str


@pytest.fixture
def shop(client: Any) -> Shop:
    product = client.products.create({"name": "Team"}).id
    other = client.products.create({"name": "Business"}).id

    def price(amount: int, interval: str = "month", of: str = product, **more: Any) -> str:
        rhythm = {"recurring": {"interval": interval}} if interval else {}
        made = client.prices.create({"product": of, "currency": "usd", "unit_amount": amount, **rhythm, **more})
        return str(made.id)

    return Shop(
        team=price(2400, lookup_key="team", currency_options={"eur": {"unit_amount": 2200}}),
        seat=price(900, currency_options={"eur": {"unit_amount": 850}}),
        team_yearly=price(24000, "year"),
        business=price(9900, of=other),
        pack=price(1200, ""),
    )


@pytest.fixture
def ana(client: Any) -> str:
    """A customer without a card."""
    return str(client.customers.create({"email": "ana@example.org", "name": "Ana", "metadata": {"org": "7"}}).id)


@pytest.fixture
def save_card(client: Any) -> Callable[[str, str], str]:
    """Save a test card as the customer's default."""

    def save(customer: str, card: str = "pm_card_visa") -> str:
        method = client.payment_methods.attach(card, {"customer": customer})
        client.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return str(method.id)

    return save


@dataclass
class Mailbox:
    """Where webhooks come in: what came, in order, and how the next ones are answered (200 after them)."""

    url: str = ""
    letters: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self) -> list[Any]:
        """What came, each verified as the library verifies."""
        return [
            stripe.Webhook.construct_event(body, headers["stripe-signature"], SECRET)
            for headers, body in list(self.letters)
        ]

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + 15
        while len(self.letters) < count:
            assert time.monotonic() < until, f"{len(self.letters)} came of {count}"
            time.sleep(0.02)


@pytest.fixture
def mailbox(stand_in: StripeStandIn) -> Iterator[Mailbox]:
    box = Mailbox()

    class Door(BaseHTTPRequestHandler):
        def take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.letters.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(box.answers.pop(0) if box.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = take

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    stand_in.add_endpoint(box.url)
    yield box
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def told(client: Any) -> Callable[[], list[str]]:
    """The types of what happened since the last time that one asked, oldest first."""
    seen: set[str] = set()

    def tell() -> list[str]:
        new = [event for event in client.events.list({"limit": 100}).data if event.id not in seen]
        seen.update(event.id for event in new)
        return [event.type for event in reversed(new)]

    return tell
