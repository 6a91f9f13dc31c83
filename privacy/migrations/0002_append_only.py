"""The database refuses to change what is proof: entries of the audit chain, receipts, consents and their notices."""

from django.db import migrations

# TRUNCATE fires no row triggers, and one of rows would run once for each.
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
NO_CHANGE = """
CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
NO_TRUNCATE = """
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# These may be deleted (consents go with the fan's erasure), and written once more as they are, but not changed.
FINAL = ("privacy_receipts", "consents", "consent_notices")


def _no_update(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE ON {table} FOR EACH ROW"
        " WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_no_change ON {table}",
    )


class Migration(migrations.Migration):
    # Not in the keys database: the router sends there only what names one of its models.
    dependencies = [("privacy", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION refuse_change()"),
        migrations.RunSQL(NO_CHANGE, "DROP TRIGGER audit_entries_no_change ON audit_entries"),
        # IF EXISTS: the test database lives without it.
        migrations.RunSQL(NO_TRUNCATE, "DROP TRIGGER IF EXISTS audit_entries_no_truncate ON audit_entries"),
        *map(_no_update, FINAL),
    ]
