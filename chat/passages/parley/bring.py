"""Bringing an export of Parley into an organization, and looking at it first.

*Called by*: chat.passages.sources. *Keeps true*: a second time changes nothing; ids are made anew of where a thing came
from and of this organization, so that nothing that is here is overwritten; Spaces that are here keep who is in them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from chat.models import Imported, Message
from chat.passages import arrivals, people, rooms
from chat.passages.hold import Hold
from chat.passages.parley import faces, places
from chat.passages.parley.carrier import BATCH, Carrier
from chat.passages.parley.crowd import Crowd
from chat.passages.parley.export import Export, Place, check
from chat.passages.report import PROBLEMS_MAX, Report
from chat.passages.values import dicts, text, texts
from workspace.models import Member, Org

Tell = Callable[[int, int], None]
# A conversation is called after so many of those in it.
SEATS_SHOWN = 9


def source_of(export: Export) -> str:
    return f"parley:{export.org_id}"


def look(org: Org, importer: Member, export: Export, tell: Tell) -> dict[str, Any]:
    """What an import would bring, Space by Space. Raises WrongArchive for one that was changed."""
    check(export, tell)
    source = source_of(export)
    known = set(Imported.objects.filter(org=org, source=source, kind=places.KIND).values_list("source_id", flat=True))
    rows, total = [], Counter[str]()
    for place in export.channels:
        counts = _count(export, place, tell)
        name = _title(export, place)
        rows.append({"id": place.id, "name": name, "kind": place.kind, "known": place.id in known, **counts})
        total += counts
    matched = people.match(org, importer, export, source)
    not_theirs = rooms.closed_to(importer, source, places.KIND)
    closed = [rooms.closed_sentence(_title(export, each)) for each in export.channels if each.id in not_theirs]
    return {
        "channels": rows,
        "people": len(export.people),
        "people_known": matched.known,
        "new_spaces": sum(1 for row in rows if row["kind"] != "direct" and not row["known"]),
        **total,
        "from": export.org_name,
        "is_own": export.org_id == str(org.pk),
        "problems": [*closed, *export.problems][:PROBLEMS_MAX],
    }


def bring(held: Hold, export: Export, chosen: Sequence[str]) -> Report:
    """Bring the people, and these Spaces whole. Raises Stopped between batches."""
    source, report, importer = source_of(export), Report(), held.passage.asked_by
    crowd = Crowd(held, export, source)
    crowd.vouch(importer)
    crowd.bring_all()
    asked = [place for place in export.channels if place.id in set(chosen)]
    closed = rooms.closed_to(importer, source, places.KIND)
    report.problems += [rooms.closed_sentence(_title(export, each)) for each in asked if each.id in closed]
    wanted = [place for place in asked if place.id not in closed]
    done, total = 0, sum(place.messages for place in wanted)
    forwards: dict[Any, Any] = {}
    for place in wanted:
        space = places.space_of(held, place, crowd, source, report)
        if space is None:
            continue
        since = space.revision if space.messages.exists() else 0
        carrier = Carrier(held, space, place, export, crowd, source, report)
        for batch in carrier.batches():
            carrier.write(batch)
            done += len(batch)
            held.tell(min(done, total), total + 1)
        forwards |= carrier.forwards
        places.keep_notes(held, space, place, crowd, source)
        arrivals.close(held, space, since=since)
    _point_back(held, forwards)
    faces.bring(held, crowd, export, report)
    report.counts["people"] = crowd.made
    report.problems += export.problems
    return report


def _title(export: Export, place: Place) -> str:
    seats = place.seats[:SEATS_SHOWN]
    return place.name or ", ".join(export.people[each].name for each, _r, _t in seats if each in export.people)


def _count(export: Export, place: Place, tell: Tell) -> Counter[str]:
    counts, files, roots = Counter[str](), set[str](), set[str]()
    for row in export.lines(place):
        counts["messages"] += 1
        counts["reactions"] += sum(1 for _ in dicts(row.get("reactions")))
        counts["answers"] += isinstance(row.get("ai_model"), dict)
        roots.add(text(row.get("parent")))
        files |= export.files.keys() & set(texts(row.get("files")))
        if counts["messages"] % BATCH == 0:
            tell(0, 1)
    counts["threads"] = len(roots - {""})
    counts["files"], counts["bytes"] = len(files), sum(export.files[each].size_bytes for each in files)
    return counts


@transaction.atomic
def _point_back(held: Hold, forwards: dict[Any, Any]) -> None:
    """Let copies name their originals, which may have come after them."""
    held.fence()
    org = held.passage.org
    here = set(Message.objects.filter(org=org, pk__in=set(forwards.values())).values_list("pk", flat=True))
    for copy, original in forwards.items():
        if original in here:
            Message.objects.filter(org=org, pk=copy, forwarded_from=None).update(forwarded_from=original)
