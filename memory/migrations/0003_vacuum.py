"""Rewrite the tables, so that no file holds the text that 0002 sealed: a dropped column stays in its rows until then.

The planner's statistics held samples of it. Who does not own them gets a warning there, and PostgreSQL tidies up later.
"""

from django.db import migrations

TABLES = (
    "fan_memories",
    "interactions",
    "fan_preferences",
    "personality_profiles",
    "personality_changes",
    "emotional_states",
    "idempotent_answers",
    "pg_catalog.pg_statistic",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("memory", "0002_sealed")]
    operations = [migrations.RunSQL(f"VACUUM FULL {table}", migrations.RunSQL.noop) for table in TABLES]
