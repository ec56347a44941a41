"""When, in Chinese: 10分鐘後, 明天早上9點, 下週一下午3點半, 12月1日中午.

*Called by*: chat.moments. *Keeps true*: what could be meant in two ways is refused (9點: of the morning or of the
evening?); 下週 is the week that begins on the next Monday, as people here say it.
"""

import re
from datetime import date, datetime, time, timedelta

_WIDE = str.maketrans("０１２３４５６７８９：　", "0123456789: ")
_DIGITS = "零一二三四五六七八九"
_NUMBER = r"(?:\d{1,5}|[一二兩三四五六七八九十]{1,3})"
_UNITS = {
    **dict.fromkeys(("分鐘", "分"), timedelta(minutes=1)),
    **dict.fromkeys(("小時", "鐘頭"), timedelta(hours=1)),
    **dict.fromkeys(("天", "日"), timedelta(days=1)),
    **dict.fromkeys(("週", "周", "星期", "禮拜"), timedelta(weeks=1)),
}
_UNIT = "|".join(_UNITS)
# Possessive (*+): gaps that could be shared out in many ways would be tried in all of them.
_SPAN = rf"(?:{_NUMBER}\s*+個?\s*+半?\s*+(?:{_UNIT})|半\s*+個?\s*+(?:小時|鐘頭))"
_WEEKDAYS = "一二三四五六日"
_DAY = (
    r"大後天|今[天日]|明[天日]|後天|[今明](?=[早晚])"
    r"|(?:這|本|下)?個?(?:週|周|星期|禮拜)[一二三四五六日天]|(?:\d{4}\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*[日號]|\d{4}-\d{2}-\d{2}"
)
# The hours that each part of a day has as one says them, and what is added to them.
_PARTS = {
    "凌晨": {12: -12} | dict.fromkeys(range(7), 0),
    "早": dict.fromkeys(range(5, 12), 0),
    "上午": dict.fromkeys(range(5, 12), 0),
    "中午": {11: 0, 12: 0, 1: 12, 2: 12},
    "下午": {12: 0} | dict.fromkeys(range(1, 8), 12) | dict.fromkeys(range(13, 20), 0),
    "傍晚": dict.fromkeys(range(4, 8), 12) | dict.fromkeys(range(16, 20), 0),
    "晚": {12: 12} | dict.fromkeys(range(6, 12), 12) | dict.fromkeys(range(18, 24), 0),
}
_ALONE = {"早": time(9), "中午": time(12)}
_PART = r"凌晨|早上|早|上午|中午|下午|傍晚|晚上|晚"
_HOUR = rf"(?:{_NUMBER}\s*[點時](?:\s*(?:半|整|[一三]刻|{_NUMBER}\s*分?))?|\d{{1,2}}:\d{{2}}(?![\d:]))"
MOMENT = re.compile(
    rf"(?>(?:再?過\s*)?(?P<spans>{_SPAN}(?:\s*+又?\s*+{_SPAN})*)\s*(?:之|以)?後"
    rf"|(?P<day>{_DAY})(?:\s*(?P<part>{_PART}))?(?:\s*(?P<hour>{_HOUR}))?"
    rf"|(?P<alone_part>{_PART})\s*(?P<alone_hour>{_HOUR})"
    rf"|(?P<whole_hour>(?:1[3-9]|2[0-3])\s*點(?:\s*(?:半|整|{_NUMBER}\s*分?))?))(?!的)"
)


def plain(text: str) -> str:
    """The text with digits as the grammar has them; as long as it was."""
    return text.translate(_WIDE)


def moment(found: re.Match[str], here: datetime) -> datetime:
    """Raises ValueError for what means no moment, or several."""
    if found["spans"]:
        return _after(found["spans"], here)
    if found["day"]:
        return _at(_day(found["day"], here.date()), found["part"], found["hour"], here)
    part, hour = found["alone_part"], found["alone_hour"] or found["whole_hour"]
    today = _at(here.date(), part, hour, here)
    return today if today > here else _at(here.date() + timedelta(days=1), part, hour, here)


def _after(spans: str, here: datetime) -> datetime:
    """Minutes and hours are counted by the second; days and weeks lead to the same time of another day."""
    exact, days = timedelta(), timedelta()
    for count, half, unit in re.findall(rf"({_NUMBER}|半)\s*個?\s*(半?)\s*({_UNIT})", spans):
        span = _UNITS[unit] * ((0 if count == "半" else _number(count)) + (0.5 if half or count == "半" else 0))
        if _UNITS[unit] < timedelta(days=1):
            exact += span
        else:
            days += span
    if days % timedelta(days=1):
        raise ValueError(spans)
    moved = datetime.combine(here.date() + days, here.timetz()) if days else here
    return datetime.fromtimestamp(moved.timestamp() + exact.total_seconds(), here.tzinfo)


def _day(word: str, today: date) -> date:
    word = re.sub(r"\s", "", word)
    if word[0].isdigit():
        return _date(word, today)
    if word[-1] in _WEEKDAYS + "天" and re.search("週|周|星期|禮拜", word):
        number = _WEEKDAYS.index("日" if word[-1] == "天" else word[-1])
        monday = today - timedelta(days=today.weekday())
        if word[0] in "這本下":
            return monday + timedelta(days=number + (7 if word[0] == "下" else 0))
        return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return today + timedelta(days={"今": 0, "明": 1, "後": 2, "大": 3}[word[0]])


def _date(word: str, today: date) -> date:
    """Without a year, the next such day."""
    if "月" not in word:
        return date.fromisoformat(word)
    *year, month, day = (int(each) for each in re.findall(r"\d+", word))
    found = date(year[0] if year else today.year, month, day)
    return found if year or found >= today else found.replace(year=today.year + 1)


def _at(day: date, part: str | None, hour: str | None, here: datetime) -> datetime:
    part = part.removesuffix("上") if part in ("早上", "晚上") else part
    if hour is None:
        clock = _ALONE.get(part or "早")
        if clock is None:
            raise ValueError(part)
        return datetime.combine(day, clock, here.tzinfo)
    said, minute, is_of_a_day = _clock(hour)
    if part:
        said += _PARTS[part][said] if said in _PARTS[part] else _refuse(hour)
    elif not is_of_a_day:
        _refuse(hour)
    return datetime.combine(day + timedelta(days=said // 24), time(said % 24, minute), here.tzinfo)


def _clock(hour: str) -> tuple[int, int, bool]:
    """Hour and minute, and whether they need no part of the day beside them."""
    if ":" in hour:
        said, minute = (int(each) for each in hour.split(":"))
        return said, minute, True
    word, _point, rest = re.sub(r"\s", "", hour).replace("時", "點").partition("點")
    said, rest = _number(word), rest.removesuffix("分").removesuffix("整")
    fixed = {"": 0, "半": 30, "一刻": 15, "三刻": 45}
    return said, fixed[rest] if rest in fixed else _number(rest), said > 12 or said == 0


def _number(word: str) -> int:
    """Up to 99 in Chinese."""
    if word.isdigit():
        return int(word)
    tens, ten, ones = word.replace("兩", "二").partition("十")
    if not ten:
        return _digit(tens)
    return 10 * (_digit(tens) if tens else 1) + (_digit(ones) if ones else 0)


def _digit(sign: str) -> int:
    if len(sign) != 1:
        raise ValueError(sign)
    return _DIGITS.index(sign)


def _refuse(word: str) -> int:
    raise ValueError(word)
