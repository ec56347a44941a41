"""The plans, prices and packs that every installation starts with. They are rows: an operator may change them."""

from django.db import migrations

CREDIT = 1_000_000
PAID = {"has_sso": False, "has_audit_export": False, "has_zero_retention": False, "has_provider_allow_list": False}
FULL = dict.fromkeys(PAID, True)

GIGABYTE = 1024  # in MB

YEAR_IN_MONTHS = 10  # twelve for the price of ten

# slug, name, rank, credits a month, credits a seat, the rest
PLANS = [
    (
        "starter",
        "Starter",
        1,
        100,
        0,
        {"max_spaces": 1, "max_members": 5, "max_tool_servers": 1, "max_storage_mb": GIGABYTE},
    ),
    ("team", "Team", 2, 1_000, 300, {**PAID, "max_storage_mb": 10 * GIGABYTE}),
    ("business", "Business", 3, 5_000, 800, {**FULL, "max_storage_mb": 100 * GIGABYTE}),
    ("enterprise", "Enterprise", 4, 5_000, 800, {**FULL, "is_on_request": True}),
]

# A month, in the smallest unit: the plan, and each seat.
MONTHLY = {
    "team": {"usd": (2400, 900), "eur": (2400, 900), "gbp": (2000, 800), "twd": (75000, 28000)},
    "business": {"usd": (9900, 1800), "eur": (9900, 1800), "gbp": (8400, 1500), "twd": (310000, 56000)},
}

PACKS = {
    1_000: {"usd": 1200, "eur": 1200, "gbp": 1000, "twd": 38000},
    5_000: {"usd": 5800, "eur": 5800, "gbp": 4800, "twd": 182000},
    20_000: {"usd": 22000, "eur": 22000, "gbp": 18500, "twd": 690000},
}


def load(apps, schema_editor):
    table = {name: apps.get_model("billing", name).objects for name in ("Plan", "PlanPrice", "Pack", "PackPrice")}
    for slug, name, rank, credits, seat_credits, rest in PLANS:
        grants = {"monthly_grant_ucr": credits * CREDIT, "seat_grant_ucr": seat_credits * CREDIT}
        table["Plan"].create(slug=slug, name=name, rank=rank, **grants, **rest)
    for slug, prices in MONTHLY.items():
        for currency, (base, seat) in prices.items():
            for interval, months in (("month", 1), ("year", YEAR_IN_MONTHS)):
                minor = {"base_minor": base * months, "seat_minor": seat * months}
                table["PlanPrice"].create(plan_id=slug, interval=interval, currency=currency, **minor)
    for credits, prices in PACKS.items():
        table["Pack"].create(slug=f"credits-{credits}", credits=credits)
        for currency, amount in prices.items():
            table["PackPrice"].create(pack_id=f"credits-{credits}", currency=currency, amount_minor=amount)


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
