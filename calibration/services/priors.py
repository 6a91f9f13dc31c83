"""What is usual among a creator's fans: found out every few hours, and remembered by each process for a minute."""

import time

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from calibration.algorithms.pooling import SHIPPED, Priors, pool
from calibration.models import CreatorPriors
from calibration.services.return_fits import fit_returns
from calibration.services.states import iterate_states
from memory.evidence import list_creators

REMEMBERED_SECONDS = 60.0
# More fans say nothing that these do not.
MOST_FANS = 2000
_held: dict[str, tuple[float, Priors]] = {}


def priors_of(creator_id: str) -> Priors:
    """Return what is usual among the creator's fans; the shipped priors while there are too few of them."""
    until, priors = _held.get(creator_id, (0.0, SHIPPED))
    if time.monotonic() >= until:
        priors = _load(creator_id)
        _held[creator_id] = (time.monotonic() + REMEMBERED_SECONDS, priors)
    return priors


def forget_priors() -> None:
    """Have this process look again at the next use."""
    _held.clear()


def _load(creator_id: str) -> Priors:
    row = CreatorPriors.objects.filter(pk=creator_id).first()
    return SHIPPED if row is None else msgspec.convert(row.priors, Priors)


def fit_all() -> int:
    """Find out what is usual among each creator's fans; return for how many creators there were enough."""
    return sum(fit(creator_id) for creator_id in list_creators())


def fit(creator_id: str) -> bool:
    """Find out what is usual among the creator's fans, if there are enough; what was stored without them goes."""
    states = dict(iterate_states(creator_id, MOST_FANS))
    if len(states) < settings.LEARNING_POOL_MIN_FANS:
        return False
    now = timezone.now()
    priors = pool(list(states.values()), now, fit_returns(creator_id, list(states), now))
    with transaction.atomic():
        CreatorPriors.objects.update_or_create(
            creator_id=creator_id,
            defaults={"priors": msgspec.to_builtins(priors), "pair_count": len(states), "fitted_at": now},
        )
    return True
