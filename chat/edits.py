"""Editing: the new text, what the message said before, and whom it calls now.

*Called by*: chat.views.edits. *Keeps true*: only the author edits; nothing is overwritten unseen; an edit asks no model
and bills nothing: answers begun before it are marked instead.
"""

from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from os.path import commonprefix
from re import findall
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import AIModel
from chat import feed, markdown, mentions, notices, threads
from chat.links import showing
from chat.models import Edit, Message, Reply, ReplyState
from chat.notices import groups
from chat.passages import telling
from chat.search import words
from workspace import spaces
from workspace.errors import Forbidden, Invalid, NotFound, Refused
from workspace.models import Member

EDITS_MAX = 100
VERSIONS_A_PAGE = 20
# Past this many words two texts are compared line by line, past as many lines not at all: what compares them takes the
# cube of what it is given, where somebody means it to.
COMPARED_MAX = 400
# Chinese and Japanese put no spaces between words: there each character counts as one.
_EACH = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORDS, _LINES = rf"[{_EACH}]|[^\s{_EACH}]+|\s+", r"[^\n]*\n|[^\n]+"


class Outdated(Refused):
    code = "outdated"
    status = 409


@dataclass(frozen=True)
class Edited:
    """The messages that changed, the edited one first, and the models that it names now and that nobody asked."""

    messages: list[Message]
    unasked: list[AIModel]


@dataclass(frozen=True)
class Version:
    """What a message said from `at` on, as runs of (kept | added | removed, text) against what it said before."""

    at: datetime
    runs: list[tuple[str, str]]


@dataclass(frozen=True)
class History:
    """A page of versions, newest first, and whether there are earlier ones beyond."""

    versions: list[Version]
    number: int
    has_more: bool


@transaction.atomic
def edit(author: Member, message: Message, *, text: str, seen: int | None = None) -> Edited:
    """Put another text in place. `seen` is the revision at which the editor read it; later edits by others refuse.

    Raises Forbidden, Invalid, TooLong, Deleted, Outdated, Archived, ReadOnly. The same text again changes nothing.
    """
    require_author(author, message)
    telling.require_free(message)
    most = feed.longest(is_forwarded=message.forwarded_from_id is not None)
    text = feed.clean(text, may_be_empty=message.attachments.exists(), most=most)
    found = mentions.find(text, message.space, author, known=mentions.known_to(message))
    html = markdown.render(found.text, found.names)
    here = notices.present(message.space, found.groups)
    message = feed.take(message)
    spaces.require_writer(author, message.space)
    edits = Edit.objects.filter(message=message)
    if seen is not None and edits.filter(revision__gt=seen).exists():
        raise Outdated(
            _("This message was edited elsewhere meanwhile. Your text is kept: compare, then save it again.")
        )
    if found.text == message.text:
        shown = feed.load([message.pk])
        transaction.set_rollback(True)
        return Edited(shown, [])
    if edits.count() >= EDITS_MAX:
        raise Invalid(_("This message was edited too often. Write a new one instead."))
    Edit.objects.create(
        org_id=message.org_id, message=message, text=message.text, html=message.html, revision=message.revision
    )
    before, message.text, message.html, message.edited_at = message.html, found.text, html, timezone.now()
    message.save(update_fields=["text", "html", "edited_at", "revision"])
    new = mentions.rewrite(message, found)
    groups.require_caller(author, message.space, new.groups)
    notices.note_edit(message, found, groups=new.groups, here=here)
    showing.note_edit(message, author.org, before=before)
    words.write([message.pk])
    changed = feed.load([message.pk, *_mark_stale(message)]) + threads.quote_again(message)
    feed.tell(message.space, changed)
    return Edited(sorted(changed, key=lambda each: each.pk != message.pk), new.ai_models)


def require_author(member: Member, message: Message) -> None:
    if message.is_deleted:
        raise feed.Deleted
    if message.author_id != member.pk:
        raise Forbidden(_("Only its author can edit a message."))


def history(message: Message, *, number: int = 1) -> History:
    """A page of what the message has said. Raises NotFound where nothing was edited, and past the last page."""
    edits = list(Edit.objects.filter(message=message))
    end = len(edits) + 1 - (number - 1) * VERSIONS_A_PAGE
    if not edits or end < 1:
        raise NotFound
    start = max(0, end - VERSIONS_A_PAGE)
    names = mentions.names_of([message.pk]) | mentions.names_in((each.html for each in edits), message.org_id)
    texts = [mentions.typed(text, names) for text in [*(each.text for each in edits), message.text]]
    moments = [message.created_at, *(each.at for each in edits)]
    versions = [Version(moments[place], _runs(texts, place)) for place in range(end - 1, start - 1, -1)]
    return History(versions, number, has_more=start > 0)


def compare(old: str, new: str) -> list[tuple[str, str]]:
    """Runs of text that were kept, removed and added, in reading order: of words, of lines where there are many.

    Where there are too many of both, all between the first and the last difference is removed and added whole.
    """
    for grain in (_WORDS, _LINES):
        before, after = findall(grain, old), findall(grain, new)
        head = len(commonprefix([before, after]))
        before, after, kept = before[head:], after[head:], "".join(before[:head])
        tail = len(commonprefix([before[::-1], after[::-1]]))
        last = "".join(before[len(before) - tail :])
        before, after = before[: len(before) - tail], after[: len(after) - tail]
        if len(before) + len(after) <= COMPARED_MAX:
            middle = _differences(before, after)
            break
    else:
        middle = [("removed", "".join(before)), ("added", "".join(after))]
    return [run for run in [("kept", kept), *middle, ("kept", last)] if run[1]]


def _differences(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(("kept", "".join(before[a:b])))
        else:
            runs += [("removed", "".join(before[a:b])), ("added", "".join(after[c:d]))]
    return runs


def _runs(texts: list[str], place: int) -> list[tuple[str, str]]:
    return compare(texts[place - 1], texts[place]) if place else [("kept", texts[0])]


def _mark_stale(question: Message) -> list[UUID]:
    """Answers that were begun from the old text; what still waits for a worker will read the new one."""
    begun = Reply.objects.filter(question=question, is_stale=False, message__deleted_at=None)
    begun = begun.exclude(state__in=[ReplyState.QUEUED, ReplyState.REFUSED])
    answers = dict(begun.values_list("pk", "message_id"))
    if not answers:
        return []
    Reply.objects.filter(pk__in=answers).update(is_stale=True)
    first = feed.advance(question.space, by=len(answers)) - len(answers) + 1
    for revision, pk in enumerate(answers.values(), start=first):
        Message.objects.filter(pk=pk).update(revision=revision)
    return list(answers.values())
