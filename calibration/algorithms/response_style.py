"""How to answer a fan now: the calibrated manner, moved by the mood of the moment and by what may be sold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calibration.algorithms.lengths import LengthParams, base_words, max_characters
from calibration.domain import Traits
from memory.domain import MessageLength, PunctuationStyle, Tone

CALM_TONES = frozenset({Tone.FRIENDLY, Tone.CASUAL, Tone.PROFESSIONAL})
COMFORTING_TONES = frozenset({Tone.FRIENDLY, Tone.CASUAL})
# What not to speak of while nothing may be sold.
OFFERS = "offers"


@dataclass(frozen=True, slots=True)
class ResponseStyleParams:
    """Defaults.

    Args:
        max_emojis: in one message, at an emoji frequency of 1.
        max_topics: how many topics are named on each side.
        low_valence: mood from which on downwards the tone becomes calm; -1 to 1.
    """

    max_emojis: int = 4
    max_topics: int = 5
    low_valence: float = -0.3
    lengths: LengthParams = field(default_factory=LengthParams)


@dataclass(frozen=True, slots=True)
class ResponseStyle:
    """How to answer.

    Args:
        max_length: characters.
        emoji_count: at most so many.
        emojis: which; empty where there should be none.
        topics: to speak of, best first.
        avoid_topics: not to speak of; "offers" where nothing may be sold.
        reasons: codes of what moved it away from the profile.
    """

    max_length: int
    emoji_count: int
    tone: Tone
    topics: tuple[str, ...]
    avoid_topics: tuple[str, ...]
    emojis: tuple[str, ...]
    punctuation: PunctuationStyle
    reasons: tuple[str, ...]


def response_style(
    traits: Traits,
    *,
    confidence: float,
    target_words: float | None = None,
    tone: Tone | None = None,
    liked_topics: Sequence[str] = (),
    disliked_topics: Sequence[str] = (),
    valence: float | None = None,
    distress: bool = False,
    may_sell: bool = True,
    params: ResponseStyleParams = ResponseStyleParams(),
) -> ResponseStyle:
    """Return how to answer now.

    Args:
        confidence: of the profile, 0-1; 0 says that it is the creator's default.
        target_words: from ``personality.Calibration``; None for what the length preference aims at.
        tone: the bandit's choice; None for the profile's.
        liked_topics, disliked_topics: best supported first; what is in both is avoided.
        valence: the mood of the fan, -1 to 1; None where it isn't known.
        distress: the fan may be in need of help: no emojis, a comforting tone, no offers.
        may_sell: the verdict on selling.
    """
    chosen, tone_reason = _tone(tone or traits.tone, valence, params, distress=distress)
    count, emoji_reason = _emoji_count(traits, valence, params, distress=distress)
    avoided = _avoided(disliked_topics, params, sells=may_sell and not distress)
    words = target_words or base_words(MessageLength(traits.message_length_preference), params.lengths)
    codes = (
        "creator_default" if confidence <= 0 else "",
        tone_reason,
        emoji_reason,
        "no_offers" if OFFERS in avoided else "",
    )
    return ResponseStyle(
        max_length=max_characters(words, params.lengths),
        emoji_count=count,
        tone=chosen,
        topics=_topics(liked_topics, disliked_topics, params),
        avoid_topics=avoided,
        emojis=traits.preferred_emojis if count else (),
        punctuation=traits.punctuation_style,
        reasons=tuple(code for code in codes if code),
    )


def _tone(tone: Tone, valence: float | None, params: ResponseStyleParams, *, distress: bool) -> tuple[Tone, str]:
    if distress:
        return (tone, "") if tone in COMFORTING_TONES else (Tone.FRIENDLY, "distress_comforting_tone")
    if _is_low(valence, params) and tone not in CALM_TONES:
        return Tone.FRIENDLY, "low_mood_calm_tone"
    return tone, ""


def _emoji_count(
    traits: Traits, valence: float | None, params: ResponseStyleParams, *, distress: bool
) -> tuple[int, str]:
    if distress:
        return 0, "distress_no_emojis"
    count = round(traits.emoji_frequency * params.max_emojis)
    if _is_low(valence, params) and count > 1:
        return 1, "low_mood_fewer_emojis"
    return count, ""


def _is_low(valence: float | None, params: ResponseStyleParams) -> bool:
    return valence is not None and valence <= params.low_valence


def _topics(liked: Sequence[str], disliked: Sequence[str], params: ResponseStyleParams) -> tuple[str, ...]:
    return tuple(dict.fromkeys(topic for topic in liked if topic not in disliked))[: params.max_topics]


def _avoided(disliked: Sequence[str], params: ResponseStyleParams, *, sells: bool) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(disliked))[: params.max_topics]
    return named if sells else (OFFERS, *(topic for topic in named if topic != OFFERS))
