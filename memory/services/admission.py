"""May this be stored about this fan, and with the right key? Asked under the lock of the pair."""

from memory.models import EngagementMetrics
from privacy.domain import Limit, Pair, Purpose
from privacy.errors import NotConsented, StaleKey
from privacy.keys import keyring
from privacy.services import ledger, processing


def admit(pair: Pair, *, is_new: bool, key_id: int, limits: int) -> None:
    """Let a write stand that has locked the pair, or say why not.

    A pair's first row is where somebody who was erased would rise again: only then the ledger is asked. Whoever was
    erased after that has no row any more.

    Args:
        is_new: the write made the pair's row.
        key_id: of the key that the row says is in use.
        limits: of the row; of a new row they are found out, and put onto it.

    Raises:
        Erased: the fan was erased and has not consented anew.
        NotConsented: the fan does not consent to being remembered.
        StaleKey: what the transaction sealed was sealed with an older key; it must be repeated.
    """
    used = keyring.ensure(pair).current.id
    if is_new:
        ledger.refuse_erased(pair)
        keyring.forget(pair)
        key_id, limits = keyring.ensure(pair).current.id, processing.limits_of(pair)
        if limits:
            EngagementMetrics.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).update(limits=limits)
    if limits & Limit.NO_MEMORY:
        raise NotConsented(Purpose.MEMORY)
    if key_id != used:
        raise StaleKey
