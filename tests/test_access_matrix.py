"""Who may do what, for every address that there is: a URL that is not in the table fails the build.

*Keeps true*: what one may not see answers exactly like what does not exist; no answer holds a word of a scope that is
not the asker's; no answer to anybody may be kept by a cache. The socket's part is tests/chat/test_socket_access.py.
"""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.templatetags.static import static
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from chat.models import Digest, Message
from chat.notices import mail_links
from tests.workspace import actors
from tests.workspace.actors import ACTORS, MAY_SEE, WORDS, Place, World

TABLE = (Path(__file__).parent / "access_table.txt").read_text(encoding="utf-8").split("\n\n", 1)[1]
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
NAMES = sorted({row[0] for row in ROWS})
JSON_NAMES = {
    "switcher",
    "audience",
    "changes",
    "commands",
    "mentionables",
    "message",
    "message_unread",
    "messages",
    "notice",
    "presence",
    *("push", "push_forget"),
    "preview_hide",
    "reply",
    "reply_retry",
    "reply_stop",
    *("bookmark", "pin", "react", "unbookmark", "unpin"),
    "space_read",
    "unread",
}
# What a browser may keep if it asks each time whether it still may show it.
ASKED_AGAIN = {"file_content", "file_preview", "link_picture", "passage_archive"}
# What a person's own browser may keep, and nobody between: its address changes when it does.
KEPT: dict[str, set[str]] = {"member_picture": set(), "emoji": set()}
# The base point of the curve P-256 (SEC 2): as good a browser's key as any.
P256DH = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
# What is the same for everybody, or is about an account and no organization.
OPEN = {"home", "welcome", "join", "language", "profile", "browser", "livez", "readyz", "emoji"}
OPEN |= {"push", "push_forget", "worker", "manifest", "offline"}
OPEN |= {"mail_off", "pricing", "stripe_webhook"}
# Whoever holds the link sees what it is about, signed in or not.
KEYED: dict[str, Any] = {
    "join": actors.key,
    "mail_off": lambda place: mail_links.key(place.bystander, Digest.DAILY),
}
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
        "key": "no-such-key" if missing or name not in KEYED else KEYED[name](place),
        "space_id": place.space.pk,
        "message_id": place.message.pk,
        "link_id": place.link.pk,
        "notice_id": place.notice.pk,
        "reminder_id": place.reminder.pk,
        "request_id": place.cap_request.pk if name == "limit_answer" else None,
        "reply_id": replies.get(name, place.queued.pk),
        "invitation_id": place.invitation.pk if place.invitation else None,
        "event_id": "evt_of_nobody",
        "member_id": place.bystander.pk,
        "device_id": place.device.pk if name.startswith("push_") else None,
        "passage_id": place.taken.pk if name == "passage_archive" else place.passage.pk,
        "file_id": place.file.pk,
        "name": "notes.txt",
        "day": timezone.now().date().isoformat(),
        "note_id": place.note.pk,
        "section_id": 10**9 if missing else place.section.pk,
        "view_id": 10**9 if missing or place.view is None else place.view.pk,
        "uidb36": "no",
    }
    pattern = next(each for each in patterns() if each.name == name)
    wanted = pattern.pattern.converters or pattern.pattern.regex.groupindex
    ids = {
        word: uuid.uuid4()
        if missing and word.endswith("_id") and word not in ("section_id", "view_id")
        else values[word]
        for word in wanted
    }
    return reverse(name, kwargs=ids)


def body(name: str, world: World, place: Place) -> dict[str, str]:
    """A valid form, so that nothing but rights can refuse it."""
    newcomer = str(world.public.bystander.pk)
    return {
        "messages": {"text": "good morning"},
        "message_edit": {"text": "good evening"},
        "react": {"emoji": "👍"},
        "forward": {"space": str(place.space.pk)},
        "thread": {"text": "good morning"},
        "thread_read": {"position": "1"},
        "space_files": {"upload": "good morning"},
        "passage_begin": {"channel": "C1"},
        "import": {"archive": "no zip"},
        "export": {"what": "own"},
        "spaces": {"name": "Another room"},
        "draft": {"text": "begun"},
        "profile_identity": {"name": "Somebody Else", "handle": "somebody-else"},
        "profile_picture": {"remove": "1"},
        "profile_status": {"text": "Out to lunch", "until": "1h"},
        "browser": {"zone": "Asia/Taipei"},
        "directs": {"member": str(place.bystander.pk)},
        "space_edit": {"name": "Renamed", "private": "on" if place.space.is_private else ""},
        "space_members": {"member": newcomer},
        "remind": {"when": "in 2 days"},
        "space_read": {"position": "1"},
        "space_notices": {"level": "all"},
        "notice_settings": {"level": "all", "digest": "off"},
        "space_topic": {"topic": "Today"},
        "space_role": {"role": "viewer"},
        "space_give": {"member": str(place.bystander.pk)},
        "space_favourite": {"on": "on"},
        "sections": {"name": "Mine"},
        "usage_views": {"name": "By model", "query": "by=model"},
        "usage_view_change": {"name": "By member"},
        "section_change": {"name": "Ours"},
        "limits": {"scope": "default", "limit": "12.5"},
        "limit_ask": {"scope": "member", "wanted": "5"},
        "limit_answer": {"choice": "decline"},
        "limit_seen": {"what": "own"},
        "notes": {"text": "good to know"},
        "note_change": {"text": "better to know"},
        "invite": {"space": str(place.space.pk), "role": "member", "days": "7", "uses": "1"},
        "language": {"language": "zh-hant", "next": "/"},
        "push": {"endpoint": "https://fcm.googleapis.com/fcm/send/new", "p256dh": P256DH, "auth": "A" * 22},
        "account_login": {"login": "nobody@people.example.com", "password": "wrong horse"},
        "account_reset_password": {"email": "nobody@people.example.com"},
    }.get(name, {})


def ask(browser: Client, method: str, path: str, fields: dict[str, str], *, as_json: bool) -> HttpResponse:
    """Send one request and undo what it did."""
    headers = {"Accept": "application/json" if as_json else "text/html"}
    sent: str | bytes = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    content_type = "application/x-www-form-urlencoded"
    if "upload" in fields:
        sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.txt", fields["upload"].encode())})
        content_type = MULTIPART_CONTENT
    if "archive" in fields:
        sent = encode_multipart(BOUNDARY, {"archive": SimpleUploadedFile("a.zip", fields["archive"].encode())})
        content_type = MULTIPART_CONTENT
    with transaction.atomic():
        answer = browser.generic(method, path, sent, content_type=content_type, headers=headers)
        transaction.set_rollback(True)
    return answer


def code_of(answer: HttpResponse) -> str:
    """The letter of the table that describes an answer."""
    text = answer.content.decode(errors="replace") if not answer.streaming else ""
    if answer.status_code in (301, 302) and answer["Location"].startswith("/accounts/login/?next="):
        return "L"
    if answer.status_code == 403:
        return "S" if "suspended" in text else "F"
    codes = {404: "N", 410: "G", 503: "Y"}  # readyz says 503 where no worker runs
    return codes.get(answer.status_code, "Y" if answer.status_code < 400 else str(answer.status_code))


def fingerprint(answer: HttpResponse, path: str) -> tuple:
    """What two answers must share to be the same; without what is new each time and without the path itself."""
    text = (
        re.sub(r'(nonce|value)="[^"]*"', "", answer.content.decode(errors="replace"))
        .replace(path, "")
        .replace(quote(path), "")
    )
    unsteady = ("Set-Cookie", "Content-Security-Policy", "Content-Length")
    headers = {name: value for name, value in answer.items() if name not in unsteady}
    return answer.status_code, text, sorted(headers.items()), sorted(answer.cookies)


def words_in(answer: HttpResponse, path: str) -> set[str]:
    """Every scope's word in body, headers and cookies; the path that was asked for is no leak."""
    told = answer.content.decode(errors="replace") + repr(sorted(answer.items())) + str(answer.cookies)
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
            if name not in KEYED and (leaked := words_in(answer, path) - MAY_SEE[actor]):
                wrong.append(f"{at}: says {leaked}")
            kept = {"no-store"} if name not in ASKED_AGAIN or answer.status_code != 200 else {"no-cache"}
            if not {"private", *KEPT.get(name, kept)} <= set(re.split(r",\s*", answer["Cache-Control"])):
                wrong.append(f"{at}: may be cached: {answer['Cache-Control']}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(OURS - OPEN))
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


@pytest.mark.parametrize("actor", ACTORS)
def test_a_file_of_somebody_else_cannot_be_shown_in_ones_own_message(actor: str, world: World) -> None:
    """Not even by who sees it: to show it elsewhere is to forward its message."""
    place = world.place(actor, "private")
    path = address("messages", world, place)
    browser = world.client(actor)

    denied, missing = [
        ask(browser, "POST", path, {"text": "look", "file": str(pk)}, as_json=True)
        for pk in (place.file.pk, uuid.uuid4())
    ]

    assert denied.status_code in (302, 403, 404)
    assert fingerprint(denied, path) == fingerprint(missing, path)


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
