"""What one answer is given to read, and what is set aside to pay for it.

*Called by*: chat.replies. *Keeps true*: what the worker asks is never more than what was held for; an answer that
cannot be paid is refused with whose limit it was.
"""

from django.conf import settings
from django.utils import timezone

from billing import metering
from chat import memory, reasons, transcript
from chat.models import Message, Reply, ReplyState
from gateway.wire import Request
from workspace.errors import Refused
from workspace.models import Space

# The question is always asked, if cut short: a budget below this would leave nothing of it.
BYTES_MIN = 600
# Instructions and notes take at most half of what fits, and never more than this.
MEMORY_BYTES_MAX = 24_000


def reserve(reply: Reply, lines: list[transcript.Line], remembered: memory.Memory) -> None:
    """Hold what the answer may cost, or refuse it. The caller saves the row."""
    try:
        with reasons.in_english():
            _reserve(reply, lines, remembered)
    except Refused as refusal:
        reply.state, reply.reason = ReplyState.REFUSED, refusal.code[:30]
        reply.reason_detail = reasons.detail(refusal)
        reply.ended_at = timezone.now()


def lines(question: Message, space: Space) -> list[transcript.Line]:
    """What everyone who answers this question reads: it and what came before it, in its thread or in the feed."""
    reads_to, asked_at = question.position, question.created_at
    return transcript.lines(space, reads_to=reads_to, asked_at=asked_at, root=question.parent)


def request(reply: Reply, metered: metering.Metered, *, shorten: int = 1) -> Request:
    """What the worker asks. `shorten` divides the history after a provider found it too long.

    Notes are read now: one that was removed meanwhile is not told any more.
    """
    given = memory.fit(memory.read(reply.space), max_bytes=reply.memory_bytes // shorten)
    max_bytes = max(reply.reads_bytes // shorten, BYTES_MIN)
    made = _transcript(reply, lines(reply.question, reply.space), given, max_bytes=max_bytes)
    return Request(made.turns, metered.max_output_tokens, settings.REPLY_MAX_TEXT_BYTES)


def payer(reply: Reply) -> metering.Payer:
    return metering.Payer(reply.call, reply.org_id, member_id=reply.asked_by_id, space_id=reply.space_id)


def _reserve(reply: Reply, lines: list[transcript.Line], remembered: memory.Memory) -> None:
    priced = metering.offers(reply.ai_model)
    window = metering.window(priced, most_output_tokens=settings.REPLY_MAX_OUTPUT_TOKENS)
    room = (window.context_tokens - window.max_output_tokens) * transcript.BYTES_PER_TOKEN
    max_bytes = max(min(room, settings.REPLY_MAX_INPUT_BYTES), BYTES_MIN)
    given = memory.fit(remembered, max_bytes=min(max_bytes // 2, MEMORY_BYTES_MAX))
    reply.memory_bytes, reply.notes_count = len(given.text.encode()), given.notes_count
    made = _transcript(reply, lines, given, max_bytes=max_bytes)
    reply.reads_bytes = made.bytes_needed
    reply.input_bound = min(made.token_ceiling, window.context_tokens)
    reply.max_output_tokens = window.max_output_tokens
    metering.reserve(payer(reply), priced, input_tokens=reply.input_bound, max_output_tokens=window.max_output_tokens)


def _transcript(
    reply: Reply, lines: list[transcript.Line], given: memory.Given, *, max_bytes: int
) -> transcript.Transcript:
    ai_model = reply.message.ai_model
    assert ai_model
    return transcript.build(
        lines,
        reply.space,
        ai_model_id=ai_model.pk,
        handle=ai_model.handle,
        remembered=given.text,
        max_bytes=max_bytes,
    )
