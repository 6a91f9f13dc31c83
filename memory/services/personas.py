"""How a creator speaks to fans nothing is known about yet."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from memory import cache, selectors
from memory.models import CreatorPersona
from ofmemory.errors import CacheUnavailable

logger = logging.getLogger(__name__)

# Pairs whose cached context is dropped in one round trip.
BATCH = 500


@transaction.atomic
def set_persona(*, creator_id: str, traits: Mapping[str, Any]) -> CreatorPersona:
    """Set a creator's persona; every fan without a profile of their own is spoken to in it from now on.

    Args:
        traits: of ``shapes.PERSONA_FIELDS`` and ``tried_tones``, name → value; what is left out stays.
    """
    persona, _ = CreatorPersona.objects.update_or_create(creator_id=creator_id, defaults=dict(traits))
    transaction.on_commit(lambda: forget_contexts(creator_id), robust=True)
    return persona


def persona_of(creator_id: str) -> CreatorPersona:
    """Return the creator's persona; the default one, not stored, where none was configured."""
    return CreatorPersona.objects.filter(pk=creator_id).first() or CreatorPersona(creator_id=creator_id)


def forget_contexts(creator_id: str) -> None:
    """Drop the cached contexts of all of a creator's fans; without Redis they end with their lifetime."""
    try:
        for pairs in selectors.iterate_pairs(creator_id, BATCH):
            cache.end_write(pairs)
    except CacheUnavailable:
        logger.warning("contexts_not_forgotten")
