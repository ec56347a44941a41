"""Turning mails off by their link, and the page on which one says how one wants to be told."""

import re
from types import SimpleNamespace
from typing import Any

from django.test import Client

from chat.models import Digest
from chat.notices import digest, levels, mail_links
from tests.chat.notices.cast import age, prefer, say, sit
from tests.doubles.postbox import Postbox, text_of
from workspace import members


def test_a_mail_program_turns_the_mails_off_with_one_post_and_no_key(
    room: SimpleNamespace, post: Postbox, settings: Any
) -> None:
    say(room.space, room.ana, "@mei look")
    age()
    digest.send_due()
    (mail,) = post.mails()
    link = str(mail["List-Unsubscribe"]).strip(" <>").removeprefix(settings.PARLEY_URL)
    stranger = Client(enforce_csrf_checks=True)

    looked = stranger.get(link)
    after_looking = levels.settings_of(room.mei).digest
    pressed = stranger.post(link, {"List-Unsubscribe": "One-Click"})

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (looked.status_code, after_looking) == (200, Digest.SOON)
    assert (pressed.status_code, levels.settings_of(room.mei).digest) == (204, Digest.OFF)


def test_the_page_behind_the_link_says_it_is_off_and_undoes_it(room: SimpleNamespace, post: Postbox) -> None:
    prefer(room.mei, digest=Digest.HOURLY)
    say(room.space, room.ana, "@mei look")
    age(61)
    digest.send_due()
    link = re.search(r"/mails/off/\S+", text_of(post.mails()[0]))
    assert link
    stranger = Client(enforce_csrf_checks=True)

    off = stranger.post(link[0], follow=True)
    is_off = levels.settings_of(room.mei).digest
    on = stranger.post(link[0], {"undo": "1"}, follow=True)
    forged = stranger.post(link[0].replace("hourly", "daily"))

    assert b"The mails are off" in off.content and is_off == Digest.OFF
    assert b"Turn these mails off?" in on.content and levels.settings_of(room.mei).digest == Digest.HOURLY
    assert forged.status_code == 404


def test_the_page_behind_the_link_names_nobody_and_ends_with_the_membership(room: SimpleNamespace) -> None:
    link = mail_links.address(room.mei, Digest.SOON)
    stranger = Client()

    asked, off = stranger.get(link), stranger.post(link, follow=True)
    members.remove(room.ana, room.mei)
    looked, undone = stranger.get(link), stranger.post(link, {"undo": "1"})

    for page in (asked.content.decode(), off.content.decode()):
        assert room.org.name in page and room.mei.email not in page and room.mei.display_name not in page
    assert (looked.status_code, undone.status_code) == (404, 404)


def test_the_link_to_the_settings_is_on_the_profile_and_they_are_kept(room: SimpleNamespace) -> None:
    browser = Client()
    browser.force_login(room.mei.user)
    settings_page = f"/orgs/{room.org.slug}/notices/settings/"

    profile = browser.get("/profile/").content.decode()
    browser.post(settings_page, {"level": "all", "digest": "daily"})

    kept = levels.settings_of(room.mei)
    assert settings_page in profile
    assert (kept.level, kept.digest, kept.has_toasts) == ("all", "daily", False)


def test_the_settings_list_the_spaces_that_tell_otherwise(room: SimpleNamespace) -> None:
    sit(room.space, room.mei, is_muted=True)
    browser = Client()
    browser.force_login(room.mei.user)

    page = browser.get(f"/orgs/{room.org.slug}/notices/settings/").content.decode()

    assert f"/spaces/{room.space.pk}/notices/" in page and "Muted" in page
    assert room.mei.email in page
