"""What was brought under somebody's address, once they have shown that the address is theirs.

*Called by*: Celery's beat (chat.tasks). *Keeps true*: only an address that was confirmed by mail takes a past over; all
of it goes to the member at once, and the name that stood for them goes; never while an import of the organization
runs, which still writes under that name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from chat import feed
from chat.models import Edit, File, Imported, Mention, Message, Note, Notice, Passage, Reaction, Reply, ThreadMember
from chat.passages.hold import OPEN, OUT
from chat.search import words
from workspace import orgs
from workspace.models import Member, Org, Space, SpaceMember

AT_ONCE = 50
BATCH = 500
# What names a member, and may do so only once beside these other columns.
_ONCE: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (SpaceMember, ("space_id",)),
    (Mention, ("message_id",)),
    (Reaction, ("message_id", "emoji")),
    (ThreadMember, ("thread_id",)),
)
_NAMED: tuple[tuple[type[Model], str], ...] = (
    (Message, "author"),
    (Message, "pinned_by"),
    (Message, "deleted_by"),
    (File, "uploader"),
    (Note, "author"),
    (Note, "changed_by"),
    (Notice, "actor"),
    (Reply, "asked_by"),
    (Space, "created_by"),
)
_STAMP = """
    UPDATE chat_message SET revision = %(before)s + stamped.place
    FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS stamped (id, place) WHERE chat_message.id = stamped.id"""


def take_all() -> int:
    """Give what waits to whom it belongs; returns how many names were taken over."""
    taken = 0
    for placeholder in _waiting()[:AT_ONCE]:
        taken += _take(placeholder)
    return taken


def _waiting() -> QuerySet[Member]:
    """Names whose address a member of the same organization has confirmed since."""
    shown = EmailAddress.objects.filter(email__iexact=OuterRef("claim_email"), verified=True)
    shown = shown.filter(user__is_active=True, user__members__org=OuterRef("org"), user__members__left_at=None)
    running = Passage.objects.filter(org=OuterRef("org"), state__in=OPEN).exclude(kind__in=OUT)
    named = Member.objects.filter(user=None).exclude(claim_email="")
    return named.filter(Exists(shown), ~Exists(running)).select_related("org").order_by("pk")


@transaction.atomic
def _take(placeholder: Member) -> bool:
    """Under the organization's lock, at which an import begins."""
    orgs.lock(placeholder.org)
    old = _waiting().filter(pk=placeholder.pk).first()
    owner = _owner(old) if old else None
    if old is None or owner is None:
        return False
    shown = Message.objects.filter(org=old.org).filter(_shows(old))
    changed = list(shown.order_by("space_id", "position").values_list("space_id", "pk"))
    mentioning = list(Mention.objects.filter(member=old).values_list("message_id", flat=True))
    if owner.is_guest:
        SpaceMember.objects.filter(member=old).delete()  # a guest sees what somebody adds them to
    for model, beside in _ONCE:
        _move_once(model, old, owner, beside)
    for named, column in _NAMED:
        named._default_manager.filter(**{column: old}).update(**{column: owner})
    Imported.objects.filter(org=old.org, kind="person", our_id=old.pk).update(our_id=owner.pk)
    _call_by_id(mentioning, old, owner)
    _show_again(old.org, changed)
    old.delete()
    return True


def _owner(placeholder: Member) -> Member | None:
    shown = EmailAddress.objects.filter(user=OuterRef("user"), email__iexact=placeholder.claim_email, verified=True)
    return Member.objects.present().filter(Exists(shown), org=placeholder.org).first()


def _shows(member: Member) -> Q:
    """Messages that name somebody anywhere."""
    reacted = Reaction.objects.filter(message=OuterRef("pk"), member=member)
    mentioned = Mention.objects.filter(message=OuterRef("pk"), member=member)
    answered = ThreadMember.objects.filter(thread=OuterRef("pk"), member=member, has_written=True)
    named = Q(author=member) | Q(pinned_by=member) | Q(deleted_by=member)
    return named | Q(Exists(reacted)) | Q(Exists(mentioned)) | Q(Exists(answered))


def _move_once(model: type[Model], old: Member, owner: Member, beside: tuple[str, ...]) -> None:
    """What the owner has of their own there stays as it is."""
    rows: Any = model._default_manager
    own = rows.filter(member=owner, **{each: OuterRef(each) for each in beside})
    rows.filter(Exists(own), member=old).delete()
    rows.filter(member=old).update(member=owner)


def _call_by_id(message_ids: Sequence[UUID], old: Member, owner: Member) -> None:
    """Texts keep whom they call by id; their HTML names the handle too."""
    shown = re.compile(rf'data-mention="M:{old.pk}"[^<>]*>@{re.escape(old.handle)}<')

    def named(hit: re.Match[str]) -> str:
        return hit[0].replace(str(old.pk), str(owner.pk)).replace(f">@{old.handle}<", f">@{owner.handle}<")

    found = Message.objects.filter(pk__in=message_ids), Edit.objects.filter(message__in=message_ids)
    for rows in found:
        for batch in _batches(rows.only("text", "html").order_by("pk").iterator()):
            for row in batch:
                row.text = row.text.replace(f"<@M:{old.pk}>", f"<@M:{owner.pk}>")
                row.html = shown.sub(named, row.html)
            rows.model._default_manager.bulk_update(batch, ["text", "html"])


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _show_again(org: Org, changed: Sequence[tuple[UUID, UUID]]) -> None:
    """Stamp the messages, Space by Space, so that open pages fetch them, and find them under their author's name."""
    by_space: dict[UUID, list[UUID]] = {}
    for space_id, message_id in changed:
        by_space.setdefault(space_id, []).append(message_id)
    for space in Space.objects.filter(org=org, pk__in=by_space).order_by("pk"):
        ids = by_space[space.pk]
        before = feed.advance(space, by=len(ids)) - len(ids)
        with connection.cursor() as cursor:
            cursor.execute(_STAMP, {"ids": ids, "before": before})
    words.write([message_id for _space_id, message_id in changed])
