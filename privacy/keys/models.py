"""The tables of the keys database. A dump of the main database holds none of them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class DataKey(models.Model):
    """A pair's data key (DEK), wrapped by a key-encryption key. Without this row nobody reads the pair's data again.

    ``subject`` is a keyed digest of the pair, so that this database names nobody. ``handle`` stands for the pair in
    the audit log; it is random, and when the pair's rows here are gone nothing leads from it to a person.
    """

    subject = models.BinaryField(max_length=32)
    handle = models.UUIDField()
    wrapped = models.BinaryField()
    kek_id = models.CharField(max_length=255, help_text="Which key-encryption key wrapped it.")
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, help_text="Still opens what it sealed, seals nothing new.")

    class Meta:
        db_table = "data_keys"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject"], condition=Q(retired_at=None), name="data_key_current"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject"], name="data_key_subject"),
            models.Index(fields=["handle"], name="data_key_handle"),
            models.Index(fields=["kek_id"], name="data_key_kek"),
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"


class ServiceKey(models.Model):
    """A secret of the product itself, wrapped like a data key: it keys digests, or signs receipts."""

    name = models.CharField(max_length=64, primary_key=True)
    wrapped = models.BinaryField()
    kek_id = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "service_keys"

    def __str__(self) -> str:
        return self.name


class Erasure(models.Model):
    """The ledger of erasures. While ``lifted_at`` is empty nothing may be stored about the pair again.

    It lies with the keys, so that a restored main database can be held against it.
    """

    id = models.UUIDField(primary_key=True, editable=False, help_text="Of the request it carried out.")
    subject = models.BinaryField(max_length=32)
    started_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True, help_text="The fan consented to being remembered anew.")

    class Meta:
        db_table = "erasures"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject"], condition=Q(lifted_at=None), name="erasure_in_force"),
            models.CheckConstraint(
                condition=Q(completed_at=None) | Q(completed_at__gte=F("started_at")), name="erasure_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


KEYS_MODELS = (DataKey, ServiceKey, Erasure)
