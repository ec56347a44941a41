"""Who may do what, for every address that there is: a URL that is not in the table fails the build.

*Keeps true*: what one may not see answers exactly like what does not exist; no answer holds a word of a scope that is
not the asker's; no answer to anybody may be kept by a cache. The socket's part is tests/chat/test_socket_access.py.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from chat.models import Message
from tests.workspace import actors
from tests.workspace.actors import ACTORS, MAY_SEE, WORDS, Place, World

# Y done or shown; N missing, in the very words of what does not exist; L sent to sign in; F seen but not allowed (403);
# S refused because the organization is suspended; G the link is over (410).
TABLE = """
name                method target   an om oo ns gu me so ad ow rs ro de da su
home                GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
welcome             GET    private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
welcome             POST   private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
join                GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  G
join                POST   private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  G  Y  Y  G
org                 GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
spaces              GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
spaces              POST   private  L  N  N  Y  F  Y  Y  Y  Y  Y  N  L  Y  S
sidebar             GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
search              GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
people              GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
invite              GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
invite              POST   private  L  N  N  F  F  F  F  N  N  F  N  L  F  S
invite              POST   public   L  N  N  F  F  F  F  Y  Y  F  N  L  F  S
remove_from_org     POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
revoke_invitation   POST   private  L  N  N  N  N  N  N  N  N  N  N  L  N  N
revoke_invitation   POST   public   L  N  N  N  N  N  N  Y  Y  N  N  L  N  N
space               GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
space               GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
space_edit          GET    private  L  N  N  N  F  F  Y  N  N  N  N  L  N  S
space_edit          GET    public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
space_edit          POST   private  L  N  N  N  F  F  Y  N  N  N  N  L  N  S
space_edit          POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
space_members       GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
space_members       GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
space_members       POST   private  L  N  N  N  F  F  Y  N  N  N  N  L  N  S
space_members       POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
remove_from_space   POST   private  L  N  N  N  F  F  Y  N  N  N  N  L  N  S
remove_from_space   POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
messages            GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
messages            GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
messages            POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
messages            POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
changes             GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
changes             GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
mentionables        GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
mentionables        GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
message             GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
message             GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
preview_hide        POST   private  L  N  N  N  F  Y  Y  N  N  N  N  L  N  S
preview_hide        POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
preview_hide        POST   direct   L  N  N  N  N  Y  F  N  N  N  N  L  N  S
org_settings        GET    private  L  N  N  F  F  F  F  Y  Y  F  N  L  F  S
org_settings        POST   private  L  N  N  F  F  F  F  Y  Y  F  N  L  F  S
thread              GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
thread              GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
thread              POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
thread              POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
thread_follow       POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
thread_follow       POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
thread_unfollow     POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
thread_unfollow     POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
thread_read         POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
thread_read         POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
threads             GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
reply               GET    private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
reply               GET    public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
reply_stop          POST   private  L  N  N  N  F  Y  Y  N  N  N  N  L  N  S
reply_stop          POST   public   L  N  N  F  N  F  F  Y  Y  F  N  L  F  S
reply_retry         POST   private  L  N  N  N  Y  Y  Y  N  N  N  N  L  N  S
reply_retry         POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
language            POST   private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
presence            GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
directs             GET    private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
directs             POST   public   L  N  N  Y  N  Y  Y  Y  Y  Y  N  L  Y  S
directs             POST   private  L  N  N  Y  Y  Y  Y  Y  Y  Y  N  L  Y  S
direct_hide         POST   direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
direct_hide         POST   private  L  N  N  N  F  F  F  N  N  N  N  L  N  S
direct_hide         POST   public   L  N  N  F  N  F  F  F  F  F  N  L  F  S
space               GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
space_edit          GET    direct   L  N  N  N  N  F  F  N  N  N  N  L  N  S
space_edit          POST   direct   L  N  N  N  N  F  F  N  N  N  N  L  N  S
space_members       GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
space_members       POST   direct   L  N  N  N  N  F  F  N  N  N  N  L  N  S
remove_from_space   POST   direct   L  N  N  N  N  F  F  N  N  N  N  L  N  S
invite              POST   direct   L  N  N  F  F  F  F  N  N  F  N  L  F  S
messages            GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
messages            POST   direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
changes             GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
mentionables        GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
message             GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
reply               GET    direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
reply_stop          POST   direct   L  N  N  N  N  Y  F  N  N  N  N  L  N  S
reply_retry         POST   direct   L  N  N  N  N  Y  Y  N  N  N  N  L  N  S
livez               GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
readyz              GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_login       GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_login       POST   private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_logout      GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_logout      POST   private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_signup      GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_signup      POST   private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_inactive    GET    private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_email       GET    private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_email       POST   private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_reauthenticate GET private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_reauthenticate POST private L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_change_password GET private L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_change_password POST private L Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_set_password GET   private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_set_password POST  private  L  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  L  Y  Y
account_reset_password GET private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_reset_password POST private Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_reset_password_done GET private Y Y Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_reset_password_from_key GET private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
account_reset_password_from_key POST private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
account_reset_password_from_key_done GET private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
account_confirm_email GET  private  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y  Y
account_confirm_email POST private  N  N  N  N  N  N  N  N  N  N  N  N  N  N
account_email_verification_sent GET private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
account_confirm_login_code GET private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
account_confirm_login_code POST private Y Y Y Y Y Y Y Y Y Y Y Y Y Y
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
NAMES = sorted({row[0] for row in ROWS})
JSON_NAMES = {
    "presence",
    "messages",
    "changes",
    "mentionables",
    "message",
    "reply",
    "reply_stop",
    "reply_retry",
    "preview_hide",
}
JSON_NAMES = {"presence", "messages", "changes", "mentionables", "message", "reply", "reply_stop", "reply_retry"}
OURS = {name for name in NAMES if not name.startswith("account_")}


def patterns(found: list[Any] | None = None) -> Iterator[URLPattern]:
    for each in get_resolver().url_patterns if found is None else found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns)
        else:
            yield each


def address(name: str, world: World, place: Place, *, missing: bool = False) -> str:
    """The path to the thing; with `missing`, the same path to a thing that does not exist."""
    slug = str(place.bystander.org.slug)
    replies = {"reply_stop": place.queued.pk, "reply_retry": place.stopped.pk}
    values: dict[str, Any] = {
        "slug": "no-such-org" if missing else slug,
        "key": "no-such-key" if name != "join" else actors.key(place),
        "space_id": place.space.pk,
        "message_id": place.message.pk,
        "link_id": place.link.pk,
        "reply_id": replies.get(name, place.queued.pk),
        "invitation_id": place.invitation.pk if place.invitation else None,
        "member_id": place.bystander.pk,
        "uidb36": "no",
    }
    pattern = next(each for each in patterns() if each.name == name)
    wanted = pattern.pattern.converters or pattern.pattern.regex.groupindex
    ids = {word: uuid.uuid4() if missing and word.endswith("_id") else values[word] for word in wanted}
    return reverse(name, kwargs=ids)


def body(name: str, world: World, place: Place) -> dict[str, str]:
    """A valid form, so that nothing but rights can refuse it."""
    newcomer = str(world.public.bystander.pk)
    return {
        "messages": {"text": "good morning"},
        "thread": {"text": "good morning"},
        "thread_read": {"position": "1"},
        "spaces": {"name": "Another room"},
        "directs": {"member": str(place.bystander.pk)},
        "space_edit": {"name": "Renamed", "private": "on" if place.space.is_private else ""},
        "space_members": {"member": newcomer},
        "invite": {"space": str(place.space.pk), "role": "member", "days": "7", "uses": "1"},
        "language": {"language": "zh-hant", "next": "/"},
        "account_login": {"login": "nobody@people.example.com", "password": "wrong horse"},
        "account_reset_password": {"email": "nobody@people.example.com"},
    }.get(name, {})


def ask(browser: Client, method: str, path: str, fields: dict[str, str], *, as_json: bool) -> HttpResponse:
    """Send one request and undo what it did."""
    headers = {"Accept": "application/json" if as_json else "text/html"}
    with transaction.atomic():
        answer = browser.generic(
            method,
            path,
            "&".join(f"{name}={quote(value)}" for name, value in fields.items()),
            content_type="application/x-www-form-urlencoded",
            headers=headers,
        )
        transaction.set_rollback(True)
    return answer


def code_of(answer: HttpResponse) -> str:
    """The letter of the table that describes an answer."""
    text = answer.content.decode() if not answer.streaming else ""
    if answer.status_code in (301, 302) and answer["Location"].startswith("/accounts/login/?next="):
        return "L"
    if answer.status_code == 403:
        return "S" if "suspended" in text else "F"
    codes = {404: "N", 410: "G", 503: "Y"}  # readyz says 503 where no worker runs
    return codes.get(answer.status_code, "Y" if answer.status_code < 400 else str(answer.status_code))


def fingerprint(answer: HttpResponse, path: str) -> tuple:
    """What two answers must share to be the same; without what is new each time and without the path itself."""
    text = re.sub(r'(nonce|value)="[^"]*"', "", answer.content.decode()).replace(path, "").replace(quote(path), "")
    unsteady = ("Set-Cookie", "Content-Security-Policy", "Content-Length")
    headers = {name: value for name, value in answer.items() if name not in unsteady}
    return answer.status_code, text, sorted(headers.items()), sorted(answer.cookies)


def words_in(answer: HttpResponse, path: str) -> set[str]:
    """Every scope's word in body, headers and cookies; the path that was asked for is no leak."""
    told = answer.content.decode() + repr(sorted(answer.items())) + str(answer.cookies)
    told = told.replace(path, "").replace(quote(path, safe=""), "").replace(quote(path), "").lower()
    return {word for word in WORDS if word in told}


def test_every_address_is_in_the_table() -> None:
    named = {pattern.name for pattern in patterns()}

    assert named == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_everybody_gets_what_the_table_says_and_no_word_of_anybody_else(name: str, world: World) -> None:
    wrong = []
    for _, method, target, *codes in (row for row in ROWS if row[0] == name):
        for actor, expected in zip(ACTORS, codes, strict=True):
            place = world.place(actor, target)
            path, fields = address(name, world, place), body(name, world, place)
            cache.clear()
            answer = ask(world.client(actor), method, path, fields, as_json=name in JSON_NAMES)
            at = f"{method} {name} {target} as {actor}"
            if code_of(answer) != expected:
                wrong.append(f"{at}: {code_of(answer)} ({answer.status_code}), expected {expected}")
            if name != "join" and (leaked := words_in(answer, path) - MAY_SEE[actor]):
                wrong.append(f"{at}: says {leaked}")
            if not {"private", "no-store"} <= set(re.split(r",\s*", answer["Cache-Control"])):
                wrong.append(f"{at}: may be cached: {answer['Cache-Control']}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(OURS - {"home", "welcome", "join", "language", "livez", "readyz"}))
@pytest.mark.parametrize("as_json", [False, True], ids=["page", "json"])
def test_what_is_denied_answers_like_what_does_not_exist(name: str, as_json: bool, world: World) -> None:
    wrong, compared = [], 0
    for _, method, target, *codes in (row for row in ROWS if row[0] == name):
        for actor, expected in zip(ACTORS, codes, strict=True):
            if expected != "N":
                continue
            place = world.place(actor, target)
            fields = body(name, world, place)
            paths = [address(name, world, place, missing=missing) for missing in (False, True)]
            denied, missing = [ask(world.client(actor), method, path, fields, as_json=as_json) for path in paths]
            compared += 1
            if name == "invite" and code_of(denied) != code_of(missing):
                continue  # an admin's own address, another's Space in the body: test_ids_of_others_in_a_body
            if fingerprint(denied, paths[0]) != fingerprint(missing, paths[1]):
                wrong.append(f"{method} {name} {target} as {actor} tells that it exists")

    assert compared
    assert not wrong, "\n".join(wrong)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_address_takes_only_its_own_methods(name: str, world: World) -> None:
    known = {row[1] for row in ROWS if row[0] == name}
    allowed = known | ({"HEAD"} if "GET" in known else set())
    path, fields = address(name, world, world.private), body(name, world, world.private)

    for method in METHODS:
        answer = ask(world.client("space_owner"), method, path, fields, as_json=False)

        assert (answer.status_code == 405) == (method not in allowed), f"{method} {path}: {answer.status_code}"
        if method not in allowed:
            assert set(answer["Allow"].split(", ")) == allowed
        if method == "HEAD":
            assert answer.content == b""


def test_a_header_or_a_field_that_overrides_the_method_is_ignored(world: World) -> None:
    stop = address("reply_stop", world, world.private)
    browser = world.client("member")

    by_header = browser.get(stop, headers={"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"})
    by_field = browser.post(address("message", world, world.private), {"_method": "DELETE"})

    assert (by_header.status_code, by_field.status_code) == (405, 405)
    assert Message.objects.filter(pk=world.private.message.pk).exists()


def test_ids_of_others_in_a_body_are_missing_like_ids_that_do_not_exist(world: World) -> None:
    invite = address("invite", world, world.public)
    add = address("space_members", world, world.private)
    form = {"role": "member", "days": "7", "uses": "1"}
    cases = [
        ("org_owner", invite, {"space": world.foreign.space.pk, **form}, {"space": uuid.uuid4(), **form}),
        ("org_owner", invite, {"space": world.private.space.pk, **form}, {"space": uuid.uuid4(), **form}),
        ("space_owner", add, {"member": world.foreign.bystander.pk}, {"member": uuid.uuid4()}),
    ]

    for actor, path, foreign, unknown in cases:
        browser = world.client(actor)
        pair = [
            ask(browser, "POST", path, {k: str(v) for k, v in each.items()}, as_json=True)
            for each in (foreign, unknown)
        ]

        assert [answer.status_code for answer in pair] == [404, 404]
        assert fingerprint(pair[0], path) == fingerprint(pair[1], path)


def test_ids_of_others_in_a_path_are_missing(world: World) -> None:
    foreign = world.foreign.bystander.pk
    inside, outside = world.private.space.pk, world.foreign.space.pk
    paths = {
        "org_owner": [reverse("remove_from_org", args=[world.org.slug, foreign])],
        "space_owner": [
            reverse("remove_from_space", args=[inside, foreign]),
            reverse("remove_from_space", args=[outside, foreign]),
            reverse("remove_from_space", args=[outside, world.private.bystander.pk]),
        ],
    }

    for actor, asked in paths.items():
        for path in asked:
            assert world.client(actor).post(path).status_code == 404, path


def test_the_client_id_of_somebody_else_makes_a_message_of_ones_own(world: World) -> None:
    theirs = world.private.message
    path = address("messages", world, world.private)
    fields = {"text": "mine", "client_id": str(theirs.client_id)}

    answer = world.client("space_owner").post(path, fields, headers={"Accept": "application/json"})

    (message,) = answer.json()["messages"]
    assert message["id"] != str(theirs.pk)
    assert theirs.text not in message["html"]


def test_ones_own_client_id_from_a_space_one_lost_brings_nothing_back(world: World) -> None:
    lost = Message.objects.create(
        org=world.org,
        space=world.private.space,
        author=world.users["removed_from_space"].members.get(),
        position=10**6,
        revision=10**6,
        text="wrenprivate before I left",
    )
    fields = {"text": "hello", "client_id": str(lost.client_id)}

    answer = world.client("removed_from_space").post(
        address("messages", world, world.public), fields, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert actors.PRIVATE not in answer.content.decode()


def test_static_files_may_be_kept_and_nothing_else_may(client: Client, world: World) -> None:
    kept = client.get(static("css/tokens.css"))
    kept.close()

    assert kept.status_code == 200 and "immutable" in kept["Cache-Control"]
    for path in ("/no/such/page", "/spaces", "/accounts/login", "/orgs/kestrelhome"):
        assert {"private", "no-store"} <= set(re.split(r",\s*", client.get(path)["Cache-Control"])), path
