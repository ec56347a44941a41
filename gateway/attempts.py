"""Writing down how attempts went.

*Called by*: billing.metering, in the transaction that settles. *Keeps true*: once per call and number, however
often it is written.
"""

import uuid

from gateway.models import Attempt
from gateway.wire import Try


def record(call: str, org_id: uuid.UUID, tries: list[Try]) -> None:
    rows = [
        Attempt(
            call=call,
            number=note.number,
            org_id=org_id,
            offer_id=note.target.offer_pk,
            provider=note.target.provider,
            upstream_model=note.target.upstream_model,
            outcome=note.outcome,
            status=note.status,
            request_id=note.request_id,
            started_at=note.started_at,
            first_token_ms=note.first_token_ms,
            duration_ms=note.duration_ms,
            prompt_tokens=note.usage.prompt if note.usage else None,
            output_tokens=note.usage.completion if note.usage else None,
        )
        for note in tries
    ]
    Attempt.objects.bulk_create(rows, ignore_conflicts=True)
