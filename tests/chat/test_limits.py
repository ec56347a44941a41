"""The page about limits: what members see, what owners and admins do there, and what a refusal leads to."""

import re
from collections.abc import Callable
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from billing import caps, ledger
from billing.models import Account, Cap, CapRequest, Price
from billing.refusals import NoCredits
from chat import feed
from chat.models import Reply
from tests.billing.conftest import CREDIT
from workspace.models import AuditLine, Member


def browser(member: Member) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    return client


def page(room: SimpleNamespace, member: Member, query: str = "") -> str:
    return words(browser(member).get(f"/orgs/{room.org.slug}/limits/{query}").content.decode())


def words(html: str) -> str:
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def send(room: SimpleNamespace, member: Member, path: str = "", json: bool = False, **fields: object) -> Any:
    accept = "application/json" if json else "text/html"
    return browser(member).post(f"/orgs/{room.org.slug}/limits/{path}", fields, headers={"Accept": accept})


@pytest.fixture
def refused(juniper: SimpleNamespace, make_model: Callable[..., Any]) -> Reply:
    """Mei asked a model that her own limit does not pay for."""
    make_model("parrot")
    caps.set_member(juniper.ana, juniper.mei, 1)
    feed.post(juniper.space, juniper.mei, text="@parrot hello", client_id=uuid4())
    return Reply.objects.get()


def test_a_member_sees_what_is_left_for_them_and_in_the_pool_and_nobody_elses(juniper: SimpleNamespace) -> None:
    caps.set_default(juniper.ana, 50 * CREDIT)
    caps.set_member(juniper.ana, juniper.ben, 77 * CREDIT)

    seen = page(juniper, juniper.mei)

    assert re.search(r"50\.00 of 50\.00 credits left for you until \d+ \w+", seen)
    assert "The organization has 5,800.00 credits left until" in seen
    assert "Too little use so far" in seen
    assert "77" not in seen and "Ben" not in seen


def test_who_has_no_limit_is_told_so(juniper: SimpleNamespace) -> None:
    assert "No limit of your own" in page(juniper, juniper.gus)


def test_an_admin_sets_changes_and_takes_away_a_limit(juniper: SimpleNamespace) -> None:
    assert send(juniper, juniper.ben, scope="member", subject=juniper.mei.pk, limit="1,250.5").status_code == 302
    assert caps.of_member(juniper.mei).limit_ucr == 1_250_500_000  # type: ignore[union-attr]

    assert send(juniper, juniper.ben, scope="default", limit="0").status_code == 302
    assert caps.of_member(juniper.gus).left_ucr == 0  # type: ignore[union-attr]
    assert (
        send(juniper, juniper.ana, scope="member", subject=juniper.mei.pk, remove="on", limit="-9").status_code == 302
    )
    assert caps.of_member(juniper.mei).is_default  # type: ignore[union-attr]

    assert send(juniper, juniper.ana, scope="space", subject=juniper.space.pk, limit="3").status_code == 302
    assert "3.00 of 3.00 credits left" in page(juniper, juniper.ana)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("-5", "Credits cannot be less than nothing."),
        ("−5", "Credits cannot be less than nothing."),
        ("NaN", "Write a number of credits, such as 50 or 12.5."),
        ("Infinity", "Write a number of credits, such as 50 or 12.5."),
        ("1e9", "Write a number of credits, such as 50 or 12.5."),
        ("12,5", "Write a number of credits, such as 50 or 12.5."),
        ("١٢", "Write a number of credits, such as 50 or 12.5."),
        ("", "Write a number of credits, such as 50 or 12.5."),
        ("0.0000001", "Credits have at most six decimals."),
        ("9223372036854775808", "At most 1,000,000,000,000 credits."),
        ("1000000000000.000001", "At most 1,000,000,000,000 credits."),
        ("9" * 5000, "At most 1,000,000,000,000 credits."),
    ],
)
@pytest.mark.parametrize("scope", ["default", "member", "space"])
def test_what_is_no_amount_is_refused_in_words_and_stays_in_the_field(
    juniper: SimpleNamespace, scope: str, typed: str, sentence: str
) -> None:
    subject = {"default": "", "member": juniper.mei.pk, "space": juniper.space.pk}[scope]

    answer = send(juniper, juniper.ana, scope=scope, subject=subject, limit=typed)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert html.count(sentence) == 1
    assert f'value="{typed}" aria-invalid="true"' in html
    assert not Cap.objects.exists() and not ledger.balance(juniper.org.pk).is_capped


def test_the_largest_amount_can_be_set_and_nothing_overflows(juniper: SimpleNamespace) -> None:
    for scope, subject in (("default", ""), ("member", juniper.mei.pk)):
        answer = send(juniper, juniper.ana, scope=scope, subject=subject, limit="1,000,000,000,000")
        assert answer.status_code == 302

    assert "1,000,000,000,000.00 of 1,000,000,000,000.00" in page(juniper, juniper.mei)


def test_what_was_changed_last_can_be_put_back(juniper: SimpleNamespace) -> None:
    send(juniper, juniper.ana, scope="member", subject=juniper.mei.pk, limit="5")
    send(juniper, juniper.ana, scope="member", subject=juniper.mei.pk, limit="7")

    seen = page(juniper, juniper.ben)
    send(juniper, juniper.ben, scope="member", subject=juniper.mei.pk, limit="5.00")

    assert "@mei : 7.00 credits a month before: 5.00 · Ana" in seen
    assert caps.of_member(juniper.mei).limit_ucr == 5 * CREDIT  # type: ignore[union-attr]
    assert AuditLine.objects.filter(action="cap.changed").count() == 3


def test_a_space_that_an_admin_may_not_open_is_named_nowhere(
    juniper: SimpleNamespace, make_org: Callable[..., SimpleNamespace]
) -> None:
    from workspace import spaces

    secret = spaces.create(juniper.ben, name="Surprise for Ana", is_private=True)
    caps.set_space(juniper.ben, secret, CREDIT)

    answer = send(juniper, juniper.ana, scope="space", subject=secret.pk, limit="5")

    assert answer.status_code == 404
    assert "Surprise" not in page(juniper, juniper.ana)
    assert "#Surprise for Ana" in page(juniper, juniper.ben)


def test_members_are_searched_and_paged(juniper: SimpleNamespace) -> None:
    from workspace import members
    from workspace.models import Role, User

    for number in range(105):
        user = User.objects.create(email=f"p{number}@juniper.example.com", name=f"Person {number:03}")
        members.admit(juniper.org, user, role=Role.MEMBER)

    assert "Person 104" not in page(juniper, juniper.ana) and "Next page" in page(juniper, juniper.ana)
    assert "Person 104" in page(juniper, juniper.ana, "?page=2")
    assert "Person 104" in page(juniper, juniper.ana, "?q=Person+104")


def test_a_refused_answer_says_whose_limit_it_is_and_leads_there(juniper: SimpleNamespace, refused: Reply) -> None:
    html = browser(juniper.mei).get(f"/spaces/{juniper.space.pk}/").content.decode()
    link = f"/replies/{refused.pk}/limit/"

    assert refused.refused_by == "member"
    assert "Your own limit of 0.000001 credits a month" in html
    assert html.count(f'href="{link}"') == 1 and f'formaction="{link}"' in html
    assert browser(juniper.ben).get(link)["Location"] == f"/orgs/{juniper.org.slug}/limits/"


def test_one_click_under_a_refused_answer_asks_for_more(juniper: SimpleNamespace, refused: Reply) -> None:
    link = f"/replies/{refused.pk}/limit/"

    answer = browser(juniper.mei).post(link, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["messages"]) == (201, [])
    assert CapRequest.objects.get().member == juniper.mei
    stranger = browser(juniper.gus).post(link, headers={"Accept": "application/json"})
    assert stranger.status_code == 404
    assert CapRequest.objects.count() == 1


def test_nobody_asks_for_more_in_the_name_of_another(juniper: SimpleNamespace, refused: Reply) -> None:
    from workspace.models import SpaceMember

    SpaceMember.objects.create(org=juniper.org, space=juniper.space, member=juniper.gus)
    caps.set_member(juniper.ana, juniper.gus, CREDIT)

    answer = browser(juniper.gus).post(f"/replies/{refused.pk}/limit/", headers={"Accept": "application/json"})

    assert (answer.status_code, CapRequest.objects.count()) == (422, 0)


def test_anybody_in_a_space_asks_for_more_under_its_limit(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    caps.set_space(juniper.ana, juniper.space, 1)
    feed.post(juniper.space, juniper.mei, text="@parrot hello", client_id=uuid4())
    reply = Reply.objects.get()

    answer = browser(juniper.mei).post(f"/replies/{reply.pk}/limit/", headers={"Accept": "application/json"})

    asked = CapRequest.objects.get()
    assert (answer.status_code, asked.scope, asked.scope_id) == (201, "space", juniper.space.pk)
    assert "General :" in page(juniper, juniper.ben)


def test_an_answer_that_is_refused_keeps_what_was_written(juniper: SimpleNamespace) -> None:
    caps.set_default(juniper.ana, CREDIT)
    send(juniper, juniper.mei, "ask/", scope="member", wanted="5", reason="The fair")
    asked = CapRequest.objects.get()
    path = f"requests/{asked.pk}/answer/"

    wrong = send(juniper, juniper.ana, path, choice="give", amount="five")
    assert (wrong.status_code, 'value="five" aria-invalid="true"' in wrong.content.decode()) == (422, True)
    assert send(juniper, juniper.ana, path, choice="give", amount="5").status_code == 302
    late = send(juniper, juniper.ben, path, choice="decline", amount="x")

    assert late.status_code == 409 and "Ana answered this request already." in late.content.decode()
    assert caps.of_member(juniper.mei).left_ucr == 6 * CREDIT  # type: ignore[union-attr]


def test_a_request_that_is_refused_keeps_what_was_written(juniper: SimpleNamespace) -> None:
    caps.set_default(juniper.ana, CREDIT)

    wrong = send(juniper, juniper.mei, "ask/", scope="member", wanted="-1", reason="The “fair”")

    html = unescape(wrong.content.decode())
    assert wrong.status_code == 422
    assert 'value="-1" aria-invalid="true"' in html and 'value="The “fair”"' in html
    assert not CapRequest.objects.exists()


def test_what_the_plan_does_not_allow_leads_to_the_plans(make_org: Callable[..., SimpleNamespace], db: None) -> None:
    room = make_org()
    Account.objects.filter(org=room.org).update(plan="starter")
    plans_page = f"/orgs/{room.org.slug}/plan/"
    spaces_page = f"/orgs/{room.org.slug}/spaces/"

    answer = browser(room.ana).post(spaces_page, {"name": "One more"})
    as_json = browser(room.ana).post(spaces_page, {"name": "One more"}, headers={"Accept": "application/json"})

    html = answer.content.decode()
    assert (answer.status_code, f'<a href="{plans_page}">See the plans</a>' in html) == (402, True)
    assert as_json.status_code == 402


def test_a_pool_that_is_empty_names_who_can_fill_it_and_where(
    juniper: SimpleNamespace, make_model: Callable[..., Any]
) -> None:
    make_model("parrot")
    price = Price.objects.get()

    with pytest.raises(NoCredits) as refused:
        ledger.hold(
            juniper.org.pk,
            call="reply:much",
            price_ids=[price.pk],
            input_tokens=1,
            max_output_tokens=10_000_000,
            min_output_tokens=10_000_000,
        )

    assert refused.value.details["lifted_at"] == f"/orgs/{juniper.org.slug}/plan/"
    assert "An owner or admin of the organization can get more" in refused.value.message


def test_an_organization_without_limits_pays_nothing_for_them(
    juniper: SimpleNamespace, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    from chat.broadcast import pool_changed

    with django_assert_max_num_queries(1):
        pool_changed(juniper.org.pk, juniper.mei)
