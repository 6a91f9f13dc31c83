"""The ledger of erasures, in the keys database: who may not be stored again, and what a restored database has to redo.

It knows subjects (keyed digests of pairs), never fans.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from privacy.domain import Pair
from privacy.errors import Erased
from privacy.keys.guard import guarded
from privacy.keys.keyring import subject_of
from privacy.keys.models import Erasure
from privacy.router import KEYS_ALIAS


def start(request_id: UUID, pair: Pair) -> None:
    """Enter an erasure: from now on no key is made for the pair. Repeating it changes nothing.

    An earlier entry of the pair ends where this one begins, in one transaction: there is no moment between them.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    subject = subject_of(pair)
    with guarded(), transaction.atomic(using=KEYS_ALIAS):
        Erasure.objects.filter(subject=subject, lifted_at=None).exclude(id=request_id).update(lifted_at=Now())
        Erasure.objects.bulk_create([Erasure(id=request_id, subject=subject)], ignore_conflicts=True)


def complete(request_id: UUID, *, lift: bool) -> None:
    """Note that nothing of the pair was found any more. The first time counts.

    Args:
        lift: the fan did not ask for it, and may be remembered anew from now on.
    """
    changes = {"completed_at": Now(), "lifted_at": Now()} if lift else {"completed_at": Now()}
    with guarded():
        Erasure.objects.filter(id=request_id, completed_at=None).update(**changes)


def withdraw(request_id: UUID) -> None:
    """Take back an entry whose erasure destroyed nothing, because a hold forbids it."""
    with guarded():
        Erasure.objects.filter(id=request_id, completed_at=None).delete()


def find_in_force(pair: Pair) -> Erasure | None:
    """Return the entry that forbids storing about the pair, if there is one."""
    with guarded():
        return Erasure.objects.filter(subject=subject_of(pair), lifted_at=None).first()


def lift(erasure: Erasure) -> None:
    """Allow storing about the pair again; see ``consents``."""
    with guarded():
        Erasure.objects.filter(id=erasure.id).update(lifted_at=Now())


def put_back(erasure: Erasure) -> None:
    """Forbid again what was allowed a moment ago, because the consent to it could not be stored."""
    with guarded():
        Erasure.objects.filter(id=erasure.id).update(lifted_at=None)


def refuse_erased(pair: Pair) -> None:
    """Let only those pass about whom something may be stored.

    Raises:
        Erased: the pair was erased, or is being erased.
        KeysUnavailable: the keys database did not answer.
    """
    if find_in_force(pair) is not None:
        raise Erased


def find_erased(pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of ``pairs`` about whom nothing may be stored; one query for all."""
    subjects = {subject_of(pair): pair for pair in pairs}
    with guarded():
        entries = Erasure.objects.filter(subject__in=list(subjects), lifted_at=None)
        return {subjects[bytes(subject)] for subject in entries.values_list("subject", flat=True)}
