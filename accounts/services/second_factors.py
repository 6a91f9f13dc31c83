"""Second factors: checking codes, counting failures, passkey counters.

The rows are django-allauth's (``Authenticator``); what it leaves to a cache of one process is decided here under a row
lock: a code is good once and failures are counted exactly, in every process and without Redis.
"""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from accounts.events import ADDED, FAILED, LOCKED, RECOVERY_CODE_USED, REMOVED, tell
from accounts.models import User
from accounts.sealing import sealer

TOTP, PASSKEY, RECOVERY = (
    Authenticator.Type.TOTP.value,
    Authenticator.Type.WEBAUTHN.value,
    Authenticator.Type.RECOVERY_CODES.value,
)
# What makes somebody's account protected; recovery codes only stand in for one of these.
FACTORS = (TOTP, PASSKEY)
# Wrong codes in a row, over any time, after which no code is taken any more: three codes of a million are good at a
# time, so guessing that many succeeds once in 6,700 accounts whose password is known.
MAX_FAILURES = 50


def kinds_of(user_id: int) -> frozenset[str]:
    """Return which of FACTORS a person has."""
    kinds = Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).values_list("type", flat=True)
    return frozenset(kinds)


def check_code(user: User, code: str) -> Authenticator | None:
    """Return the factor that ``code`` proves, or None. A code is good once; a failure is counted and on record.

    Raises:
        OfMemoryError: the secrets can't be opened just now.
    """
    with transaction.atomic():
        rows = _locked_rows(user.pk)
        if not rows or _failures(rows) >= MAX_FAILURES:
            return None
        plain = "".join(code.split())
        proven = next((row for row in rows if _proves(row, plain)), None)
        if proven is None:
            _count_failure(rows)
        else:
            _forget_failures(rows)
        return proven


def matching_step(secret: str, code: str, *, after: int = 0) -> int | None:
    """Return the time step whose code this is, or None.

    Args:
        secret: base32, as in the QR code.
        after: steps up to this one are spent.

    Source: RFC 6238 sections 4 and 5.2 (a code must not be accepted twice).
    """
    plain = "".join(code.split()).encode()
    for step in yield_hotp_counters_from_time():
        expected = format_hotp_value(hotp_value(secret, step)).encode()
        if hmac.compare_digest(plain, expected) and step > after:
            return int(step)
    return None


def spend_step(user: User, step: int) -> None:
    """Note that the code with which an app was added is spent."""
    with transaction.atomic():
        for row in _locked_rows(user.pk):
            if row.type == TOTP:
                row.data["last_step"] = step
                row.save(update_fields=["data"])


def claim_sign_count(passkey: Authenticator, count: int) -> bool:
    """Take a passkey's counter of signatures; refuse one that did not grow, which a copy of the key would show.

    Keys that do not count always say 0 and are taken.

    Source: WebAuthn Level 2, section 7.2 step 21.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=passkey.pk)
        last = row.data.get("sign_count", row.wrap().authenticator_data.counter)
        if (count or last) and count <= last:
            tell(FAILED, user_id=row.user_id, kind=PASSKEY, reason="counter", row=row.pk)
            return False
        row.data["sign_count"] = count
        row.save(update_fields=["data"])
        return True


def note_refused_passkey(user_id: int) -> None:
    tell(FAILED, user_id=user_id, kind=PASSKEY, reason="refused")


@contextmanager
def adding(user_id: int) -> Iterator[None]:
    """Run the block in one transaction, alone with the person's factors; what it adds is on record with it."""
    with transaction.atomic():
        lock_factors(user_id)
        rows = Authenticator.objects.filter(user_id=user_id)
        before = set(rows.values_list("pk", flat=True))
        yield
        for row in rows.exclude(pk__in=before).order_by("pk"):
            tell(ADDED, user_id=user_id, kind=row.type, row=row.pk)


def note_removed(row: Authenticator) -> None:
    tell(REMOVED, user_id=row.user_id, kind=row.type)


def is_last(row: Authenticator) -> bool:
    """Say whether nothing of FACTORS is left without ``row``."""
    others = Authenticator.objects.filter(user_id=row.user_id, type__in=FACTORS).exclude(pk=row.pk)
    return not others.exists()


def lock_factors(user_id: int) -> None:
    """Hold off every other change of a person's factors until the caller's transaction ends."""
    User.objects.select_for_update().get(pk=user_id)


def _locked_rows(user_id: int) -> Sequence[Authenticator]:
    rows = Authenticator.objects.select_for_update().filter(user_id=user_id, type__in=(TOTP, RECOVERY))
    # The app first: it is what people use, and counts for all.
    return sorted(rows, key=lambda row: (row.type != TOTP, row.pk))


def _proves(row: Authenticator, code: str) -> bool:
    if row.type == TOTP:
        return _proves_totp(row, code)
    codes = RecoveryCodes(row)
    if not codes.validate_code(code):
        return False
    row.refresh_from_db(fields=["data"])
    tell(RECOVERY_CODE_USED, user_id=row.user_id, left=len(codes.get_unused_codes()))
    return True


def _proves_totp(row: Authenticator, code: str) -> bool:
    step = matching_step(sealer().unseal(row.data["secret"]), code, after=row.data.get("last_step", 0))
    if step is None:
        return False
    row.data["last_step"] = step
    row.save(update_fields=["data"])
    return True


def _failures(rows: Sequence[Authenticator]) -> int:
    return int(rows[0].data.get("failures", 0))


def _count_failure(rows: Sequence[Authenticator]) -> None:
    first, failures = rows[0], _failures(rows) + 1
    first.data["failures"] = failures
    first.save(update_fields=["data"])
    tell(LOCKED if failures >= MAX_FAILURES else FAILED, user_id=first.user_id, kind="code", inARow=failures)


def _forget_failures(rows: Sequence[Authenticator]) -> None:
    if _failures(rows):
        rows[0].data["failures"] = 0
        rows[0].save(update_fields=["data"])
