"""The life of an answer once it is asked for: claimed, checkpointed, ended.

*Called by*: chat.engine, chat.views, chat.sweeper, chat.places. *Keeps true*: an answer ends exactly once, with its
text, its settlement and its reason in one transaction; whoever writes a streaming one holds its fence.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import ledger, metering
from chat import asking, briefs, broadcast, feed, markdown, notices
from chat.models import Message, Reply, ReplyState
from chat.models.reply import OPEN_STATES
from chat.search import words
from gateway.wire import Request
from workspace import access, spaces
from workspace.errors import Forbidden, Refused
from workspace.models import Member, Space

RUNS_MAX = 2


@dataclass(frozen=True)
class Job:
    """A claimed answer: all that a worker needs, and the fence that it writes with."""

    reply_id: uuid.UUID
    message_id: uuid.UUID
    space_id: uuid.UUID
    org_id: uuid.UUID
    fence: int
    metered: metering.Metered
    request: Request
    is_lowered: bool


@dataclass(frozen=True)
class Ending:
    """How an answer ended: the state, and a code of chat.reasons ("" for a plain finish)."""

    state: str
    reason: str = ""


class LostFence(Exception):
    """Another worker, or the sweeper, has taken the answer over: this one may not write any more."""


class QuestionGone(Exception):
    """The question was deleted before it could be asked."""


@transaction.atomic
def claim(reply_id: uuid.UUID) -> Job | None:
    """Take a queued answer. None when somebody else has it, or it has ended."""
    whole = Reply.objects.select_related("message__ai_model", "message__thread", "question__parent")
    reply = whole.filter(pk=reply_id).first()
    if reply is None or reply.state != ReplyState.QUEUED:
        return None
    revision = feed.advance(Space(pk=reply.space_id))
    if not _take(reply):
        transaction.set_rollback(True)
        return None
    job = None
    try:
        if reply.question.is_deleted:
            raise QuestionGone
        asker = Member.objects.present().select_related("org").get(pk=reply.asked_by_id)
        reply.space = access.space_of(asker, reply.space_id)
        metered = metering.resume(briefs.payer(reply), lost_tries=reply.runs - 1)
        request = briefs.request(reply, metered)
    except ledger.Unpriced:  # whoever served the model was switched off meanwhile
        _give_back(reply, "no_route")
    except QuestionGone:
        _give_back(reply, "question_gone")
    except (Member.DoesNotExist, Refused):
        _give_back(reply, "no_access")
    except metering.Hold.DoesNotExist:
        _close(reply, Ending(ReplyState.FAILED, "waited"))
    else:
        is_lowered = metered.max_output_tokens < reply.max_output_tokens
        ids = reply.pk, reply.message_id, reply.space_id, reply.org_id
        job = Job(*ids, reply.fence, metered, request, is_lowered)
    _tell(reply, revision=revision)
    return job


def shorter(job: Job, *, by: int) -> Request:
    """The same question with a smaller part of the history, after a provider said that it was too long."""
    reply = Reply.objects.select_related("space", "question__parent", "message__ai_model").get(pk=job.reply_id)
    if reply.question.is_deleted:
        raise QuestionGone
    return briefs.request(reply, job.metered, shorten=by)


def checkpoint(texts: Sequence[tuple[uuid.UUID, int, str]]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """Save texts so far and renew leases and holds, in a few statements for all answers of a worker.

    Takes (reply id, fence, text); returns the ids still owned, and those of them that somebody asked to stop.
    """
    if not texts:
        return set(), set()
    ids, fences = [row[0] for row in texts], [row[1] for row in texts]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE chat_reply r SET leased_until = clock_timestamp() + make_interval(secs => %s)
            FROM unnest(%s::uuid[], %s::bigint[]) AS t (id, fence)
            WHERE r.id = t.id AND r.fence = t.fence AND r.state = 'streaming'
            RETURNING r.id, r.message_id, r.stop_asked_by_id IS NOT NULL
            """,
            [settings.REPLY_LEASE_SECONDS, ids, fences],
        )
        owned = {row[0]: row for row in cursor.fetchall()}
        written = [(owned[reply_id][1], text) for reply_id, _, text in texts if reply_id in owned and text]
        cursor.execute(
            """
            UPDATE chat_message m SET text = t.text
            FROM unnest(%s::uuid[], %s::text[]) AS t (id, text) WHERE m.id = t.id AND m.deleted_at IS NULL
            """,
            [[row[0] for row in written], [row[1] for row in written]],
        )
        ledger.extend([f"reply:{reply_id}" for reply_id in owned], ttl_seconds=metering.HOLD_SECONDS)
    return set(owned), {reply_id for reply_id, row in owned.items() if row[2]}


def end(job: Job, *, text: str, ending: Ending) -> None:
    """Write the end: text, settlement, state and reason at once. Raises LostFence when the answer was taken over."""
    html = markdown.render(text)  # before any lock: it is the slowest part
    with transaction.atomic():
        _end(job, ending, text=text, html=html)


def _end(job: Job, ending: Ending, *, text: str, html: str) -> None:
    revision = feed.advance(Space(pk=job.space_id))
    mine = Reply.objects.filter(pk=job.reply_id, fence=job.fence, state="streaming")
    reply = (
        mine.select_for_update(of=("self",))
        .select_related("message__ai_model", "message__space", "message__thread")
        .first()
    )
    if reply is None:
        raise LostFence
    bill = metering.settle(job.metered, is_delivered=bool(text.strip()))
    if job.metered.tries:
        reply.provider_name = job.metered.tries[-1].target.provider_name
    _finish(reply, ending, text=text, html=html, bill=bill, revision=revision)


def keep_held(reply_ids: Sequence[uuid.UUID]) -> None:
    """Keep the holds of answers that wait for a worker from the reaper."""
    if reply_ids:
        ledger.extend([f"reply:{reply_id}" for reply_id in reply_ids], ttl_seconds=metering.HOLD_SECONDS)


def text_so_far(reply: Reply) -> str:
    """The text of a streaming answer: what its worker last sent on, or what was last saved where that is gone."""
    saved, live = reply.message.text, broadcast.live_text(reply.pk, reply.fence)
    return live if live.startswith(saved) else saved


def end_lost(reply_id: uuid.UUID) -> None:
    """End an answer whose worker fell silent; one of which nothing was visible is queued once more."""
    seen = Reply.objects.select_related("message").get(pk=reply_id)
    text = text_so_far(seen)
    html = markdown.render(text)
    with transaction.atomic():
        _end_lost(reply_id, seen, text=text, html=html)


def _end_lost(reply_id: uuid.UUID, seen: Reply, *, text: str, html: str) -> None:
    revision = feed.advance(Space(pk=seen.space_id))
    reply = (
        Reply.objects.select_for_update(of=("self",))
        .select_related("space", "message__thread")
        .filter(pk=reply_id, fence=seen.fence, state="streaming", leased_until__lt=Now())
        .first()
    )
    if reply is None:
        transaction.set_rollback(True)
        return
    metered = _resume_lost(reply)
    if not text and reply.runs < RUNS_MAX and reply.stop_asked_by_id is None:
        Reply.objects.filter(pk=reply.pk).update(state="queued", leased_until=None, fence=reply.fence + 1)
        Message.objects.filter(pk=reply.message_id).update(revision=revision)
        feed.tell(reply.space, feed.load([reply.message_id]))
        asking.wake([reply])
        return
    bill = metering.Bill(0, None, None, False)
    if metered is not None:
        bill = metering.settle_lost(metered, text=text, input_bytes=reply.reads_bytes)
    ending = Ending("stopped", "stopped") if reply.stop_asked_by_id else Ending("failed", "interrupted")
    _finish(reply, ending, text=text, html=html, bill=bill, revision=revision)


@transaction.atomic
def stop(member: Member, reply: Reply) -> None:
    """Ask for an end now. The asker may, the Space's owner and admins; what had arrived is kept."""
    space = Space.objects.get(pk=reply.space_id)
    if reply.asked_by_id != member.pk and not spaces.may_manage(member, space):
        raise Forbidden(_("Only the person who asked, the Space's owner or an admin can stop this answer."))
    _stop(reply, space, by=member)


def stop_before_deletion(message: Message, *, by: Member) -> None:
    """End what a message that is about to be deleted leaves open: itself, or answers to it that wait for a worker.

    Answers that have begun go on: they have read the question. Call inside a transaction.
    """
    own = Q(message=message, state__in=OPEN_STATES)
    for reply in Reply.objects.filter(own | Q(question=message, state=ReplyState.QUEUED)).order_by("pk"):
        with transaction.atomic():
            _stop(reply, message.space, by=by)


def stop_all_in(space: Space, *, by: Member) -> None:
    """End all that is being answered in a Space that has just been archived."""
    for reply in Reply.objects.filter(space=space, state__in=OPEN_STATES):
        with transaction.atomic():
            _stop(reply, space, by=by)


def stop_all_of(asker: Member, *, by: Member, space: Space | None = None) -> None:
    """End what a member who has just been removed had asked for, everywhere or in one Space."""
    asked = Reply.objects.filter(asked_by=asker, state__in=OPEN_STATES).select_related("space")
    for reply in asked.filter(space=space) if space else asked:
        with transaction.atomic():
            _stop(reply, reply.space, by=by)


def _stop(reply: Reply, space: Space, *, by: Member) -> None:
    revision = feed.advance(space)
    reply = Reply.objects.select_for_update(of=("self",)).select_related("message__thread").get(pk=reply.pk)
    if reply.state == ReplyState.QUEUED:
        _finish_queued(reply, Ending("stopped", "stopped"), revision=revision)
    elif reply.state == ReplyState.STREAMING:
        transaction.on_commit(lambda: broadcast.stop_asked(reply.pk))
        Reply.objects.filter(pk=reply.pk, stop_asked_by=None).update(stop_asked_by=by)
        Message.objects.filter(pk=reply.message_id).update(revision=revision)
        feed.tell(space, feed.load([reply.message_id]))
    else:
        transaction.set_rollback(True)


@transaction.atomic
def give_up(reply_id: uuid.UUID) -> None:
    """End a queued answer that cannot even be begun, rather than try for ever."""
    space = Space.objects.get(messages__reply=reply_id)
    revision = feed.advance(space)
    reply = Reply.objects.select_for_update(of=("self",)).select_related("message__thread").get(pk=reply_id)
    if reply.state == ReplyState.QUEUED:
        _finish_queued(reply, Ending("failed", "crashed"), revision=revision)
    else:
        transaction.set_rollback(True)


def _resume_lost(reply: Reply) -> metering.Metered | None:
    """The call of a worker that died, its try written down; None when the hold was given back meanwhile."""
    try:
        metered = metering.resume(briefs.payer(reply), lost_tries=reply.runs - 1, even_reaped=True)
    except metering.Hold.DoesNotExist:
        return None
    metering.note_lost(metered, started_at=reply.started_at or reply.created_at)
    return metered


def _take(reply: Reply) -> bool:
    taken = Reply.objects.filter(pk=reply.pk, state=ReplyState.QUEUED, fence=reply.fence).update(
        state=ReplyState.STREAMING,
        fence=reply.fence + 1,
        runs=reply.runs + 1,
        is_stale=False,
        leased_until=Now() + timedelta(seconds=settings.REPLY_LEASE_SECONDS),
        started_at=Now(),
    )
    reply.state, reply.fence, reply.runs, reply.is_stale = ReplyState.STREAMING, reply.fence + 1, reply.runs + 1, False
    return bool(taken)


def _finish(reply: Reply, ending: Ending, *, text: str, html: str, bill: metering.Bill, revision: int) -> None:
    reply.cost_ucr = bill.charged_ucr
    reply.prompt_tokens, reply.completion_tokens = bill.prompt_tokens, bill.completion_tokens
    reply.is_estimated = bill.is_estimated
    _close(reply, ending)
    _tell(reply, revision=revision, text=text, html=html)
    if text:
        words.write([reply.message_id])
    if text and ending.state == ReplyState.FINISHED and not reply.message.is_deleted:
        notices.note_answer(reply.message, asker_id=reply.asked_by_id)
    asker = Member(pk=reply.asked_by_id, org_id=reply.org_id)
    transaction.on_commit(lambda: broadcast.pool_changed(asker.org_id, asker))


def _finish_queued(reply: Reply, ending: Ending, *, revision: int) -> None:
    metering.release(briefs.payer(reply))
    _finish(reply, ending, text="", html="", bill=metering.Bill(0, None, None, False), revision=revision)


def _tell(reply: Reply, *, revision: int, **changed: str) -> None:
    """Write the message of a locked answer and send it on commit; one that was deleted meanwhile says nothing.

    It is read back: what people did with the answer while it was made (a reaction, a pin) is shown with it.
    """
    changed = {} if reply.message.is_deleted else changed
    Message.objects.filter(pk=reply.message_id).update(revision=revision, **changed)
    feed.tell(Space(pk=reply.space_id), feed.load([reply.message_id]))


def _give_back(reply: Reply, reason: str) -> None:
    _close(reply, Ending(ReplyState.FAILED, reason))
    metering.release(briefs.payer(reply))
    asker = Member(pk=reply.asked_by_id, org_id=reply.org_id)
    transaction.on_commit(lambda: broadcast.pool_changed(asker.org_id, asker))


def _close(reply: Reply, ending: Ending) -> None:
    reply.state, reply.reason = ending.state, ending.reason
    reply.leased_until, reply.ended_at = None, timezone.now()
    reply.save()
