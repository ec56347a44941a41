"""When: a small and exact grammar for moments to come, in English and (chat.chinese_moments) in Chinese.

*Called by*: chat.reminders, chat.commands, pages that are handed a moment back. *Keeps true*: what could be meant in
two ways is refused; every moment that is read is one of the reader's own clock, and lies ahead.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from chat import chinese_moments
from workspace.errors import Invalid

MORNING = time(9, 0)
AHEAD_MAX = timedelta(days=5 * 366)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {
    **dict.fromkeys(("m", "min", "minute"), "minutes"),
    **dict.fromkeys(("h", "hour"), "hours"),
    **dict.fromkeys(("d", "day"), "days"),
    **dict.fromkeys(("w", "week"), "weeks"),
}
_SPAN = r"(?:\d{1,5}|an?)\s*(?:minutes?|mins?|m|hours?|h|days?|d|weeks?|w)"
_CLOCK = r"(?:(?:at\s+)?(?:\d{1,2}:\d{2}(?:\s*[ap]m)?|\d{1,2}\s*[ap]m|noon|midnight))"
_DAY = r"(?:on\s+)?(?:next\s+)?(?:{})|(?:on\s+)?\d{{4}}-\d{{2}}-\d{{2}}|today|tomorrow".format("|".join(WEEKDAYS))
MOMENT = re.compile(
    rf"(?:in\s+(?P<spans>{_SPAN}(?:(?:\s+and)?\s*{_SPAN})*)"
    rf"|(?P<day>{_DAY})(?:,?\s+(?P<hour>{_CLOCK}))?"
    rf"|at\s+(?P<clock>{_CLOCK}))(?!\w|:\d|-\w)",
    re.IGNORECASE,
)


MOMENT_MAX = 100


class Unclear(Invalid):
    """No moment was understood; the sentence says what is."""

    code = "unclear_moment"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Say when as in: in 20 minutes · in 2 hours · in 3 days · at 17:30 · at 5 pm · tomorrow · "
                "tomorrow 9:00 · on friday · on friday at 14:00 · 2026-12-01 10:00."
            )
        )


def told(text: str) -> datetime | None:
    """A moment as this server has written it itself, that a program hands back; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def read(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that the whole text means. Raises Unclear, Invalid for one that is past or too far."""
    text = chinese_moments.plain(text.strip())
    if len(text) > MOMENT_MAX:
        raise Unclear
    found = MOMENT.fullmatch(text) or chinese_moments.MOMENT.fullmatch(text)
    if found is None:
        raise Unclear
    return _ahead(_moment(found, now.astimezone(zone)), now)


def split(text: str, *, now: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """The moment at the beginning of a text, or else at its end, and the rest. Raises Unclear."""
    text = text.strip()
    plain, end = chinese_moments.plain(text), len(text.rstrip(" .。"))
    if found := MOMENT.match(plain) or chinese_moments.MOMENT.match(plain):
        return _ahead(_moment(found, now.astimezone(zone)), now), text[found.end() :].strip(_BETWEEN)
    english = (found for found in MOMENT.finditer(plain) if plain[found.start() - 1].isspace())
    for found in (*english, *chinese_moments.MOMENT.finditer(plain)):
        if found.end() == end:
            return _ahead(_moment(found, now.astimezone(zone)), now), text[: found.start()].strip(_BETWEEN)
    raise Unclear


_BETWEEN = " ,:，：、\u3000"


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name, or UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def _ahead(moment: datetime, now: datetime) -> datetime:
    if moment <= now:
        raise Invalid(_("That moment is past."))
    if moment > now + AHEAD_MAX:
        raise Invalid(_("That is too far ahead; at most five years."))
    return moment


def _moment(found: re.Match[str], here: datetime) -> datetime:
    try:
        if found.re is chinese_moments.MOMENT:
            return chinese_moments.moment(found, here)
        if found["spans"]:
            return _after(found["spans"].lower(), here)
        if found["day"]:
            return _on(found["day"].lower(), _time(found["hour"]) if found["hour"] else MORNING, here)
        clock = _time(found["clock"])
    except (ValueError, OverflowError):
        raise Unclear from None
    day = here.date() if _at(here.date(), clock, here) > here else here.date() + timedelta(days=1)
    return _at(day, clock, here)


def _after(spans: str, here: datetime) -> datetime:
    """Minutes and hours are counted by the second; days and weeks lead to the same time of another day."""
    exact, days = timedelta(), timedelta()
    for count, unit in re.findall(r"(\d+|an?)\s*([a-z]+)", spans.replace("and", " ")):
        name = _UNITS.get(unit) or _UNITS[unit.removesuffix("s")]
        span = timedelta(**{name: 1 if count.startswith("a") else int(count)})
        if name in ("days", "weeks"):
            days += span
        else:
            exact += span
    moved = _at(here.date() + days, here.timetz().replace(tzinfo=None), here) if days else here
    return (moved.astimezone(ZoneInfo("UTC")) + exact).astimezone(here.tzinfo)


def _on(day: str, clock: time, here: datetime) -> datetime:
    word = day.removeprefix("on").strip()
    if word == "today":
        return _at(here.date(), clock, here)
    if word == "tomorrow":
        return _at(here.date() + timedelta(days=1), clock, here)
    if word[0].isdigit():
        return _at(date.fromisoformat(word), clock, here)
    number = WEEKDAYS.index(word.removeprefix("next").strip())
    return _at(here.date() + timedelta(days=(number - here.weekday() - 1) % 7 + 1), clock, here)


def _time(clock: str) -> time:
    word = clock.lower().removeprefix("at").strip()
    if word in ("noon", "midnight"):
        return time(12) if word == "noon" else time(0)
    half = word[-2:] if word[-1] == "m" else ""
    hour, _colon, minute = word.removesuffix(half).strip().partition(":")
    if half and not 1 <= int(hour) <= 12:
        raise ValueError(word)
    return time(int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour), int(minute or 0))


def _at(day: date, clock: time, here: datetime) -> datetime:
    return datetime.combine(day, clock, here.tzinfo)
