"""Consents: given and withdrawn for each purpose, to a version of a notice. History is only added to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from ofmemory.errors import Conflict, InvalidInput
from privacy.domain import ConsentAction, Pair, Purpose, RequestKind, allows
from privacy.errors import Erased, UnknownNotice
from privacy.models import Consent, Notice
from privacy.services import audit, ledger, processing
from privacy.services.requests import open_request

# At the other end the clocks' skew is the bound: a consent from next year would outlive every withdrawal until then.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What holds for one purpose.

    Args:
        action: given, withdrawn, or None where the fan never decided.
        permitted: whether the data may be used for it now, restriction and objection included.
    """

    purpose: Purpose
    action: ConsentAction | None
    permitted: bool
    latest: Consent | None


# ---- notices


def publish_notice(*, creator_id: str, version: str, language: str, text: str, actor: str) -> Notice:
    """Keep a version of the text that fans are shown. It never changes: another text is another version.

    Raises:
        Conflict: that version exists with another text.
        InvalidInput: a part is empty.
    """
    if not (version and language and text.strip()):
        raise InvalidInput("A notice needs a version, a language and a text.")
    digest = sha256(text.encode()).digest()
    try:
        with transaction.atomic():
            notice = Notice.objects.create(
                creator_id=creator_id, version=version, language=language, text=text, digest=digest
            )
            details = {"version": version, "language": language, "sha256": digest.hex()}
            audit.record("notice.published", actor=actor, creator_id=creator_id, details=details)
    except IntegrityError:
        notice = Notice.objects.get(creator_id=creator_id, version=version, language=language)
        if bytes(notice.digest) != digest:
            raise Conflict("That version of the notice exists with another text.") from None
    return notice


# ---- consents


def record_consent(
    pair: Pair,
    *,
    purpose: Purpose,
    action: ConsentAction,
    method: str,
    actor: str,
    notice_version: str = "",
    language: str = "",
    expressed_at: datetime | None = None,
) -> Consent:
    """Record what a fan decided about a purpose, and act on it.

    Withdrawing the consent to memory asks for the erasure of the pair; to another purpose, removes what was inferred
    for it. Consent to memory expressed after an erasure lets the fan be remembered anew.

    Args:
        method: how it was expressed: checkbox, message, letter, ...
        notice_version: what the fan had been shown; must have been published, in ``language`` where that is named.
        expressed_at: now, where left out.

    Raises:
        InvalidInput: it lies in the future or before 2000.
        UnknownNotice: this version of the notice was never published.
        Erased: the fan was erased, and this is no later consent to memory.
    """
    expressed_at = expressed_at or timezone.now()
    if not _EARLIEST <= expressed_at <= timezone.now() + settings.CLOCK_SKEW:
        raise InvalidInput.field("expressedAt", "must lie between 2000-01-01 and now.")
    notice = _notice_of(pair.creator_id, notice_version, language)
    consents_anew = purpose is Purpose.MEMORY and action is ConsentAction.GIVEN
    with _lifted(pair, expressed_at if consents_anew else None, actor), processing.changing(pair, actor=actor):
        consent = Consent.objects.create(
            creator_id=pair.creator_id,
            fan_id=pair.fan_id,
            purpose=purpose,
            action=action,
            notice_version=notice_version,
            notice_language=notice.language if notice else "",
            notice_digest=bytes(notice.digest) if notice else None,
            method=method,
            expressed_at=expressed_at,
            recorded_by=actor,
        )
        _record(f"consent.{action}", consent, actor)
        _act_on(pair, purpose, actor)
    consent.refresh_from_db()
    return consent


def _act_on(pair: Pair, purpose: Purpose, actor: str) -> None:
    if purpose is Purpose.MEMORY and processing.states_of(pair)[purpose] is ConsentAction.WITHDRAWN:
        open_request(RequestKind.ERASURE, pair, actor)
    processing.carry_out_consent(pair, purpose, actor=actor)


def _notice_of(creator_id: str, version: str, language: str) -> Notice | None:
    if not version:
        return None
    notices = Notice.objects.filter(creator_id=creator_id, version=version).order_by("language")
    notice = (notices.filter(language=language) if language else notices).first()
    if notice is None:
        raise UnknownNotice.field("noticeVersion", "was never published.")
    return notice


@contextmanager
def _lifted(pair: Pair, expressed_at: datetime | None, actor: str) -> Iterator[None]:
    """Let a consent expressed after a finished erasure lift it; take that back should the consent not be stored.

    The ledger lies in another database, and while it forbids the pair nothing can be stored: so it is lifted first.
    """
    erasure = ledger.find_in_force(pair)
    if erasure is None:
        yield
        return
    if expressed_at is None or erasure.completed_at is None or expressed_at <= erasure.completed_at:
        raise Erased
    ledger.lift(erasure)
    try:
        yield
    except BaseException:
        ledger.put_back(erasure)
        raise
    details = {"erasure": str(erasure.pk)}
    audit.record(
        "erasure.lifted", actor=actor, creator_id=pair.creator_id, subject=processing.subject(pair), details=details
    )


def _record(action: str, consent: Consent, actor: str) -> None:
    details = {"consent": str(consent.pk), "purpose": consent.purpose}
    subject = processing.subject(consent.pair)
    audit.record(action, actor=actor, creator_id=consent.creator_id, subject=subject, details=details)


def get_consents(pair: Pair) -> list[ConsentState]:
    """Return what holds for every purpose."""
    latest = Consent.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).order_by(*processing.LATEST)
    held = {row.purpose: row for row in latest.distinct("purpose")}
    limits = processing.limits_of(pair)
    return [
        ConsentState(
            purpose,
            ConsentAction(held[purpose].action) if purpose in held else None,
            allows(limits, purpose),
            held.get(purpose),
        )
        for purpose in Purpose
    ]


def receipt_of(consent: Consent) -> dict[str, Any]:
    """Return what the fan gets to show for it (after ISO/IEC TS 27560:2023); names the fan by a random handle only."""
    subject = processing.subject(consent.pair)
    return {
        "schemaVersion": "ISO/IEC TS 27560:2023",
        "receiptId": str(consent.pk),
        "piiPrincipalId": str(subject) if subject else None,
        "piiController": consent.creator_id,
        "purpose": consent.purpose,
        "event": {
            "state": "withdrawn" if consent.action == ConsentAction.WITHDRAWN else "given",
            "time": consent.expressed_at.isoformat(),
            "recordedAt": consent.recorded_at.isoformat(),
            "method": consent.method,
        },
        "notice": {
            "version": consent.notice_version,
            "language": consent.notice_language,
            "sha256": bytes(consent.notice_digest).hex() if consent.notice_digest else None,
        },
        "lawfulBasis": ["GDPR Art. 6(1)(a)", "GDPR Art. 9(2)(a)"],
        "withdrawal": "As easily as it was given: POST /api/of-memory/consents with action withdrawn.",
    }
