"""Asking for more under a limit, and the one answer to it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from billing import alerts, caps, ledger, requests
from billing.models import AlertReceipt, CapRequest
from billing.requests import AnsweredBefore
from tests.meanwhile import meanwhile
from workspace.errors import Forbidden, Invalid, NotFound
from workspace.models import AuditLine

from .conftest import CREDIT


@pytest.fixture
def room(juniper: SimpleNamespace) -> SimpleNamespace:
    caps.set_default(juniper.ana, 10 * CREDIT)
    return juniper


def ask(room: SimpleNamespace, **about: object) -> CapRequest:
    return requests.ask(room.mei, scope="member", scope_id=room.mei.pk, **about)[0]  # type: ignore[arg-type]


def left(room: SimpleNamespace) -> int:
    standing = caps.of_member(room.mei)
    assert standing
    return standing.left_ucr


def test_who_clicks_twice_has_asked_once_and_owners_and_admins_are_told(room: SimpleNamespace) -> None:
    first, is_new = requests.ask(room.mei, scope="member", scope_id=room.mei.pk)
    again, is_new_again = requests.ask(
        room.mei, scope="member", scope_id=room.mei.pk, wanted_ucr=5 * CREDIT, reason="The  fair"
    )

    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    kept = CapRequest.objects.get()
    assert (kept.wanted_ucr, kept.reason) == (5 * CREDIT, "The fair")
    assert set(AlertReceipt.objects.values_list("member_id", flat=True)) == {room.ana.pk, room.ben.pk}
    assert [each.pk for each in alerts.open_requests(room.org.pk)] == [first.pk]


def test_what_is_given_for_a_period_is_there_at_once(room: SimpleNamespace) -> None:
    asked = ask(room)

    requests.answer(room.ben, asked.pk, choice="give", amount_ucr=3 * CREDIT)

    assert left(room) == 13 * CREDIT
    starts_at = ledger.balance(room.org.pk).period_starts_at
    told = alerts.shown(room.mei, period_starts_at=starts_at)
    assert [(each.request_id, each.alert) for each in told] == [(asked.pk, None)]
    assert alerts.shown(room.ana, period_starts_at=starts_at) == []
    assert alerts.open_requests(room.org.pk) == []
    line = AuditLine.objects.get(action="cap.request_answered")
    assert (line.actor, line.details["choice"], line.details["given_ucr"]) == (room.ben, "give", 3 * CREDIT)


def test_what_raises_the_limit_stays_when_the_default_changes(room: SimpleNamespace) -> None:
    requests.answer(room.ana, ask(room).pk, choice="raise", amount_ucr=3 * CREDIT)

    caps.set_default(room.ana, CREDIT)

    assert left(room) == 13 * CREDIT


def test_who_was_declined_may_ask_again(room: SimpleNamespace) -> None:
    first = ask(room)

    requests.answer(room.ana, first.pk, choice="decline")

    assert left(room) == 10 * CREDIT
    assert ask(room).pk != first.pk


def test_a_request_is_answered_once(room: SimpleNamespace) -> None:
    asked = ask(room)
    requests.answer(room.ana, asked.pk, choice="give", amount_ucr=CREDIT)

    with pytest.raises(AnsweredBefore, match="Ana answered"):
        requests.answer(room.ben, asked.pk, choice="give", amount_ucr=CREDIT)

    assert left(room) == 11 * CREDIT


def test_of_two_admins_at_once_one_answers(committed_db: None, make_org: Callable[..., SimpleNamespace]) -> None:
    room = make_org()
    caps.set_default(room.ana, 10 * CREDIT)
    asked = ask(room)

    with meanwhile(lambda: requests.answer(room.ben, asked.pk, choice="give", amount_ucr=CREDIT)) as outcome:
        requests.answer(room.ana, asked.pk, choice="give", amount_ucr=CREDIT)

    assert outcome == ["answered_before"]
    assert left(room) == 11 * CREDIT


def test_who_asks_in_two_tabs_at_once_asks_once(committed_db: None, make_org: Callable[..., SimpleNamespace]) -> None:
    room = make_org()
    caps.set_default(room.ana, 10 * CREDIT)

    with meanwhile(lambda: ask(room)) as outcome:
        ask(room)

    assert (outcome, CapRequest.objects.count()) == (["done"], 1)
    assert AlertReceipt.objects.count() == 2


def test_an_answer_when_the_limit_has_gone_gives_nothing_and_says_so(room: SimpleNamespace) -> None:
    asked = ask(room)
    caps.set_default(room.ana, None)

    answered = requests.answer(room.ana, asked.pk, choice="give", amount_ucr=CREDIT)

    assert answered.given_ucr == 0
    assert caps.of_member(room.mei) is None


@pytest.mark.parametrize("amount", [0, -CREDIT, 10**18])
def test_what_is_no_amount_is_given_to_nobody(room: SimpleNamespace, amount: int) -> None:
    asked = ask(room)

    with pytest.raises(Invalid):
        requests.answer(room.ana, asked.pk, choice="give", amount_ucr=amount)

    assert left(room) == 10 * CREDIT
    asked.refresh_from_db()
    assert asked.answered_at is None


def test_only_admins_of_the_organization_answer(room: SimpleNamespace, other: SimpleNamespace) -> None:
    asked = ask(room)

    with pytest.raises(Forbidden):
        requests.answer(room.mei, asked.pk, choice="give", amount_ucr=CREDIT)
    with pytest.raises(NotFound):
        requests.answer(other.ana, asked.pk, choice="give", amount_ucr=CREDIT)


def test_there_is_nothing_to_ask_without_a_limit_or_for_who_sets_them(room: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        requests.ask(room.mei, scope="space", scope_id=room.space.pk)
    with pytest.raises(Invalid):
        requests.ask(room.ben, scope="member", scope_id=room.ben.pk)


def test_each_change_of_a_limit_is_in_the_audit_trail(room: SimpleNamespace) -> None:
    caps.set_member(room.ana, room.mei, 20 * CREDIT)
    caps.set_member(room.ana, room.mei, 20 * CREDIT)
    caps.set_space(room.ben, room.space, 5 * CREDIT)
    caps.set_member(room.ana, room.mei, None)

    lines = AuditLine.objects.filter(action="cap.changed").order_by("id").values_list("subject", "details")
    told = [(subject, said["was_ucr"], said["now_ucr"]) for subject, said in lines]
    assert told == [
        ("default", None, 10 * CREDIT),
        ("@mei", None, 20 * CREDIT),
        ("#General", None, 5 * CREDIT),
        ("@mei", 20 * CREDIT, None),
    ]


def test_a_key_has_a_limit_as_members_have(room: SimpleNamespace) -> None:
    caps.set_key(room.org, None, room.mei.pk, 5 * CREDIT)

    standing = caps.of_scope(room.org.pk, "key", room.mei.pk)
    assert standing and standing.left_ucr == 5 * CREDIT
    assert ledger.balance(room.org.pk).is_capped
