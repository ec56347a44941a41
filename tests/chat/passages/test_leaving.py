"""Taking out: the organization by its owner, one's own data by anybody; who is told, and who can fetch it."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chat import deletions, edits
from chat.files import store
from chat.models import Message, Passage, PassageState
from chat.passages import coming, hold, leaving, packing, running
from tests.chat.passages.whole_org import say
from workspace import members
from workspace.errors import Forbidden, Invalid
from workspace.models import AuditLine, Member, Role, SpaceMember


def made(passage: Passage) -> Passage:
    running.run(passage.pk)
    passage.refresh_from_db()
    assert passage.reason == ""
    return passage


def opened(passage: Passage) -> dict[str, Any]:
    """Every entry of a finished archive by its name; JSON as what it says."""
    data = store.read(passage.key, length=passage.size_bytes)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: _said(name, archive.read(name)) for name in archive.namelist()}


def _said(name: str, data: bytes) -> Any:
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in data.splitlines()]
    return json.loads(data) if name.endswith(".json") else data


def browser_of(member: Member) -> Client:
    browser = Client()
    browser.force_login(member.user)
    return browser


def test_the_owner_gets_what_they_could_see_and_nothing_else(whole: SimpleNamespace) -> None:
    passage = made(leaving.ask_org(whole.ana, is_everything=False))

    held = opened(passage)
    assert {each.get("name") for each in held["spaces.json"]} == {"General", "Board", "Old things"}
    assert "a secret of mine" not in str(held) and "between us" not in str(held)
    assert not Message.objects.filter(author=whole.ana, space__kind="direct").exists()
    assert (held["parley.json"]["format"], held["parley.json"]["version"], held["parley.json"]["holds"]) == (
        "parley",
        1,
        "organization",
    )


def test_everything_that_a_message_is_stands_in_its_line(whole: SimpleNamespace) -> None:
    held = opened(made(leaving.ask_org(whole.ana, is_everything=False)))

    lines = {line.get("text", ""): line for line in held[f"messages/{whole.space.pk}.jsonl"]}
    root = next(line for text, line in lines.items() if text.startswith("Launch"))
    assert root["mentions"] == [{"mark": f"M:{whole.mei.pk}", "handle": "mei", "called": True}]
    assert [(each["emoji"], each["member"]) for each in root["reactions"]] == [
        ("🎉", str(whole.ben.pk)),
        ("👍", str(whole.mei.pk)),
    ]
    assert root["pinned_by"] == str(whole.ana.pk)
    assert (lines["Yes, <@G:space>!"]["parent"], lines["Yes, <@G:space>!"]["in_feed"]) == (root["id"], False)
    assert lines["I said no"]["in_feed"] is True
    answer = lines["It is **2**, @ana."]
    assert answer["ai_model"] == {"handle": "parrot", "name": "Parrot"}
    assert (answer["reply"]["state"], answer["reply"]["cost_ucr"], answer["reply"]["provider"]) == (
        "finished",
        125,
        "Scripted",
    )
    edited = next(line for line in lines.values() if line.get("edits"))
    assert (edited["text"], edited["edits"][0]["text"]) == (
        f"typo for <@M:{whole.ana.pk}>",
        f"tpyo for <@M:{whole.ben.pk}>",
    )
    assert [each.get("called", False) for each in edited["mentions"]] == [True, False]
    assert "never mind" not in str(held)
    (board,) = [line for line in held[f"messages/{whole.private.pk}.jsonl"] if line.get("forwarded_from")]
    assert board["forwarded_from"] == {"space": str(whole.space.pk), "message": root["id"]}


def test_files_come_with_their_bytes_and_every_part_with_its_digest(whole: SimpleNamespace) -> None:
    held = opened(made(leaving.ask_org(whole.ana, is_everything=False)))

    rows = {row["name"]: row for row in held["files.json"]}
    assert held[rows["plan: 1.txt"]["path"]] == b"one\ntwo\n"
    assert rows["plan: 1.txt"]["path"] == f"files/{whole.text_file.pk}/plan_ 1.txt"
    assert rows["teal.png"]["sha256"] == hashlib.sha256(held[rows["teal.png"]["path"]]).hexdigest()
    assert set(held["digests.json"]) == set(held) - {"digests.json"}


def test_people_have_their_addresses_and_roles_and_those_who_left_are_named(whole: SimpleNamespace) -> None:
    people = {row["name"]: row for row in opened(made(leaving.ask_org(whole.ana, is_everything=False)))["members.json"]}

    assert {name: row["role"] for name, row in people.items()} == {
        "Ana": "owner",
        "Ben": "admin",
        "Mei": "member",
        "Gus": "guest",
        "Zoë": "member",
    }
    assert (people["Mei"]["email"], "left_at" in people["Zoë"]) == ("mei@juniper.example.com", True)


def test_who_takes_everything_tells_everybody_first(whole: SimpleNamespace) -> None:
    passage = made(leaving.ask_org(whole.ana, is_everything=True))

    assert "a secret of mine" in str(opened(passage)) and "between us" in str(opened(passage))
    told = Message.objects.filter(author=whole.ana, space__kind="direct", text__contains="holds everything")
    assert {seat.member_id for seat in SpaceMember.objects.filter(space__in=told.values("space"))} == {
        *(whole.ana.pk, whole.ben.pk, whole.mei.pk, whole.gus.pk)
    }
    line = AuditLine.objects.get(action="export.asked")
    assert (line.actor, line.details) == (whole.ana, {"kind": "org_out", "is_everything": True})
    assert (
        "with private Spaces and direct"
        in browser_of(whole.mei).get(f"/orgs/{whole.org.slug}/export/").content.decode()
    )


def test_nobody_takes_back_that_they_took_everything(whole: SimpleNamespace) -> None:
    made(leaving.ask_org(whole.ana, is_everything=True))
    told = Message.objects.filter(author=whole.ana, space__kind="direct", text__contains="holds everything")
    ordinary = say(told[0].space, whole.ana, "just talking")

    for message in told:
        with pytest.raises(Forbidden, match="stays as it is"):
            deletions.delete(whole.ana, message)
        with pytest.raises(Forbidden, match="stays as it is"):
            edits.edit(whole.ana, message, text="nothing to see")

    assert told.filter(deleted_at=None, edited_at=None).count() == 3
    deletions.delete(whole.ana, ordinary)
    assert Message.objects.get(pk=ordinary.pk).is_deleted


def test_a_run_that_begins_again_tells_nobody_twice(whole: SimpleNamespace) -> None:
    passage = leaving.ask_org(whole.ana, is_everything=True)
    running.run(passage.pk)
    Passage.objects.filter(pk=passage.pk).update(state=PassageState.RUNNING, leased_until=None)

    made(passage)

    assert Message.objects.filter(author=whole.ana, space__kind="direct").count() == 3


def test_a_member_gets_what_is_theirs_and_no_word_of_anybody_else(whole: SimpleNamespace) -> None:
    SpaceMember.objects.filter(space=whole.secret, member=whole.mei).delete()

    held = opened(made(leaving.ask_own(whole.mei)))

    texts = [line.get("text", "") for line in held["messages.jsonl"]]
    assert texts == ["Yes, <@G:space>!", f"<@A:{whole.parrot.pk}> what is 1 + 1?", texts[2], "long ago", "between us"]
    assert "a secret of mine" not in str(held)
    for foreign in ("Launch on", "goodbye", "ben@juniper", "ana@juniper", "It is **2**"):
        assert foreign not in str(held), foreign
    assert held["reactions.jsonl"][0]["emoji"] == "👍"
    assert held["drafts.json"][0]["text"] == "half a thought"
    assert len(held["bookmarks.json"]) == len(held["reminders.json"]) == 1
    assert held["profile.json"]["member"]["email"] == "mei@juniper.example.com"
    assert held["files.json"] == []
    assert b"one\ntwo\n" in opened(made(leaving.ask_own(whole.ben))).values()


def test_only_the_owner_exports_the_organization_and_only_one_at_a_time(whole: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        leaving.ask_org(whole.ben, is_everything=False)

    leaving.ask_org(whole.ana, is_everything=False)

    with pytest.raises(Invalid, match="under way"):
        leaving.ask_org(whole.ana, is_everything=False)
    leaving.ask_own(whole.ana)
    with pytest.raises(Invalid, match="already"):
        leaving.ask_own(whole.ana)


def test_an_archive_is_fetched_by_who_asked_for_it_while_they_may(whole: SimpleNamespace) -> None:
    passage = made(leaving.ask_org(whole.ana, is_everything=False))
    path = f"/passages/{passage.pk}/archive"

    given = browser_of(whole.ana).get(path)
    data = given.getvalue() if given.streaming else given.content

    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert given["Content-Disposition"].startswith('attachment; filename="parley-juniper-')
    assert browser_of(whole.ben).get(path).status_code == 404
    assert browser_of(whole.mei).get(path).status_code == 404
    Member.objects.filter(pk=whole.ana.pk).update(role=Role.ADMIN)
    Member.objects.filter(pk=whole.ben.pk).update(role=Role.OWNER)
    assert browser_of(whole.ana).get(path).status_code == 404
    assert browser_of(whole.ben).get(path).status_code == 404


def test_who_lost_the_right_before_it_was_made_gets_nothing(whole: SimpleNamespace) -> None:
    passage = leaving.ask_own(whole.gus)
    members.remove(whole.ana, whole.gus)

    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.key) == ("failed", "")


def test_a_stopped_export_leaves_nothing_behind(whole: SimpleNamespace) -> None:
    passage = leaving.ask_org(whole.ana, is_everything=False)
    coming.stop(whole.ana, passage)

    running.run(passage.pk)

    passage.refresh_from_db()
    assert (passage.state, passage.key) == ("stopped", "")
    assert browser_of(whole.ana).get(f"/passages/{passage.pk}/archive").status_code == 404
    assert AuditLine.objects.filter(action="export.stopped").exists()


def test_who_lost_the_export_keeps_no_archive(whole: SimpleNamespace) -> None:
    passage = leaving.ask_own(whole.mei)
    first = hold.take(passage.pk)
    assert first
    packing.keep(first, io.BytesIO(b"half"))
    left = first.passage.key
    Passage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    done = made(passage)

    assert (done.key != left, store.has(done.key), store.has(left)) == (True, True, False)
    with pytest.raises(hold.Stopped):
        packing.keep(first, io.BytesIO(b"late"))
    assert opened(done)["parley.json"]["holds"] == "member"


def test_the_next_archive_takes_the_place_of_the_last_and_time_takes_it(whole: SimpleNamespace) -> None:
    first = made(leaving.ask_own(whole.mei))
    key = first.key

    second = made(leaving.ask_own(whole.mei))

    first.refresh_from_db()
    assert first.key == ""
    Passage.objects.filter(pk=second.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    running.let_go()
    assert not store.has(second.key)
    assert browser_of(whole.mei).get(f"/passages/{second.pk}/archive").status_code == 404
    assert browser_of(whole.mei).get(f"/passages/{second.pk}/").status_code == 200
    assert key


def test_the_pages_lead_from_the_wish_to_the_archive(whole: SimpleNamespace) -> None:
    browser = browser_of(whole.mei)

    page = browser.get(f"/orgs/{whole.org.slug}/export/").content.decode()
    asked = browser.post(f"/orgs/{whole.org.slug}/export/", {"what": "own"})
    waiting = browser.get(asked["Location"]).content.decode()
    refused = browser.post(f"/orgs/{whole.org.slug}/export/", {"what": "org"})
    running.run(Passage.objects.get().pk)
    over = browser.get(asked["Location"]).content.decode()

    assert "Export my data" in page and "Export the organization" not in page
    assert "waits for a worker" in waiting
    assert refused.status_code == 403
    assert "Save the archive" in over
