"""The tables of the main database that say what may be done with whose data, and what was done.

The tables of keys and the ledger of erasures are in ``privacy.keys.models``; they lie in the keys database.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from ofmemory.infra.enumerations import choices_of, one_of
from ofmemory.infra.ids import uuid7
from privacy.domain import OPEN_STATUSES, ConsentAction, Purpose, RequestKind, RequestStatus
from privacy.fields import SealedBytes, SealedText
from privacy.keys.models import DataKey, Erasure, ServiceKey
from privacy.of_pair import OfPair

__all__ = ["DataKey", "Erasure", "ServiceKey"]


class DataRequest(OfPair):
    """What a person asked for, and how far it has come. A complete erasure removes the fan's id here too."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=choices_of(RequestKind))
    status = models.CharField(max_length=16, choices=choices_of(RequestStatus), default=RequestStatus.RECEIVED)
    handle = models.UUIDField(null=True, editable=False, help_text="Stands for the pair in the audit log.")
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    requested_by = models.CharField(max_length=64, help_text="user:<id>, key:<id> or system:<what>.")
    identity_method = models.CharField(max_length=32, blank=True, default="")
    identity_proof = models.BinaryField(
        max_length=32, null=True, help_text="Keyed digest of the proof of identity; the proof itself is not kept."
    )
    identified_by = models.CharField(max_length=64, blank=True, default="")
    approved_by = models.CharField(max_length=64, blank=True, default="")
    approved_at = models.DateTimeField(null=True, blank=True)
    denied_reason = SealedText()
    plan = models.JSONField(default=dict, blank=True, help_text="Rows by store when the plan was made.")
    steps = models.JSONField(default=dict, blank=True, help_text="Step → when it was done, and what it counted.")
    failures = models.PositiveIntegerField(default=0)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "privacy_requests"
        verbose_name = "request"
        permissions: ClassVar = [
            ("approve_datarequest", "Can approve requests"),
            ("execute_datarequest", "Can execute requests"),
        ]
        constraints: ClassVar = [
            one_of("kind", RequestKind, "privacy_request_kind_known"),
            one_of("status", RequestStatus, "privacy_request_status_known"),
            models.CheckConstraint(
                condition=~Q(status=RequestStatus.COMPLETED) | Q(completed_at__isnull=False),
                name="privacy_request_completed_when",
            ),
            models.UniqueConstraint(
                fields=["creator_id", "fan_id"],
                condition=Q(kind=RequestKind.ERASURE, status__in=OPEN_STATUSES),
                name="privacy_request_one_erasure",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=~Q(status__in=[RequestStatus.COMPLETED, RequestStatus.DENIED]),
                name="privacy_request_open",
            ),
            models.Index(fields=["creator_id", "fan_id"], name="privacy_request_pair"),
        ]


class Receipt(models.Model):
    """The signed proof of what an erasure did. Names nobody: who holds the opening can show whom it is about."""

    request_id = models.UUIDField(primary_key=True)
    creator_id = models.CharField(max_length=255)
    body = models.BinaryField(help_text="Canonical JSON, exactly the bytes that were signed.")
    signature = models.BinaryField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "privacy_receipts"

    def __str__(self) -> str:
        return str(self.request_id)


class AppliedErasure(models.Model):
    """An entry of the ledger of erasures that this database has carried out. A restored one lacks the latest."""

    id = models.UUIDField(primary_key=True)
    applied_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "applied_erasures"

    def __str__(self) -> str:
        return str(self.pk)


class Notice(models.Model):
    """A version of the text that fans are shown before they consent. Never changed once it is there."""

    creator_id = models.CharField(max_length=255)
    version = models.CharField(max_length=32)
    language = models.CharField(max_length=16, help_text="BCP 47, such as en or fr-CA.")
    text = models.TextField()
    digest = models.BinaryField(max_length=32, editable=False, help_text="SHA-256 of the text.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "consent_notices"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "version", "language"], name="consent_notice_once")
        ]

    def __str__(self) -> str:
        return f"{self.creator_id} {self.version} {self.language}"


class Consent(OfPair):
    """One consent given or withdrawn. History is only added to; the latest of a purpose holds (ISO/IEC TS 27560)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=32, choices=choices_of(Purpose))
    action = models.CharField(max_length=16, choices=choices_of(ConsentAction))
    notice_version = models.CharField(max_length=32, blank=True, default="")
    notice_language = models.CharField(max_length=16, blank=True, default="")
    notice_digest = models.BinaryField(max_length=32, null=True)
    method = models.CharField(max_length=32, help_text="How it was expressed: checkbox, message, letter, ...")
    expressed_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "consents"
        constraints: ClassVar = [
            one_of("purpose", Purpose, "consent_purpose_known"),
            one_of("action", ConsentAction, "consent_action_known"),
        ]
        indexes: ClassVar = [
            models.Index(F("fan_id"), F("creator_id"), F("expressed_at").desc(), name="consent_pair_recent")
        ]


class ProcessingChoice(OfPair):
    """What a fan restricted (Art. 18) or objected to (Art. 21)."""

    restricted_at = models.DateTimeField(null=True, blank=True)
    objected_at = models.DateTimeField(null=True, blank=True)
    reason = SealedText()
    owed = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
        help_text="Purposes withdrawn under a hold; what was inferred for them goes with its release.",
    )
    recorded_by = models.CharField(max_length=64)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "processing_choices"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "fan_id"], name="processing_choice_pair")
        ]
        indexes: ClassVar = [
            models.Index(fields=["updated_at"], condition=Q(owed__gt=0), name="processing_choice_owed")
        ]


class LegalHold(OfPair):
    """While it stands nothing of the pair is destroyed. Without a fan it holds for all fans of the creator."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    fan_id = models.CharField(max_length=255, blank=True, default="", help_text="Empty: all fans of the creator.")
    matter = SealedText()
    ground = models.CharField(max_length=64, help_text="The legal ground, such as Art. 17(3)(e).")
    placed_by = models.CharField(max_length=64)
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    review_on = models.DateField()
    released_by = models.CharField(max_length=64, blank=True, default="")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "legal_holds"
        indexes: ClassVar = [
            models.Index(fields=["creator_id", "fan_id"], condition=Q(released_at=None), name="legal_hold_standing")
        ]


class ExportFile(OfPair):
    """A finished export: a ZIP, sealed with the pair's key, for a limited time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bundle = models.CharField(max_length=8, choices=[("art15", "Art. 15"), ("art20", "Art. 20")])
    content = SealedBytes()
    size_bytes = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the ZIP.")
    requested_by = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    download_count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "export_files"
        permissions: ClassVar = [("download_exportfile", "Can download exports")]
        indexes: ClassVar = [models.Index(fields=["creator_id", "fan_id"], name="export_file_pair")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(bundle__in=["art15", "art20"]), name="export_file_bundle_known")
        ]


class Reveal(OfPair):
    """Somebody of the staff may read what was said, for a stated reason and a short time (break-glass)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user_id = models.CharField(max_length=64)
    reason = SealedText()
    granted_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "reveals"
        permissions: ClassVar = [("reveal_content", "Can read what was said, with a reason")]
        indexes: ClassVar = [models.Index(fields=["creator_id", "fan_id", "user_id"], name="reveal_pair")]


class AuditEntry(models.Model):
    """One link of the audit chain: who did what to whose data, when. The database refuses to change or delete it.

    ``subject`` is the pair's handle: random, and resolvable only as long as the pair has keys. So the chain holds no
    personal data of a fan, and stays whole when a fan is erased.
    """

    position = models.BigIntegerField(primary_key=True, help_text="1, 2, 3, ... without a gap.")
    at = models.DateTimeField()
    action = models.CharField(max_length=48)
    actor = models.CharField(max_length=64)
    creator_id = models.CharField(max_length=255, blank=True, default="")
    subject = models.UUIDField(null=True)
    correlation_id = models.CharField(max_length=128, blank=True, default="")
    details = models.JSONField(default=dict, help_text="Counts, ids and labels; never content.")
    hash = models.BinaryField(max_length=32, help_text="SHA-256 of the hash before and everything above.")

    class Meta:
        db_table = "audit_entries"
        verbose_name_plural = "audit entries"
        permissions: ClassVar = [("search_auditentry", "Can search the audit log by fan")]
        indexes: ClassVar = [
            models.Index(F("subject"), F("at").desc(), name="audit_subject", condition=Q(subject__isnull=False)),
            models.Index(F("creator_id"), F("at").desc(), name="audit_creator"),
            models.Index(F("actor"), F("at").desc(), name="audit_actor"),
            # Rows lie in the order of time, nearly: a few pages tell where a period begins and ends.
            BrinIndex(fields=["at"], name="audit_at", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.action}"


class PendingAudit(models.Model):
    """An entry on its way into the chain, written in the transaction of what it tells of."""

    at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=48)
    actor = models.CharField(max_length=64)
    creator_id = models.CharField(max_length=255, blank=True, default="")
    subject = models.UUIDField(null=True)
    correlation_id = models.CharField(max_length=128, blank=True, default="")
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_pending"

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class AuditCheckpoint(models.Model):
    """How far a stream of entries in Redis was taken into the chain."""

    stream = models.CharField(max_length=255, primary_key=True, help_text="The creator's id; empty: of no creator.")
    last_id = models.CharField(max_length=64, blank=True, default="")
    mark = models.CharField(max_length=64, blank=True, default="", help_text="A random word kept beside the stream.")
    dropped = models.BigIntegerField(default=0, help_text="How many that found no room are in the chain already.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "audit_checkpoints"

    def __str__(self) -> str:
        return self.stream
