from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "tenancy.sql"


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial"), ("workspace", "0002_tenancy")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
