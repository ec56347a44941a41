"""A restart goes on where it was."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.config.stripe_stand_in.conftest import Mailbox
from tests.doubles.stripe import KEY, SECRET, StripeStandIn


class KeptStandIn(StripeStandIn):
    """One that keeps what it knows."""

    @classmethod
    def open(cls, state: Path, webhook_url: str) -> "KeptStandIn":
        command = [sys.executable, "-m", cls.module, "--state", str(state), "--webhook-url", webhook_url]
        process = subprocess.Popen(
            [*command, "--while-stdin"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        assert process.stdout
        return cls(process, int(process.stdout.readline()))

    @property
    def client(self) -> Any:
        return stripe.StripeClient(KEY, base_addresses={"api": self.url}, max_network_retries=0).v1


@pytest.fixture
def kept() -> Iterator[list[KeptStandIn]]:
    opened: list[KeptStandIn] = []
    yield opened
    for each in opened:
        each.stop()


def test_what_it_knows_and_what_was_not_taken_outlive_a_restart(
    kept: list[KeptStandIn], mailbox: Mailbox, tmp_path: Path
) -> None:
    state = tmp_path / "stripe.json"
    kept.append(KeptStandIn.open(state, mailbox.url))
    mailbox.answers = [500]
    customer = kept[0].client.customers.create({"name": "Bo"})
    kept[0].advance(days=40)
    mailbox.wait_for(1)

    kept[0].process.send_signal(signal.SIGTERM)
    kept[0].process.wait(10)
    kept.append(KeptStandIn.open(state, mailbox.url))
    other = kept[1].client.customers.create({"name": "Cy"})

    assert kept[1].client.customers.retrieve(customer.id).name == "Bo"
    assert other.id != customer.id
    assert kept[1].now() - customer.created >= 40 * 86_400
    mailbox.wait_for(3)
    assert [event.data.object.name for event in mailbox.events()] == ["Bo", "Bo", "Cy"]
    assert (state.stat().st_mode & 0o777, SECRET in state.read_text()) == (0o600, True)
