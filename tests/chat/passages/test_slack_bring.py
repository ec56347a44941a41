"""An export of Slack brought in: everything once, under its author and date, however often."""

import io
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from chat import directs, feed
from chat.models import Attachment, Imported, Mention, Message, Notice, Passage, Reaction, Reply, Thread
from chat.passages import archive, hold
from chat.passages.archive import WrongArchive
from chat.passages.slack import bring as slack
from chat.passages.slack.export import open_export
from tests.chat.passages import slack_zip
from workspace.models import Member, Space, SpaceMember


def bring(
    juniper: SimpleNamespace,
    zipped: io.BytesIO | None = None,
    channels: tuple[str, ...] = ("C01", "C02", "D01"),
    *,
    by: Member | None = None,
) -> dict[str, Any]:
    export = open_export(zipped or slack_zip.make())
    Passage.objects.update(state="finished")
    passage = Passage.objects.create(org=juniper.org, asked_by=by or juniper.ana, kind="slack_in", state="queued")
    return slack.bring(hold.take(passage.pk), export, channels).as_json()


def everything() -> dict[str, list]:
    tables = (Space, SpaceMember, Member, Message, Mention, Reaction, Thread, Imported, Notice, Reply, Attachment)
    return {table.__name__: sorted(map(str, table.objects.values_list())) for table in tables}


def test_messages_stand_in_order_under_their_authors_and_dates(juniper: SimpleNamespace) -> None:
    report = bring(juniper)

    space = Space.objects.get(name="general")
    rows = Message.objects.filter(space=space).order_by("position")
    assert [(row.author.display_name, row.in_feed, row.text) for row in rows if row.author] == [
        ("Ana", True, f"Launch on **Friday**, <@M:{_id('Zoë 陳')}>? \\<3"),
        ("Zoë 陳", False, "Yes!"),
        ("Ben Okri", True, "see\n\n[📎 Plan (1.2 MB)](https://slack.test/f)"),
        ("deploy", True, "v2 is out"),
        ("Zoë 陳", True, f"Two things <@M:{juniper.ana.pk}>🚀\n- **one**\n- <https://e.test/x>"),
    ]
    assert [row.created_at.timestamp() for row in rows] == sorted(row.created_at.timestamp() for row in rows)
    assert {row.brought_from for row in rows} == {"Slack"}
    assert report["messages"] == 7


def test_threads_reactions_pins_and_edits_come_along(juniper: SimpleNamespace) -> None:
    bring(juniper)

    root = Message.objects.get(text__startswith="Launch")
    assert (root.thread.replies_count, root.edited_at is not None, root.pinned_by) == (2, True, juniper.ana)
    assert sorted(root.reactions.values_list("emoji", "member__display_name")) == [
        ("🎉", "Ben Okri"),
        ("🎉", "Zoë 陳"),
        ("👍🏼", "Zoë 陳"),
    ]
    assert set(root.mentions.values_list("member__display_name", flat=True)) == {"Zoë 陳"}


def test_spaces_have_the_facts_and_the_people_of_their_channels(juniper: SimpleNamespace) -> None:
    bring(juniper)

    general, old = Space.objects.get(name="general"), Space.objects.get(name="old-things")
    assert (general.topic, general.description, general.is_private) == ("All that matters", "For everyone", False)
    assert general.space_members.count() == 3
    assert (old.archived_at is not None, old.space_members.get().member) == (True, juniper.ana)
    direct = Space.objects.get(kind="direct")
    assert set(direct.space_members.values_list("member__display_name", flat=True)) == {"Ana", "Zoë 陳"}
    assert not Space.objects.visible_to(juniper.ben).filter(pk=direct.pk).exists()


def test_a_second_time_changes_nothing(juniper: SimpleNamespace) -> None:
    bring(juniper)
    before = everything()

    report = bring(juniper)

    assert everything() == before
    assert (report["messages"], report["already_here"]) == (0, 7)


def test_a_later_export_adds_only_what_is_new(juniper: SimpleNamespace) -> None:
    bring(juniper)
    files = slack_zip.whole()
    files["general/2023-11-16.json"] = [
        {"type": "message", "user": slack_zip.ZOE, "text": "later", "ts": "1700180000.000100"}
    ]

    report = bring(juniper, slack_zip.make(files))

    assert report["messages"] == 1
    assert Message.objects.filter(space__name="general").order_by("-position").first().text == "later"


def test_nobody_adds_to_a_conversation_that_somebody_else_brought_and_they_cannot_open(
    juniper: SimpleNamespace,
) -> None:
    bring(juniper)
    direct = Space.objects.get(kind="direct")
    before, more = direct.messages.count(), _more_in_the_direct_conversation()

    seen = slack.look(juniper.org, juniper.ben, open_export(slack_zip.make(more)), lambda done, total: None)
    refused = bring(juniper, slack_zip.make(more), ("D01",), by=juniper.ben)

    assert direct.messages.count() == before
    assert "was brought by somebody else" in seen["problems"][0]
    assert "was brought by somebody else" in refused["problems"][0]
    SpaceMember.objects.create(org=juniper.org, space=direct, member=juniper.ben)
    assert bring(juniper, slack_zip.make(more), ("D01",), by=juniper.ben)["messages"] == 1


def test_whoever_brought_a_conversation_goes_on_with_it_without_being_in_it(juniper: SimpleNamespace) -> None:
    bring(juniper, by=juniper.ben)

    report = bring(juniper, slack_zip.make(_more_in_the_direct_conversation()), ("D01",), by=juniper.ben)

    assert (report["messages"], report["problems"]) == (1, [])


def _more_in_the_direct_conversation() -> dict[str, Any]:
    said = {"type": "message", "user": slack_zip.ZOE, "text": "later", "ts": "1700180000.000100"}
    return {**slack_zip.whole(), "D01/2023-11-16.json": [said]}


def test_somebody_with_a_known_address_is_that_member_and_others_have_no_rights(juniper: SimpleNamespace) -> None:
    bring(juniper)

    assert Member.objects.filter(org=juniper.org, display_name="Ana").count() == 1
    zoe = Member.objects.get(display_name="Zoë 陳")
    assert (zoe.user, zoe.claim_email, Member.objects.present().filter(pk=zoe.pk).exists()) == (None, "", False)


def test_an_address_that_nobody_has_shown_to_be_theirs_inherits_nothing(juniper: SimpleNamespace) -> None:
    files = slack_zip.whole()
    files["users.json"] = [*slack_zip.USERS, {"id": "U09", "profile": {"real_name": "Mei", "email": juniper.mei.email}}]
    files["groups.json"] = [{"id": "G01", "name": "secret", "members": ["U09"]}]
    files["secret/2023-11-14.json"] = [{"type": "message", "user": "U09", "text": "hush", "ts": "1700000000.5"}]

    bring(juniper, slack_zip.make(files), ("G01",))

    assert not Space.objects.visible_to(juniper.mei).filter(name="secret").exists()
    assert Message.objects.get(text="hush").author != juniper.mei


def test_who_has_shown_it_is_found_and_who_left_gets_no_seat(juniper: SimpleNamespace) -> None:
    for who in (juniper.mei, juniper.gus, juniper.ben):
        EmailAddress.objects.create(user=who.user, email=who.email, verified=True, primary=True)
    Member.objects.filter(pk=juniper.ben.pk).update(left_at=timezone.now())
    files = slack_zip.whole()
    emails = {"U07": juniper.mei.email, "U08": juniper.gus.email, "U09": juniper.ben.email}
    files["users.json"] = [
        {"id": each, "profile": {"real_name": each, "email": email}} for each, email in emails.items()
    ]
    files["groups.json"] = [{"id": "G01", "name": "secret", "members": list(emails)}]
    files["secret/2023-11-14.json"] = [{"type": "message", "user": "U09", "text": "hush", "ts": "1700000000.5"}]

    bring(juniper, slack_zip.make(files), ("G01",))

    seats = SpaceMember.objects.filter(space__name="secret")
    assert set(seats.values_list("member__handle", flat=True)) == {"mei", "ana"}
    assert Message.objects.get(text="hush").author == juniper.ben


def test_a_direct_conversation_stays_apart_from_what_the_same_people_say_here(juniper: SimpleNamespace) -> None:
    live = directs.open(juniper.ana, [])
    files = slack_zip.whole()
    files["dms.json"] = [{"id": "D01", "members": [slack_zip.ANA, "UNOBODY"]}]

    bring(juniper, slack_zip.make(files), ("D01",))

    assert not Message.objects.filter(space=live).exists()
    brought = Message.objects.get(text="between us").space
    assert (brought.kind, brought.space_members.count()) == ("direct", 2)


def test_what_was_unread_stays_unread_and_what_came_is_read(juniper: SimpleNamespace) -> None:
    bring(juniper, channels=("C01",))
    space = Space.objects.get(name="general")
    feed.post(space, juniper.ana, text="new here", client_id=uuid4())
    seat = SpaceMember.objects.get(space=space, member__display_name="Zoë 陳")
    before = seat.read_position
    files = slack_zip.whole()
    files["general/2023-11-16.json"] = [
        {
            "type": "message",
            "user": slack_zip.ZOE,
            "text": "later",
            "ts": "1700180000.1",
            "thread_ts": "1700000100.000100",
        }
    ]
    root = Message.objects.get(text__startswith="Launch")

    bring(juniper, slack_zip.make(files), ("C01",))

    seat.refresh_from_db()
    assert seat.read_position == before
    assert Message.objects.get(pk=root.pk).revision > root.revision
    assert Thread.objects.get(pk=root.pk).replies_count == 3


def test_a_message_of_any_length_takes_its_time_and_no_more(juniper: SimpleNamespace) -> None:
    files = {"users.json": slack_zip.USERS, "channels.json": slack_zip.CHANNELS[:1]}
    files["general/2023-11-14.json"] = [
        {"type": "message", "user": slack_zip.ANA, "text": "a" + "\n" * 200_000 + "b", "ts": "1700000000.1"},
        {"type": "message", "user": slack_zip.ANA, "text": "word " * 50_000, "ts": "1700000000.2"},
    ]

    report = bring(juniper, slack_zip.make(files), ("C01",))

    assert (report["messages"], report["cut"]) == (2, 1)
    assert max(len(text) for text in Message.objects.values_list("text", flat=True)) < 61_000


def test_nobody_is_told_and_nothing_is_unread(juniper: SimpleNamespace) -> None:
    bring(juniper)

    assert not Notice.objects.exists()
    seat = SpaceMember.objects.get(space__name="general", member=juniper.ana)
    assert seat.read_position >= Message.objects.filter(space=seat.space).order_by("-position").first().position


WRONG = {
    "no zip": (io.BytesIO(b"hello"), "no zip archive"),
    "nothing": (io.BytesIO(b""), "no zip archive"),
    "an empty zip": (slack_zip.make({}), "no users.json"),
    "no channels": (slack_zip.make({"users.json": slack_zip.USERS}), "no channels.json"),
    "empty channels": (slack_zip.make({"users.json": [], "channels.json": []}), "names no channels"),
    "users that are no list": (slack_zip.make({"users.json": {}, "channels.json": slack_zip.CHANNELS}), "no list"),
    "broken JSON": (slack_zip.make({"users.json": b"[{", "channels.json": []}), "no JSON"),
    "another product": (slack_zip.make({"import.jsonl": b"{}"}), "Mattermost"),
    "our own": (slack_zip.make({"parley.json": {}}), "Parley"),
}


@pytest.mark.parametrize("which", WRONG)
def test_a_wrong_archive_is_refused_with_the_reason(which: str) -> None:
    file, reason = WRONG[which]

    with pytest.raises(WrongArchive, match=reason):
        open_export(file)


def test_a_list_of_entries_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    size = archive.DIRECTORY_MAX + 1
    with (tmp_path / "hollow.zip").open("w+b") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, size, 0, 0))

        with pytest.raises(WrongArchive, match="more files than are read"):
            open_export(file)


MANY = {
    "people": {"users.json": [{"id": f"U{n}"} for n in range(50_001)], "channels.json": slack_zip.CHANNELS},
    "channels": {"users.json": [], "dms.json": [{"id": f"D{n}"} for n in range(5_001)]},
}


@pytest.mark.parametrize("what", MANY)
def test_more_than_one_import_brings_is_refused_with_the_count(what: str) -> None:
    with pytest.raises(WrongArchive, match=f"00?1 {what}"):
        open_export(slack_zip.make(MANY[what]))


def test_json_that_would_weigh_too_much_is_not_read() -> None:
    heavy = b"[" + b"{}," * 2_000_000 + b"{}]"

    with pytest.raises(WrongArchive, match=r"users.json. in the archive is too large"):
        open_export(slack_zip.make({"users.json": heavy, "channels.json": slack_zip.CHANNELS}))


def test_a_folder_in_the_zip_is_looked_into(juniper: SimpleNamespace) -> None:
    report = bring(juniper, slack_zip.make(slack_zip.whole(), folder="Juniper Slack export/"))

    assert report["messages"] == 7


ODD: list[Any] = [
    None, 7, "x", [], {}, {"ts": None}, {"ts": "NaN"}, {"ts": "1e99"}, {"ts": "1700000000.1"},
    {"ts": "1700000000.2", "user": 7, "text": ["x"]},
    {"ts": "1700000000.3", "user": "U01ANA", "text": "a\x00b \ud800"},
    {"ts": "1700000000.4", "user": "U01ANA", "text": "x", "reactions": {"name": 1}, "files": 3, "blocks": "no", "edited": []},
    {"ts": "1700000000.5", "user": "U01ANA", "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_list", "indent": 10**9, "elements": [None, {}]}]}]},
    {"ts": "1700000000.6", "user": "U01ANA", "text": "orphan", "thread_ts": "1600000000.1"},
    {"ts": "1700000000.7", "user": "U01ANA", "text": "self", "thread_ts": "1700000000.7"},
    {"ts": "1700000000.8", "user": "U01ANA", "text": "<script>alert(1)</script> <javascript:alert(1)|x>"},
    {"ts": "1700000000.9", "user": "U01ANA", "text": "x", "reactions": [{"name": "\x00", "users": [None]}, {"name": ":", "users": "U"}]},
]  # fmt: skip


def test_odd_entries_stop_nothing(juniper: SimpleNamespace) -> None:
    files = slack_zip.whole() | {
        "general/2023-11-13.json": json_of(ODD),
        "general/2023-11-12.json": b"[",
        "general/x.json": {},
    }

    report = bring(juniper, slack_zip.make(files))

    assert report["messages"] >= 7 + 4
    assert len(report["problems"]) == 2
    assert Message.objects.get(text="orphan").parent is None
    assert "<script" not in "".join(Message.objects.values_list("html", flat=True))
    assert "javascript:" not in "".join(Message.objects.values_list("html", flat=True)).replace(
        "javascript:alert(1)|", ""
    )


def test_values_of_any_type_length_and_time_stop_nothing(juniper: SimpleNamespace) -> None:
    long = "U" * 400
    files = slack_zip.whole()
    files["users.json"] = [{"id": long, "team_id": "T" * 400, "name": "long"}, *slack_zip.USERS]
    files["channels.json"] = [{"id": "C" * 400, "name": "long", "members": [long, long, "V" * 400], "creator": long}]
    files["dms.json"] = [{"id": "D" * 400, "members": [long, "W" * 300]}]
    files["long/2023-11-14.json"] = [
        {"ts": "1700000000.1", "user": long, "text": "long", "subtype": []},
        {"ts": "1700000000.2", "user": "X" * 400, "text": "longer", "subtype": {}},
        {"ts": "1700000000.3", "username": "Y" * 400, "text": "by an app"},
        {"ts": "31000000000.1", "user": long, "text": "from the future"},
    ]
    export = open_export(slack_zip.make(files))

    seen = slack.look(juniper.org, juniper.ana, export, lambda done, total: None)
    report = bring(juniper, slack_zip.make(files), tuple(channel.id for channel in export.channels))

    assert (report["messages"], seen["messages"]) == (4, 4)
    assert Message.objects.get(text="long").author.display_name == "long"
    assert Message.objects.get(text="from the future").created_at <= timezone.now()
    assert seen["last_at"] <= timezone.now().timestamp()


def json_of(rows: list[Any]) -> bytes:
    import json

    return json.dumps(rows).encode("utf-8", "surrogatepass")


def _id(name: str) -> Any:
    return Member.objects.get(display_name=name).pk
