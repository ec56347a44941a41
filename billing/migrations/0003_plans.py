"""The plans that every installation starts with. They are rows: an operator may change them."""

from django.db import migrations

CREDIT = 1_000_000
PAID = {"has_sso": False, "has_audit_export": False, "has_zero_retention": False, "has_provider_allow_list": False}
FULL = dict.fromkeys(PAID, True)

GIGABYTE = 1024  # in MB

# slug, name, rank, US cents a month, US cents a seat, credits a month, credits a seat, the rest
PLANS = [
    (
        "starter",
        "Starter",
        1,
        0,
        0,
        100,
        0,
        {"max_spaces": 1, "max_members": 5, "max_tool_servers": 1, "max_storage_mb": GIGABYTE},
    ),
    ("team", "Team", 2, 2400, 900, 1_000, 300, {**PAID, "max_storage_mb": 10 * GIGABYTE}),
    ("business", "Business", 3, 9900, 1800, 5_000, 800, {**FULL, "max_storage_mb": 100 * GIGABYTE}),
    ("enterprise", "Enterprise", 4, None, None, 5_000, 800, FULL),
]


def load(apps, schema_editor):
    for slug, name, rank, cents, seat_cents, credits, seat_credits, rest in PLANS:
        apps.get_model("billing", "Plan").objects.create(
            slug=slug,
            name=name,
            rank=rank,
            monthly_price_cents=cents,
            seat_price_cents=seat_cents,
            monthly_grant_ucr=credits * CREDIT,
            seat_grant_ucr=seat_credits * CREDIT,
            **rest,
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_ledger")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
