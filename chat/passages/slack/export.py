"""An export of Slack as people, channels and days of messages.

*Called by*: chat.passages.slack.preview and bring. *Keeps true*: whatever the archive holds, what comes out has the
shapes below; a day that cannot be read is reported and left out, a wrong archive is refused with the reason.
Source of the format: Slack, "How to read Slack data exports", and exports as they are.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from django.utils.translation import gettext as _

from chat.passages.archive import Archive, WrongArchive, require_few
from chat.passages.people import Person
from chat.passages.values import dicts, inside, text, texts
from workspace.languages import fill

# File at the top of the archive, kind of conversation.
LISTS = {"channels.json": "public", "groups.json": "private", "mpims.json": "direct", "dms.json": "direct"}
# Where an archive of something else is recognized, so that the reason says what it is.
OTHERS = {"parley.json": "Parley", "import.jsonl": "Mattermost", "guild.json": "Discord"}
# What Slack itself says in a channel; nobody wrote it.
NOTICES = {
    *("channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive"),
    *("channel_unarchive", "group_join", "group_leave", "group_topic", "group_purpose", "group_name", "group_archive"),
    *("group_unarchive", "pinned_item", "unpinned_item", "reminder_add", "bot_add", "bot_remove", "bot_enable"),
    *("bot_disable", "channel_convert_to_private", "channel_posting_permissions", "huddle_thread", "sh_room_created"),
    *("app_conversation_join", "channel_canvas_updated"),
}
# Slack's own have eleven characters.
ID_MAX = 60


@dataclass(frozen=True)
class Channel:
    id: str
    folder: str
    name: str
    kind: str  # public, private or direct
    member_ids: list[str]
    creator_id: str
    topic: str
    purpose: str
    is_archived: bool
    created_at: datetime | None
    pins: dict[str, str]  # ts of a message: who pinned it


@dataclass
class Export:
    archive: Archive
    team_id: str
    people: dict[str, Person]
    channels: list[Channel]
    problems: list[str] = field(default_factory=list)

    def days(self, channel: Channel) -> list[str]:
        start = f"{channel.folder}/"
        return [name for name in self.archive.names if name.startswith(start) and name.endswith(".json")]

    def messages(self, day: str) -> list[dict[str, Any]]:
        """What was written on a day, oldest first: entries that are messages, whatever else the file holds."""
        try:
            entries = self.archive.json(day)
        except WrongArchive as wrong:
            self.problems.append(str(wrong.message))
            return []
        if not isinstance(entries, list):
            self.problems.append(fill(_("“{name}” in the archive holds no list of messages."), {"name": day}))
            return []
        found = [each for each in entries if isinstance(each, dict) and moment(each.get("ts")) is not None]
        return sorted(found, key=lambda each: float(each["ts"]))


def open_export(file: IO[bytes]) -> Export:
    """Raises WrongArchive, in words, for anything that is no export of Slack."""
    archive = Archive(file, landmarks=("users.json", *LISTS))
    if not archive.has("users.json") or not any(archive.has(name) for name in LISTS):
        raise WrongArchive(_reason(archive))
    users = _list(archive, "users.json")
    people = {person.id: person for person in map(_person, users) if person}
    teams = [team for user in users if (team := any_id(user.get("team_id")))]
    channels = [
        channel
        for name, kind in LISTS.items()
        if archive.has(name)
        for channel in (_channel(row, kind) for row in _list(archive, name))
        if channel
    ]
    require_few(len(people), len(channels))
    if not channels:
        raise WrongArchive(_("The archive names no channels, so there is nothing to bring in."))
    return Export(archive, teams[0] if teams else "unknown", people, channels)


def moment(ts: Any) -> datetime | None:
    """When a message was written: Slack's ts is seconds since 1970 with a serial number behind the point. None is of
    the future: what is dated later was written by now."""
    try:
        seconds = float(ts)
        known = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 32_503_680_000 else None
        return known and min(known, datetime.now(UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def any_id(value: Any) -> str:
    """An id, as far as one may be long."""
    return text(value).strip()[:ID_MAX]


def is_notice(row: dict[str, Any]) -> bool:
    """Whether nobody wrote it."""
    return text(row.get("subtype")) in NOTICES or row.get("type") not in ("message", None)


def _list(archive: Archive, name: str) -> list[dict[str, Any]]:
    rows = archive.json(name)
    if not isinstance(rows, list):
        raise WrongArchive(fill(_("“{name}” in the archive holds no list, so it is not from Slack."), {"name": name}))
    return list(dicts(rows))


def _reason(archive: Archive) -> str:
    for landmark, product in OTHERS.items():
        if any(name.rsplit("/", 1)[-1] == landmark for name in archive.names):
            return fill(_("This is an export of {product}, not of Slack."), {"product": product})
    missing = "users.json" if not archive.has("users.json") else "channels.json"
    return fill(_("The archive has no {name} at its top, so it is not an export of Slack."), {"name": missing})


def _person(row: dict[str, Any]) -> Person | None:
    user_id, profile = any_id(row.get("id")), inside(row.get("profile"))
    if not user_id:
        return None
    names = (profile.get("display_name"), profile.get("real_name"), row.get("real_name"), row.get("name"), user_id)
    return Person(
        id=user_id,
        name=next(name for name in map(text, names) if name.strip()).strip()[:80],
        email=text(profile.get("email")).strip().lower()[:254],
        title=text(profile.get("title")).strip()[:80],
        time_zone=text(row.get("tz"))[:64],
        is_gone=row.get("deleted") is True,
        is_bot=row.get("is_bot") is True or user_id == "USLACKBOT",
    )


def _channel(row: dict[str, Any], kind: str) -> Channel | None:
    channel_id, name = any_id(row.get("id")), text(row.get("name")).strip()
    # A conversation of two has no name, and lies in a folder named as its id.
    folder = name if kind != "direct" or name.startswith("mpdm-") else channel_id
    if not (channel_id or name) or not folder or "/" in folder or folder in (".", ".."):
        return None
    said = {part: inside(row.get(part)) for part in ("topic", "purpose")}
    pins = {text(pin.get("id")): any_id(pin.get("user")) for pin in dicts(row.get("pins"))}
    return Channel(
        id=channel_id or any_id(name),
        folder=folder,
        name=(name or channel_id)[:80],
        kind=kind,
        member_ids=list(dict.fromkeys(filter(None, map(any_id, texts(row.get("members")))))),
        creator_id=any_id(row.get("creator")),
        topic=text(said["topic"].get("value")).strip()[:250],
        purpose=text(said["purpose"].get("value")).strip()[:1000],
        is_archived=row.get("is_archived") is True,
        created_at=moment(row.get("created")),
        pins={ts: user for ts, user in pins.items() if ts},
    )
