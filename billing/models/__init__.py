"""Tables of billing, one file a noun."""

from billing.models.account import Account, Subscription, SubscriptionStatus
from billing.models.cap import Alert, AlertReceipt, Cap, CapRequest, CapScope
from billing.models.hold import Hold, HoldPart, HoldState
from billing.models.invoice import Invoice, StripeAlarm, StripeEvent
from billing.models.move import Bucket, Move, MoveKind
from billing.models.pack import Pack, PackPrice, Purchase, PurchaseState, Recharge
from billing.models.plan import Interval, Plan, PlanPrice
from billing.models.pool import Lot, LotKind, Pool
from billing.models.price import Price
from billing.models.usage import UsageEvent, UsageSource
from billing.models.view import SavedView

__all__ = [
    "Account",
    "Alert",
    "AlertReceipt",
    "Bucket",
    "Cap",
    "CapRequest",
    "CapScope",
    "Hold",
    "HoldPart",
    "HoldState",
    "Interval",
    "Invoice",
    "Lot",
    "LotKind",
    "Move",
    "MoveKind",
    "Pack",
    "PackPrice",
    "Plan",
    "PlanPrice",
    "Pool",
    "Price",
    "Purchase",
    "PurchaseState",
    "Recharge",
    "SavedView",
    "StripeAlarm",
    "StripeEvent",
    "Subscription",
    "SubscriptionStatus",
    "UsageEvent",
    "UsageSource",
]
