"""How to answer a fan now, and which tone was proposed for it."""

from dataclasses import replace
from typing import Any

from django.db import transaction

from calibration import shapes
from calibration.algorithms import tone
from calibration.algorithms.response_style import ResponseStyle, ResponseStyleParams, response_style
from calibration.algorithms.selling import STOPPING, SellingVerdict
from calibration.algorithms.tone import ToneChoice, ToneParams
from calibration.domain import Traits
from calibration.models import ToneDecision
from calibration.services.knowledge import Knowledge, know
from calibration.services.projecting import calibration_of, traits_of, tried_tones
from memory.evidence import find_pair
from memory.services.locking import locked_pair
from memory.services.personality import find_profile
from memory.services.personas import persona_of
from ofmemory.infra.db import insert_new
from privacy.domain import Pair, Purpose
from privacy.keys.keyring import keyed_digest

SAMPLED = "sampled"
# A topic is neither liked nor disliked.
NEITHER = 0.5


def get_optimal_response_style(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return how to answer: maxLength, emojiCount, tone, topics, avoidTopics, emojis, punctuation, with reasons.

    The tone is drawn anew after every interaction, the same for whoever asks in between. ``decision`` names the draw:
    sent back as ``metadata.decisionId`` of the message that follows it, its outcome teaches which tone works.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    known = know(Pair(creator_id, fan_id))
    profile, persona = find_profile(known.pair), persona_of(creator_id)
    verdict = known.verdict()
    is_learnt = Purpose.PERSONALISATION in known.allowed
    traits = traits_of(profile if is_learnt else persona)
    choice, turn = None, 0
    if is_learnt and "tone" not in profile.locked_traits and not _needs_care(known, verdict):
        turn = _turn(known.pair)
        choice = _choose(known, persona, turn)
    style = _style(known, verdict, traits, profile.confidence_score if is_learnt else 0.0, choice)
    return {
        **shapes.style(style),
        "confidence": shapes.rounded(profile.confidence_score) if is_learnt else 0.0,
        "selling": shapes.verdict(verdict),
        "decision": _logged(known.pair, turn, choice) if choice else None,
        "asOf": known.as_of,
    }


def _needs_care(known: Knowledge, verdict: SellingVerdict) -> bool:
    """Return whether some tones are out of place now: then none is drawn, or the log would depend on the draw."""
    is_low = known.mood().valence <= ResponseStyleParams().low_valence
    return is_low or not STOPPING.isdisjoint(verdict.cues)


def _turn(pair: Pair) -> int:
    known = find_pair(pair)
    return known.total if known else 0


def _choose(known: Knowledge, persona: Any, turn: int) -> ToneChoice | None:
    """Draw a tone, the same for the same turn; None while there is too little to draw from."""
    state = known.state.personality
    params = replace(ToneParams(), base_rate=known.priors.tone_base_rate)
    usual = traits_of(persona).tone
    choice = tone.choose(
        tone.posteriors(state.tone, usual, known.as_of, params),
        persona=usual,
        interaction_count=state.interaction_count,
        seed=keyed_digest("tone", known.pair.creator_id, known.pair.fan_id, str(turn)),
        params=params,
        allowed=tried_tones(persona),
    )
    return choice if choice.reason == SAMPLED else None


def _style(
    known: Knowledge, verdict: SellingVerdict, traits: Traits, confidence: float, choice: ToneChoice | None
) -> ResponseStyle:
    found = known.preferences().topics if Purpose.PERSONALISATION in known.allowed else {}
    return response_style(
        traits,
        confidence=confidence,
        target_words=_target_words(known) if confidence else None,
        tone=choice.tone if choice else None,
        liked_topics=[name for name, one in found.items() if one.value > NEITHER],
        disliked_topics=[name for name, one in found.items() if one.value < NEITHER],
        valence=known.mood().valence,
        distress=not STOPPING.isdisjoint(verdict.cues),
        may_sell=verdict.ppv_allowed,
    )


def _target_words(known: Knowledge) -> float:
    return calibration_of(known.pair, known.state, known.allowed, known.as_of).target_words


@transaction.atomic
def _logged(pair: Pair, turn: int, choice: ToneChoice) -> dict[str, Any]:
    """Log what was drawn, once a turn; whoever asks again gets the same decision."""
    locked_pair(pair)
    row = ToneDecision(
        creator_id=pair.creator_id,
        fan_id=pair.fan_id,
        turn=turn,
        tone=choice.tone,
        propensity=choice.propensity,
        propensities=dict(choice.propensities),
    )
    if not insert_new([row]):
        row = ToneDecision.objects.get(creator_id=pair.creator_id, fan_id=pair.fan_id, turn=turn)
    return {"id": row.id, "tone": row.tone, "propensity": shapes.rounded(row.propensity)}
