"""The feed of a Space: posting, reading, catching up.

*Called by*: chat.views, chat.replies, chat.demo. *Keeps true*: every visible change takes the Space's next revision
under its row lock and stamps the row it changed; what a browser had plus the changes since equals a fresh load.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat import broadcast, directs, markdown, mentions, notices
from chat.files import attachments
from chat.links import showing
from chat.models import Message
from chat.models.message import MessageQuerySet
from chat.notices import groups
from chat.search import words
from workspace import spaces
from workspace.errors import Invalid
from workspace.languages import fill
from workspace.models import Member, Space

TEXT_MAX = 10_000
FORWARDED_MAX = 250_000
PAGE = 50
CHANGES_MAX = 200


class TooLong(Invalid):
    code = "too_long"
    status = 413


class Deleted(Invalid):
    code = "message_deleted"
    message = gettext_lazy("This message was deleted.")


@dataclass(frozen=True)
class Page:
    """Messages oldest first, and whether there are older (or newer) ones beyond."""

    messages: list[Message]
    has_more: bool
    has_newer: bool = False


@dataclass(frozen=True)
class Changes:
    """What changed after a revision, and the Space as it is; `must_reload` when it is more than a page should patch."""

    space: Space
    messages: list[Message]
    must_reload: bool

    @property
    def revision(self) -> int:
        return self.space.revision


@transaction.atomic
def post(
    space: Space,
    author: Member,
    *,
    text: str,
    client_id: uuid.UUID,
    parent: Message | None = None,
    in_feed: bool | None = None,
    ask: str | None = None,
    has_previews: bool = True,
    files: Sequence[uuid.UUID] = (),
    forwarded_from: Message | None = None,
) -> list[Message]:
    """Write a message and ask every model it mentions. The same client_id again returns what the first made.

    With `parent` it goes to that message's thread, and into the feed too where `in_feed`; `ask` is whom it asks there
    (threads.asked). With `files` (ids) the text may be empty. Raises Invalid, TooLong, Archived, ReadOnly, NotFound for
    a foreign parent or file. Who writes in a public Space joins it. An answer that cannot be paid for is refused.
    """
    from chat import asking, threads

    root = threads.root_of(parent, space) if parent else None
    text = clean(text, may_be_empty=bool(files), most=longest(is_forwarded=forwarded_from is not None))
    found = mentions.find(text, space, author)
    groups.require_caller(author, space, found.groups)
    ai_models = threads.asked(root, found, ask) if root else found.ai_models
    html = markdown.render(found.text, found.names)
    here = notices.present(space, found.groups)
    revision = advance(space, by=1 + len(ai_models) + (root is not None))
    if first := Message.objects.filter(org_id=space.org_id, author=author, client_id=client_id).first():
        again = _again(first, space, root)
        transaction.set_rollback(True)
        return again
    enter(author, space)
    position = revision - len(ai_models) - (root is not None)
    where: dict[str, Any] = {"position": position, "revision": position, "parent": root}
    said: dict[str, Any] = {"text": found.text, "html": html, "forwarded_from": forwarded_from}
    message = Message(org_id=space.org_id, space=space, author=author, client_id=client_id, **where, **said)
    message.in_feed = root is None or bool(in_feed)
    _write(message, found, files, has_previews=has_previews)
    written = [message, *asking.ask(message, ai_models, first_position=position + 1)]
    if root is not None:
        written.append(threads.grow(root, written, mentioned=found.members, revision=revision))
    notices.note_post(message, found, here=here)
    tell(space, written)
    return written


def enter(member: Member, space: Space) -> None:
    """Every verb that writes asks this first, inside its transaction. Raises Archived, ReadOnly.

    Who may write in a public Space and has not joined it joins by writing.
    """
    if not spaces.require_writer(member, space) and spaces.join(member, space):
        transaction.on_commit(lambda: broadcast.sidebar_changed([member.pk]))
        transaction.on_commit(lambda: broadcast.members_changed(space.pk))


def advance(space: Space, *, by: int = 1) -> int:
    """Lock the Space, take its next `by` revisions, return the last of them. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workspace_space SET revision = revision + %s WHERE id = %s RETURNING revision", [by, space.pk]
        )
        return cursor.fetchone()[0]


def take(message: Message) -> Message:
    """Lock the message's Space and return the message as it now stands, stamped with the next revision, to be changed.

    Raises Deleted. Whoever changes a message comes through here, so two changes never overwrite each other.
    """
    revision = advance(message.space)
    current = Message.objects.select_related("space", "author").get(pk=message.pk)
    if current.is_deleted:
        raise Deleted
    current.revision = revision
    return current


def show_again(message: Message) -> list[Message]:
    """Send out a message that was taken, and around which something has changed: files, links, reactions."""
    message.save(update_fields=["revision"])
    shown = load([message.pk])
    tell(message.space, shown)
    return shown


def tell(space: Space, messages: Sequence[Message]) -> None:
    """Once this transaction is committed, send these messages, as they stand here, to everyone in the Space.

    They come from `load`, or are whole: what the partial shows is known, and the row was written as the object says.
    """
    pulses = [broadcast.as_pulse(m) for m in messages if m.revision == m.position]

    def send() -> None:
        for message in messages:
            message.told = broadcast.as_json(message)
        broadcast.messages_changed(space.pk, [message.told for message in messages if message.told], pulses=pulses)

    transaction.on_commit(send)


def load(ids: list[uuid.UUID]) -> list[Message]:
    """Messages with all that the partial shows, by revision."""
    return list(Message.objects.for_page().filter(pk__in=ids).order_by("revision"))


def latest(space: Space) -> Page:
    return page(_shown(space).order_by("-position"), is_newest_first=True)


def before(space: Space, position: int) -> Page:
    return page(_shown(space).before(position).order_by("-position"), is_newest_first=True)


def after(space: Space, position: int) -> Page:
    return page(_shown(space).after(position).order_by("position"), is_newest_first=False)


def around(space: Space, position: int) -> Page:
    return around_in(_shown(space), position)


def around_in(query: MessageQuerySet, position: int) -> Page:
    """Half a page up to a position and half a page beyond."""
    older = page(query.before(position + 1).order_by("-position"), is_newest_first=True, most=PAGE // 2)
    newer = page(query.after(position).order_by("position"), is_newest_first=False, most=PAGE // 2)
    return Page([*older.messages, *newer.messages], older.has_more, has_newer=newer.has_more)


def page(query: MessageQuerySet, *, is_newest_first: bool, most: int = PAGE) -> Page:
    """The first `most` of an ordered query, oldest first."""
    found = list(query.for_page()[: most + 1])
    messages = found[:most]
    if is_newest_first:
        messages.reverse()
    return Page(messages, len(found) > most)


def changes(space: Space, *, since: int) -> Changes:
    """The messages whose last visible change came after a revision, by position.

    The revision is read first: a change that commits in between is sent twice rather than missed.
    """
    space = Space.objects.get(pk=space.pk)
    changed = Message.objects.in_space(space).changed_since(since)
    found = list(changed.for_page().order_by("position")[: CHANGES_MAX + 1])
    if len(found) > CHANGES_MAX or since > space.revision:
        return Changes(space, [], must_reload=True)
    return Changes(space, found, must_reload=False)


def clean(text: str, *, may_be_empty: bool = False, most: int = TEXT_MAX) -> str:
    """The text as it is stored. Raises Invalid for one that is empty or that PostgreSQL cannot hold, TooLong."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise Invalid(_("The message holds a NUL character, which cannot be stored. Remove it and send again."))
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid(_("The message holds half a character. Remove it and send again."))
    text = text.strip("\n ").rstrip()
    if len(text) > most:
        raise TooLong(
            fill(
                _("The message is {length} characters long; at most {most} fit in one."),
                {"length": len(text), "most": most},
            )
        )
    if may_be_empty and not text:
        return text
    if not any(char.isprintable() and not char.isspace() and char not in _INVISIBLE for char in text):
        raise Invalid(_("The message is empty. Write something and send again."))
    return text


def longest(*, is_forwarded: bool) -> int:
    """How many characters fit: a forwarded answer may be longer than what one person types."""
    return FORWARDED_MAX if is_forwarded else TEXT_MAX


_INVISIBLE = set("\u200b\u200c\u200d\u2060\ufeff\u00ad\u115f\u1160\u2800\u3164\uffa0")


def _again(first: Message, space: Space, root: Message | None) -> list[Message]:
    """What a post that is sent once more made the first time, whatever has become of it: edited, deleted."""
    if first.space_id != space.pk or first.parent_id != (root and root.pk):
        raise Invalid(_("This client_id was used for another message. Send this one with a new one."))
    asked = Message.objects.filter(reply__question=first).order_by("position").values_list("pk", flat=True)
    return load([first.pk, *asked])


def _shown(space: Space) -> MessageQuerySet:
    return Message.objects.in_space(space).in_feed()


def _write(message: Message, found: mentions.Found, files: Sequence[uuid.UUID], *, has_previews: bool) -> None:
    message.save(force_insert=True)
    if message.space.is_direct:
        directs.note_post(message.space)
    message.mark_new(mention_ids=[str(member.pk) for member in found.members], calls_group=bool(found.groups))
    attachments.attach(message, files)
    mentions.write(message, found)
    if has_previews and message.author:
        showing.note_post(message, message.author.org)
    words.write([message.pk])
