"""What doctor asks about keys, erasures and the audit log."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn
from privacy.domain import RequestKind
from privacy.errors import KeysUnavailable
from privacy.keys.providers import current_provider
from privacy.models import AuditCheckpoint, AuditEntry
from privacy.services import replaying
from privacy.services.audit_anchors import BadAnchor, read_anchors
from privacy.services.audit_links import head
from privacy.services.audit_streams import GAP, NOBODY
from privacy.services.audit_verify import verify
from privacy.services.requests import WARN_AFTER_HOURS, list_overdue

_CONTEXT: Final = b"doctor"
# Verified from here on; the whole chain is for `verify_audit`.
_TAIL: Final = 2_000
_GAPS_WITHIN: Final = timedelta(days=1)
# It is taken in every 2 s, and an anchor is written every hour.
_SILENT: Final = timedelta(minutes=1)
_ANCHOR_AGE: Final = timedelta(hours=3)


@examines("key provider")
def key_provider() -> Iterator[Finding]:
    """Wrap and unwrap once, as every new fan needs it."""
    file = settings.KEYSET_FILE
    if settings.KEK_PROVIDER == "local" and not file.exists() and settings.KEYSET_MAY_BE_MADE:
        yield ok("the keyset file will be made at its first use")
        return
    try:
        material = os.urandom(32)
        kek_id, wrapped = current_provider().wrap(material, _CONTEXT)
        works = current_provider().unwrap(kek_id, wrapped, _CONTEXT) == material
    except (KeysUnavailable, ImportError) as error:
        yield fail(
            f"{settings.KEK_PROVIDER} does not work: {_said(error)}",
            "Nothing new can be sealed; what is sealed can be read as long as its keys are held in memory.",
            _REMEDIES.get(settings.KEK_PROVIDER, "Set KEK_PROVIDER to local, aws or vault."),
        )
        return
    if works:
        yield ok(f"{settings.KEK_PROVIDER} wraps and unwraps")
    else:
        yield fail(
            "what it wraps it unwraps to something else", "No key can be trusted to open again.", "Stop writing."
        )
    if settings.KEK_PROVIDER == "local":
        yield from _of_file(file)


_REMEDIES: Final = {
    "local": "`manage.py make_keyset` in a new installation; else put the file of KEYSET_FILE back from its backup.",
    "aws": "Check AWS_KMS_KEY_ID, AWS_REGION, the credentials and their rights kms:Encrypt and kms:Decrypt.",
    "vault": "Check VAULT_ADDR, the token and whether Vault is unsealed: `vault status`.",
}


def _said(error: Exception) -> str:
    return error.message if isinstance(error, KeysUnavailable) else "its library is not installed"


def _of_file(file: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield fail(
            f"the keyset file may be used by others (mode {mode:04o})",
            "Whoever reads it and the keys database reads everything.",
            "chmod 600; `manage.py rotate_keys --kek` where somebody may have read it.",
        )


@examines("erasures", needs=["migrations", "migrations of keys"])
def erasures() -> Iterator[Finding]:
    """The clock of Art. 12(3), and a restored database that has not seen every erasure."""
    if not replaying.is_current():
        yield fail(
            "this database has not carried out the latest erasures: it was restored from a backup",
            "It holds people who were erased. /health/ready answers 503 until they are gone again.",
            "`manage.py replay_erasures`, before anything is served.",
        )
    slow = [request for request in list_overdue(WARN_AFTER_HOURS) if request.kind == RequestKind.ERASURE]
    late = [request for request in slow if request.due_at < timezone.now()]
    if slow:
        level = fail if late else warn
        yield level(
            f"{len(slow)} requests for erasure wait for over {WARN_AFTER_HOURS} h, {len(late)} are past their date",
            "Erasure without undue delay is the law (Art. 17 GDPR).",
            "Admin, Privacy, Requests: who has to approve, which hold is in the way, which store did not answer?",
        )
    else:
        yield ok("none waits too long")


@examines("audit log", needs=["migrations", "migrations of keys"])
def audit_log() -> Iterator[Finding]:
    """Its last entries against each other, what it lost, and whether somebody takes in what waits."""
    last, _ = head()
    verified = verify(start=max(1, last - _TAIL + 1))
    if verified.fault:
        yield fail(
            f"entry {verified.fault.position}: {verified.fault.explanation}",
            "Somebody changed the log, or the database is damaged.",
            "`manage.py verify_audit` looks at all of it; keep the database as it is, and tell the DPO.",
        )
    else:
        yield ok(f"the last {verified.entries} of {last} entries are right")
    yield from _of_gaps()
    yield from _of_taking()


def _of_gaps() -> Iterator[Finding]:
    gaps = AuditEntry.objects.filter(action=GAP, at__gte=timezone.now() - _GAPS_WITHIN).count()
    if gaps:
        yield warn(
            f"{gaps} gaps within a day: entries of reads were lost or found no room",
            "Who read what in that time can't be proven.",
            "Keep the cache from evicting keys without lifetime and from being emptied; is a worker always there?",
        )


def _of_taking() -> Iterator[Finding]:
    checkpoint = AuditCheckpoint.objects.filter(stream=NOBODY).first()
    silence = timezone.now() - checkpoint.updated_at if checkpoint else None
    if silence is not None and silence > _SILENT:
        yield warn(
            f"nobody has taken in what waits in Redis for {silence.total_seconds():.0f} s",
            "What Redis loses is lost for the log, as far back as that.",
            "Start the worker and the scheduler.",
        )


@examines("audit anchors", needs=["migrations", "migrations of keys", "key provider"])
def audit_anchors() -> Iterator[Finding]:
    """What the log was, written down outside the database."""
    file = settings.AUDIT_ANCHOR_FILE
    if head()[0] == 0:
        yield ok("there is nothing to write down yet")
        return
    try:
        age = datetime.now(UTC) - datetime.fromtimestamp(file.stat().st_mtime, UTC)
        count = len(read_anchors(file))
    except OSError:
        if _is_young():
            yield ok("the first is written within the hour")
            return
        yield warn(
            "there is no file of anchors here",
            "Without it, who owns the database can write the whole log anew.",
            "The worker writes one every hour; AUDIT_ANCHOR_FILE has to be kept where it can write, in a volume.",
        )
        return
    except BadAnchor as bad:
        yield fail(
            f"line {bad.line}: {bad.reason}",
            "Somebody changed the file, or it is of another installation.",
            "Compare it with your copy elsewhere; tell the DPO.",
        )
        return
    if age > _ANCHOR_AGE:
        yield warn(
            f"the last of {count} is {age.total_seconds() / 3600:.0f} h old",
            "What was changed in the log since would not show.",
            "Start the worker and the scheduler; on another machine than theirs this file is not the one they write.",
        )
    else:
        yield ok(f"{count} of them, signed by this installation")


def _is_young() -> bool:
    first = AuditEntry.objects.order_by("position").values_list("at", flat=True).first()
    return first is None or timezone.now() - first < _ANCHOR_AGE
