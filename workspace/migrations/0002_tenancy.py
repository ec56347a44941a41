from pathlib import Path

from django.db import migrations

HERE = Path(__file__).resolve().parent.parent


class Migration(migrations.Migration):
    dependencies = [("workspace", "0001_initial")]
    operations = [
        migrations.RunSQL((HERE / "tenancy.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((HERE / "rights.sql").read_text(), migrations.RunSQL.noop),
    ]
