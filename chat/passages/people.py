"""Who wrote elsewhere, as members here.

*Called by*: chat.passages.slack.bring, chat.passages.parley. *Keeps true*: an address finds the member who has shown
that it is theirs; anybody else becomes a member without an account, who can do nothing, and whose address may claim
the name by joining; the same person of a source is the same member at every import.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Exists, OuterRef

from chat.models import Imported
from chat.passages.hold import Hold
from workspace import members, orgs
from workspace.models import Member, Org

KIND = "person"


@dataclass(frozen=True)
class Person:
    """Somebody, or something, that wrote."""

    id: str
    name: str
    email: str = ""
    title: str = ""
    time_zone: str = ""
    is_gone: bool = False
    is_bot: bool = False


class Export(Protocol):
    """What was opened: the people whom it names, and the places."""

    @property
    def people(self) -> Mapping[str, Person]: ...

    @property
    def channels(self) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Match:
    """How many people of an export are members already, and how many would come new."""

    known: int
    new: int


def match(org: Org, importer: Member, export: Export, source: str) -> Match:
    known = len(export.people.keys() & (_known(org, export, source).keys() | _vouched(export, importer)))
    return Match(known, len(export.people) - known)


class People:
    """The members that Slack's ids mean; somebody unknown is made when asked for."""

    def __init__(self, held: Hold, export: Export, source: str) -> None:
        self._held, self._org, self._export, self._source = held, held.passage.org, export, source
        with transaction.atomic():
            orgs.lock(self._org)  # a past that is being taken over is through (chat.passages.claims)
            self._members = _known(self._org, export, source)
        self.made = 0

    def vouch(self, member: Member) -> None:
        """Whoever runs the import is who they are, whether or not they have shown it by mail.

        What somebody else brought under their address stays under its name until they have: chat.passages.claims.
        """
        for user_id in _vouched(self._export, member):
            known = self._members.get(user_id)
            if known is None or known.user_id is None:
                self._members[user_id] = member

    def bring_all(self) -> None:
        for person in self._export.people.values():
            self.member(person)

    def of(self, user_id: str) -> Member | None:
        """The member behind an id, if the export names that person."""
        if user_id in self._members:
            return self._members[user_id]
        person = self._export.people.get(user_id)
        return self.member(person) if person else None

    def member(self, person: Person) -> Member:
        if person.id not in self._members:
            self._members[person.id] = self._make(person)
        return self._members[person.id]

    def key(self, user_id: str) -> str:
        """The key of a mention, or "" for an id that the export does not name."""
        member = self.of(user_id) if user_id in self._export.people or user_id in self._members else None
        return f"M:{member.pk}" if member else ""

    def name(self, any_id: str) -> str:
        """What a person or a channel is called."""
        if any_id in self._export.people:
            return self._export.people[any_id].name
        return next((channel.name for channel in self._export.channels if channel.id == any_id), any_id)

    @property
    def handles(self) -> dict[str, str]:
        """Mention key to handle, for all who came along."""
        named = {f"M:{member.pk}": member.handle for member in self._members.values()}
        return named | {"G:here": "here", "G:space": "space"}

    def _bring(self, org: Org, person: Person) -> Member:
        return members.bring(org, name=person.name, email=person.email, title=person.title)

    @transaction.atomic
    def _make(self, person: Person) -> Member:
        org = orgs.lock(self._org)
        self._held.fence()
        seen: dict[str, Any] = {"org": org, "source": self._source, "kind": KIND, "source_id": person.id}
        if row := Imported.objects.filter(**seen).first():  # another import was faster
            return Member.objects.get(org=org, pk=row.our_id)
        member = self._bring(org, person)
        Imported.objects.create(our_id=member.pk, **seen)
        self.made += 1
        return member


def _vouched(export: Export, member: Member) -> set[str]:
    return {each for each, person in export.people.items() if person.email and person.email == member.email}


def _known(org: Org, export: Export, source: str) -> dict[str, Member]:
    rows = Imported.objects.filter(org=org, source=source, kind=KIND).values_list("source_id", "our_id")
    ids: dict[str, uuid.UUID] = dict(rows)
    found = Member.objects.filter(org=org).in_bulk(list(ids.values()))
    named = {user_id: found[our_id] for user_id, our_id in ids.items() if our_id in found}
    known = {user_id: member for user_id, member in named.items() if member.user_id}
    by_email = {person.email: user_id for user_id, person in export.people.items() if person.email}
    shown = EmailAddress.objects.filter(user=OuterRef("user"), email__iexact=OuterRef("user__email"), verified=True)
    for member in Member.objects.filter(Exists(shown), org=org, user__email__in=list(by_email)).select_related("user"):
        known.setdefault(by_email[member.email], member)
    known = named | known
    for member in Member.objects.filter(org=org, user=None, claim_email__in=list(by_email)):
        known.setdefault(by_email[member.claim_email], member)
    return known
