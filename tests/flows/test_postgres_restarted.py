"""PostgreSQL crashes in the middle of an answer and comes back: the text waits in the worker, and is saved.

*Called by*: pytest.
"""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chat.models import Message, Reply
from tests.doubles.provider import Script, ScriptedProvider
from tests.doubles.stores import OwnPostgres
from tests.flows import acts, closing
from tests.flows.acts import words
from tests.flows.tab import Tab
from tests.stack import Stack


@pytest.fixture
def own_postgres(committed_db: None, tmp_path: Path) -> Iterator[OwnPostgres]:
    server = OwnPostgres(tmp_path)
    server.create()
    with server.as_ours():
        yield server
    server.leave()


def test_postgres_restarted_in_the_middle_of_an_answer_costs_no_text_and_a_post_sent_again_stands_once(
    own_postgres: OwnPostgres,
    make_stack: Callable[..., Stack],
    provider: ScriptedProvider,
    make_org: Callable[..., SimpleNamespace],
    make_model: Callable,
) -> None:
    make_model("parrot")
    provider.script("parrot", Script(deltas=200, every_ms=20), Script(wait_seconds=1))
    juniper, stack = make_org(), make_stack(**own_postgres.environment, REPLY_LEASE_SECONDS="20")
    stack.start_web()
    stack.start_worker()
    tab, client_id = Tab(stack, juniper.ana), uuid.uuid4()
    (reply,) = acts.ask(juniper.space, juniper.ana, "@parrot count")
    acts.wait_until(lambda: (calls := provider.calls("parrot")) and calls[0]["deltas"] >= 50)

    own_postgres.stop()
    refused = tab.post(juniper.space, "@parrot hello?", client_id)
    acts.wait_until(lambda: provider.calls("parrot")[0]["ended"])
    # Each of these is refused only after it waited for a connection as long as the worker's end does.
    still = [tab.post(juniper.space, "@parrot hello?", client_id).status for _ in range(2)]
    own_postgres.start()
    acts.wait_until(lambda: tab.post(juniper.space, "@parrot hello?", client_id).status == 201, what="posting again")
    again = tab.post(juniper.space, "@parrot hello?", client_id)
    reply, other = (acts.ended(row) for row in Reply.objects.select_related("ai_model").order_by("created_at"))

    assert (refused.status, still, again.status) == (503, [503, 503], 201)
    assert (reply.state, reply.message.text, reply.runs) == ("finished", words(200), 1)
    assert reply.cost_ucr == 100 * 250 + 200 * 1000
    assert (other.state, Message.objects.filter(author=juniper.ana).count()) == ("finished", 2)
    closing.check(stack, provider, {"parrot": 2}, quiet=False)
