"""The manner of speaking that works with a fan: reading it, setting it by hand, and how it came about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.gate import Gate
from memory import selectors, shapes
from memory.domain import ChangeReason
from memory.models import PersonalityChange, PersonalityProfile
from memory.services.locking import locked_pair
from memory.services.personas import persona_of
from memory.services.reading import usable
from memory.services.writes import carry_out
from ofmemory.errors import NotFound
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


def change_personality(
    pair: Pair, *, traits: Mapping[str, Any], release: Sequence[str] = (), lock: Sequence[str] = (), actor: str
) -> dict[str, Any]:
    """Change one fan inside the caller's ``writing`` block; see ``update_personality``.

    Args:
        lock: traits to keep as they are.
    """
    locked_pair(pair)
    row = find_profile(pair)
    before = traits_of(row)
    for name, value in traits.items():
        setattr(row, name, value)
    row.locked_traits = sorted((set(row.locked_traits) | set(traits) | set(lock)) - set(release))
    row.save()
    record_change(row, before, reason=ChangeReason.MANUAL, actor=actor)
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


def roll_back_personality(pair: Pair, change_id: UUID, *, actor: str) -> dict[str, Any]:
    """Inside the caller's ``writing`` block: make the profile what it was before a change, and keep it so.

    The traits that this changes are locked: learning would bring them back from the same evidence.

    Raises:
        NotFound: the fan was never seen, or there is no such change.
    """
    locked_pair(pair)
    change = PersonalityChange.objects.filter(pk=change_id, creator_id=pair.creator_id, fan_id=pair.fan_id).first()
    if change is None:
        raise NotFound("There is no such change of this fan's profile.")
    row = find_profile(pair)
    before = traits_of(row)
    back = {name: change.before[name] for name in shapes.PERSONA_FIELDS if change.before[name] != before[name]}
    for name, value in back.items():
        setattr(row, name, value)
    row.locked_traits = sorted(set(row.locked_traits) | set(back))
    row.save()
    record_change(row, before, reason=ChangeReason.ROLLBACK, actor=actor)
    return shapes.personality({name: getattr(row, name) for name in shapes.PROFILE_FIELDS})


def find_profile(pair: Pair) -> PersonalityProfile:
    """Return the fan's profile; one not stored yet, made of the creator's persona, where there is none."""
    stored = PersonalityProfile.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()
    return stored or _from_persona(pair)


def record_change(
    row: PersonalityProfile,
    before: Mapping[str, Any],
    *,
    reason: ChangeReason,
    actor: str,
    why: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Keep what a change of a profile changed, if it did.

    Args:
        before: what ``traits_of`` returned before it.
        why: of what was learnt: trait, rule, numbers and evidence.
    """
    after = traits_of(row)
    if after == before:
        return
    changed = {name for name in after if after[name] != before[name]}
    PersonalityChange.objects.create(
        creator_id=row.creator_id,
        fan_id=row.fan_id,
        reason=reason,
        actor=actor,
        before=dict(before),
        after=after,
        why=[one for one in why if one["trait"] in changed],
    )


def _from_persona(pair: Pair) -> PersonalityProfile:
    persona = persona_of(pair.creator_id)
    given = {name: getattr(persona, name) for name in shapes.PERSONA_FIELDS}
    return PersonalityProfile(creator_id=pair.creator_id, fan_id=pair.fan_id, **given)


def traits_of(row: PersonalityProfile) -> dict[str, Any]:
    """Return what of a profile is a trait, or locks one."""
    return {name: getattr(row, name) for name in (*shapes.PERSONA_FIELDS, "locked_traits")}
