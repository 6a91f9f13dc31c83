"""From what the learners know to what the tables hold. As of the latest interaction, so that time changes nothing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from calibration import shapes
from calibration.algorithms import habits, mood, personality, preferences, purchases, selling, style, time_zone
from calibration.algorithms.learner import LearnedState, personality_params
from calibration.algorithms.mood import Mood
from calibration.algorithms.personality import Calibration
from calibration.algorithms.preferences import ContentPreference
from calibration.algorithms.style import Style
from calibration.algorithms.time_zone import FanZone
from calibration.domain import Traits
from calibration.services.knowledge import cleared_at
from calibration.services.priors import priors_of
from memory.domain import Tone
from memory.services.learnt import Learnt
from memory.services.personality import find_profile
from memory.services.personas import persona_of
from privacy.domain import Pair, Purpose

_DIGITS = 4


def instant(at: datetime | None) -> str | None:
    """Return an instant as the API spells it."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def project(
    pair: Pair, state: LearnedState, allowed: Collection[Purpose], as_of: datetime, *, with_profile: bool = True
) -> Learnt:
    """Return what the tables should hold about a pair.

    Args:
        allowed: what the fan may be learnt about for; for anything else nothing is returned.
        as_of: the instant of the latest interaction.
        with_profile: False where no calibration was due since the profile was stored.
    """
    found = mood.project(state.mood, as_of) if Purpose.EMOTION_ANALYSIS in allowed else Mood()
    learnt: dict[str, Any] = care(pair, state, found, as_of)
    zone = time_zone.zone_of(state.zone, day=priors_of(pair.creator_id).day)
    if Purpose.PERSONALISATION in allowed:
        manner = style.measure(state.personality.style)
        learnt |= _preferences(pair, state, as_of)
        learnt["communication_preferences"] = _habits_of_writing(manner, zone)
        learnt["avg_response_time_seconds"] = round(manner.reply_seconds.value, 1) if manner.reply_count else None
        if with_profile:
            learnt |= _profile(pair, state, allowed)
    if Purpose.EMOTION_ANALYSIS in allowed:
        learnt["mood"] = _mood(state, found, as_of)
    if Purpose.PURCHASE_PROFILING in allowed:
        learnt["purchase_patterns"] = _patterns(pair, state, zone, as_of)
    return Learnt(**learnt)


def care(pair: Pair, state: LearnedState, found: Mood, as_of: datetime) -> dict[str, Any]:
    """Return what the fan's words forbid of selling, column → value, for the pair's counters."""
    verdict = selling.verdict(state.selling, found, (), as_of, cleared_at=cleared_at(pair, state))
    return {"ppv_hold": verdict.hold_messages, "selling_stopped": not verdict.allowed}


def _preferences(pair: Pair, state: LearnedState, as_of: datetime) -> dict[str, Any]:
    priors = priors_of(pair.creator_id)
    found = preferences.project(state.preferences, as_of, base_rates=priors.categories, topic_base_rates=priors.topics)
    return {
        "content_preferences": {name: _content_preference(one) for name, one in found.content.items()},
        "topic_interests": {name: round(one.value, _DIGITS) for name, one in found.topics.items()},
    }


def _content_preference(one: ContentPreference) -> dict[str, Any]:
    return {
        "score": round(one.score, _DIGITS),
        "confidence": round(one.confidence, _DIGITS),
        "evidence_count": one.evidence_count,
        "last_interaction": instant(one.last_interaction),
    }


def _habits_of_writing(found: Style, zone: FanZone) -> dict[str, Any]:
    """What of the fan's manner of writing is worth knowing; nothing while it is forming."""
    if found.forming:
        return {}
    return {
        "typicalWords": round(found.words.value, 1),
        "emojisPerMessage": round(found.emojis.value, 2),
        "questionRate": round(found.question_rate.value, 2),
        "initiative": round(found.initiative.value, 2),
        "punctuation": found.punctuation,
        "favouriteEmojis": list(found.favourite_emojis),
        "timeZone": zone.name,
        "timeZoneSource": zone.source,
    }


def _profile(pair: Pair, state: LearnedState, allowed: Collection[Purpose]) -> dict[str, Any]:
    """Nothing before the first calibration; and between two of them it stays as it is."""
    as_of = state.calibrated.interactions.at
    if as_of is None:
        return {}
    made = calibration_of(pair, state, allowed, as_of)
    return {
        "traits": {
            **msgspec.to_builtins(made.traits),
            "confidence_score": round(made.confidence, _DIGITS),
            "interaction_count": made.interaction_count,
            "last_calibrated": as_of,
        },
        "why": [msgspec.to_builtins(reason) for reason in made.reasons],
    }


def calibration_of(pair: Pair, state: LearnedState, allowed: Collection[Purpose], as_of: datetime) -> Calibration:
    """Return the profile as of the last interaction at which it was due."""
    profile, persona = find_profile(pair), persona_of(pair.creator_id)
    params = personality.with_base_rate(personality_params(allowed), priors_of(pair.creator_id).tone_base_rate)
    return personality.calibrate(
        state.calibrated,
        traits_of(persona),
        traits_of(profile),
        frozenset(profile.locked_traits),
        as_of,
        params,
        allowed_tones=tried_tones(persona),
    )


def tried_tones(persona: Any) -> frozenset[Tone]:
    """Return the tones that learning may try with a creator's fans; the persona's own always may be used."""
    return frozenset(Tone(tone) for tone in persona.tried_tones)


def traits_of(row: Any) -> Traits:
    """Return the traits of a persona or profile as the learners take them."""
    given = {name: getattr(row, name) for name in Traits.__dataclass_fields__}
    return msgspec.convert({**given, "preferred_emojis": tuple(given["preferred_emojis"])}, Traits)


def _mood(state: LearnedState, found: Mood, as_of: datetime) -> Mapping[str, Any]:
    return {
        "current_sentiment": found.sentiment,
        "sentiment_history": [_talk(talk) for talk in found.history],
        "dominant_emotions": [
            {"name": one.family, "share": round(one.share, _DIGITS)} for one in found.dominant_emotions
        ],
        "engagement_level": habits.engagement_level(state.habits, as_of),
        "last_positive_interaction": found.last_positive_at,
        "last_negative_interaction": found.last_negative_at,
    }


def _talk(talk: mood.TalkMood) -> dict[str, Any]:
    return {**shapes.talk(talk), "start": instant(talk.start_at), "end": instant(talk.end_at)}


def _patterns(pair: Pair, state: LearnedState, zone: FanZone, as_of: datetime) -> Sequence[Mapping[str, Any]]:
    found = purchases.project(state.purchases, as_of, zone.info, population=priors_of(pair.creator_id).population)
    return [_pattern(one, zone.name) for one in found]


def _pattern(one: purchases.PurchasePattern, zone: str) -> dict[str, Any]:
    return {
        "type": one.kind,
        "status": one.status,
        "averageAmount": None if one.average_amount is None else round(one.average_amount, 2),
        "medianAmount": one.median_amount,
        "purchasesPerMonth": round(one.per_month, _DIGITS),
        "preferredWeekdays": list(one.preferred_weekdays),
        "preferredHours": list(one.preferred_hours),
        "timeZone": zone,
        "confidence": round(one.confidence, _DIGITS),
        "evidenceCount": one.purchase_count,
        "lastPurchase": instant(one.last_at),
    }
