"""Slash commands: which text is one, what each does, and what is said to whom."""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from chat import directs, feed, markdown, places, profiles
from chat.commands import obeying, reading, table
from chat.commands.kinds import Said, Written
from chat.commands.obeying import UnknownCommand
from chat.models import Message, Note, Reminder
from workspace import members
from workspace.errors import Forbidden, Invalid, NotFound, Refused
from workspace.models import Member, Space, SpaceMember, SpaceRole


def obey(room: SimpleNamespace, text: str, *, by: Member | None = None, space: Space | None = None) -> Said:
    answer = obeying.obey(by or room.ana, space or room.space, text)
    assert isinstance(answer, Said)
    return answer


TEXTS = {
    "/etc/hosts": "/etc/hosts", "/usr/bin/env python": "/usr/bin/env python", "/": "/", "/ help": "/ help", "/2": "/2", "hello /help": "hello /help",
    "//help": "/help", "//shrug it off": "/shrug it off", "// a remark": "// a remark", "//server/share": "//server/share", "///": "///", "": "",
    "/api/v1?x=1": "/api/v1?x=1", "/help.txt": "/help.txt", "/help/me": "/help/me", "`/help`": "`/help`", "/你好": "/你好", "https://e.test": "https://e.test",
}  # fmt: skip


@pytest.mark.parametrize(("text", "posted"), TEXTS.items())
def test_paths_and_escaped_slashes_are_text(juniper: SimpleNamespace, text: str, posted: str) -> None:
    assert obeying.obey(juniper.ana, juniper.space, text) == Written(posted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/shurg", "Did you mean /shrug"),
        ("/rem", "Did you mean /remind"),
        ("/tmp", "/help lists them"),
        ("/usr is full", "begin with //"),
        ("/hepl me please", "Did you mean /help"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_command(juniper: SimpleNamespace, text: str, words: str) -> None:
    with pytest.raises(UnknownCommand, match=words):
        obeying.obey(juniper.ana, juniper.space, text)


def test_every_command_is_in_help_once_and_says_what_it_does(juniper: SimpleNamespace) -> None:
    names = [command.name for command in table.COMMANDS]
    SpaceMember.objects.filter(space=juniper.space, member=juniper.ben).update(role=SpaceRole.OWNER)

    lines = obey(juniper, "/help").lines

    assert len(names) == len(set(names))
    assert [usage.split()[0] for usage, _ in lines] == [f"/{name}" for name in names] + ["//"]
    assert all(words for _, words in lines)
    assert all(reading.parts(f"/{name}") == (name, "") for name in names)


def test_help_lists_only_what_one_may_do(juniper: SimpleNamespace) -> None:
    hers = [command.name for command in obeying.available(juniper.ana, juniper.space)]
    his = [command.name for command in obeying.available(juniper.mei, juniper.space)]

    assert {"invite", "rename"} <= set(hers) and "leave" not in hers  # its only owner stays
    assert {"invite", "rename"}.isdisjoint(his) and "leave" in his
    with pytest.raises(UnknownCommand):
        obey(juniper, "/rename Mine", by=juniper.mei)


def test_shrug_and_me_are_messages(juniper: SimpleNamespace) -> None:
    shrug = obeying.obey(juniper.ana, juniper.space, "/SHRUG who knows")
    waves = obeying.obey(juniper.ana, juniper.space, "/me waves at **all**\nof you")

    assert isinstance(shrug, Written) and isinstance(waves, Written)
    assert markdown.render(shrug.text) == "<p>who knows ¯\\_(ツ)_/¯</p>\n"
    assert markdown.render(waves.text) == "<p><em>waves at <strong>all</strong><br>\nof you</em></p>\n"
    with pytest.raises(Invalid):
        obeying.obey(juniper.ana, juniper.space, "/me")


def test_me_in_the_middle_is_nothing_special() -> None:
    assert "<em>" not in markdown.render("say /me waves") + markdown.render("/mean") + markdown.render("- /me waves")


def test_people_are_let_in_and_all_or_nobody(juniper: SimpleNamespace) -> None:
    said = obey(juniper, "/invite @gus", space=juniper.space)

    assert said.sentence == "Gus can read and write here now."
    assert SpaceMember.objects.filter(space=juniper.space, member=juniper.gus).exists()
    with pytest.raises(Invalid, match="nobody called @nobody"):
        obey(juniper, "/invite mei, @nobody", space=juniper.private)
    assert not SpaceMember.objects.filter(space=juniper.private, member=juniper.mei).exists()
    with pytest.raises(Invalid, match="Say whom"):
        obey(juniper, "/invite")


def test_a_space_is_renamed_and_left(juniper: SimpleNamespace) -> None:
    obey(juniper, "/rename Launch {name}")
    said = obey(juniper, "/leave", by=juniper.mei)

    assert Space.objects.get(pk=juniper.space.pk).name == "Launch {name}"
    assert said.goto == reverse("spaces", args=[juniper.org.slug])
    assert not SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).exists()


@pytest.mark.parametrize(
    ("text", "text_kept", "who"),
    [
        ("/remind me in 20 minutes to call", "call", "ana"),
        ("/remind in 20 minutes to call", "call", "ana"),
        ("/remind me to call tomorrow at 9:00", "call", "ana"),
        ("/remind @mei on friday that {x} is due", "{x} is due", "mei"),
        ("/remind @MEI to write in 2 hours", "write", "mei"),
    ],
)
def test_a_reminder_is_asked_for_in_words(juniper: SimpleNamespace, text: str, text_kept: str, who: str) -> None:
    said = obey(juniper, text)

    asked = Reminder.objects.get()
    assert (asked.text, asked.member, asked.asked_by) == (text_kept, getattr(juniper, who), juniper.ana)
    assert text_kept in said.sentence


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("/remind", Invalid),
        ("/remind me", Invalid),
        ("/remind me to call", Invalid),
        ("/remind me at 5 to call", Invalid),
        ("/remind @nobody in 5 minutes to call", NotFound),
        ("/remind @gus in 5 minutes", Invalid),
    ],
)
def test_what_is_no_reminder_is_refused_in_words(juniper: SimpleNamespace, text: str, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        obey(juniper, text)
    assert not Reminder.objects.exists()


def test_a_guest_names_nobody_whom_they_do_not_know(juniper: SimpleNamespace) -> None:
    with pytest.raises(NotFound):
        obey(juniper, "/remind @mei in 5 minutes to call", by=juniper.gus, space=juniper.private)


def test_who_lists_the_people_of_the_space(juniper: SimpleNamespace) -> None:
    assert obey(juniper, "/who", space=juniper.private).lines == (("@ana", "Ana"), ("@ben", "Ben"), ("@gus", "Gus"))


def test_rights_are_asked_by_the_verb_too(juniper: SimpleNamespace) -> None:
    from chat.commands import deeds
    from chat.commands.kinds import Call

    for deed, words in ((deeds.invite, "@gus"), (deeds.rename, "Mine")):
        with pytest.raises(Forbidden):
            deed(Call(juniper.mei, juniper.space, words, None, ()))


def send(client: Client, room: SimpleNamespace, text: str, *, accept: str = "application/json") -> Any:
    client.force_login(room.mei.user)
    fields = {"text": text, "client_id": str(uuid.uuid4())}
    return client.post(f"/spaces/{room.space.pk}/messages/", fields, headers={"Accept": accept})


def test_a_command_is_answered_to_its_caller_alone(client: Client, juniper: SimpleNamespace) -> None:
    answer = send(client, juniper, "/who")

    told = json.loads(answer.content)
    assert (answer.status_code, told["messages"]) == (200, [])
    assert told["notice"]["lines"][0] == ["@ana", "Ana"]
    assert not Message.objects.exists()


def test_without_scripts_the_answer_stands_on_the_page_and_a_refusal_keeps_the_draft(
    client: Client, juniper: SimpleNamespace
) -> None:
    helped = send(client, juniper, "/help", accept="text/html").content.decode()
    refused = send(client, juniper, "/shurg <b>", accept="text/html")

    assert "Only you see this" in helped and "/remind me | @person" in helped
    assert refused.status_code == 422
    assert "Did you mean /shrug" in refused.content.decode()
    assert "/shurg &lt;b&gt;</textarea>" in refused.content.decode()


def test_what_is_escaped_is_posted(client: Client, juniper: SimpleNamespace) -> None:
    answer = send(client, juniper, "//help")

    assert answer.status_code == 201
    assert Message.objects.get().text == "/help"


def test_a_command_in_a_thread_is_one_too(client: Client, juniper: SimpleNamespace) -> None:
    root = feed.post(juniper.space, juniper.ana, text="root", client_id=uuid.uuid4())[0]
    client.force_login(juniper.mei.user)
    where = {"path": f"/messages/{root.pk}/thread/", "headers": {"Accept": "application/json"}}

    shrugged = client.post(data={"text": "/shrug"}, **where)
    helped = client.post(data={"text": "/help"}, **where)

    assert (shrugged.status_code, helped.status_code) == (201, 200)
    assert Message.objects.get(parent=root).text.startswith("¯")


def test_the_list_names_what_the_composer_offers(client: Client, juniper: SimpleNamespace) -> None:
    client.force_login(juniper.mei.user)

    listed = client.get(f"/spaces/{juniper.space.pk}/commands/").json()["commands"]

    assert listed[0] == {"name": "help", "arguments": "", "words": "Lists the commands", "writes": False}
    assert {row["name"] for row in listed if row["writes"]} == {"me", "shrug"}


def test_a_message_that_is_no_command_costs_no_query(
    juniper: SimpleNamespace, django_assert_num_queries: Callable[..., Any]
) -> None:
    with django_assert_num_queries(0):
        obeying.obey(juniper.ana, juniper.space, "hello /help")


def test_a_topic_is_said_and_asked_for(juniper: SimpleNamespace) -> None:
    said = obey(juniper, "/topic Launch  {on} Friday", by=juniper.mei)
    asked = obey(juniper, "/topic", space=Space.objects.get(pk=juniper.space.pk))

    assert Space.objects.get(pk=juniper.space.pk).topic == "Launch {on} Friday"
    assert said.sentence == "The topic is now: Launch {on} Friday"
    assert asked.sentence == "The topic is: Launch {on} Friday"
    SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).update(role=SpaceRole.VIEWER)
    with pytest.raises(UnknownCommand):
        obey(juniper, "/topic mine", by=juniper.mei)


def test_only_who_manages_a_space_archives_it(juniper: SimpleNamespace) -> None:
    with pytest.raises(UnknownCommand):
        obey(juniper, "/archive", by=juniper.mei)
    assert Space.objects.get(pk=juniper.space.pk).archived_at is None

    said = obey(juniper, "/archive")

    assert Space.objects.get(pk=juniper.space.pk).archived_at is not None
    assert said.goto == juniper.space.get_absolute_url()


def test_a_space_is_joined_by_its_name_and_a_hidden_one_is_missing(juniper: SimpleNamespace) -> None:
    open_one = places.create_space(juniper.ana, name="Garden", is_private=False)
    places.create_space(juniper.ana, name="Cellar", is_private=True)

    said = obey(juniper, "/join #garden", by=juniper.mei)

    assert said.goto == open_one.get_absolute_url()
    assert SpaceMember.objects.filter(space=open_one, member=juniper.mei).exists()
    refusals = []
    for name in ("Cellar", "Nowhere"):
        with pytest.raises(Invalid) as refused:
            obey(juniper, f"/join {name}", by=juniper.mei)
        refusals.append(str(refused.value.message).replace(name, "…"))
    assert refusals[0] == refusals[1]
    with pytest.raises(Invalid):
        obey(juniper, "/join Garden", by=juniper.gus, space=juniper.private)


def test_of_two_spaces_of_one_name_none_is_joined(juniper: SimpleNamespace) -> None:
    for _each in range(2):
        places.create_space(juniper.ana, name="Garden", is_private=False)

    with pytest.raises(Invalid, match="Several"):
        obey(juniper, "/join Garden", by=juniper.mei)
    assert not SpaceMember.objects.filter(space__name="Garden", member=juniper.mei).exists()


def test_a_space_is_muted_and_keeps_its_level(juniper: SimpleNamespace) -> None:
    seat = SpaceMember.objects.filter(space=juniper.space, member=juniper.mei)
    seat.update(notice_level="all")

    obey(juniper, "/mute", by=juniper.mei)
    assert seat.values_list("is_muted", "notice_level").get() == (True, "all")
    obey(juniper, "/unmute", by=juniper.mei)

    assert seat.values_list("is_muted", "notice_level").get() == (False, "all")
    with pytest.raises(UnknownCommand):
        obey(juniper, "/mute", by=juniper.ben, space=places.create_space(juniper.ana, name="Garden", is_private=False))


STATUSES = {
    "🌴 On vacation": ("🌴", "On vacation", False),
    "🌴": ("🌴", "", False),
    "In a meeting for 1 hour": ("", "In a meeting", True),
    "📅 Busy until tomorrow at 9:00": ("📅", "Busy", True),
    "Looking for work": ("", "Looking for work", False),
    "會議中": ("", "會議中", False),
    "→ home": ("", "→ home", False),
    "": ("", "", False),
}


@pytest.mark.parametrize(("words", "kept"), STATUSES.items())
def test_a_status_is_set_with_its_emoji_and_its_end(
    juniper: SimpleNamespace, words: str, kept: tuple[str, str, bool]
) -> None:
    profiles.set_status(juniper.mei, emoji="🏡", text="Home", until=None)

    obey(juniper, f"/status {words}", by=juniper.mei)

    mei = Member.objects.get(pk=juniper.mei.pk)
    assert (mei.status_emoji, mei.status_text, mei.status_until is not None) == kept


def test_away_is_said_and_taken_back(juniper: SimpleNamespace) -> None:
    obey(juniper, "/away")
    assert Member.objects.get(pk=juniper.ana.pk).availability == "away"

    obey(juniper, "/away")

    assert Member.objects.get(pk=juniper.ana.pk).availability == ""


def test_a_conversation_is_opened_and_what_follows_is_said_there(juniper: SimpleNamespace) -> None:
    opened = obey(juniper, "/dm @mei")
    said = obey(juniper, "/dm @Mei, hello {there}")
    group = obey(juniper, "/dm @mei @ben")

    assert opened.goto == said.goto != group.goto
    message = Message.objects.get()
    assert (message.text, message.space.get_absolute_url()) == ("hello {there}", said.goto)
    with pytest.raises(Invalid, match="nobody called @nobody"):
        obey(juniper, "/dm @mei @nobody hello")
    with pytest.raises(Invalid, match="with whom"):
        obey(juniper, "/dm mei hello")
    assert Message.objects.count() == 1


def test_a_guest_opens_no_conversation_with_whom_they_do_not_know(juniper: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match="nobody called @mei"):
        obey(juniper, "/dm @mei", by=juniper.gus, space=juniper.private)


def test_a_search_is_shown_beside(client: Client, juniper: SimpleNamespace) -> None:
    notice = send(client, juniper, "/search budget & {plan}").json()["notice"]

    assert notice["goto"] == f"/orgs/{juniper.org.slug}/search/?q=budget+%26+%7Bplan%7D"
    assert notice["beside"]
    assert client.get(notice["goto"]).status_code == 200


def test_a_note_is_kept_by_who_may_write(juniper: SimpleNamespace) -> None:
    obey(juniper, "/note We ship on **Fridays**", by=juniper.mei)

    note = Note.objects.get()
    assert (note.text, note.author, note.space) == ("We ship on **Fridays**", juniper.mei, juniper.space)
    SpaceMember.objects.filter(space=juniper.space, member=juniper.mei).update(role=SpaceRole.VIEWER)
    with pytest.raises(UnknownCommand):
        obey(juniper, "/note more", by=juniper.mei)


def test_where_nobody_is_left_one_may_still_ask_for_help(juniper: SimpleNamespace) -> None:
    alone = directs.open(juniper.ana, [juniper.mei])
    members.remove(juniper.ben, juniper.mei)

    offered = [command.name for command in obeying.available(juniper.ana, alone)]

    assert "help" in offered and "note" not in offered


def test_a_rename_leaves_alone_what_another_changed_meanwhile(juniper: SimpleNamespace) -> None:
    Space.objects.filter(pk=juniper.space.pk).update(is_private=True)  # after this request read the Space

    obey(juniper, "/rename Launch")

    assert Space.objects.filter(pk=juniper.space.pk, name="Launch", is_private=True).exists()
