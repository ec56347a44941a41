"""An export of Parley brought in: the same organization again, twice changes nothing, and hostile archives harm nobody."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client
from PIL import Image

from billing import plans
from billing.models import Move
from billing.refusals import PlanLimit
from chat.files import store, workshop
from chat.models import (
    Attachment,
    Edit,
    File,
    FileState,
    Imported,
    Mention,
    Message,
    Note,
    Notice,
    Passage,
    Reaction,
    Reply,
    Thread,
    ThreadMember,
)
from chat.passages import coming, leaving, running
from tests.chat.passages.likeness import entries, plain
from workspace import orgs, portraits
from workspace.models import Member, Org, Space, SpaceMember

TABLES = (
    *(Attachment, Edit, File, Imported, Mention, Message, Note, Reaction, Reply, Thread, ThreadMember),
    *(Member, Space, SpaceMember, Move),
)


def taken(owner: Member) -> bytes:
    """The archive of everything."""
    passage = leaving.ask_org(owner, is_everything=True)
    running.run(passage.pk)
    passage.refresh_from_db()
    assert passage.reason == ""
    return store.read(passage.key, length=passage.size_bytes)


def given(importer: Member, data: bytes) -> Passage:
    """The archive, looked at."""
    passage = coming.receive(importer, SimpleUploadedFile("parley.zip", data))
    running.run(passage.pk)
    passage.refresh_from_db()
    return passage


def brought(importer: Member, data: bytes) -> Passage:
    passage = given(importer, data)
    assert passage.reason == ""
    coming.begin(importer, passage, channel_ids=[row["id"] for row in passage.preview["channels"]])
    running.run(passage.pk)
    passage.refresh_from_db()
    assert (passage.state, passage.reason) == ("finished", "")
    for file in File.objects.filter(state=FileState.WAITING):
        workshop.prepare(file.pk)
    return passage


def zipped(files: dict[str, bytes], *, is_sealed: bool = True) -> bytes:
    """An archive of these entries, with digests that fit."""
    out = io.BytesIO()
    if is_sealed:
        parts = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "digests.json"}
        files = {**files, "digests.json": json.dumps(parts).encode()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def everything(org: Org) -> dict[str, list[str]]:
    rows = {}
    for table in TABLES:
        found = table.objects.filter(message__org=org) if table is Thread else table.objects.filter(org_id=org.pk)
        rows[table.__name__] = sorted(map(str, found.values_list()))
    return rows


@pytest.fixture
def elsewhere(whole: SimpleNamespace) -> Member:
    """Ana, in a new organization of hers."""
    owner = orgs.found(whole.ana.user, name="Elsewhere")
    plans.enroll(owner.org, "business")
    return owner


def test_what_was_exported_gives_the_same_organization_back(whole: SimpleNamespace, elsewhere: Member) -> None:
    data = taken(whole.ana)

    passage = brought(elsewhere, data)

    assert passage.report["problems"] == []
    before, after = plain(data, importer="ana"), plain(taken(elsewhere), importer="ana")
    assert len(before["spaces"]) > 6
    for part, rows in before.items():
        assert after[part].keys() == rows.keys()
        for name, row in rows.items():
            assert after[part][name] == row, (part, name)


def test_nobody_is_asked_told_or_billed(whole: SimpleNamespace, elsewhere: Member) -> None:
    data, moves = taken(whole.ana), Move.objects.count()

    brought(elsewhere, data)

    assert Move.objects.count() == moves
    assert not Notice.objects.filter(org=elsewhere.org).exists()
    answer = Reply.objects.get(org=elsewhere.org)
    assert (answer.state, answer.cost_ucr, answer.message.ai_model.handle) == ("finished", 125, "parrot")
    assert answer.message.html == "<p>It is <strong>2</strong>, @ana.</p>\n"
    seats = SpaceMember.objects.filter(org=elsewhere.org, space__messages__position__gt=F("read_position"))
    assert not seats.exists()


def test_what_was_brought_says_so(whole: SimpleNamespace, elsewhere: Member) -> None:
    brought(elsewhere, taken(whole.ana))
    browser = Client()
    browser.force_login(elsewhere.user)

    page = browser.get(f"/spaces/{Space.objects.get(org=elsewhere.org, name='General').pk}/").content.decode()

    assert page.count("Imported from Parley") >= Message.objects.filter(text__startswith="Launch").count() > 0


def test_a_second_time_changes_nothing(whole: SimpleNamespace, elsewhere: Member) -> None:
    data = taken(whole.ana)
    brought(elsewhere, data)
    before = everything(elsewhere.org)

    passage = brought(elsewhere, data)

    assert everything(elsewhere.org) == before
    assert (passage.report.get("messages", 0), passage.report["already_here"] > 10) == (0, True)


def test_a_model_that_nobody_knows_here_has_a_member_stand_in_for_it(whole: SimpleNamespace, elsewhere: Member) -> None:
    files = entries(taken(whole.ana))
    files = {name: data.replace(b'"handle":"parrot"', b'"handle":"dodo"') for name, data in files.items()}

    brought(elsewhere, zipped(files))

    answer = Message.objects.get(org=elsewhere.org, text__startswith="It is **2**")
    assert (answer.ai_model, answer.author.display_name, answer.author.user) == (None, "Parrot", None)
    assert Message.objects.filter(org=elsewhere.org, text="@dodo what is 1 + 1?").exists()


def test_pictures_come_to_names_without_an_account_and_change_nobodys_face(
    whole: SimpleNamespace, elsewhere: Member
) -> None:
    data = taken(whole.ana)

    passage = brought(elsewhere, data)

    mei = Member.objects.get(org=elsewhere.org, display_name="Mei")
    face = Image.open(io.BytesIO(portraits.read(mei, is_large=True))).convert("RGB")
    assert (mei.picture != "", face.getpixel((128, 128))) == (True, pytest.approx((0, 128, 128), abs=6))
    assert Member.objects.get(pk=elsewhere.pk).picture == ""
    assert passage.report["pictures"] == 1


def test_a_picture_that_is_none_is_left_out_and_named(whole: SimpleNamespace, elsewhere: Member) -> None:
    path = f"pictures/{whole.mei.pk}.webp"
    files = {**entries(taken(whole.ana)), path: b"<svg onload=alert(1)>"}

    passage = brought(elsewhere, zipped(files))

    assert Member.objects.get(org=elsewhere.org, display_name="Mei").picture == ""
    assert passage.report["problems"] == ["The picture of “Mei” could not be read and is left out."]


def test_nobody_gets_a_role_by_an_import(whole: SimpleNamespace, elsewhere: Member) -> None:
    brought(elsewhere, taken(whole.ana))

    roles = Member.objects.filter(org=elsewhere.org).values_list("display_name", "role", "user")
    assert {(name, role) for name, role, user in roles if user is None} == {
        ("Ben", "member"),
        ("Mei", "member"),
        ("Gus", "guest"),
        ("Zoë", "member"),
    }
    private = Space.objects.filter(org=elsewhere.org, is_private=True, kind="space")
    assert all(space.space_members.filter(member=elsewhere, role="owner").exists() for space in private)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda files: {**files, "members.json": b"[]"}, "“members.json” in the archive is not what was exported"),
        (lambda files: {**files, "files/x/more.txt": b"x"}, "“files/x/more.txt” in the archive is not what was"),
        (lambda files: {name: data for name, data in files.items() if name != "digests.json"}, "“digests.json”"),
        (lambda files: {name: data for name, data in files.items() if not name.startswith("files/")}, "“files/"),
    ],
)
def test_an_archive_that_was_changed_is_refused_with_the_part(
    whole: SimpleNamespace, elsewhere: Member, change: Callable[[Any], Any], reason: str
) -> None:
    data = zipped(change(entries(taken(whole.ana))), is_sealed=False)

    passage = given(elsewhere, data)

    assert passage.state == "failed"
    assert passage.reason.startswith(reason)
    assert not Space.objects.filter(org=elsewhere.org).exists()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"format": "parley", "version": 2}, "newer Parley"),
        ({"format": "parley", "version": 1, "holds": "member"}, "one person’s own data"),
        ({"format": "other", "version": 1}, "does not say that this is an export of Parley"),
        ({"format": "parley", "version": 1, "holds": "organization"}, "of which organization"),
        (["parley"], "does not say that this is an export"),
    ],
)
def test_an_archive_of_something_else_is_refused_in_words(elsewhere: Member, facts: Any, reason: str) -> None:
    passage = given(elsewhere, zipped({"parley.json": json.dumps(facts).encode()}))

    assert (passage.state, passage.kind) == ("failed", "parley_in")
    assert reason in passage.reason


def test_hostile_contents_are_data(whole: SimpleNamespace, elsewhere: Member) -> None:
    secret, before = Message.objects.get(text="a secret of mine"), everything(whole.org)

    passage = brought(elsewhere, hostile(whole, secret))

    assert everything(whole.org) == before
    rows = {row.text: row for row in Message.objects.filter(org=elsewhere.org)}
    script = rows["<script>alert(1)</script> <@M:" + str(whole.mei.pk) + ">"]
    assert "<script" not in script.html and not script.mentions.exists()
    assert rows["into another thread"].parent is None
    assert rows["my own parent"].parent is None
    assert rows["an answer to nothing"].ai_model is None
    assert rows["no reason"].reply.reason == "interrupted"
    assert rows["forwarded"].forwarded_from is None
    assert not Message.objects.filter(pk=secret.pk, org=elsewhere.org).exists()
    assert {member.display_name for member in Member.objects.filter(org=elsewhere.org)} == {"Ana", "evil", "Parrot"}
    assert not Member.objects.filter(org=elsewhere.org, handle="parrot").exists()
    (file,) = File.objects.filter(org=elsewhere.org)
    assert (file.name, file.kind) == ("evil.html", "text")
    assert passage.report["left_out"] == 2


def hostile(whole: SimpleNamespace, secret: Message) -> bytes:
    """Ids of another organization, loops, scripts, paths, lies about numbers."""
    at = "2024-01-01T00:00:00+00:00"
    line = {"author": "evil", "created_at": at}
    model = {"handle": "parrot", "name": "Parrot"}
    lines: list[Any] = [
        line | {"id": str(secret.pk), "text": f"<script>alert(1)</script> <@M:{whole.mei.pk}>"},
        line | {"id": "2", "text": "into another thread", "parent": str(whole.root.pk)},
        line | {"id": "3", "text": "my own parent", "parent": "3", "in_feed": False},
        line
        | {"id": "4", "text": "forwarded", "forwarded_from": {"space": str(whole.space.pk), "message": str(secret.pk)}},
        {"id": "5", "text": "an answer to nothing", "ai_model": model, "created_at": at}
        | {"reply": {"question": str(whole.root.pk), "asked_by": "evil", "cost_ucr": 10**30, "state": "streaming"}},
        {"id": "5b", "text": "no reason", "ai_model": model, "created_at": at}
        | {"reply": {"question": "2", "asked_by": "evil", "reason": [], "state": "failed"}},
        line | {"id": "6", "text": "lies", "reactions": [{"emoji": "<b>", "member": "evil"}, 7], "edits": "no"},
        line | {"id": "7", "text": "files", "files": ["f", "g"], "position": -1, "mentions": [{"mark": 1}]},
        line | {"id": "8", "text": "nul \x00 and half \ud800", "pinned_at": "soon", "edited_at": 7},
        {"id": "9", "author": "nobody", "created_at": at, "text": "by nobody"},
        {"id": "10", "author": "evil", "created_at": "never", "text": "never"},
    ]
    people = [{"id": "evil", "handle": "parrot", "name": "\u202eevil", "role": "owner", "email": 7}, "x", {}]
    space = {
        "id": "s",
        "kind": "space",
        "name": "\u202e",
        "members": [{"member": "evil", "role": "god"}],
        "messages": 2**31 - 1,
        "notes": [{}],
    }
    files = [
        {"id": "f", "name": "../../evil.html", "path": "files/f/e", "kind": "image", "uploader": "evil"},
        {"id": "g", "path": "parley.json"},
    ]
    facts = {"format": "parley", "version": 1, "holds": "organization", "org": {"id": str(whole.org.pk), "name": "x"}}
    said = {"parley.json": facts, "members.json": people, "spaces.json": [space, {}, 1], "files.json": files}
    held = {name: json.dumps(value).encode() for name, value in said.items()}
    held["messages/s.jsonl"] = b"\n".join([*(json.dumps(each).encode() for each in lines), b"{", b"[]"])
    return zipped({**held, "files/f/e": b"<html><script>alert(1)</script></html>"})


def test_a_little_that_unpacks_to_much_is_left_out_and_named(
    whole: SimpleNamespace, elsewhere: Member, settings: Any
) -> None:
    settings.FILE_MAX_BYTES = 300_000
    files = entries(taken(whole.ana))
    (path,) = (name for name in files if name.endswith("plan_ 1.txt"))

    passage = brought(elsewhere, zipped({**files, path: b"\0" * 400_000}))

    assert list(File.objects.filter(org=elsewhere.org).values_list("name", flat=True)) == ["teal.png"]
    assert "plan: 1.txt" in passage.report["problems"][0] and "too large" in passage.report["problems"][0]


def test_a_file_is_unpacked_once_however_many_messages_show_it(
    whole: SimpleNamespace, elsewhere: Member, settings: Any
) -> None:
    settings.FILE_MAX_BYTES = 300_000
    lines = [
        {"id": str(n), "author": "a", "created_at": "2024-01-01T00:00:00+00:00", "text": f"{n}", "files": ["f", "g"]}
        for n in range(3)
    ]
    facts = {"format": "parley", "version": 1, "holds": "organization", "org": {"id": "o", "name": "x"}}
    said = {
        "parley.json": facts,
        "members.json": [{"id": "a", "name": "A"}],
        "spaces.json": [{"id": "s", "kind": "space", "name": "s"}],
        "files.json": [{"id": each, "name": f"{each}.txt", "path": f"files/{each}/x"} for each in ("f", "g")],
    }
    held = {name: json.dumps(value).encode() for name, value in said.items()}
    held["messages/s.jsonl"] = b"\n".join(json.dumps(each).encode() for each in lines)

    passage = brought(elsewhere, zipped({**held, "files/f/x": b"small", "files/g/x": b"\0" * 400_000}))

    assert Attachment.objects.filter(org_id=elsewhere.org_id, file__name="f.txt").count() == 3
    assert passage.report["files_brought"] == 1
    assert [each[:7] for each in passage.report["problems"]] == ["“g.txt”"]


def test_a_plan_without_room_says_so_before_anything_is_made(whole: SimpleNamespace, elsewhere: Member) -> None:
    data = taken(whole.ana)
    plans.switch(elsewhere.org, "starter")
    passage = given(elsewhere, data)

    with pytest.raises(PlanLimit):
        coming.begin(elsewhere, passage, channel_ids=[row["id"] for row in passage.preview["channels"]])

    assert not Message.objects.filter(org=elsewhere.org).exists()


def test_the_same_form_takes_it_and_shows_what_is_in_it(whole: SimpleNamespace, elsewhere: Member) -> None:
    data = taken(whole.ana)
    browser = Client()
    browser.force_login(elsewhere.user)

    page = browser.post(f"/orgs/{elsewhere.org.slug}/import/", {"archive": SimpleUploadedFile("parley.zip", data)})[
        "Location"
    ]
    running.run(Passage.objects.get(org=elsewhere.org).pk)
    preview = browser.get(page).content.decode()
    chosen = [row["id"] for row in Passage.objects.get(org=elsewhere.org).preview["channels"]]
    browser.post(f"{page}begin/", {"channel": chosen})
    running.run(Passage.objects.get(org=elsewhere.org).pk)
    report = browser.get(page).content.decode()

    assert "Import from Parley" in preview and "Mei&#x27;s own" in preview
    assert "New messages" in report and "Files brought" in report
