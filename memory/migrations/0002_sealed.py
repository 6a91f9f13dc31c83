"""Seal what was said and learnt with the pair's key, and what is there already.

``migrate --database keys`` has to run first where there are rows. They are rewritten in batches; 0003 then removes what
is left of them in the files. Older backups and write-ahead logs keep the text until they expire.
"""

from functools import partial

from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError

import privacy.fields

TEXT, LIST, DICT = privacy.fields.SealedText, privacy.fields.SealedList, privacy.fields.SealedDict
SEALED = {
    "FanMemory": {"message_content": TEXT, "topics": LIST, "metadata": DICT},
    "Interaction": {"content": TEXT, "metadata": DICT},
    "FanPreferences": {
        "content_preferences": DICT,
        "topic_interests": DICT,
        "purchase_patterns": LIST,
        "communication_preferences": DICT,
        "pinned": partial(DICT, help_text="Names set by hand, by part."),
    },
    "PersonalityProfile": {"preferred_emojis": LIST},
    "PersonalityChange": {"before": DICT, "after": DICT},
    "EmotionalState": {"sentiment_history": LIST, "dominant_emotions": LIST},
}
WITH_EXTERNAL_ID = ("FanMemory", "Interaction")
BATCH = 1000


def seal_all(apps, schema_editor):
    for name, columns in SEALED.items():
        model = apps.get_model("memory", name)
        fields = {column: model._meta.get_field(column) for column in columns}
        statement = _statement(model, fields, with_id=name in WITH_EXTERNAL_ID)
        rows = model.objects.using(schema_editor.connection.alias).order_by("pk")
        last = None
        while batch := list((rows.filter(pk__gt=last) if last is not None else rows)[:BATCH]):
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(statement, [_values(row, fields, name) for row in batch])
            last = batch[-1].pk


def _statement(model, fields, *, with_id):
    columns = [field.column for field in fields.values()] + ["external_id"] * with_id
    assigned = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{model._meta.db_table}" SET {assigned} WHERE "{model._meta.pk.column}" = %s'


def _values(row, fields, name):
    from privacy.keys.keyring import keyed_digest

    values = [bytes(field.sealed(row, getattr(row, f"plain_{column}"))) for column, field in fields.items()]
    if name in WITH_EXTERNAL_ID:
        given = row.external_id
        values.append(keyed_digest("external-id", row.creator_id, row.fan_id, given).hex() if given else "")
    return (*values, row.pk)


def refuse_to_unseal(apps, schema_editor):
    for name in SEALED:
        if apps.get_model("memory", name).objects.using(schema_editor.connection.alias).exists():
            raise IrreversibleError("Sealed rows are never written in the clear again.")


def _operations():
    for name, columns in SEALED.items():
        for column, field in columns.items():
            yield migrations.RenameField(name, column, f"plain_{column}")
            yield migrations.AddField(name, column, field())
    yield migrations.RunPython(seal_all, refuse_to_unseal)
    for name, columns in SEALED.items():
        for column in columns:
            yield migrations.RemoveField(name, f"plain_{column}")


_EXTERNAL_ID = models.CharField(
    blank=True,
    default="",
    help_text="Keyed digest of the platform's own id: enough to recognise a second report by.",
    max_length=64,
)


class Migration(migrations.Migration):
    dependencies = [("memory", "0001_initial"), ("privacy", "0001_initial")]

    operations = [
        *_operations(),
        migrations.AlterField("FanMemory", "external_id", _EXTERNAL_ID),
        migrations.AlterField("Interaction", "external_id", _EXTERNAL_ID.clone()),
        # An answer can be repeated for a day; those from before this change can't be any more.
        migrations.RunSQL("DELETE FROM idempotent_answers", migrations.RunSQL.noop),
        migrations.RemoveField("IdempotentAnswer", "body"),
        migrations.AddField("IdempotentAnswer", "body", privacy.fields.SealedBytes(row_field="key_digest")),
        migrations.AlterField(
            "IdempotentAnswer",
            "fan_id",
            models.CharField(
                blank=True, default="", help_text="Whom the request was about, if one.", max_length=255
            ),
        ),
        migrations.AlterField(
            "IdempotentAnswer",
            "fingerprint",
            models.BinaryField(help_text="Keyed digest of method, path and body.", max_length=32),
        ),
        migrations.AddField(
            "EngagementMetrics",
            "key_id",
            models.BigIntegerField(db_default=0, default=0, help_text="The data key that seals what is new."),
        ),
        migrations.AddField(
            "EngagementMetrics",
            "limits",
            models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="What must not be done with the pair's data (privacy.domain.Limit).",
            ),
        ),
    ]
