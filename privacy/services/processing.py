"""What may be done with a pair's data, from what the fan consented to, restricted and objected to.

The answer is kept on the pair's lock row too, so that every writer and reader sees it without asking here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from privacy.domain import NOT_CONSENTED, ConsentAction, Limit, Origin, Pair, Purpose, allows
from privacy.errors import Erased, OnHold
from privacy.keys import keyring
from privacy.models import Consent, ProcessingChoice
from privacy.registry import Personal, Table, store, tables
from privacy.services import audit, holds
from privacy.services.pair_lock import locked

# The latest of each purpose holds, in whatever order they arrived.
LATEST = ("purpose", "-expressed_at", "-recorded_at", "-id")
# Withdrawing the consent to memory as a whole is an erasure, which is a request of its own.
DERIVING = (Purpose.PERSONALISATION, Purpose.EMOTION_ANALYSIS, Purpose.PURCHASE_PROFILING)


def limits_of(pair: Pair) -> Limit:
    """Return what must not be done with the pair's data."""
    limits = Limit.NONE
    states = states_of(pair)
    for purpose, limit in NOT_CONSENTED.items():
        if not _consented(states.get(purpose)):
            limits |= limit
    choice = _choice_of(pair)
    if choice.restricted_at:
        limits |= Limit.RESTRICTED
    if choice.objected_at:
        limits |= Limit.OBJECTED
    return limits


def permitted(pair: Pair, purpose: Purpose) -> bool:
    """Return whether the pair's data may be used for the purpose: the one question whoever learns asks."""
    return allows(limits_of(pair), purpose)


def states_of(pair: Pair) -> dict[Purpose, ConsentAction]:
    """Return the consent that holds for each purpose the fan ever decided about."""
    latest = Consent.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).order_by(*LATEST)
    return {Purpose(row.purpose): ConsentAction(row.action) for row in latest.distinct("purpose")}


def _consented(state: ConsentAction | None) -> bool:
    return state is ConsentAction.GIVEN or (state is None and not settings.CONSENT_REQUIRED)


# ---- changing it


@contextmanager
def changing(pair: Pair, *, actor: str) -> Iterator[None]:
    """Run a block that changes what may be done, under the pair's lock, and carry the change out with it.

    Raises:
        Erased: nothing may be stored about the fan.
    """
    with locked(pair):
        before = limits_of(pair)
        yield
        _carry_out(pair, before, limits_of(pair), actor)


def apply(pair: Pair) -> Limit:
    """Put what may be done with the pair onto its lock row, as after a change of the settings; return it.

    Raises:
        Erased: nothing may be stored about the fan.
    """
    with locked(pair):
        limits = limits_of(pair)
        store().set_limits(pair, limits)
    return limits


def apply_everywhere(progress: Callable[[int], None] | None = None) -> int:
    """Bring every pair in line with the settings, as after a change of CONSENT_REQUIRED; return how many there were."""
    count = 0
    for count, pair in enumerate(store().iterate_pairs(), start=1):
        # An erasure that began meanwhile takes everything with it.
        with suppress(Erased):
            apply(pair)
        if progress:
            progress(count)
    return count


def restrict(pair: Pair, *, reason: str, actor: str) -> None:
    """Art. 18: from now on the data is stored and not used."""
    _choose(pair, actor, "restricted_at", "processing.restricted", reason)


def unrestrict(pair: Pair, *, actor: str) -> None:
    _choose(pair, actor, "restricted_at", "processing.unrestricted")


def object_to_profiling(pair: Pair, *, reason: str, actor: str) -> None:
    """Art. 21: from now on nothing is learnt about the fan, and what was learnt is not used."""
    _choose(pair, actor, "objected_at", "processing.objected", reason)


def withdraw_objection(pair: Pair, *, actor: str) -> None:
    _choose(pair, actor, "objected_at", "processing.objection_withdrawn")


def _choose(pair: Pair, actor: str, column: str, action: str, reason: str | None = None) -> None:
    """Set the column, or with no reason clear it."""
    with changing(pair, actor=actor):
        choice = _choice_of(pair)
        if (getattr(choice, column) is not None) == (reason is not None):
            return
        setattr(choice, column, None if reason is None else Now())
        choice.recorded_by = actor
        if reason is not None:
            choice.reason = reason
        choice.save()
        audit.record(action, actor=actor, creator_id=pair.creator_id, subject=subject(pair))


def _carry_out(pair: Pair, before: Limit, after: Limit, actor: str) -> None:
    store().set_limits(pair, after)
    if after == before:
        return
    names = {"before": _names(before), "after": _names(after)}
    audit.record("limits.changed", actor=actor, creator_id=pair.creator_id, subject=subject(pair), details=names)


def _names(limits: Limit) -> list[str]:
    return [str(limit.name).lower() for limit in limits]


def subject(pair: Pair) -> UUID | None:
    """Return the pair's handle, by which the audit log names it."""
    keys = keyring.find(pair)
    return UUID(bytes=keys.handle) if keys else None


# ---- removing what was inferred


def carry_out_consent(pair: Pair, purpose: Purpose, *, actor: str) -> None:
    """Inside ``changing``: remove what was inferred for the purpose, if it is consented to no longer.

    Under a hold nothing is removed: it is owed until the release, and meanwhile not used.
    """
    is_withdrawn = purpose in DERIVING and states_of(pair).get(purpose) is ConsentAction.WITHDRAWN
    is_owed = is_withdrawn and not _forget_inferred(pair, purpose, actor=actor)
    choice = _choice_of(pair)
    owed = Limit(choice.owed) & ~NOT_CONSENTED[purpose] | (NOT_CONSENTED[purpose] if is_owed else Limit.NONE)
    if owed != choice.owed:
        choice.owed, choice.recorded_by = int(owed), choice.recorded_by or actor
        choice.save()


def carry_out_late() -> int:
    """Remove what had to wait for the release of a hold; return for how many pairs."""
    owing = ProcessingChoice.objects.filter(owed__gt=0).order_by("updated_at")
    return sum(_carry_out_late(choice.pair) for choice in owing if not holds.is_held(choice.pair))


def _carry_out_late(pair: Pair) -> bool:
    try:
        with locked(pair):
            for purpose in DERIVING:
                if NOT_CONSENTED[purpose] & _choice_of(pair).owed:
                    carry_out_consent(pair, purpose, actor=f"{audit.SYSTEM}:withdrawal")
            return not _choice_of(pair).owed
    except Erased:
        # An erasure that began meanwhile takes everything with it.
        return False


def _choice_of(pair: Pair) -> ProcessingChoice:
    of_pair = {"creator_id": pair.creator_id, "fan_id": pair.fan_id}
    return ProcessingChoice.objects.filter(**of_pair).first() or ProcessingChoice(**of_pair)


def _forget_inferred(pair: Pair, purpose: Purpose, *, actor: str) -> bool:
    """Remove what was inferred for the purpose; return whether it could be."""
    try:
        holds.guard(pair)
    except OnHold:
        _record_inferences("inferences.kept", pair, actor, {"purpose": purpose, "because": "legal_hold"})
        return False
    rows = {_name(table): table.of_pair(pair).delete()[0] for table in tables() if _serves(table, purpose)}
    store().forget_inferred(pair, purpose)
    _record_inferences("inferences.removed", pair, actor, {"purpose": purpose, "rows": rows})
    return True


def _record_inferences(action: str, pair: Pair, actor: str, details: dict[str, object]) -> None:
    audit.record(action, actor=actor, creator_id=pair.creator_id, subject=subject(pair), details=details)


def _name(table: Table) -> str:
    return table.model._meta.db_table


def _serves(table: Table, purpose: Purpose) -> bool:
    """Return whether the table holds nothing but what was inferred for the purpose, or is made anew without it."""
    if table.rebuilt:
        return True
    held = [it for it in table.fields.values() if isinstance(it, Personal) and it.label]
    alike = all(it.origin is Origin.INFERRED and it.purpose is purpose for it in held)
    return bool(held) and alike and not table.lock
