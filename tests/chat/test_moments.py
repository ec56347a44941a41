"""Moments that people write, and those that could be meant in two ways."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

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
READ_IN_CHINESE = {
    "10分鐘後": "2026-11-20 13:30:30", "十分鐘後": "2026-11-20 13:30:30", "１０分鐘後": "2026-11-20 13:30:30", "再過 20 分鐘後": "2026-11-20 13:40:30",
    "半小時後": "2026-11-20 13:50:30", "半個小時後": "2026-11-20 13:50:30", "兩小時後": "2026-11-20 15:20:30", "兩個小時之後": "2026-11-20 15:20:30",
    "一個半小時後": "2026-11-20 14:50:30", "1小時30分鐘以後": "2026-11-20 14:50:30", "二十五分後": "2026-11-20 13:45:30", "三天後": "2026-11-23 13:20:30",
    "兩個星期後": "2026-12-04 13:20:30", "一週後": "2026-11-27 13:20:30", "一天又兩小時後": "2026-11-21 15:20:30",
    "明天": "2026-11-21 09:00", "明天早上": "2026-11-21 09:00", "明天早上9點": "2026-11-21 09:00", "明天早上九點半": "2026-11-21 09:30", "明早8點": "2026-11-21 08:00",
    "明天 9:00": "2026-11-21 09:00", "明天下午3點15分": "2026-11-21 15:15", "明天中午": "2026-11-21 12:00", "後天上午十點": "2026-11-22 10:00", "大後天": "2026-11-23 09:00",
    "今晚8點": "2026-11-20 20:00", "今天晚上12點": "2026-11-21 00:00", "今天17點": "2026-11-20 17:00", "今天 17：30": "2026-11-20 17:30", "明天凌晨12點": "2026-11-21 00:00",
    "下午5點半": "2026-11-20 17:30", "早上 7 點": "2026-11-21 07:00", "17點": "2026-11-20 17:00", "下午1點一刻": "2026-11-21 13:15", "晚上十點三刻": "2026-11-20 22:45",
    "下週一": "2026-11-23 09:00", "下周一下午2點": "2026-11-23 14:00", "下星期五": "2026-11-27 09:00", "下個禮拜天": "2026-11-29 09:00", "週五": "2026-11-27 09:00",
    "星期日早上10點": "2026-11-22 10:00", "這週六": "2026-11-21 09:00", "12月1日": "2026-12-01 09:00", "12月1號中午12點": "2026-12-01 12:00", "1月5日": "2027-01-05 09:00",
    "2026年12月1日 上午10點": "2026-12-01 10:00", "2026-12-01 下午3點": "2026-12-01 15:00",
}  # fmt: skip
REFUSED_IN_CHINESE = [
    "明天9點", "9點", "明天下午", "今晚", "晚上3點", "早上15點", "下午9點", "25點", "今天早上9點", "昨天", "這週一", "13月1日", "2月30日", "半天後", "兩天半後",
    "十十分鐘後", "一二三分鐘後", "明天早上9點61分", "9點半", "99999週後", "兩個半天後", "每天早上9點", "明天早上的", "24點", "晚上24點",
]  # fmt: skip
REFUSED = [
    "", "soon", "at 5", "5", "in 20", "in minutes", "at 25:00", "at 17:60", "at 13 pm", "at 0 am", "tomorrow 9", "on 2026-02-30", "2026-13-01", "01/02/2026",
    "in 1.5 hours", "in -5 minutes", "every day at 9:00", "next week", "in 99999 weeks", "today at 9:00", "2020-01-01", "2099-01-01", "in 0 minutes", "today",
    "tomorrow at 9:00 and more", "in 5 lightyears", "at 17:30:00",
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), (READ | READ_IN_CHINESE).items())
def test_what_people_write_means_one_moment_of_their_own_clock(text: str, moment: str) -> None:
    assert moments.read(text, now=NOW, zone=TAIPEI) == datetime.fromisoformat(moment).replace(tzinfo=TAIPEI)


@pytest.mark.parametrize("text", REFUSED + REFUSED_IN_CHINESE)
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
    "10分鐘後打電話給小美": ("2026-11-20 13:30:30", "打電話給小美"),
    "明天早上9點，開會": ("2026-11-21 09:00", "開會"),
    "打電話給小美 明天早上9點": ("2026-11-21 09:00", "打電話給小美"),
    "打電話給小美明天早上9點。": ("2026-11-21 09:00", "打電話給小美"),
    "明天的會議 10分鐘後": ("2026-11-20 13:30:30", "明天的會議"),
    "下週一交報告": ("2026-11-23 09:00", "交報告"),
    "三點要開的會 下午2點": ("2026-11-20 14:00", "三點要開的會"),
    "in 20 minutes 喝水": ("2026-11-20 13:40:30", "喝水"),
}


@pytest.mark.parametrize(("text", "parts"), SPLIT.items())
def test_the_moment_stands_first_or_last(text: str, parts: tuple[str, str]) -> None:
    moment, rest = moments.split(text, now=NOW, zone=TAIPEI)

    assert (moment, rest) == (datetime.fromisoformat(parts[0]).replace(tzinfo=TAIPEI), parts[1])


@pytest.mark.parametrize(
    "text", ["to call Mei", "to call at 5", "", "to tomorrowland", "inin 5 minutes", "喝水", "早上9點的會議"]
)
def test_a_text_without_a_moment_is_refused_with_what_is_understood(text: str) -> None:
    with pytest.raises(moments.Unclear, match="in 20 minutes"):
        moments.split(text, now=NOW, zone=TAIPEI)


@pytest.mark.parametrize("text", ["明天9點開會", "明天下午開會", "今晚看電影"])
def test_a_chinese_moment_that_could_be_two_is_refused_rather_than_guessed(text: str) -> None:
    with pytest.raises(moments.Unclear):
        moments.split(text, now=NOW, zone=TAIPEI)


def test_what_a_refusal_names_in_each_language_is_understood() -> None:
    for language in ("en", "zh-hant"):
        with translation.override(language):
            sentence = str(moments.Unclear().message).strip(".。")
        examples = re.split(r"\s·\s", re.split(r"as in: |：", sentence, maxsplit=1)[1])

        assert len(examples) > 8
        for example in examples:
            assert moments.read(example, now=NOW, zone=TAIPEI) > NOW


def test_days_keep_the_hour_and_hours_do_not_where_the_clocks_change() -> None:
    # In Vienna the clocks go back in the night to 25 October 2026.
    vienna, evening = ZoneInfo("Europe/Vienna"), datetime(2026, 10, 24, 18, 0, tzinfo=UTC)

    assert moments.read("in 1 day", now=evening, zone=vienna).astimezone(vienna).hour == 20
    assert moments.read("in 24 hours", now=evening, zone=vienna).astimezone(vienna).hour == 19


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 1000, "\x00"])
def test_a_zone_that_nobody_knows_is_utc(name: str) -> None:
    assert moments.zone_of(name) == ZoneInfo("UTC")
