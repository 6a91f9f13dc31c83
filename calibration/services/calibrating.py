"""Calibrating a profile on request, setting its tone, keeping traits as they are, and going back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from accounts.gate import Gate
from calibration.algorithms.learner import recalibrated
from calibration.domain import learnable
from calibration.errors import CalibrationFailed
from calibration.services.learning import learn_pair
from calibration.services.projecting import project
from calibration.services.states import Kept, Overtaken, find_kept, store_kept
from memory.evidence import find_pair
from memory.services.learnt import Learnt, store_learnt
from memory.services.locking import locked_pair
from memory.services.personality import change_personality, get_personality, roll_back_personality
from memory.services.reading import usable
from memory.services.writes import carry_out
from ofmemory.errors import Conflict
from privacy.domain import Pair, Purpose


def calibrate_personality(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Take in what has not been learnt yet, calibrate the profile as of now, and return it.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
        Conflict: the fan may not be profiled.
        CalibrationFailed: learning is far behind, or keeps being overtaken; the old profile stays.
    """
    pair = Pair(creator_id, fan_id)
    prepare_calibration(pair)
    gate = Gate(creator_id, action="personality.calibrated")
    return carry_out([pair], gate, lambda: calibrate(pair))[0]


def prepare_calibration(pair: Pair) -> None:
    """Take in what has not been learnt yet, before the ``writing`` block of ``calibrate``; errors as there."""
    if Purpose.PERSONALISATION not in learnable(usable(pair)):
        raise Conflict("This fan may not be profiled.", details={"reason": "not_profiled"})
    try:
        is_done = learn_pair(pair)
    except Overtaken as error:
        raise CalibrationFailed("The fan is being learnt about.", retry_after_seconds=2) from error
    if not is_done:
        raise CalibrationFailed("Learning is behind with this fan.", retry_after_seconds=10)


def calibrate(pair: Pair) -> dict[str, Any]:
    """Calibrate as of now inside the caller's ``writing`` block, and return the profile.

    Raises:
        CalibrationFailed: the pair waits after failures, or is being learnt anew.
    """
    counters = locked_pair(pair)
    known = find_pair(pair)
    kept = (find_kept(known) if known else None) or Kept()
    if known is None or kept.cursor is None or kept.recounted is not None:
        raise CalibrationFailed("Learning failed with this fan.", retry_after_seconds=60)
    state = recalibrated(kept.state)
    store_kept(pair, replace(kept, state=state), known.limits)
    learnt = project(pair, state, learnable(known.limits), kept.cursor[0])
    store_learnt(
        pair,
        Learnt(traits=learnt.traits, why=learnt.why),
        learnt_interactions=counters.learnt_interactions,
        at=counters.learnt_at,
    )
    return get_personality(fan_id=pair.fan_id, creator_id=pair.creator_id)


def adjust_tone(*, fan_id: str, creator_id: str, tone: str, actor: str) -> dict[str, Any]:
    """Set the tone by hand and return the profile; it stays until it is released."""
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="personality.written")
    return carry_out([pair], gate, lambda: change_personality(pair, traits={"tone": tone}, actor=actor))[0]


def lock_traits(
    *, fan_id: str, creator_id: str, lock: Sequence[str] = (), release: Sequence[str] = (), actor: str
) -> dict[str, Any]:
    """Keep traits as they are, or give them back to learning; return the profile.

    Args:
        lock, release: of ``memory.shapes.PERSONA_FIELDS``.
    """
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="personality.written")

    def work() -> dict[str, Any]:
        return change_personality(pair, traits={}, lock=lock, release=release, actor=actor)

    return carry_out([pair], gate, work)[0]


def roll_back(*, fan_id: str, creator_id: str, change_id: UUID, actor: str) -> dict[str, Any]:
    """Make the profile what it was before a change of its history, keep it so, and return it.

    Raises:
        NotFound: the fan was never seen, or there is no such change.
    """
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="personality.written")
    return carry_out([pair], gate, lambda: roll_back_personality(pair, change_id, actor=actor))[0]
