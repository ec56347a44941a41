import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("workspace", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.UUIDField()),
                ("period_starts_at", models.DateTimeField()),
                ("threshold_percent", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("org_id", "period_starts_at", "threshold_percent"), name="alert_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.UUIDField()),
                ("scope", models.TextField(choices=[("member", "Member"), ("space", "Space"), ("key", "API key")])),
                ("scope_id", models.UUIDField()),
                ("limit_ucr", models.BigIntegerField()),
                ("used_ucr", models.BigIntegerField(db_default=0)),
                ("held_ucr", models.BigIntegerField(db_default=0)),
                ("outset_ucr", models.BigIntegerField(db_default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("org_id", "scope_id", "scope"), name="cap_once"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.comparison.Least("limit_ucr", "used_ucr", "held_ucr"), 0
                        ),
                        name="cap_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.UUIDField()),
                ("call", models.TextField()),
                ("member_id", models.UUIDField(null=True)),
                ("space_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("prices", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("amount_ucr", models.BigIntegerField()),
                ("max_output_tokens", models.BigIntegerField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("open", "Open"),
                            ("settled", "Settled"),
                            ("released", "Released"),
                            ("reaped", "Reaped"),
                        ],
                        db_default="open",
                    ),
                ),
                ("charged_ucr", models.BigIntegerField(db_default=0)),
                ("writeoff_ucr", models.BigIntegerField(db_default=0)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["org_id", "expires_at"], name="hold_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("call",), name="hold_once_per_call"),
                    models.CheckConstraint(condition=models.Q(("amount_ucr__gte", 0)), name="hold_not_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.UUIDField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("starter", "Starter credits"),
                            ("plan", "Plan credits"),
                            ("seat", "Seat credits"),
                            ("promo", "Promotional credits"),
                            ("topup", "Top-up"),
                            ("adjust", "Correction"),
                        ]
                    ),
                ),
                ("priority", models.SmallIntegerField()),
                ("source_key", models.TextField()),
                ("granted_ucr", models.BigIntegerField()),
                ("free_ucr", models.BigIntegerField()),
                ("held_ucr", models.BigIntegerField(db_default=0)),
                ("spent_ucr", models.BigIntegerField(db_default=0)),
                ("expired_ucr", models.BigIntegerField(db_default=0)),
                ("revoked_ucr", models.BigIntegerField(db_default=0)),
                ("owed_ucr", models.BigIntegerField(db_default=0)),
                ("is_drained", models.BooleanField(db_default=False)),
                ("effective_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField(null=True)),
                ("paid_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(db_default="", max_length=3)),
                ("note", models.CharField(db_default="", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["org_id", "is_drained", "priority", "expires_at", "id"], name="lot_burn_order")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source_key",), name="lot_granted_once"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.comparison.Least(
                                "free_ucr", "held_ucr", "spent_ucr", "expired_ucr", "revoked_ucr"
                            ),
                            0,
                        ),
                        name="lot_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "granted_ucr",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("free_ucr"), "+", models.F("held_ucr")
                                            ),
                                            "+",
                                            models.F("spent_ucr"),
                                        ),
                                        "+",
                                        models.F("expired_ucr"),
                                    ),
                                    "+",
                                    models.F("revoked_ucr"),
                                ),
                            )
                        ),
                        name="lot_accounts_for_all",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("slug", models.SlugField(max_length=20, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=40)),
                ("rank", models.PositiveSmallIntegerField(unique=True)),
                ("monthly_price_cents", models.PositiveIntegerField(null=True)),
                ("seat_price_cents", models.PositiveIntegerField(null=True)),
                ("monthly_grant_ucr", models.BigIntegerField(default=0)),
                ("seat_grant_ucr", models.BigIntegerField(default=0)),
                ("max_spaces", models.PositiveIntegerField(null=True)),
                ("max_members", models.PositiveIntegerField(null=True)),
                ("max_tool_servers", models.PositiveIntegerField(null=True)),
                ("max_storage_mb", models.PositiveIntegerField(null=True)),
                ("has_sso", models.BooleanField(default=False)),
                ("has_audit_export", models.BooleanField(default=False)),
                ("has_zero_retention", models.BooleanField(default=False)),
                ("has_provider_allow_list", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["rank"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("monthly_grant_ucr__gte", 0), ("seat_grant_ucr__gte", 0)),
                        name="plan_grants_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                (
                    "org",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pool",
                        serialize=False,
                        to="workspace.org",
                    ),
                ),
                ("free_ucr", models.BigIntegerField(db_default=0)),
                ("held_ucr", models.BigIntegerField(db_default=0)),
                ("due_at", models.DateTimeField()),
                ("period_starts_at", models.DateTimeField()),
                ("period_ends_at", models.DateTimeField()),
                ("period_base_ucr", models.BigIntegerField(db_default=0)),
                ("period_spent_ucr", models.BigIntegerField(db_default=0)),
                ("alerted_percent", models.SmallIntegerField(db_default=0)),
                ("is_capped", models.BooleanField(db_default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThanOrEqual(
                            django.db.models.functions.comparison.Least("free_ucr", "held_ucr"), 0
                        ),
                        name="pool_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("effective_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("is_priced", models.BooleanField()),
                ("input_ucr_per_mtok", models.BigIntegerField()),
                ("cached_ucr_per_mtok", models.BigIntegerField()),
                ("cache_write_ucr_per_mtok", models.BigIntegerField()),
                ("output_ucr_per_mtok", models.BigIntegerField()),
                (
                    "offer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="catalog.offer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsageEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "hold_id", "attempt", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("org_id", models.UUIDField()),
                ("attempt", models.SmallIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("member_id", models.UUIDField(null=True)),
                ("space_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("provider", models.TextField()),
                ("upstream_model", models.TextField()),
                ("provider_request_id", models.TextField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("cached_tokens", models.BigIntegerField()),
                ("cache_write_tokens", models.BigIntegerField()),
                ("completion_tokens", models.BigIntegerField()),
                ("reasoning_tokens", models.BigIntegerField()),
                (
                    "usage_source",
                    models.TextField(
                        choices=[
                            ("reported", "Reported by the provider"),
                            ("estimated", "Counted here"),
                            ("none", "Nothing used"),
                        ]
                    ),
                ),
                ("is_delivered", models.BooleanField()),
                ("is_own_key", models.BooleanField()),
                ("is_odd", models.BooleanField()),
                ("list_ucr", models.BigIntegerField()),
                ("charge_ucr", models.BigIntegerField()),
                (
                    "hold",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="usage",
                        to="billing.hold",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="billing.price",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HoldPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "hold_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seq", models.SmallIntegerField()),
                ("amount_ucr", models.BigIntegerField()),
                (
                    "hold",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="parts",
                        to="billing.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="billing.lot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_ucr__gt", 0)), name="holdpart_holds_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("org_id", models.UUIDField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("grant", "Granted"),
                            ("hold", "Held"),
                            ("spend", "Spent"),
                            ("release", "Released"),
                            ("expire", "Expired"),
                            ("revoke", "Revoked"),
                            ("overrun", "Spent beyond the hold"),
                        ]
                    ),
                ),
                (
                    "src",
                    models.TextField(
                        choices=[
                            ("issued", "Issued"),
                            ("free", "Free"),
                            ("held", "Held"),
                            ("spent", "Spent"),
                            ("expired", "Expired"),
                            ("revoked", "Revoked"),
                        ]
                    ),
                ),
                (
                    "dst",
                    models.TextField(
                        choices=[
                            ("issued", "Issued"),
                            ("free", "Free"),
                            ("held", "Held"),
                            ("spent", "Spent"),
                            ("expired", "Expired"),
                            ("revoked", "Revoked"),
                        ]
                    ),
                ),
                ("amount_ucr", models.BigIntegerField()),
                (
                    "hold",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="moves",
                        to="billing.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="moves",
                        to="billing.lot",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_ucr__gt", 0), models.Q(("src", models.F("dst")), _negated=True)),
                        name="move_moves_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "org",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="workspace.org",
                    ),
                ),
                ("seats", models.PositiveIntegerField(default=1)),
                ("anchor_at", models.DateTimeField()),
                ("periods_granted", models.PositiveIntegerField(default=0)),
                ("next_grant_at", models.DateTimeField(db_index=True)),
                ("grants_by_calendar", models.BooleanField(default=True)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="billing.plan"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("next_grant_at__gte", models.F("anchor_at"))),
                        name="account_grants_after_anchor",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(fields=("offer", "version"), name="price_once_per_version"),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("input_ucr_per_mtok__range", (0, 200000000000)),
                    ("cached_ucr_per_mtok__range", (0, 200000000000)),
                    ("cache_write_ucr_per_mtok__range", (0, 200000000000)),
                    ("output_ucr_per_mtok__range", (0, 200000000000)),
                ),
                name="price_in_range",
            ),
        ),
        migrations.AddIndex(
            model_name="usageevent",
            index=models.Index(fields=["org_id", "at"], name="usage_by_org"),
        ),
    ]
