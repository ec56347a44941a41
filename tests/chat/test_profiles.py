"""How a member is shown: names, handles, pictures, status, the clock where they are."""

import io
import re
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from chat import edits, feed, mentions, places, profiles, studio
from chat.models import Message
from tests.doubles import uploads
from workspace import members, portraits
from workspace.errors import Invalid, NotFound
from workspace.models import Member, Picture

JSON = {"Accept": "application/json"}


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(options.pop("mode", "RGB"), size, options.pop("colour", "teal")).save(out, kind, **options)
    return out.getvalue()


def change(member: Member, **changed: str) -> Member:
    now = {"display_name": member.display_name, "handle": member.handle, "title": member.title}
    return profiles.change(member, **{**now, **changed})


# --- name, handle, title ------------------------------------------------------------------------


def test_a_new_handle_leaves_what_was_written_alone_and_is_found_by_whoever_edits_it(juniper: SimpleNamespace) -> None:
    (message,) = feed.post(juniper.space, juniper.ana, text="ask @mei and @ben", client_id=uuid.uuid4())

    change(juniper.mei, handle="Mei.Tanaka")

    kept = Message.objects.get(pk=message.pk)
    assert (kept.html, kept.revision) == (message.html, message.revision)
    assert f'data-mention="M:{juniper.mei.pk}" href="/members/{juniper.mei.pk}/"' in kept.html
    assert mentions.source(kept) == "ask @mei.tanaka and @ben"
    edited = edits.edit(juniper.ana, kept, text="ask @mei.tanaka").messages[0]
    assert edited.mention_ids == [str(juniper.mei.pk)] and "@mei.tanaka<" in edited.html


def test_another_handle_touches_no_row_of_a_message(
    juniper: SimpleNamespace, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(3):
        feed.post(juniper.space, juniper.ana, text="@mei", client_id=uuid.uuid4())

    with django_assert_num_queries(8) as asked:
        change(juniper.mei, handle="tanaka")

    assert not [each for each in asked.captured_queries if "chat_" in each["sql"]]


def test_an_address_is_for_admins_and_for_who_has_it(juniper: SimpleNamespace, client: Client) -> None:
    waits = members.bring(juniper.org, name="Pat", email="pat@elsewhere.example.com", title="")
    pages = [reverse("people", args=[juniper.org.slug])]
    pages += [reverse("person", args=[juniper.org.slug, each.pk]) for each in (juniper.ana, juniper.mei, waits)]
    told = {}

    for viewer in (juniper.ana, juniper.ben, juniper.mei, juniper.gus):
        client.force_login(viewer.user)
        answers = [client.get(page).content.decode() for page in pages]
        told[viewer.handle] = [bool(re.search("@(juniper|elsewhere).example.com", each)) for each in answers]

    everything, own, nothing = [True] * 4, [False, False, True, False], [False] * 4
    assert told == {"ana": everything, "ben": everything, "mei": own, "gus": nothing}


@pytest.mark.parametrize(
    "handle",
    [
        "",
        "-",
        ".a",
        "a-",
        "ana maria",
        "añа",
        "a/b",
        "@",
        "a" * 41,
        "a_b",
        "<b>",
        "a\x00b",
        "here",
        "space",
        "all",
        "me",
        "ben",
        "parrot",
    ],
)
def test_a_handle_that_cannot_be_one_or_is_taken_is_refused_in_words(
    handle: str, juniper: SimpleNamespace, make_model: Callable
) -> None:
    make_model("parrot")

    with pytest.raises(Invalid) as refused:
        change(juniper.ana, handle=handle)

    assert str(refused.value.message)
    assert Member.objects.get(pk=juniper.ana.pk).handle == "ana"


def test_the_handle_of_somebody_who_left_stays_theirs(juniper: SimpleNamespace) -> None:
    places.remove_from_org(juniper.ana, juniper.mei)

    with pytest.raises(Invalid, match="already"):
        change(juniper.ana, handle="mei")


@pytest.mark.parametrize("name", ["", " ", "a\u202eb", "a" * 81, "\u200d", "a\x00b", "аdmin"])
def test_a_name_that_is_none_comes_back_with_a_sentence(name: str, juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.mei.user)
    path = f"/orgs/{juniper.org.slug}/profile/"

    by_script = client.post(path, {"name": name, "handle": "mei"}, headers=JSON)
    by_form = client.post(path, {"name": name, "handle": "mei", "title": "Keeper"})

    assert (by_script.status_code, by_form.status_code) == (422, 422)
    assert by_script.json()["error"]["sentence"]
    assert 'role="alert"' in by_form.content.decode() and 'value="Keeper"' in by_form.content.decode()
    assert Member.objects.get(pk=juniper.mei.pk).display_name == "Mei"


def test_names_are_ones_own_in_each_organization(
    juniper: SimpleNamespace, other: SimpleNamespace, client: Client
) -> None:
    client.force_login(juniper.mei.user)

    mine = client.post(f"/orgs/{juniper.org.slug}/profile/", {"name": "Mei T", "handle": "mt", "title": "Keeper"})
    theirs = client.post(f"/orgs/{other.org.slug}/profile/", {"name": "X", "handle": "x"})

    member = Member.objects.get(pk=juniper.mei.pk)
    assert (mine.status_code, theirs.status_code) == (302, 404)
    assert (member.display_name, member.handle, member.title) == ("Mei T", "mt", "Keeper")


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_two_squares_of_webp(kind: str, juniper: SimpleNamespace, client: Client) -> None:
    profiles.set_picture(juniper.mei, picture(kind))
    client.force_login(juniper.ana.user)

    small, large = (client.get(f"{juniper.mei.picture_url}{size}") for size in ("", "&size=large"))

    opened = [Image.open(io.BytesIO(answer.content)) for answer in (small, large)]
    assert [(each.format, each.size) for each in opened] == [("WEBP", (64, 64)), ("WEBP", (256, 256))]
    assert small["Content-Type"] == "image/webp" and "immutable" in small["Cache-Control"]


def test_nothing_of_where_and_how_it_was_taken_is_kept(juniper: SimpleNamespace) -> None:
    told = Image.Exif()
    told[0x010F] = "SecretCamera"
    raw = picture("JPEG", exif=told, comment=b"SecretComment")
    assert b"SecretCamera" in raw

    profiles.set_picture(juniper.mei, raw)

    row = Picture.objects.get(member=juniper.mei)
    for kept in (bytes(row.large), bytes(row.small)):
        assert b"Secret" not in kept
        assert not Image.open(io.BytesIO(kept)).getexif()


def test_a_picture_lies_as_the_camera_was_held(juniper: SimpleNamespace) -> None:
    upright = Image.new("RGB", (40, 40), "white")
    upright.paste("black", (0, 0, 40, 20))
    told = Image.Exif()
    told[0x0112] = 3
    out = io.BytesIO()
    upright.save(out, "JPEG", exif=told)

    profiles.set_picture(juniper.mei, out.getvalue())

    kept = Image.open(io.BytesIO(portraits.read(juniper.mei, is_large=True))).convert("L")
    assert kept.getpixel((128, 20)) > 200 and kept.getpixel((128, 236)) < 50


BROKEN = {
    "nothing": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script>",
    "cut short": picture()[:60],
    "cut off": picture("JPEG")[:200],
    "only a head": b"\x89PNG\r\n\x1a\n",
    "gif head": b"GIF89a" + b"\xff" * 40,
    "webp head": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    "tiff": picture("TIFF"),
    "bmp": picture("BMP"),
    "huge": picture(size=(5000, 5000), mode="1", colour=0),
    "a bomb": picture(size=(20000, 20000), mode="1", colour=0),
    "too many bytes": b"\x89PNG" + b"x" * studio.BYTES_MAX,
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_what_is_no_picture_is_refused_in_words(raw: bytes, juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.mei.user)
    upload = SimpleUploadedFile("../../etc/passwd.png", raw, "image/png")

    answer = client.post(f"/orgs/{juniper.org.slug}/profile/picture/", {"picture": upload}, headers=JSON)

    assert answer.status_code == 422
    assert "icture" in answer.json()["error"]["sentence"]
    assert not Picture.objects.exists()


def test_what_kills_the_one_who_looks_at_it_kills_nobody_else(juniper: SimpleNamespace) -> None:
    bomb = uploads.bomb(side=3_900)  # within the pixels, and cut short

    with pytest.raises(Invalid, match="no picture that can be read"):
        profiles.set_picture(juniper.mei, bomb)

    profiles.set_picture(juniper.mei, picture())
    assert Picture.objects.count() == 1


def test_a_picture_is_refused_while_all_places_are_taken_or_another_of_ones_own_is_made(
    juniper: SimpleNamespace, client: Client
) -> None:
    client.force_login(juniper.mei.user)

    def send() -> int:
        upload = SimpleUploadedFile("me.png", picture(), "image/png")
        address = f"/orgs/{juniper.org.slug}/profile/picture/"
        return client.post(address, {"picture": upload}, headers=JSON).status_code

    with studio.turn(juniper.mei.pk):
        own = send()
    with ExitStack() as taken:
        for _ in range(studio.AT_ONCE):
            taken.enter_context(studio.turn(uuid.uuid4()))
        crowded = send()
    free = send()

    assert (own, crowded) == (429, 429)
    assert free < 400


def test_a_removed_picture_is_gone_and_initials_are_back(juniper: SimpleNamespace, client: Client) -> None:
    profiles.set_picture(juniper.mei, picture())
    address = juniper.mei.picture_url
    client.force_login(juniper.mei.user)

    client.post(f"/orgs/{juniper.org.slug}/profile/picture/", {"remove": "1"})

    assert client.get(address).status_code == 404
    assert Member.objects.get(pk=juniper.mei.pk).picture_url == ""
    with pytest.raises(NotFound):
        portraits.read(juniper.mei, is_large=False)


def test_a_message_shows_the_picture_and_costs_no_query_for_it(
    juniper: SimpleNamespace, client: Client, django_assert_max_num_queries: Any
) -> None:
    profiles.set_picture(juniper.mei, picture())
    feed.post(juniper.space, juniper.mei, text="hello", client_id=uuid.uuid4())
    client.force_login(juniper.ana.user)

    page = client.get(f"/spaces/{juniper.space.pk}/").content.decode()

    assert page.count(f'src="{juniper.mei.picture_url}"') == 1


# --- status, availability, clock ----------------------------------------------------------------


def test_a_status_is_shown_until_its_time_is_over(juniper: SimpleNamespace) -> None:
    profiles.set_status(juniper.mei, emoji="🌴", text="On vacation", until=timezone.now() + timedelta(hours=1))
    shown = profiles.as_json(juniper.mei)["status"]

    juniper.mei.status_until = timezone.now() - timedelta(seconds=1)

    assert (shown["emoji"], shown["text"]) == ("🌴", "On vacation")
    assert profiles.as_json(juniper.mei)["status"] is None
    profiles.set_status(juniper.mei, emoji="", text="", until=timezone.now() + timedelta(hours=1))
    assert juniper.mei.status_until is None


@pytest.mark.parametrize(
    "emoji", ["abc", "🌴 🌴", "🌴🌴", "<b>", "\u202e", "🌴" * 40, "a\x00", "1", "ẞ<script>", "✔ADMIN", "→", "🏽"]
)
def test_an_emoji_that_is_none_is_refused(emoji: str, juniper: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        profiles.set_status(juniper.mei, emoji=emoji, text="", until=None)


@pytest.mark.parametrize("emoji", ["🌴", "👩‍🚀", "❤️", "🇵🇹", "👍🏽"])
def test_one_sign_of_several_characters_is_an_emoji(emoji: str, juniper: SimpleNamespace) -> None:
    profiles.set_status(juniper.mei, emoji=emoji, text="", until=None)

    assert Member.objects.get(pk=juniper.mei.pk).status_emoji == emoji


def test_today_and_this_week_end_by_the_clock_of_who_says_so(juniper: SimpleNamespace) -> None:
    profiles.change_account(juniper.mei.user, time_zone="Asia/Taipei", sends_on_enter=True)

    today, week = (profiles.end_of(span, juniper.mei) for span in ("today", "week"))

    assert today and week
    for end in (today, week):
        assert str(end.tzinfo) == "Asia/Taipei" and (end.hour, end.minute) == (0, 0)
        assert end > timezone.now()
    assert week.weekday() == 0
    assert profiles.end_of("", juniper.mei) is None


def test_the_clock_of_somebody_else_says_how_far_ahead_it_is(juniper: SimpleNamespace) -> None:
    profiles.change_account(juniper.mei.user, time_zone="Asia/Kathmandu", sends_on_enter=True)
    profiles.change_account(juniper.ana.user, time_zone="Africa/Abidjan", sends_on_enter=True)

    ahead = profiles.local_time(juniper.mei, seen_from=juniper.ana.user)
    behind = profiles.local_time(juniper.ana, seen_from=juniper.mei.user)
    unknown = profiles.local_time(juniper.ben, seen_from=juniper.ana.user)

    assert ahead and (ahead.ahead_minutes, ahead.difference) == (345, "5.75 h ahead of you")
    assert behind and behind.difference == "5.75 h behind you"
    assert ahead.at.replace(tzinfo=None) - datetime.now(ahead.at.tzinfo).replace(tzinfo=None) < timedelta(minutes=1)
    assert unknown is None


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "UTC+3", "Europe", "a\x00", "Etc/GMT+3", "x" * 300])
def test_a_zone_that_is_none_is_refused_beside_its_field(zone: str, juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.mei.user)

    answer = client.post("/profile/", {"time_zone": zone, "language": "en"})

    assert answer.status_code == 422
    juniper.mei.user.refresh_from_db()
    assert juniper.mei.user.time_zone == ""


def test_the_account_is_saved_for_every_organization(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.mei.user)

    answer = client.post("/profile/", {"time_zone": "Europe/Lisbon", "language": "zh-hant"})

    juniper.mei.user.refresh_from_db()
    user = juniper.mei.user
    assert answer.status_code == 302
    assert (user.time_zone, user.language, user.sends_on_enter) == ("Europe/Lisbon", "zh-hant", False)


def test_a_card_names_only_spaces_that_both_are_in(juniper: SimpleNamespace, client: Client) -> None:
    path = f"/orgs/{juniper.org.slug}/people/{juniper.ben.pk}/"
    seen = {}
    for member in (juniper.mei, juniper.gus):
        client.force_login(member.user)
        seen[member.display_name] = client.get(path).content.decode()

    assert "Board" in seen["Gus"] and "General" not in seen["Gus"]
    assert "General" in seen["Mei"] and "Board" not in seen["Mei"]


def test_the_card_of_who_has_left_offers_no_message(juniper: SimpleNamespace, client: Client) -> None:
    places.remove_from_org(juniper.ana, juniper.mei)
    client.force_login(juniper.ana.user)

    page = client.get(f"/orgs/{juniper.org.slug}/people/{juniper.mei.pk}/").content.decode()

    assert "Has left" in page
    assert f'value="{juniper.mei.pk}"' not in page


def test_people_are_found_by_name_or_handle(juniper: SimpleNamespace, client: Client) -> None:
    client.force_login(juniper.ana.user)

    page = client.get(f"/orgs/{juniper.org.slug}/people/", {"q": "ME"}).content.decode()

    assert "@mei" in page and "@gus" not in page
