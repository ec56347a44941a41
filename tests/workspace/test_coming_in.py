"""Bad names, addresses, ways on and invitations: refused in words wherever they are given, and nothing opened by half."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from chat import places
from tests.workspace import actors
from tests.workspace.actors import World
from workspace import invitations
from workspace.models import Invitation, Member, Org, Space, User

PASSWORD = "correct horse battery"


def page(answer: HttpResponse) -> str:
    return answer.content.decode()


# --- names --------------------------------------------------------------------------------------

HIDDEN = [
    "\u202egnp",
    "abc\u202e",
    "\u2066 a \u2069",
    "admin\u200f",
    "a\u061cb",
    "tab\tbed",
    "two\nlines",
    "nul\x00",
    "\x1b]0;t\x07",
]
HIDDEN += ["a\u2028b", "tag \U000e0041", "zero\u200bwidth", "soft\u00adhyphen", "private \ue000"]
EMPTY = ["", " ", "\u00a0", "\u200b\u200c\u200d\u2060\ufeff", "\u2800", "\u115f\u1160"]
LOOKALIKE = ["аdmin", "OpenАI", "ᏟᎡᎡGᏔᎬ", "Bеn"]
LONG = ["a" * 81, "é" * 100, "x" * 5000]


@pytest.mark.parametrize("name", HIDDEN + EMPTY + LOOKALIKE + LONG)
def test_a_name_that_could_deceive_is_refused_wherever_names_are_given(name: str, world: World) -> None:
    cache.clear()
    user = User.objects.create_user("fresh@people.example.com", None)
    newcomer = Client()
    newcomer.force_login(user)
    signup = {"name": name, "email": "pat@people.example.com", "password1": PASSWORD}

    answers = [
        world.client("space_owner").post(
            reverse("space_edit", args=[world.private.space.pk]), {"name": name, "private": "on"}
        ),
        world.client("member").post(reverse("spaces", args=[world.org.slug]), {"name": name}),
        newcomer.post(reverse("welcome"), {"name": name}),
        world.client("anonymous").post(reverse("account_signup"), signup),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 200]
    for answer in answers:
        assert 'class="field__error"' in page(answer)
    assert not User.objects.filter(email="pat@people.example.com").exists()
    assert not Org.objects.filter(members__user=user).exists()
    assert Space.objects.get(pk=world.private.space.pk).name == world.private.space.name


GOOD = [
    "Zoë",
    "Ольга",
    "李小龍",
    "{{7*7}}",
    "%s%n %(password)s",
    "<b>bold</b>",
    "O'Brien & Söhne",
    "a" * 80,
    "ẞ ß SS",
    "${jndi:ldap://e.test}",
    "=1+1",
]


@pytest.mark.parametrize("name", GOOD)
def test_an_ordinary_name_is_kept_and_shown_as_it_is(name: str, world: World) -> None:
    browser = world.client("space_owner")

    browser.post(reverse("space_edit", args=[world.private.space.pk]), {"name": name, "private": "on"})

    assert Space.objects.get(pk=world.private.space.pk).name == name
    shown = page(browser.get(reverse("space", args=[world.private.space.pk])))
    assert f"<bdi>{escape(name)}</bdi>" in shown or f">{escape(name)}</bdi>" in shown
    assert "<b>bold</b>" not in shown


# --- coming in ----------------------------------------------------------------------------------

ADDRESSES = [
    "a@b",
    "a@e.test\nBcc: x@y.test",
    "a@[127.0.0.1]",
    ".a@e.test",
    "a@-e.test",
    "a@e.test, b@e.test",
    "<a@e.test>",
]
ADDRESSES += [
    "ı@e.test",
    "a@" + "b" * 260 + ".test",
    "ädmin@e.test",
    "a b@e.test",
    "@e.test",
    "a@e.test\x00",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_mail_would_not_reach_opens_no_account(address: str, world: World) -> None:
    before = User.objects.count()

    answer = world.client("anonymous").post(
        reverse("account_signup"), {"name": "Pat", "email": address, "password1": PASSWORD}
    )

    assert (answer.status_code, User.objects.count(), mail.outbox) == (200, before, [])
    assert 'class="field__error"' in page(answer)


@pytest.mark.parametrize(
    "spellings", [("a@e.test", "A@E.TEST", " a@e.test "), ("a@é.test", "a@e\u0301.test", "A@É.TEST", "a@xn--9ca.test")]
)
def test_one_address_is_one_account_however_it_is_spelled(spellings: tuple[str, ...], world: World) -> None:
    before = User.objects.count()

    for spelling in spellings:
        cache.clear()
        world.client("anonymous").post(
            reverse("account_signup"), {"name": "Pat", "email": spelling, "password1": PASSWORD}
        )

    assert User.objects.count() == before + 1
    assert all(len(message.recipients()) == 1 for message in mail.outbox)


def test_guessing_passwords_is_slowed_down_whatever_address_a_header_claims(world: World) -> None:
    cache.clear()
    codes = []

    for number in range(40):
        guess = {"login": f"guess{number}@people.example.com", "password": "wrong horse"}
        headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        codes.append(world.client("anonymous").post(reverse("account_login"), guess, headers=headers).status_code)

    assert codes[0] == 200
    assert codes[-1] == 429


def test_one_signs_in_with_any_spelling_of_the_address(world: World) -> None:
    User.objects.filter(pk=world.users["member"].pk).update(email="a@xn--9ca.test")

    for spelling in ("a@é.test", "a@e\u0301.test", "A@É.TEST", "a@xn--9ca.test"):
        cache.clear()
        answer = world.client("anonymous").post(reverse("account_login"), {"login": spelling, "password": PASSWORD})
        assert (answer.status_code, answer["Location"]) == (302, "/"), spelling


@pytest.mark.parametrize("wanted", ["fresh@elsewhere.test", "finchaddress@people.example.com", "\x00", ""])
def test_an_address_that_nobody_has_shown_to_be_theirs_does_not_become_the_primary_one(
    wanted: str, world: World
) -> None:
    user, browser, path = world.users["member"], world.client("member"), reverse("account_email")
    before = user.email
    if "@" in wanted:
        EmailAddress.objects.create(user=user, email=wanted)

    refused = browser.post(path, {"email": wanted, "action_primary": "1"})
    told = page(browser.get(path))

    assert (refused.status_code, User.objects.get(pk=user.pk).email) == (302, before)
    assert "Your primary address has to be a confirmed one." in told


def test_an_address_that_was_confirmed_may_become_the_primary_one(world: World) -> None:
    user, browser = world.users["member"], world.client("member")
    EmailAddress.objects.create(user=user, email="fresh@elsewhere.test", verified=True)

    browser.post(reverse("account_email"), {"email": "fresh@elsewhere.test", "action_primary": "1"})

    assert User.objects.get(pk=user.pk).email == "fresh@elsewhere.test"


ELSEWHERE = [
    "//evil.test",
    "https://evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "https://testserver.evil.test",
]
ELSEWHERE += ["https://testserver@evil.test", "\\\\evil.test", "/\\evil.test", "http:///evil.test", "\t//evil.test"]


def test_where_addresses_are_confirmed_first_signing_up_does_not_tell_who_has_an_account(
    world: World, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    known, users = world.users["member"].email, User.objects.count()
    told = []

    for address in (known, "nobody.yet@people.example.com"):
        cache.clear()
        form = {"name": "Pat", "email": address, "password1": PASSWORD}
        answer = world.client("anonymous").post(reverse("account_signup"), form, follow=True)
        told.append((answer.redirect_chain, page(answer).count(address), len(page(answer)) // 100))

    assert told[0] == told[1]
    assert User.objects.count() == users + 1
    assert [message.to for message in mail.outbox] == [[known], ["nobody.yet@people.example.com"]]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_to_another_site(target: str, world: World) -> None:
    cache.clear()
    login = {"login": world.users["member"].email, "password": PASSWORD}
    query = f"?next={quote(target)}"

    answers = [
        world.client("anonymous").post(reverse("account_login"), {**login, "next": target}),
        world.client("anonymous").post(reverse("account_login") + query, login),
        world.client("member").get(reverse("account_login") + query),
        world.client("member").post(reverse("account_logout") + query, {"next": target}),
        world.client("anonymous").post(
            reverse("account_signup") + query,
            {"name": "Pat", "email": "pat@e.test", "password1": PASSWORD, "next": target},
        ),
    ]

    assert [answer.status_code for answer in answers] == [302] * 5
    assert not [
        answer["Location"] for answer in answers if "evil" in answer["Location"] or "alert" in answer["Location"]
    ]


def test_a_dead_invitation_says_so_in_the_same_words_whatever_killed_it(world: World) -> None:
    outsider = world.client("other_org_member")
    rows = [Invitation.objects.create(**_invited(world)) for _ in range(3)]
    Invitation.objects.filter(pk=rows[0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    Invitation.objects.filter(pk=rows[1].pk).update(uses=1)
    Invitation.objects.filter(pk=rows[2].pk).update(revoked_at=timezone.now())

    answers = [
        getattr(outsider, verb)(reverse("join", args=[invitations.key(row)]))
        for row in rows
        for verb in ("get", "post")
    ]

    assert {answer.status_code for answer in answers} == {410}
    assert all(str(invitations.InvitationOver.message) in page(answer) for answer in answers)
    assert all(world.private.space.name not in page(answer) for answer in answers)
    assert not Member.objects.filter(org=world.org, user=world.users["other_org_member"]).exists()


def test_a_forged_invitation_is_missing(world: World) -> None:
    good = actors.key(world.private)
    pk = world.private.invitation.pk if world.private.invitation else uuid4()
    forged = [
        good[:-1] + ("a" if good[-1] != "a" else "b"),
        pk.hex,
        f"{pk.hex}:",
        f"{uuid4().hex}:{good.split(':')[1]}",
        ":",
        "x" * 3000,
    ]

    answers = [world.client("other_org_member").post(reverse("join", args=[key])) for key in forged]

    assert [answer.status_code for answer in answers] == [404] * len(forged)


# --- founding -----------------------------------------------------------------------------------


def test_a_second_press_of_the_button_founds_no_second_organization(world: World) -> None:
    user = User.objects.create_user("fresh@people.example.com", None)

    first, second = (places.found(user, name="Once") for _ in range(2))

    assert first == second
    assert Member.objects.filter(user=user).count() == 1


def _invited(world: World) -> dict[str, Any]:
    maker = Member.objects.get(user=world.users["org_owner"])
    return {
        "org": world.org,
        "space": world.private.space,
        "created_by": maker,
        "expires_at": timezone.now() + timedelta(days=1),
    }
