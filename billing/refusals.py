"""What billing says no to, in sentences: whose limit it was, when it resets, who can lift it.

*Called by*: ledger and plans raise them; views, the API and metering show them. *Keeps true*: a sentence is whole, and
its figures are kept beside it, so that it can be told again in another language; `lifted_at` is the page of whoever can
lift it.
"""

from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from billing import credits
from workspace.errors import Refused
from workspace.languages import told

SENTENCES = {
    "no_credits.free": gettext_noop(
        "The organization's credits do not cover this: {free} free, at least {needed} needed. An owner or admin of the "
        "organization can get more; the next period begins on {resets_at}."
    ),
    "no_credits.held": gettext_noop(
        "The organization's credits do not cover this: {free} free and {held} set aside for answers that are being "
        "written, at least {needed} needed. Try again when those have ended. An owner or admin of the organization can "
        "get more; the next period begins on {resets_at}."
    ),
    "cap.member": gettext_noop(
        "Your own limit of {limit} credits a month does not cover this: {left} left until {resets_at}. An owner or "
        "admin of the organization can give you more."
    ),
    "cap.space": gettext_noop(
        "This Space's limit of {limit} credits a month does not cover this: {left} left until {resets_at}. An owner or "
        "admin of the organization can raise it."
    ),
    "cap.key": gettext_noop(
        "This API key's limit of {limit} credits a month does not cover this: {left} left until {resets_at}. An owner "
        "or admin of the organization can raise it."
    ),
}


class Reckoned(Refused):
    """A refusal with figures in its sentence."""

    def __init__(self, key: str = "", figures: dict[str, str] | None = None, **details: object) -> None:
        self.key, self.figures = key, figures or {}
        super().__init__(told(SENTENCES[key], self.figures) if key else None, **details)


class NoCredits(Reckoned):
    """The pool of the organization does not pay for even a short answer."""

    code = "no_credits"
    status = 402
    message = _("The organization has no credits left. An owner or admin of the organization can get more.")

    @classmethod
    def of(cls, *, free_ucr: int, held_ucr: int, needed_ucr: int, resets_at: datetime, **where: str) -> "NoCredits":
        figures = {
            "free": credits.format_ucr(free_ucr),
            "needed": credits.format_cost(needed_ucr),
            "resets_at": _minute(resets_at),
        }
        if held_ucr:
            figures["held"] = credits.format_ucr(held_ucr)
        return cls(
            "no_credits.held" if held_ucr else "no_credits.free",
            figures,
            limit_of="pool",
            held_ucr=held_ucr,
            free_ucr=free_ucr,
            needed_ucr=needed_ucr,
            resets_at=resets_at.isoformat(),
            **where,
        )


class CapReached(Reckoned):
    """A limit on one member, Space or API key; the pool may be full."""

    code = "cap_reached"
    status = 402
    message = _("A spending limit has been reached. An owner or admin of the organization can raise it.")

    @classmethod
    def of(cls, scope: str, *, limit_ucr: int, left_ucr: int, resets_at: datetime, **where: str) -> "CapReached":
        figures = {
            "limit": credits.format_exact(limit_ucr),
            "left": credits.format_ucr(left_ucr),
            "resets_at": _minute(resets_at),
        }
        return cls(
            f"cap.{scope}",
            figures,
            limit_of=scope,
            limit_ucr=limit_ucr,
            left_ucr=left_ucr,
            resets_at=resets_at.isoformat(),
            **where,
        )


class Unpriced(Refused):
    """An offer on the route has no price, so that what it costs could not be told."""

    code = "unpriced"
    status = 409
    message = _("This model has no price here, so it cannot be called. The operator of this server can set one.")


class NoPool(Refused):
    """The organization was never enrolled in a plan."""

    code = "no_pool"
    status = 409
    message = _("This organization has no credit pool yet. The operator of this server can enroll it in a plan.")


class ForeignCall(Refused):
    """The call is paid by another organization; to this one it does not exist."""

    code = "not_found"
    status = 404
    message = _("There is nothing here, or it is not for you.")


class PlanLimit(Refused):
    """The plan allows no more of something."""

    code = "plan_limit"
    status = 402
    message = _("Your plan does not allow more of these.")


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")
