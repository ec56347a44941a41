"""What billing says no to, in sentences: whose limit it was, when it resets, who can lift it.

*Called by*: ledger and plans raise them; views, the API and metering show them.
"""

from datetime import UTC, datetime

from billing import credits
from workspace.errors import Refused

WHO_LIFTS = "An owner or admin of the organization"


def day(at: datetime) -> str:
    """1 December 2026, 00:00 UTC."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


class NoCredits(Refused):
    """The pool of the organization does not pay for even a short answer."""

    code = "no_credits"
    status = 402
    message = "The organization has no credits left. An owner or admin can ask the operator of this server for more."

    @classmethod
    def of(cls, *, free_ucr: int, held_ucr: int, needed_ucr: int, resets_at: datetime) -> "NoCredits":
        held = f" and {credits.format_ucr(held_ucr)} set aside for answers that are being written" if held_ucr else ""
        again = " Try again when those have ended." if held_ucr else ""
        return cls(
            f"The organization's credits do not cover this: {credits.format_ucr(free_ucr)} free{held}, at least "
            f"{credits.format_cost(needed_ucr)} needed.{again} {WHO_LIFTS} can ask the operator of this server for "
            f"more; the next period begins on {day(resets_at)}.",
            limit_of="pool",
            held_ucr=held_ucr,
            free_ucr=free_ucr,
            needed_ucr=needed_ucr,
            resets_at=resets_at.isoformat(),
        )


class CapReached(Refused):
    """A limit on one member, Space or API key; the pool may be full."""

    code = "cap_reached"
    status = 402
    message = "A spending limit has been reached. An owner or admin can ask the operator of this server to raise it."
    WHOSE = {"member": "Your own limit", "space": "This Space's limit", "key": "This API key's limit"}

    @classmethod
    def of(cls, scope: str, *, limit_ucr: int, left_ucr: int, resets_at: datetime) -> "CapReached":
        return cls(
            f"{cls.WHOSE[scope]} of {credits.format_ucr(limit_ucr)} credits a month does not cover this: "
            f"{credits.format_ucr(left_ucr)} left until {day(resets_at)}. {WHO_LIFTS} can ask the operator of this "
            "server to raise it.",
            limit_of=scope,
            limit_ucr=limit_ucr,
            left_ucr=left_ucr,
            resets_at=resets_at.isoformat(),
        )


class Unpriced(Refused):
    """An offer on the route has no price, so that what it costs could not be told."""

    code = "unpriced"
    status = 409
    message = "This model has no price here, so it cannot be called. The operator of this server can set one."


class NoPool(Refused):
    """The organization was never enrolled in a plan."""

    code = "no_pool"
    status = 409
    message = "This organization has no credit pool yet. The operator of this server can enroll it in a plan."


class ForeignCall(Refused):
    """The call is paid by another organization; to this one it does not exist."""

    code = "not_found"
    status = 404
    message = "There is nothing here, or it is not for you."


class PlanLimit(Refused):
    """The plan allows no more of something."""

    code = "plan_limit"
    status = 402
    message = "Your plan does not allow more of these."
