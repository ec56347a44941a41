"""The audit of the ledger: questions whose right answer is "none".

*Called by*: the command audit_ledger, tests, the benchmark. *Keeps true*: every sum that is kept twice is compared, and
what no constraint can hold is looked at here. Each question is one statement, so that it sees one moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, how many rows break it, and a few of their ids."""

    name: str
    breaches: int
    examples: tuple[str, ...]


def audit() -> Iterator[Finding]:
    """Ask everything. Reads whole tables: an hour of the night is the time for it."""
    for name, sql in QUESTIONS.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), (array_agg(id::text))[1:{EXAMPLES}] FROM ({sql}) AS breach(id)")
            breaches, examples = cursor.fetchone()
        yield Finding(name, breaches, tuple(examples or ()))


def breaches() -> list[Finding]:
    return [finding for finding in audit() if finding.breaches]


_BUCKETS = ("free", "held", "spent", "expired", "revoked", "frozen")
_FROM_MOVES = ", ".join(
    f"coalesce(sum(CASE '{bucket}' WHEN m.dst THEN m.amount_ucr WHEN m.src THEN -m.amount_ucr END), 0)"
    for bucket in _BUCKETS
)
_OF_LOT = ", ".join(f"l.{bucket}_ucr" for bucket in _BUCKETS)
_SCOPED = """CASE c.scope WHEN 'member' THEN h.member_id WHEN 'space' THEN h.space_id ELSE h.key_id END = c.scope_id
    AND h.org_id = c.org_id"""

QUESTIONS = {
    "a pool has what its lots have": """
        SELECT coalesce(p.org_id, l.org_id) FROM billing_pool p FULL JOIN (SELECT org_id, sum(free_ucr) AS free,
            sum(held_ucr) AS held FROM billing_lot GROUP BY org_id) l ON l.org_id = p.org_id
        WHERE (p.free_ucr, p.held_ucr) IS DISTINCT FROM (coalesce(l.free, 0), coalesce(l.held, 0))""",
    "each bucket of a lot is the sum of its moves": f"""
        SELECT l.id FROM billing_lot l LEFT JOIN billing_move m ON m.lot_id = l.id GROUP BY l.id
        HAVING ({_FROM_MOVES}, coalesce(sum(m.amount_ucr) FILTER (WHERE m.src = 'issued'), 0))
            IS DISTINCT FROM ({_OF_LOT}, l.granted_ucr)""",
    "a lot accounts for all that was granted": """
        SELECT id FROM billing_lot
        WHERE granted_ucr <> free_ucr + held_ucr + spent_ucr + expired_ucr + revoked_ucr + frozen_ucr
            OR least(granted_ucr, free_ucr, held_ucr, spent_ucr, expired_ucr, revoked_ucr, frozen_ucr, owed_ucr) < 0
            OR is_drained AND free_ucr + held_ucr > 0""",
    "only a lot whose payment is disputed has something frozen": """
        SELECT id FROM billing_lot WHERE frozen_ucr > 0 AND NOT is_frozen OR is_frozen AND free_ucr > 0
            OR is_drained AND frozen_ucr > 0""",
    "what is held is what open calls hold": """
        SELECT p.org_id FROM billing_pool p LEFT JOIN billing_hold h ON h.org_id = p.org_id AND h.state = 'open'
        GROUP BY p.org_id HAVING p.held_ucr <> coalesce(sum(h.amount_ucr), 0)""",
    "a hold is the sum of its parts": """
        SELECT h.id FROM billing_hold h LEFT JOIN billing_holdpart q ON q.hold_id = h.id
        GROUP BY h.id HAVING h.amount_ucr <> coalesce(sum(q.amount_ucr), 0)""",
    "what a call was charged is what moved to spent": """
        SELECT h.id FROM billing_hold h LEFT JOIN billing_move m ON m.hold_id = h.id AND m.dst = 'spent'
        GROUP BY h.id HAVING h.charged_ucr <> coalesce(sum(m.amount_ucr), 0)""",
    "what went into held came out of it when the call closed": """
        SELECT h.id FROM billing_hold h LEFT JOIN billing_move m ON m.hold_id = h.id GROUP BY h.id
        HAVING coalesce(sum(CASE 'held' WHEN m.dst THEN m.amount_ucr WHEN m.src THEN -m.amount_ucr END), 0)
            <> CASE h.state WHEN 'open' THEN h.amount_ucr ELSE 0 END""",
    "delivered usage is what was charged or written off": """
        SELECT h.id FROM billing_hold h LEFT JOIN billing_usageevent u ON u.hold_id = h.id
        GROUP BY h.id HAVING h.charged_ucr + h.writeoff_ucr <> coalesce(sum(u.charge_ucr), 0)""",
    "a failed or empty attempt is free, and none costs less than nothing": """
        SELECT hold_id FROM billing_usageevent WHERE charge_ucr < 0 OR charge_ucr > list_ucr
            OR charge_ucr > 0 AND (NOT is_delivered OR completion_tokens = 0 OR is_own_key)""",
    "a call is charged once": """
        SELECT call FROM billing_hold GROUP BY call HAVING count(*) > 1
        UNION ALL SELECT hold_id::text FROM billing_move WHERE dst = 'spent'
            GROUP BY hold_id, lot_id, kind HAVING count(*) > 1
        UNION ALL SELECT id::text FROM billing_hold WHERE state = 'open' AND charged_ucr + writeoff_ucr > 0""",
    "an open call has not run out for more than two minutes": """
        SELECT id FROM billing_hold WHERE state = 'open' AND expires_at < clock_timestamp() - interval '2 minutes'""",
    "nothing is free in a lot that ran out ten minutes ago": """
        SELECT id FROM billing_lot WHERE free_ucr > 0 AND expires_at < clock_timestamp() - interval '10 minutes'""",
    "what was paid for is granted once": """
        SELECT source_key FROM billing_lot GROUP BY source_key HAVING count(*) > 1""",
    "a cap counts what its calls hold and were charged": f"""
        SELECT c.id FROM billing_cap c JOIN billing_pool p ON p.org_id = c.org_id LEFT JOIN billing_hold h ON {_SCOPED}
        GROUP BY c.id, p.org_id HAVING c.held_ucr <> coalesce(sum(h.amount_ucr) FILTER (WHERE h.state = 'open'), 0)
            OR c.used_ucr <> coalesce(sum(h.charged_ucr) FILTER (WHERE h.created_at >= p.period_starts_at), 0)""",
    "a cap is passed only by what calls cost beyond their holds": f"""
        SELECT c.id FROM billing_cap c LEFT JOIN billing_hold h ON {_SCOPED} LEFT JOIN billing_move m
            ON m.hold_id = h.id AND m.kind = 'overrun' GROUP BY c.id
        HAVING c.used_ucr + c.held_ucr - coalesce(sum(m.amount_ucr), 0)
            > greatest(c.limit_ucr + c.extra_ucr, c.outset_ucr)""",
    "a cap made from the default is the default": """
        SELECT c.id FROM billing_cap c JOIN billing_pool p ON p.org_id = c.org_id
        WHERE c.is_default AND (c.scope <> 'member' OR c.limit_ucr IS DISTINCT FROM p.member_cap_ucr)""",
    "under a default every member with a call has a cap": """
        SELECT h.member_id FROM billing_hold h JOIN billing_pool p ON p.org_id = h.org_id
            AND p.member_cap_ucr IS NOT NULL AND (h.created_at >= p.period_starts_at OR h.state = 'open')
            LEFT JOIN billing_cap c ON c.org_id = h.org_id AND c.scope = 'member' AND c.scope_id = h.member_id
        WHERE h.member_id IS NOT NULL AND c.id IS NULL""",
    "a pool knows whether anything in it is capped": """
        SELECT p.org_id FROM billing_pool p WHERE p.is_capped <> (p.member_cap_ucr IS NOT NULL
            OR EXISTS (SELECT FROM billing_cap c WHERE c.org_id = p.org_id))""",
    "a period counts what its calls were charged": """
        SELECT p.org_id FROM billing_pool p LEFT JOIN billing_hold h
            ON h.org_id = p.org_id AND h.created_at >= p.period_starts_at
        GROUP BY p.org_id HAVING p.period_spent_ucr <> coalesce(sum(h.charged_ucr), 0)""",
    "every move is of a known kind": """
        SELECT id FROM billing_move WHERE concat_ws(' ', kind, src, dst) NOT IN ('grant issued free', 'hold free held',
            'spend held spent', 'release held free', 'expire free expired', 'expire held expired',
            'revoke free revoked', 'revoke held revoked', 'overrun free spent', 'freeze free frozen',
            'freeze held frozen', 'thaw frozen free', 'revoke frozen revoked', 'expire frozen expired')""",
    "every row of the books belongs to its organization": """
        SELECT m.id::text FROM billing_move m LEFT JOIN billing_lot l ON l.id = m.lot_id AND l.org_id = m.org_id
            LEFT JOIN billing_hold h ON h.id = m.hold_id AND h.org_id = m.org_id
            WHERE l.id IS NULL OR m.hold_id IS NOT NULL AND h.id IS NULL
        UNION ALL SELECT q.hold_id::text FROM billing_holdpart q LEFT JOIN billing_hold h ON h.id = q.hold_id
            LEFT JOIN billing_lot l ON l.id = q.lot_id AND l.org_id = h.org_id WHERE l.id IS NULL
        UNION ALL SELECT u.hold_id::text FROM billing_usageevent u LEFT JOIN billing_hold h
            ON h.id = u.hold_id AND h.org_id = u.org_id WHERE h.id IS NULL
        UNION ALL SELECT h.call FROM billing_hold h LEFT JOIN billing_pool p ON p.org_id = h.org_id
            WHERE p.org_id IS NULL""",
}
