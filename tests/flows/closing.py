"""What holds at the end of every flow, whatever was broken in it.

*Called by*: the flows. *Keeps true*: one list of closing checks for all of them.
"""

from django.core.management import call_command

from billing.models import Hold, HoldState, Lot, Pool, UsageEvent
from chat.models import Reply
from gateway.models import Attempt
from tests.doubles.provider import ScriptedProvider
from tests.stack import Stack


def check(stack: Stack, provider: ScriptedProvider, calls: dict[str, int], *, quiet: bool = True) -> None:
    """Every answer ended once and says why, the books are in order, the provider was called so often.

    `calls`: how often each model of the scripted provider was called. `quiet=False` where a fault of a store is what
    the log has to tell.
    """
    for reply in Reply.objects.select_related("message", "ai_model"):
        _check_end(reply)
    _check_books()
    for model, count in calls.items():
        assert len(provider.calls(model)) == count, f"calls of {model}"
    if quiet:
        for log in stack.folder.glob("*.log"):
            assert b"Traceback" not in log.read_bytes(), log.read_text()[-3000:]


def _check_end(reply: Reply) -> None:
    name = reply.ai_model.handle
    assert reply.is_done, f"{name} is still {reply.state}"
    assert reply.ended_at and reply.leased_until is None
    assert reply.reason_sentence or reply.state == "finished", f"{name} {reply.state} without a sentence"
    assert bool(reply.message.html) == bool(reply.message.text.strip()), name
    holds = list(Hold.objects.filter(call=reply.call))
    if reply.state == "refused":
        assert holds == []
        return
    assert [hold.state for hold in holds] in ([HoldState.SETTLED], [HoldState.RELEASED]), name
    assert holds[0].charged_ucr == (reply.cost_ucr or 0)
    assert holds[0].charged_ucr <= holds[0].amount_ucr
    assert UsageEvent.objects.filter(hold=holds[0], charge_ucr__gt=0).count() <= 1, f"{name} was billed twice"
    numbers = sorted(Attempt.objects.filter(call=reply.call).values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1)), f"attempts of {name}: {numbers}"
    assert not Attempt.objects.filter(call=reply.call, outcome__in=["", "open"]).exists()


def _check_books() -> None:
    assert not Hold.objects.filter(state=HoldState.OPEN).exists()
    for pool in Pool.objects.all():
        lots = list(Lot.objects.filter(org_id=pool.org_id))
        assert pool.held_ucr == 0
        assert pool.free_ucr == sum(lot.free_ucr for lot in lots)
        spent = sum(hold.charged_ucr for hold in Hold.objects.filter(org_id=pool.org_id))
        assert sum(lot.granted_ucr for lot in lots) == pool.free_ucr + spent
    call_command("audit_ledger")
