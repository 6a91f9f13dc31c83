"""What a fan likes: reading it, and setting it by hand. What is set by hand stays until it is released."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.gate import Gate
from memory import selectors, shapes
from memory.models import FanPreferences
from memory.services.locking import locked_pair
from memory.services.reading import usable
from memory.services.writes import carry_out
from ofmemory.errors import InvalidInput
from privacy.domain import Limit, Pair

# API name → column, and how many entries it may hold.
PARTS: Mapping[str, tuple[str, int]] = {
    "contentPreferences": ("content_preferences", 20),
    "topicInterests": ("topic_interests", 50),
    "communicationPreferences": ("communication_preferences", 20),
}


def get_preferences(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return contentPreferences, topicInterests, purchasePatterns, communicationPreferences, pinned and lastUpdated.

    Raises:
        NotFound: the fan was never seen.
    """
    limits = usable(Pair(creator_id, fan_id))
    found = None if Limit.OBJECTED in limits else selectors.find_preferences(creator_id, [fan_id]).get(fan_id)
    return found or shapes.preferences(None)


def get_preferences_for_fans(*, fan_ids: Sequence[str], creator_id: str) -> dict[str, dict[str, Any]]:
    """Return the preferences of many fans, by fan id, in one query; fans without any are left out."""
    return selectors.find_preferences(creator_id, fan_ids)


def update_preferences(*, fan_id: str, creator_id: str, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Set preferences by hand and return all of them.

    Args:
        patch: of ``PARTS``, each name → value, where None removes it. A content preference is a score 0-1 or
            {score, confidence}. ``release`` {part: [names]} gives names back to learning.

    Raises:
        NotFound: the fan was never seen.
        InvalidInput: a part would hold too many entries.
    """
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="preferences.written")
    return carry_out([pair], gate, lambda: change_preferences(pair, patch))[0]


def update_preferences_of_fans(
    *, creator_id: str, patches: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Set the preferences of several fans in one transaction: all of them, or with an error none.

    Args:
        patches: fan id → patch, as in ``update_preferences``.
    """
    pairs = [Pair(creator_id, fan_id) for fan_id in patches]
    gate = Gate(creator_id, action="preferences.written")
    return carry_out(pairs, gate, lambda: change_preferences_of_fans(creator_id, patches))[0]


def change_preferences_of_fans(creator_id: str, patches: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Change several fans inside the caller's ``writing`` block, in one order of locks for everybody."""
    return {fan_id: change_preferences(Pair(creator_id, fan_id), patches[fan_id]) for fan_id in sorted(patches)}


def change_preferences(pair: Pair, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Change one fan inside the caller's ``writing`` block; see ``update_preferences``."""
    locked_pair(pair)
    row, _ = FanPreferences.objects.get_or_create(creator_id=pair.creator_id, fan_id=pair.fan_id)
    for part, (column, most) in PARTS.items():
        held, pinned = getattr(row, column), set(row.pinned.get(part, []))
        for name, value in patch.get(part, {}).items():
            _set(part, held, pinned, name, value)
        pinned -= set(patch.get("release", {}).get(part, []))
        if len(held) > most:
            raise InvalidInput.field(part, f"may hold at most {most} entries.")
        row.pinned[part] = sorted(pinned)
    row.last_updated = timezone.now()
    row.save()
    return shapes.preferences(row)


def _set(part: str, held: dict[str, Any], pinned: set[str], name: str, value: Any) -> None:
    if value is None:
        held.pop(name, None)
        pinned.discard(name)
        return
    held[name] = _content_preference(held.get(name), value) if part == "contentPreferences" else value
    pinned.add(name)


def _content_preference(held: Mapping[str, Any] | None, value: float | Mapping[str, float]) -> dict[str, Any]:
    """A person who says so is certain, unless they say how certain."""
    given = value if isinstance(value, Mapping) else {"score": value}
    before = held or {"evidence_count": 0, "last_interaction": None}
    return {**before, "score": given["score"], "confidence": given.get("confidence", 1.0)}
