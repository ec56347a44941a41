"""Tables of billing, one file a noun."""

from billing.models.cap import Alert, Cap, CapScope
from billing.models.hold import Hold, HoldPart, HoldState
from billing.models.move import Bucket, Move, MoveKind
from billing.models.plan import Account, Plan
from billing.models.pool import Lot, LotKind, Pool
from billing.models.price import Price
from billing.models.usage import UsageEvent, UsageSource

__all__ = [
    "Account",
    "Alert",
    "Bucket",
    "Cap",
    "CapScope",
    "Hold",
    "HoldPart",
    "HoldState",
    "Lot",
    "LotKind",
    "Move",
    "MoveKind",
    "Plan",
    "Pool",
    "Price",
    "UsageEvent",
    "UsageSource",
]
