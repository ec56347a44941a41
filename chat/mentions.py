"""Mentions: from what was typed to whom it means, and the list the composer offers.

*Called by*: chat.feed, chat.views. *Keeps true*: only people and models that the author may see resolve; what is in
code is code and what is quoted is quoted; a name in the text is stored as an id.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing import prices
from billing.credits import typical_text
from catalog.models import AIModel, Offer
from chat import markdown, profiles
from chat.models import Mention, MentionKind, Message
from workspace.errors import Invalid, NotFound
from workspace.languages import fill
from workspace.models import Member, Space, SpaceKind
from workspace.models.member import MemberQuerySet

AI_MODELS_MAX = 8
MENTIONS_MAX = 50
LIST_MAX = 12
GROUPS = {"here": gettext_noop("Everyone who is here now"), "space": gettext_noop("Everyone in this Space")}
_TYPED = re.compile(r"(?<![\w@.+/-])@([a-z0-9](?:[a-z0-9._-]{0,118}[a-z0-9])?)", re.IGNORECASE)
# As the renderer writes one: a text holds no "<" of its own there, an attribute no quotation mark.
_SHOWN = re.compile(
    r'<(?:a|span) [^<>]*?data-mention="(?:M:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|A:(\d{1,18})|G:(here|space))"'
)
_QUOTED_LINE = re.compile(r"^ {0,3}>.*$", re.MULTILINE)
# As Markdown has it: a span ends within its paragraph, and an escaped backtick opens none.
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(?:(?!\n[ \t]*\n)(?:.|\n))*?(?<!`)\1(?!`)")

Target = Member | AIModel | str


@dataclass
class Found:
    """What a text means: the text to store, and whom it calls, each once, in order."""

    text: str
    members: list[Member] = field(default_factory=list)
    ai_models: list[AIModel] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """Mention key to the name shown."""
        shown = {f"M:{member.pk}": member.handle for member in self.members}
        shown |= {f"A:{ai_model.pk}": ai_model.handle for ai_model in self.ai_models}
        return shown | {f"G:{group}": group for group in self.groups}


def find(text: str, space: Space, author: Member, *, known: Mapping[str, Target] | None = None) -> Found:
    """Resolve every @handle. Raises Invalid past the stated limits. Unknown handles stay text.

    `known` are handles that mean somebody whatever has become of them: those that the message mentions already.
    """
    spans = _code(text) + _quoted(text)
    hits = [hit for hit in _TYPED.finditer(text) if not any(a <= hit.start() < b for a, b in spans)]
    found = Found(text)
    if not hits:
        return found
    targets = {**(known or {}), **_targets({hit[1].lower() for hit in hits}, space, author)}
    count = sum(hit[1].lower() in targets for hit in hits)
    if count > MENTIONS_MAX:
        raise Invalid(
            _("A message can mention at most {most} times; this one does {count} times.").format(
                most=MENTIONS_MAX, count=count
            )
        )
    pieces, end = [], 0
    for hit in hits:
        target = targets.get(hit[1].lower())
        if target is None:
            continue
        pieces += [text[end : hit.start()], f"<@{_note(found, target)}>"]
        end = hit.end()
    found.text = "".join(pieces) + text[end:]
    if len(found.ai_models) > AI_MODELS_MAX:
        raise Invalid(_("At most {most} models can be asked in one message.").format(most=AI_MODELS_MAX))
    return found


def write(message: Message, found: Found) -> None:
    """Keep whom a new message calls. Call inside its transaction."""
    Mention.objects.bulk_create(_rows(message, found))


def rewrite(message: Message, found: Found) -> Found:
    """Bring the rows in step with an edited text; returns whom it calls that it did not call before."""
    had = {_key(row): row.pk for row in Mention.objects.filter(message=message)}
    rows = {_key(row): row for row in _rows(message, found)}
    Mention.objects.filter(pk__in=[pk for key, pk in had.items() if key not in rows]).delete()
    new = Mention.objects.bulk_create(row for key, row in rows.items() if key not in had)
    return Found(
        found.text,
        [row.member for row in new if row.member],
        [row.ai_model for row in new if row.ai_model],
        [row.group for row in new if row.group],
    )


def known_to(message: Message) -> dict[str, Target]:
    """Whom a message mentions, by handle as it is now. One query."""
    found: dict[str, Target] = {}
    for row in Mention.objects.filter(message=message).select_related("member", "ai_model"):
        target = row.member or row.ai_model or row.group
        found[target if isinstance(target, str) else target.handle] = target
    return found


def source(message: Message) -> str:
    """The Markdown as its author typed it: names where the text keeps ids."""
    return typed(message.text, names_of([message.pk]) if markdown.MENTION.search(message.text) else {})


def typed(text: str, names: Mapping[str, str]) -> str:
    """A text with @names for the ids that are known; what looks like one and is none stays as it is."""
    return markdown.MENTION.sub(
        lambda hit: "@" + names[key] if (key := f"{hit[1]}:{hit[2]}") in names else hit[0], text
    )


def names_in(shown_once: Iterable[str], org_id: UUID) -> dict[str, str]:
    """Mention key to handle for all whom earlier HTML of a message called, though no row says so any more.

    Of the HTML, because a text can be typed to look like a mention of anybody.
    """
    hits = [hit for html in shown_once for hit in _SHOWN.finditer(html)]
    people = Member.objects.filter(org_id=org_id, pk__in={hit[1] for hit in hits if hit[1]})
    ai_models = AIModel.objects.filter(pk__in={int(hit[2]) for hit in hits if hit[2]})
    shown = {f"G:{hit[3]}": hit[3] for hit in hits if hit[3]}
    shown |= {f"M:{pk}": handle for pk, handle in people.values_list("pk", "handle")}
    return shown | {f"A:{pk}": handle for pk, handle in ai_models.values_list("pk", "handle")}


def names_of(message_ids: list[UUID]) -> dict[str, str]:
    """Mention key to handle, for all mentions in these messages. One query, or none."""
    if not message_ids:
        return {}
    rows = Mention.objects.filter(message__in=message_ids)
    pairs = rows.values_list("kind", "member_id", "member__handle", "ai_model_id", "ai_model__handle", "group")
    shown: dict[str, str] = {}
    for kind, member_id, handle, ai_model_id, ai_handle, group in pairs:
        if kind == MentionKind.MEMBER:
            shown[f"M:{member_id}"] = handle
        elif kind == MentionKind.AI_MODEL:
            shown[f"A:{ai_model_id}"] = ai_handle
        else:
            shown[f"G:{group}"] = group
    return shown


def suggest(space: Space, member: Member, query: str) -> list[dict[str, object]]:
    """At most LIST_MAX of whom the member may mention: last mentioned first, people here, then prefix matches."""
    query = query.replace("\x00", "").strip().lower()[:60]
    recent = _last_mentioned(space, member)
    people = [
        (recent.get(f"M:{person.pk}", 0), is_here, _person(person, is_here=is_here))
        for person, is_here in _people(space, member, query)
    ]
    models = [
        (recent.get(f"A:{row['pk']}", 0), False, row) for row in _ai_models(query, {k for k in recent if k[0] == "A"})
    ]
    groups = [(0, False, _group(name)) for name in _groups(space, member) if query and name.startswith(query)]
    ranked = sorted(people + models + groups, key=lambda item: (-item[0], not item[1], _rank(item[2], query)))
    rows = [item[2] for item in ranked[:LIST_MAX]]
    return [{key: value for key, value in row.items() if key != "pk"} for row in rows]


def is_mentionable(person: Member, space: Space, author: Member) -> bool:
    return _mentionable(space, author).filter(pk=person.pk).exists()


def person(handle: str, space: Space, author: Member) -> Member:
    """Whom @handle means here. Raises NotFound for whom the author may not see."""
    found = _mentionable(space, author).filter(handle=handle.removeprefix("@").lower()).select_related("user").first()
    if found is None:
        raise NotFound(fill(_("There is nobody called @{handle} here."), {"handle": handle.removeprefix("@")[:40]}))
    return found


def examples() -> list[dict[str, object]]:
    """A few models that can be asked, for an empty Space."""
    return [{**row, "price_text": row["detail"]} for row in _ai_models("", set())[:6]]


def price_text(ai_model: AIModel) -> str:
    """What a message to this model usually costs, or ""."""
    return _price_texts([ai_model]).get(ai_model.pk, "")


def _code(text: str) -> list[tuple[int, int]]:
    """Character ranges of code: fences, indented blocks and spans."""
    if "`" not in text and "~~~" not in text and "    " not in text and "\t" not in text:
        return []
    starts, at = [], 0
    for line in text.split("\n"):
        starts.append(at)
        at += len(line) + 1
    starts.append(at)
    last = len(starts) - 1
    blocks = [(starts[min(a, last)], starts[min(b, last)]) for a, b in markdown.code_spans(text)]
    return blocks + [hit.span() for hit in _CODE_SPAN.finditer(text)]


def _quoted(text: str) -> list[tuple[int, int]]:
    """Character ranges of quoted lines: whom somebody else called is not called again by quoting them."""
    return [hit.span() for hit in _QUOTED_LINE.finditer(text)] if ">" in text else []


def _targets(words: set[str], space: Space, author: Member) -> dict[str, Target]:
    people = _mentionable(space, author).filter(handle__in=words)
    found: dict[str, Target] = {group: group for group in GROUPS if group in words}
    found |= {ai_model.handle: ai_model for ai_model in AIModel.objects.offered().filter(handle__in=words)}
    # A model that came later with the handle of somebody here does not take their name away.
    found |= {person.handle: person for person in people}
    return found


def _note(found: Found, target: Target) -> str:
    """Remember whom the text calls, once; the mention's key."""
    seen: Any
    if isinstance(target, str):
        key, seen = f"G:{target}", found.groups
    elif isinstance(target, AIModel):
        key, seen = f"A:{target.pk}", found.ai_models
    else:
        key, seen = f"M:{target.pk}", found.members
    if target not in seen:
        seen.append(target)
    return key


def _rows(message: Message, found: Found) -> list[Mention]:
    rows = [Mention(kind=MentionKind.MEMBER, member=member) for member in found.members]
    rows += [Mention(kind=MentionKind.AI_MODEL, ai_model=ai_model) for ai_model in found.ai_models]
    rows += [Mention(kind=MentionKind.GROUP, group=group) for group in found.groups]
    for row in rows:
        row.org_id, row.message = message.org_id, message
    return rows


def _key(row: Mention) -> tuple[object, ...]:
    return row.member_id, row.ai_model_id, row.group


def _last_mentioned(space: Space, member: Member) -> dict[str, int]:
    rows = (
        Mention.objects.filter(message__space=space, message__author=member)
        .values("member_id", "ai_model_id")
        .annotate(at=Max("message__position"))
        .order_by("-at")[:20]
    )
    return {
        f"M:{row['member_id']}" if row["member_id"] else f"A:{row['ai_model_id']}": row["at"]
        for row in rows
        if row["member_id"] or row["ai_model_id"]
    }


def _people(space: Space, member: Member, query: str) -> list[tuple[Member, bool]]:
    """Others that the member may mention, and whether they are in this Space."""
    here = set(space.space_members.values_list("member_id", flat=True))
    people = _mentionable(space, member).exclude(pk=member.pk)
    people = people.filter(Q(handle__istartswith=query) | Q(display_name__istartswith=query)).order_by("display_name")
    return [(person, person.pk in here) for person in people[: 4 * LIST_MAX]]


def _mentionable(space: Space, author: Member) -> MemberQuerySet:
    """In a private Space, and for a guest, only who is in it; else everyone of the organization."""
    people = Member.objects.present().filter(org_id=space.org_id)
    people = people.select_related("user")
    return people.in_space(space) if space.is_private or author.is_guest else people


def _groups(space: Space, member: Member) -> Collection[str]:
    """Guests call everybody only where everybody talks with them directly."""
    return () if member.is_guest and space.kind != SpaceKind.DIRECT else GROUPS


def _ai_models(query: str, recent: set[str]) -> list[dict[str, object]]:
    asked = Q(handle__istartswith=query) | Q(name__istartswith=query)
    if recent:
        asked |= Q(pk__in=[int(key[2:]) for key in recent], handle__icontains=query)
    found = list(AIModel.objects.offered().filter(asked).order_by("handle")[: 4 * LIST_MAX])
    details = _price_texts(found)
    return [
        {
            "kind": "ai_model",
            "pk": ai_model.pk,
            "handle": ai_model.handle,
            "name": ai_model.name,
            "detail": details[ai_model.pk],
            "here": False,
        }
        for ai_model in found
        if ai_model.pk in details
    ]


def _price_texts(ai_models: list[AIModel]) -> dict[int, str]:
    """What a message to each of these usually costs, for those that have a price."""
    offers = list(Offer.objects.callable().filter(ai_model__in=ai_models, variant=""))
    known = prices.current([offer.pk for offer in offers])
    costs: dict[int, list[int]] = {}
    for offer in offers:
        if offer.pk in known:
            costs.setdefault(offer.ai_model_id, []).append(prices.typical_cost_ucr(known[offer.pk]))
    return {pk: _("{price} a message").format(price=typical_text(min(each))) for pk, each in costs.items()}


def _person(person: Member, *, is_here: bool) -> dict[str, object]:
    role = person.get_role_display()
    detail = role if is_here else _("{role}, not in this Space yet").format(role=role)
    if is_here and person.has_status:
        detail = f"{person.status_emoji} {person.status_text}".strip()
    if person.user and (clock := profiles.local_time(person, seen_from=person.user)):
        detail = f"{detail}, {clock.at:%H:%M}"
    shown = {"id": str(person.pk), "picture": person.picture_url, "handle": person.handle, "name": person.display_name}
    return {"kind": "member", **shown, "detail": detail, "here": is_here}


def _group(name: str) -> dict[str, object]:
    return {"kind": "group", "handle": name, "name": name, "detail": _(GROUPS[name]), "here": False}


def _rank(row: dict[str, object], query: str) -> tuple[bool, str, str]:
    handle = str(row["handle"])
    return not handle.startswith(query), {"member": "0", "ai_model": "1"}.get(str(row["kind"]), "2"), handle
