"""Bringing an export of Slack into an organization, and looking at it first.

*Called by*: chat.passages.running. *Keeps true*: a second time changes nothing; what was brought stands under its date
and author, in order; what could not be brought is named in the report.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from chat import feed
from chat.models import Imported, Message
from chat.passages import arrivals, people, rooms
from chat.passages.arrivals import Arrival, Chosen
from chat.passages.hold import Hold
from chat.passages.people import Person
from chat.passages.report import Report
from chat.passages.slack.export import Channel, Export, any_id, is_notice, moment
from chat.passages.slack.markup import Markup, emoji_of
from chat.passages.values import dicts, inside, text
from workspace import names, orgs
from workspace.errors import Invalid
from workspace.models import Member, Org, Space, SpaceKind, SpaceRole

BATCH = 200
# Slack itself takes 40,000 characters.
TEXT_MAX = 60_000
KIND = "channel"
# A conversation is called after so many of those in it.
SEATS_SHOWN = 9
NAME = "Slack"


def source_of(export: Export) -> str:
    return f"slack:{export.team_id}"


def look(org: Org, importer: Member, export: Export, tell: Callable[[int, int], None]) -> dict[str, Any]:
    """What an import would bring, channel by channel. `tell(done, total)` as it goes."""
    source = source_of(export)
    known = set(Imported.objects.filter(org=org, source=source, kind=KIND).values_list("source_id", flat=True))
    rows, moments, total = [], list[int](), Counter[str]()
    for place, channel in enumerate(export.channels):
        counts = Counter[str]()
        for day in export.days(channel):
            moments += _count(export.messages(day), counts)
            tell(place, len(export.channels) + 1)
        rows.append(
            {
                "id": channel.id,
                "name": _title(channel, export),
                "kind": channel.kind,
                "known": channel.id in known,
                **counts,
            }
        )
        total += counts
        tell(place + 1, len(export.channels) + 1)
    matched = people.match(org, importer, export, source)
    not_theirs = rooms.closed_to(importer, source, KIND)
    closed = [rooms.closed_sentence(_title(each, export)) for each in export.channels if each.id in not_theirs]
    spaces = sum(1 for row in rows if row["kind"] != "direct" and not row["known"])
    return {
        "channels": rows,
        "people": len(export.people),
        "people_known": matched.known,
        "new_spaces": spaces,
        **total,
        "first_at": min(moments, default=0),
        "last_at": max(moments, default=0),
        "problems": [*closed, *export.problems][:200],
    }


def bring(held: Hold, export: Export, channel_ids: Sequence[str]) -> Report:
    """Bring the people, and these channels whole. Raises Stopped between batches."""
    source = source_of(export)
    report, crowd = Report(), people.People(held, export, source)
    crowd.vouch(held.passage.asked_by)
    crowd.bring_all()
    wanted = [channel for channel in export.channels if channel.id in set(channel_ids)]
    closed = rooms.closed_to(held.passage.asked_by, source, KIND)
    report.problems += [rooms.closed_sentence(_title(each, export)) for each in wanted if each.id in closed]
    chosen = [channel for channel in wanted if channel.id not in closed]
    days = {channel.id: export.days(channel) for channel in chosen}
    done, total = 0, sum(map(len, days.values()))
    for channel in chosen:
        carrier = _Carrier(held, export, channel, crowd, report)
        for day in days[channel.id]:
            carrier.day(day)
            done += 1
            held.tell(done, total)
        carrier.close()
    report.counts["people"] = crowd.made
    report.problems += export.problems
    return report


class _Carrier:
    """One channel on its way into its Space."""

    def __init__(self, held: Hold, export: Export, channel: Channel, crowd: people.People, report: Report) -> None:
        self._held, self._org, self._export, self._channel = held, held.passage.org, export, channel
        self._crowd, self._report, self._source = crowd, report, source_of(export)
        self._markup = Markup(crowd.key, crowd.name)
        self._space, is_new = _space(held, channel, crowd, self._source)
        self._named: Counter[uuid.UUID] = Counter()  # files that a message names
        self._since = 0 if is_new else self._space.revision
        report.counts["spaces"] += is_new

    def day(self, day: str) -> None:
        found = self._arrivals(self._export.messages(day))
        while batch := list(islice(found, BATCH)):
            here = set(Message.objects.filter(pk__in=[each.id for each in batch]).values_list("pk", flat=True))
            written = arrivals.write(self._held, self._space, batch, names=self._crowd.handles, brought_from=NAME)
            self._report.counts["messages"] += written
            self._report.counts["already_here"] += len(batch) - written
            for each in batch:
                if each.id not in here:
                    self._report.counts["reactions"] += len(each.reactions)
                    self._report.counts["files"] += self._named[each.id]
            self._named.clear()

    def close(self) -> None:
        arrivals.close(self._held, self._space, since=self._since)

    def _arrivals(self, rows: list[dict[str, Any]]) -> Iterator[Arrival]:
        for row in rows:
            if is_notice(row):
                self._report.counts["notices"] += 1
            elif arrival := self._arrival(row):
                yield arrival

    def _arrival(self, row: dict[str, Any]) -> Arrival | None:
        ts, root = text(row.get("ts")), text(row.get("thread_ts"))
        written_at, author = moment(ts), self._author(row)
        is_gone = row.get("subtype") == "tombstone"
        said = "" if is_gone else self._markup.message(row)
        if len(said) > TEXT_MAX:
            said = f"{said[:TEXT_MAX]} […]"
            self._report.counts["cut"] += 1
        if written_at is None or (not said.strip() and not is_gone):
            self._report.counts["empty"] += 1
            return None
        edited = inside(row.get("edited"))
        pinner = self._channel.pins.get(ts)
        message_id = self._id(ts)
        self._named[message_id] = sum(1 for _ in dicts(row.get("files")))
        return Arrival(
            id=message_id,
            author=author,
            text=said,
            created_at=written_at,
            parent_id=self._id(root) if root and root != ts else None,
            in_feed=row.get("subtype") == "thread_broadcast",
            edited_at=moment(edited.get("ts")),
            deleted_at=written_at if is_gone else None,
            pinned_at=written_at if pinner is not None else None,
            pinned_by=self._crowd.of(pinner) or author if pinner is not None else None,
            reactions=list(self._reactions(row)),
        )

    def _id(self, ts: str) -> uuid.UUID:
        return arrivals.id_of(self._org, self._source, "message", f"{self._channel.id}:{ts}")

    def _author(self, row: dict[str, Any]) -> Member:
        """Whoever wrote; an app or somebody whom the list leaves out gets a name from the message itself."""
        user_id = any_id(row.get("user"))
        if member := self._crowd.of(user_id):
            return member
        profile = inside(row.get("user_profile"))
        bot = inside(row.get("bot_profile"))
        words = (profile.get("display_name"), profile.get("real_name"), row.get("username"), bot.get("name"))
        name = next((text(word).strip() for word in words if text(word).strip()), "") or user_id or NAME
        source_id = user_id or any_id(row.get("bot_id")) or any_id(f"name:{name}")
        return self._crowd.member(Person(source_id, name[:80], is_bot=not user_id))

    def _reactions(self, row: dict[str, Any]) -> Iterator[Chosen]:
        for reaction in dicts(row.get("reactions")):
            emoji = emoji_of(text(reaction.get("name")))[:32]
            users = reaction.get("users")
            who = [text(user) for user in users] if isinstance(users, list) else []
            if not emoji:
                self._report.counts["reactions_left_out"] += len(who)
                continue
            for user_id in who:
                if member := self._crowd.of(user_id):
                    yield member, emoji, None


def _count(rows: list[dict[str, Any]], counts: Counter[str]) -> list[int]:
    """Add up a day; returns its first and last second."""
    moments = []
    for row in rows:
        if is_notice(row):
            continue
        moments += [int(at.timestamp())] if (at := moment(row["ts"])) else []
        counts["messages"] += 1
        counts["threads"] += bool(row.get("reply_count")) and row.get("thread_ts") == row.get("ts")
        counts["reactions"] += sum(
            len(each["users"]) for each in dicts(row.get("reactions")) if isinstance(each.get("users"), list)
        )
        counts["files"] += sum(1 for _ in dicts(row.get("files")))
    return [moments[0], moments[-1]] if moments else []


def _title(channel: Channel, export: Export) -> str:
    if channel.kind != "direct":
        return channel.name
    names = ", ".join(export.people[each].name for each in channel.member_ids[:SEATS_SHOWN] if each in export.people)
    return names or channel.name


@transaction.atomic
def _space(held: Hold, channel: Channel, crowd: people.People, source: str) -> tuple[Space, bool]:
    """The Space of a channel: the one that an earlier import made, or a new one with the same people in it."""
    org = orgs.lock(held.passage.org)
    held.fence()
    seen: dict[str, Any] = {"org": org, "source": source, "kind": KIND, "source_id": channel.id}
    if row := Imported.objects.filter(**seen).first():
        if space := Space.objects.filter(org=org, pk=row.our_id).first():
            return space, False
    if channel.kind == "direct":
        # Somebody of whom nothing is known takes part all the same: else it would become a conversation of others.
        members = [crowd.of(each) or crowd.member(Person(each, each)) for each in channel.member_ids]
        space = rooms.direct(org, members, source=source, source_id=channel.id)
    else:
        members = [member for each in channel.member_ids if (member := crowd.of(each))]
        space = _make(org, held.passage.asked_by, channel, members, crowd)
    Imported.objects.update_or_create(**seen, defaults={"our_id": space.pk, "brought_by": held.passage.asked_by})
    return space, True


def _make(org: Org, importer: Member, channel: Channel, members: list[Member], crowd: people.People) -> Space:
    try:
        name = names.clean(channel.name)
    except Invalid:
        name = names.slug(channel.name, fallback="channel")
    if not channel.is_archived:
        rooms.require_room(org)
    space = Space.objects.create(
        org=org,
        kind=SpaceKind.SPACE,
        name=name,
        is_private=channel.kind != "public",
        topic=channel.topic,
        description=channel.purpose,
        archived_at=timezone.now() if channel.is_archived else None,
    )
    creator = crowd.of(channel.creator_id)
    owner = creator if creator in members and creator.user_id and creator.left_at is None else importer
    roles = {member.pk: (member, SpaceRole.EDITOR) for member in members}
    roles[owner.pk] = (owner, SpaceRole.OWNER)
    rooms.seat(space, roles)
    feed.advance(space, by=1)
    return space
