"""The manner of speaking that works with a fan: reading it, setting it by hand, and how it came about."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.gate import Gate
from memory import selectors, shapes
from memory.models import CreatorPersona, PersonalityChange, PersonalityProfile
from memory.services.locking import locked_pair
from memory.services.reading import usable
from memory.services.writes import carry_out
from privacy.domain import Limit, Pair

MAX_HISTORY = 100


def get_personality(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return the fan's profile; the creator's persona with confidence 0 where nothing was learnt yet.

    Raises:
        NotFound: the fan was never seen.
    """
    limits = usable(Pair(creator_id, fan_id))
    found = selectors.find_personalities(creator_id, [fan_id])
    return found[""] if Limit.OBJECTED in limits else found.get(fan_id, found[""])


def update_personality(
    *, fan_id: str, creator_id: str, traits: Mapping[str, Any], release: Sequence[str] = (), actor: str
) -> dict[str, Any]:
    """Set traits by hand and return the profile. A trait set by hand is locked until it is released.

    Args:
        traits: of ``shapes.PERSONA_FIELDS``, name → value.
        release: traits to give back to learning.
        actor: who did it, as ``user:<id>`` or ``key:<id>``.

    Raises:
        NotFound: the fan was never seen.
    """
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="personality.written")
    return carry_out([pair], gate, lambda: change_personality(pair, traits=traits, release=release, actor=actor))[0]


def change_personality(pair: Pair, *, traits: Mapping[str, Any], release: Sequence[str], actor: str) -> dict[str, Any]:
    """Change one fan inside the caller's ``writing`` block; see ``update_personality``."""
    locked_pair(pair)
    row = PersonalityProfile.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()
    row = row or _from_persona(pair)
    before = _traits(row)
    for name, value in traits.items():
        setattr(row, name, value)
    row.locked_traits = sorted((set(row.locked_traits) | set(traits)) - set(release))
    row.save()
    after = _traits(row)
    if after != before:
        PersonalityChange.objects.create(
            creator_id=pair.creator_id, fan_id=pair.fan_id, reason="manual", actor=actor, before=before, after=after
        )
    return shapes.personality({name: getattr(row, name) for name in shapes.PROFILE_FIELDS})


def get_personality_history(*, fan_id: str, creator_id: str, limit: int = 20) -> list[dict[str, Any]]:
    """Return the last changes of a profile, newest first: when, by whom or what, before and after.

    None for who objected to profiling.

    Raises:
        NotFound: the fan was never seen.
    """
    pair = Pair(creator_id, fan_id)
    if Limit.OBJECTED in usable(pair):
        return []
    changes = selectors.list_personality_changes(pair, min(limit, MAX_HISTORY))
    return [shapes.personality_change(change) for change in changes]


def _from_persona(pair: Pair) -> PersonalityProfile:
    persona = CreatorPersona.objects.filter(creator_id=pair.creator_id).first() or CreatorPersona()
    given = {name: getattr(persona, name) for name in shapes.PERSONA_FIELDS}
    return PersonalityProfile(creator_id=pair.creator_id, fan_id=pair.fan_id, **given)


def _traits(row: PersonalityProfile) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*shapes.PERSONA_FIELDS, "locked_traits")}
