"""Tables of parameters that several nouns take.

*Called by*: the nouns. See parameters.py for what a table says.
"""

from config.local.stripe_stand_in.parameters import METADATA, MOMENT, either

INTERVALS = ("day", "month", "week", "year")
TAXED = ("exclusive", "inclusive", "unspecified")
USAGE = ("off_session", "on_session")
DISCOUNTS = [{"coupon": str, "promotion_code": str, "discount": str}]
ITEM_PRICE = {
    "currency!": str,
    "product!": str,
    "unit_amount": int,
    "unit_amount_decimal": str,
    "recurring!": {"interval!": INTERVALS, "interval_count": int},
    "tax_behavior": TAXED,
}
NEW_ITEM = {"price": str, "price_data": ITEM_PRICE, "quantity": int, "metadata": METADATA}
CHANGED_ITEM = {**NEW_ITEM, "id": str, "deleted": bool, "clear_usage": bool}
PAYMENT_SETTINGS = {
    "save_default_payment_method": ("off", "on_subscription"),
    "payment_method_types": [str],
    "payment_method_options": {"card": {"request_three_d_secure": ("any", "automatic", "challenge")}},
}
BEHAVIOR = ("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
PRORATION = ("always_invoice", "create_prorations", "none")
WITHOUT_CARD = ("cancel", "create_invoice", "pause")
CANCELLATION = {
    "comment": str,
    "feedback": (
        *("customer_service", "low_quality", "missing_features", "other"),
        *("switched_service", "too_complex", "too_expensive", "unused"),
    ),
}
SUBSCRIPTION = {
    "default_payment_method": str,
    "description": str,
    "days_until_due": int,
    "cancel_at_period_end": bool,
    "automatic_tax": {"enabled!": bool},
    "cancel_at": MOMENT,
    "collection_method": ("charge_automatically", "send_invoice"),
    "discounts": DISCOUNTS,
    "metadata": METADATA,
    "off_session": either(bool),
    "payment_behavior": BEHAVIOR,
    "payment_settings": PAYMENT_SETTINGS,
    "proration_behavior": PRORATION,
    "trial_end": MOMENT,
    "trial_settings": {"end_behavior!": {"missing_payment_method": WITHOUT_CARD}},
}
