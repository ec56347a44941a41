"""Moments that people write, and those that could be meant in two ways."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chat import moments
from workspace.errors import Invalid

TAIPEI = ZoneInfo("Asia/Taipei")
# A Friday, 13:20:30 in Taipei.
NOW = datetime(2026, 11, 20, 5, 20, 30, tzinfo=UTC)

READ = {
    "in 20 minutes": "2026-11-20 13:40:30", "in 20 min": "2026-11-20 13:40:30", "in 20m": "2026-11-20 13:40:30", "in a minute": "2026-11-20 13:21:30",
    "in 2 hours": "2026-11-20 15:20:30", "in an hour": "2026-11-20 14:20:30", "in 1h30m": "2026-11-20 14:50:30", "in 1 hour and 5 minutes": "2026-11-20 14:25:30",
    "in 3 days": "2026-11-23 13:20:30", "in 2 weeks": "2026-12-04 13:20:30", "in a week": "2026-11-27 13:20:30",
    "at 17:30": "2026-11-20 17:30", "at 5:30 pm": "2026-11-20 17:30", "at 5pm": "2026-11-20 17:00", "at 9:00": "2026-11-21 09:00", "at noon": "2026-11-21 12:00",
    "at midnight": "2026-11-21 00:00", "at 12 am": "2026-11-21 00:00", "at 12:30 pm": "2026-11-21 12:30",
    "tomorrow": "2026-11-21 09:00", "tomorrow 9:00": "2026-11-21 09:00", "tomorrow at 17:30": "2026-11-21 17:30", "today at 18:00": "2026-11-20 18:00",
    "on friday": "2026-11-27 09:00", "friday": "2026-11-27 09:00", "next monday": "2026-11-23 09:00", "on Saturday, at 8am": "2026-11-21 08:00",
    "2026-12-01 10:00": "2026-12-01 10:00", "on 2026-12-01": "2026-12-01 09:00", "ON 2026-12-01 AT 10:00": "2026-12-01 10:00",
}  # fmt: skip
REFUSED = [
    "", "soon", "at 5", "5", "in 20", "in minutes", "at 25:00", "at 17:60", "at 13 pm", "at 0 am", "tomorrow 9", "on 2026-02-30", "2026-13-01", "01/02/2026",
    "in 1.5 hours", "in -5 minutes", "every day at 9:00", "next week", "in 99999 weeks", "today at 9:00", "2020-01-01", "2099-01-01", "in 0 minutes", "today",
    "tomorrow at 9:00 and more", "in 5 lightyears", "at 17:30:00",
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), READ.items())
def test_what_people_write_means_one_moment_of_their_own_clock(text: str, moment: str) -> None:
    assert moments.read(text, now=NOW, zone=TAIPEI) == datetime.fromisoformat(moment).replace(tzinfo=TAIPEI)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_unclear_past_or_endless_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        moments.read(text, now=NOW, zone=TAIPEI)

    assert len(str(refused.value.message)) > 10


SPLIT = {
    "in 20 minutes to call Mei": ("2026-11-20 13:40:30", "to call Mei"),
    "to call Mei in 20 minutes": ("2026-11-20 13:40:30", "to call Mei"),
    "to meet at the door at 17:30.": ("2026-11-20 17:30", "to meet at the door"),
    "tomorrow 9:00: stand-up": ("2026-11-21 09:00", "stand-up"),
    "on friday to ship in 2 days what is left": ("2026-11-27 09:00", "to ship in 2 days what is left"),
    "ask about tomorrow on monday": ("2026-11-23 09:00", "ask about tomorrow"),
    "in 5 minutes": ("2026-11-20 13:25:30", ""),
}


@pytest.mark.parametrize(("text", "parts"), SPLIT.items())
def test_the_moment_stands_first_or_last(text: str, parts: tuple[str, str]) -> None:
    moment, rest = moments.split(text, now=NOW, zone=TAIPEI)

    assert (moment, rest) == (datetime.fromisoformat(parts[0]).replace(tzinfo=TAIPEI), parts[1])


@pytest.mark.parametrize("text", ["to call Mei", "to call at 5", "", "to tomorrowland", "inin 5 minutes"])
def test_a_text_without_a_moment_is_refused_with_what_is_understood(text: str) -> None:
    with pytest.raises(moments.Unclear, match="in 20 minutes"):
        moments.split(text, now=NOW, zone=TAIPEI)


def test_days_keep_the_hour_and_hours_do_not_where_the_clocks_change() -> None:
    # In Vienna the clocks go back in the night to 25 October 2026.
    vienna, evening = ZoneInfo("Europe/Vienna"), datetime(2026, 10, 24, 18, 0, tzinfo=UTC)

    assert moments.read("in 1 day", now=evening, zone=vienna).astimezone(vienna).hour == 20
    assert moments.read("in 24 hours", now=evening, zone=vienna).astimezone(vienna).hour == 19


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 1000, "\x00"])
def test_a_zone_that_nobody_knows_is_utc(name: str) -> None:
    assert moments.zone_of(name) == ZoneInfo("UTC")
