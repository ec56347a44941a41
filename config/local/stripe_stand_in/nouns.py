"""Every file of nouns, imported so that its calls are known.

*Called by*: api.py.
"""

from config.local.stripe_stand_in import (  # noqa: F401
    charges,
    checkout,
    collection,
    coupons,
    customers,
    disputes,
    events,
    invoice_lines,
    invoices,
    payment_intents,
    payment_methods,
    portal,
    previews,
    products,
    refunds,
    schedules,
    setup_intents,
    subscription_changes,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)
