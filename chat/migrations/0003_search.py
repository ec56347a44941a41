from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "search.sql"


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_tenancy"), ("workspace", "0002_tenancy"), ("catalog", "0001_initial")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
