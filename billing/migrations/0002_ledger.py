"""The functions, triggers and rights of the ledger, which lie beside the code that calls them.

Each file but the last may be run again: who changes one adds a migration that runs it, after the tables it needs.
"""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).resolve().parent.parent


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("workspace", "0002_tenancy"), ("catalog", "0001_initial")]
    operations = [
        migrations.RunSQL((HERE / name).read_text(), migrations.RunSQL.noop)
        for name in ("lots.sql", "ledger.sql", "caps.sql", "prices.sql", "guards.sql", "tenancy.sql")
    ]
