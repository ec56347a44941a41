"""What was brought under an address, before and after somebody shows that it is theirs."""

import io
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress

from chat import directs
from chat.models import Imported, Mention, Message, Passage, Reaction
from chat.passages import claims, hold
from chat.passages.slack import bring as slack
from chat.passages.slack.export import open_export
from tests.chat.passages import slack_zip
from workspace.models import Member, Space, SpaceMember

ZOE = slack_zip.ZOE


def bring(room: SimpleNamespace, *, by: Member, email: str, zipped: dict | None = None) -> None:
    """As the export of somebody whose Zoë has that address."""
    files = {**slack_zip.whole(), **(zipped or {})}
    files["users.json"] = [
        {**each, "profile": {**each["profile"], "email": email}} if each["id"] == ZOE else each
        for each in slack_zip.USERS
    ]
    Passage.objects.update(state="finished")
    passage = Passage.objects.create(org=room.org, asked_by=by, kind="slack_in", state="queued")
    slack.bring(hold.take(passage.pk), open_export(io.BytesIO(slack_zip.make(files).getvalue())), ("C01", "C02", "D01"))
    Passage.objects.update(state="finished")


def confirm(member: Member, email: str = "") -> None:
    EmailAddress.objects.create(user=member.user, email=email or member.email, verified=True, primary=not email)


def test_who_confirms_their_address_later_gets_their_past(juniper: SimpleNamespace) -> None:
    mei = juniper.mei
    bring(juniper, by=juniper.ana, email=mei.email)
    old = Member.objects.get(org=juniper.org, claim_email=mei.email)
    said = set(Message.objects.filter(author=old).values_list("pk", flat=True))
    mentioned = set(Mention.objects.filter(member=old).values_list("message_id", flat=True))
    before = claims.take_all()
    confirm(mei)

    taken = (claims.take_all(), claims.take_all())

    assert (before, *taken, bool(said), bool(mentioned)) == (0, 1, 0, True, True)
    assert not Member.objects.filter(pk=old.pk).exists()
    assert said <= set(Message.objects.filter(author=mei).values_list("pk", flat=True))
    named = Message.objects.filter(pk__in=mentioned, mentions__member=mei)
    assert {row.pk for row in named} == mentioned
    for row in named:
        assert f"<@M:{mei.pk}>" in row.text and str(old.pk) not in row.text + row.html
        assert f'data-mention="M:{mei.pk}" href="/members/{mei.pk}/"' in row.html and ">@mei</a>" in row.html
    assert Space.objects.visible_to(mei).filter(kind="direct").exists()
    assert Reaction.objects.filter(member=mei).exists()
    assert Imported.objects.filter(kind="person", source_id=ZOE, our_id=mei.pk).exists()


def test_open_pages_fetch_what_changed_and_search_finds_it_under_the_new_name(juniper: SimpleNamespace) -> None:
    from chat import feed

    bring(juniper, by=juniper.ana, email=juniper.mei.email)
    space = Space.objects.get(name="general")
    confirm(juniper.mei)

    claims.take_all()

    authors = {message.author for message in feed.changes(space, since=space.revision).messages}
    assert juniper.mei in authors
    assert Space.objects.get(pk=space.pk).revision > space.revision


@pytest.mark.parametrize("how", ["unconfirmed", "another address", "left", "elsewhere", "import running"])
def test_nobody_gets_what_is_not_shown_to_be_theirs(juniper: SimpleNamespace, how: str) -> None:
    bring(juniper, by=juniper.ana, email="zoe@people.example.com" if how == "elsewhere" else juniper.mei.email)
    if how == "unconfirmed":
        EmailAddress.objects.create(user=juniper.mei.user, email=juniper.mei.email, verified=False)
    elif how == "another address":
        confirm(juniper.mei, "mei@else.example.com")
    else:
        confirm(juniper.mei)
    if how == "left":
        Member.objects.filter(pk=juniper.mei.pk).update(left_at="2026-01-01T00:00Z")
    if how == "import running":
        Passage.objects.update(state="running")

    taken = claims.take_all()

    assert taken == 0
    assert Member.objects.filter(org=juniper.org, user=None).exclude(claim_email="").exists()
    assert not Message.objects.filter(author=juniper.mei).exists()


def test_a_seat_and_a_reaction_of_ones_own_stay_as_they_are(juniper: SimpleNamespace) -> None:
    bring(juniper, by=juniper.ana, email=juniper.mei.email)
    space = Space.objects.get(name="general")
    own = SpaceMember.objects.create(org=juniper.org, space=space, member=juniper.mei, role="viewer")
    theirs = Reaction.objects.filter(member__claim_email=juniper.mei.email).first()
    Reaction.objects.create(org=juniper.org, message=theirs.message, member=juniper.mei, emoji=theirs.emoji)
    directs.open(juniper.mei, [juniper.ana])
    confirm(juniper.mei)

    assert claims.take_all() == 1

    assert SpaceMember.objects.get(space=space, member=juniper.mei).pk == own.pk
    assert Reaction.objects.filter(member=juniper.mei, message=theirs.message, emoji=theirs.emoji).count() == 1


def test_a_guest_gets_their_words_and_no_seat(juniper: SimpleNamespace) -> None:
    bring(juniper, by=juniper.ana, email=juniper.gus.email)
    confirm(juniper.gus)
    seats = SpaceMember.objects.filter(member=juniper.gus).count()

    assert claims.take_all() == 1

    assert SpaceMember.objects.filter(member=juniper.gus).count() == seats
    assert Message.objects.filter(author=juniper.gus).exists()


LATER = {"general/2023-11-16.json": [{"type": "message", "user": ZOE, "text": "later", "ts": "1700180000.000100"}]}


def test_whoever_imports_is_themselves_where_somebody_brought_their_name_before(juniper: SimpleNamespace) -> None:
    bring(juniper, by=juniper.ana, email=juniper.ben.email)
    old = Member.objects.get(org=juniper.org, claim_email=juniper.ben.email)
    count = Message.objects.filter(author=old).count()

    bring(juniper, by=juniper.ben, email=juniper.ben.email, zipped=LATER)

    assert Message.objects.get(text="later").author == juniper.ben
    assert Message.objects.filter(author=old).count() == count  # not theirs before they have shown it


def test_a_confirmed_member_is_matched_to_themselves_and_the_name_that_stood_for_them_goes(
    juniper: SimpleNamespace,
) -> None:
    bring(juniper, by=juniper.ana, email=juniper.mei.email)
    confirm(juniper.mei)

    bring(juniper, by=juniper.ana, email=juniper.mei.email, zipped=LATER)

    assert Message.objects.get(text="later").author == juniper.mei
    assert claims.take_all() == 1
    assert not Message.objects.filter(author__user=None, text__contains="Yes!").exists()
