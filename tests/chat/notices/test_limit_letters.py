"""Alerts and requests: in the app until they are put away, and by one mail each, through a mail server that is real."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from billing import alerts, caps, ledger, letters, requests
from billing.models import Alert, AlertReceipt
from chat import limits
from tests.billing.conftest import CREDIT, make_offer
from tests.chat.notices.cast import show
from tests.doubles.postbox import Postbox, text_of
from tests.stack import free_port
from workspace.models import User


@pytest.fixture
def spent(juniper: SimpleNamespace) -> Callable[[int], None]:
    """Spend so many percent of the organization's period, through the ledger. Ana, Ben and Mei are reached by mail."""
    from billing import prices

    for who in (juniper.ana, juniper.ben, juniper.mei):
        show(who)
    offer = make_offer("exact", "100", None, None, "0.01")
    prices.publish([offer.pk])
    price = prices.current([offer.pk])[offer.pk]

    def spend(percent: int) -> None:
        tokens = ledger.balance(juniper.org.pk).free_ucr // 10_000 * percent // 100
        call = f"reply:{uuid4()}"
        about: dict[str, Any] = {"call": call, "member_id": juniper.mei.pk}
        ledger.hold(juniper.org.pk, price_ids=[price.pk], input_tokens=tokens, max_output_tokens=1, **about)
        used = {"prompt_tokens": tokens, "completion_tokens": 1, "is_delivered": True, "usage_source": "reported"}
        attempt = ledger.Attempt(number=1, price_id=price.pk, provider="x", model="exact", **used)
        ledger.settle(juniper.org.pk, call=call, attempts=[attempt])

    return spend


def sent_to(post: Postbox) -> list[str]:
    return sorted(str(each["To"]) for each in post.mails())


def subject(mail: EmailMessage) -> str:
    """Without the fold of a long line."""
    return str(mail["Subject"]).strip()


def news(member: Any) -> list[str]:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/orgs/{member.org.slug}/limits/news/").content.decode()
    return [part.split("</strong>")[0] for part in page.split("<strong>")[1:]]


def test_half_of_the_period_is_told_to_owners_and_admins_once(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    spent(51)

    for _ in range(3):
        limits.tell_alerts()

    assert sent_to(post) == [juniper.ana.email, juniper.ben.email]
    mail = post.mails()[0]
    assert subject(mail) == "50 % of this period’s credits are used · Juniper"
    assert "credits are left until" in text_of(mail) and "Too little use so far" in text_of(mail)
    assert f"/orgs/{juniper.org.slug}/limits/" in text_of(mail, "html")
    assert news(juniper.ana) == ["50 % of this period’s credits are used."]
    assert news(juniper.mei) == []


def test_of_several_at_once_the_highest_is_told(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    spent(85)
    assert sorted(Alert.objects.values_list("threshold_percent", flat=True)) == [50, 80]

    limits.tell_alerts()

    assert [subject(each)[:4] for each in post.mails()] == ["80 %", "80 %"]
    assert news(juniper.ana) == ["80 % of this period’s credits are used."]


def test_what_is_told_later_takes_the_place_of_what_was_told_before(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    spent(51)
    limits.tell_alerts()
    spent(70)

    limits.tell_alerts()

    assert len(sent_to(post)) == 4
    assert news(juniper.ana) == ["80 % of this period’s credits are used."]


def test_what_one_has_put_away_stays_away_from_them_alone(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    spent(51)
    alerts.hand_out()
    mine = AlertReceipt.objects.get(member=juniper.ana)

    limits.put_away(juniper.mei, str(mine.pk))
    assert news(juniper.ana)
    limits.put_away(juniper.ana, str(mine.pk))

    assert (news(juniper.ana), len(news(juniper.ben))) == ([], 1)


def test_a_mail_server_that_is_away_loses_nothing(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None], settings: Any
) -> None:
    spent(51)
    settings.EMAIL_PORT = free_port()
    limits.tell_alerts()
    assert sent_to(post) == []

    settings.EMAIL_PORT = post.port
    limits.tell_alerts()

    assert sent_to(post) == [juniper.ana.email, juniper.ben.email]


def test_an_address_that_is_refused_for_good_holds_nobody_up(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    User.objects.filter(pk=juniper.ana.user_id).update(email="refused@example.com")
    EmailAddress.objects.filter(user=juniper.ana.user).update(email="refused@example.com")
    spent(51)

    limits.tell_alerts()

    assert sent_to(post) == [juniper.ben.email]
    assert not AlertReceipt.objects.filter(mailed_at=None).exists()


def test_an_alert_of_a_period_that_is_over_is_told_to_nobody(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    spent(51)
    alert = Alert.objects.get()
    alerts.hand_out()
    receipt = AlertReceipt.objects.select_related("alert", "member__user", "member__org").filter(alert=alert).first()
    assert receipt and receipt.alert and letters.is_wanted(receipt)

    # As it stands once the next period has begun.
    receipt.alert.period_starts_at = alert.period_starts_at - timedelta(days=31)

    assert not letters.is_wanted(receipt)


def test_a_request_is_mailed_to_who_can_answer_and_the_answer_to_who_asked(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    caps.set_default(juniper.ana, 10 * CREDIT)
    asked = limits.ask(juniper.mei, "member", wanted_ucr=5 * CREDIT, reason="<b>The fair</b>")
    assert news(juniper.ana) == ["Mei asks for 5.00 more credits"]
    limits.tell_alerts()
    assert sent_to(post) == [juniper.ana.email, juniper.ben.email]
    assert "<b>" not in text_of(post.mails()[0], "html") and "<b>The fair</b>" in text_of(post.mails()[0])
    post.empty()

    limits.answer(juniper.ben, asked.pk, choice="give", amount_ucr=5 * CREDIT)
    limits.tell_alerts()
    limits.tell_alerts()

    (mail,) = post.mails()
    assert mail["To"] == juniper.mei.email
    assert subject(mail).startswith("Ben gave 5.00 more credits until ")
    assert (news(juniper.ana), len(news(juniper.mei))) == ([], 1)


def test_a_request_that_was_answered_meanwhile_is_mailed_to_no_admin(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    caps.set_default(juniper.ana, 10 * CREDIT)
    asked = limits.ask(juniper.mei, "member")

    limits.answer(juniper.ben, asked.pk, choice=requests.DECLINE)
    limits.tell_alerts()

    assert sent_to(post) == [juniper.mei.email]


def test_a_mail_is_in_the_language_of_whom_it_is_for(
    juniper: SimpleNamespace, post: Postbox, spent: Callable[[int], None]
) -> None:
    User.objects.filter(pk=juniper.ben.user_id).update(language="zh-hant")
    spent(51)

    limits.tell_alerts()

    subjects = {str(each["To"]): subject(each) for each in post.mails()}
    assert subjects[juniper.ben.email] == "這一期的點數已經用了 50 % · Juniper"
    assert subjects[juniper.ana.email] == "50 % of this period’s credits are used · Juniper"


@pytest.mark.parametrize(("percent", "expected"), [(79, []), (80, ["80 % of your own limit is used."])])
def test_a_member_is_told_when_their_own_limit_is_nearly_used(
    juniper: SimpleNamespace, spent: Callable[[int], None], percent: int, expected: list[str]
) -> None:
    free = ledger.balance(juniper.org.pk).free_ucr
    spent(10)
    used = free - ledger.balance(juniper.org.pk).free_ucr
    caps.set_member(juniper.ana, juniper.mei, used * 100 // percent)

    assert news(juniper.mei) == expected

    limits.put_away(juniper.mei, "own")
    assert news(juniper.mei) == []
    caps.set_member(juniper.ana, juniper.mei, used)
    assert news(juniper.mei) == ["Your own limit is used up."]
