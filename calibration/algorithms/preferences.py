"""What a fan likes: kinds of content from what they buy, look at and decline, topics from what they say.

Scores are posterior estimates of a rate, never running totals: they start at what is usual among the creator's fans,
move as evidence comes, and go back as it grows old.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from calibration.algorithms.beta import Posterior
from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.facts import category_of, is_the_fans
from calibration.algorithms.topics import CONTENT_TOPICS
from calibration.domain import Event, Learned, TopicMention
from memory.domain import InteractionType

# Ids kept with a subject; MAX_EVIDENCE is the most anything may keep, this keeps the state small.
KEPT_EVIDENCE = 3
# One-sided 90 % bound of a normal distribution.
BOUND_DEVIATIONS = 1.2816


@dataclass(frozen=True, slots=True)
class PreferenceParams:
    """What evidence weighs. A weight of 1 is one clear yes or no.

    Args:
        half_life_days: after which evidence counts half.
        prior_strength: of the base rate of a category, in weights.
        topic_prior_strength: of the base rate of a topic.
        base_rate: of a category of which the population says nothing.
        topic_base_rate: the same for topics.
        purchase_weight: a purchase is a yes paid for.
        tip_weight: a tip with a category.
        like_weight: a like costs nothing.
        view_weight: a view is hardly more than seeing it.
        stated_weight: what is said about a kind of content ("I don't like videos"), times its confidence and liking.
        mention_weight: what is spoken of without liking or dislike, times its confidence; only topics.
        decline_factor: what one declined offer multiplies the score by.
        most_subjects: categories kept, and topics kept; the least supported goes.
        least_handed_out: categories handed out where the population knows so many.
        most_handed_out: categories, and topics, handed out.
    """

    half_life_days: float = 90.0
    prior_strength: float = 4.0
    topic_prior_strength: float = 2.0
    base_rate: float = 0.3
    topic_base_rate: float = 0.5
    purchase_weight: float = 1.0
    tip_weight: float = 0.5
    like_weight: float = 0.5
    view_weight: float = 0.1
    stated_weight: float = 1.0
    mention_weight: float = 0.25
    decline_factor: float = 0.85
    most_subjects: int = 24
    least_handed_out: int = 5
    most_handed_out: int = 20


@dataclass(frozen=True, slots=True)
class Support:
    """Evidence about one category or topic; sums are as of ``at``.

    Args:
        positive: faded sum of what speaks for it.
        negative: of what speaks against it; declined offers apart.
        declined: of declined offers.
        count: of all evidence, unfaded; ``declined_count`` of them are declined offers.
        evidence: ids of the latest.
    """

    positive: float = 0.0
    negative: float = 0.0
    declined: float = 0.0
    count: int = 0
    declined_count: int = 0
    at: datetime | None = None
    evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class PreferenceState:
    """What speaks for and against categories of content and topics."""

    categories: dict[str, Support] = field(default_factory=dict)
    topics: dict[str, Support] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContentPreference:
    """How much a fan likes a category.

    Args:
        score: 0-1.
        confidence: 0-1; 0 where only the population speaks.
        last_interaction: None where only the population speaks.
        lower_bound: the score is above it with about 90 % probability.
    """

    score: float
    confidence: float
    evidence_count: int
    last_interaction: datetime | None
    lower_bound: float
    declined_count: int
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PreferenceEstimates:
    """Preferences as of an instant; both dicts are in order, best supported first."""

    content: dict[str, ContentPreference]
    topics: dict[str, Learned]


@dataclass(frozen=True, slots=True)
class PredictedPreference:
    """A category and how sure it is that the fan would like more of it."""

    category: str
    score: float
    lower_bound: float
    confidence: float
    evidence_count: int


@dataclass(frozen=True, slots=True)
class _Sign:
    """One piece of evidence: weights for, against, and of declining."""

    positive: float = 0.0
    negative: float = 0.0
    declined: float = 0.0


def learn(
    state: PreferenceState, events: Sequence[Event], params: PreferenceParams = PreferenceParams()
) -> PreferenceState:
    """Return the state with more events taken in. Only what the fan does and says counts."""
    for event in events:
        if is_the_fans(event):
            state = _with_words(_with_deed(state, event, params), event, params)
    return state


def project(
    state: PreferenceState,
    as_of: datetime,
    params: PreferenceParams = PreferenceParams(),
    *,
    base_rates: Mapping[str, float] | None = None,
    topic_base_rates: Mapping[str, float] | None = None,
) -> PreferenceEstimates:
    """Return the preferences as of an instant that is not before the last event.

    Score of a category: ``decline_factor ** D * (k b + P) / (k + P + N)`` with P, N, D the faded sums of what speaks
    for it, against it, and of declined offers, b the base rate and k its strength. Confidence: ``n / (n + k)``,
    ``n = P + N + D``. Topics likewise, without declining.

    Args:
        base_rates: category -> share of the creator's fans who like it, 0-1. Its categories fill up what is handed out
            to ``least_handed_out``, with confidence 0.
        topic_base_rates: the same for topics, which are never filled up.
    """
    content = _content(state.categories, as_of, params, base_rates or {})
    topics = _topics(state.topics, as_of, params, topic_base_rates or {})
    return PreferenceEstimates(content=content, topics=topics)


def predict(
    state: PreferenceState,
    as_of: datetime,
    params: PreferenceParams = PreferenceParams(),
    *,
    base_rates: Mapping[str, float] | None = None,
) -> tuple[PredictedPreference, ...]:
    """Return what the fan most likely wants next, by the lower bound of its score: being sure counts."""
    content = _content(state.categories, as_of, params, base_rates or {})
    found = (
        PredictedPreference(name, p.score, p.lower_bound, p.confidence, p.evidence_count) for name, p in content.items()
    )
    return tuple(sorted(found, key=lambda p: (-p.lower_bound, -p.score, p.category)))


def faded(support: Support, as_of: datetime, params: PreferenceParams) -> Support:
    """Return the support with its sums as of a later instant."""
    if support.at is None:
        return support
    left = weight(days_between(support.at, as_of), params.half_life_days)
    return replace(
        support,
        positive=support.positive * left,
        negative=support.negative * left,
        declined=support.declined * left,
        at=as_of,
    )


def _with_deed(state: PreferenceState, event: Event, params: PreferenceParams) -> PreferenceState:
    sign = _sign_of_deed(event.type, params)
    category = category_of(event.metadata) if sign else ""
    if sign is None or not category:
        return state
    return replace(state, categories=_with(state.categories, category, sign, event, params))


def _sign_of_deed(kind: InteractionType, params: PreferenceParams) -> _Sign | None:
    """Return what an interaction says about its category; None for messages."""
    if kind is InteractionType.OFFER_DECLINED:
        return _Sign(declined=1.0)
    weights = {
        InteractionType.PURCHASE: params.purchase_weight,
        InteractionType.TIP: params.tip_weight,
        InteractionType.LIKE: params.like_weight,
        InteractionType.VIEW: params.view_weight,
    }
    return _Sign(positive=weights[kind]) if kind in weights else None


def _with_words(state: PreferenceState, event: Event, params: PreferenceParams) -> PreferenceState:
    for mention in event.topics:
        if mention.name in CONTENT_TOPICS:
            state = _with_stated_category(state, mention, event, params)
        else:
            sign = _sign_of_topic(mention, params)
            state = replace(state, topics=_with(state.topics, mention.name, sign, event, params))
    return state


def _with_stated_category(
    state: PreferenceState, mention: TopicMention, event: Event, params: PreferenceParams
) -> PreferenceState:
    """Return the state with what was said about a kind of content; only naming it says nothing."""
    if mention.liking == 0.0:
        return state
    said = _signed(mention.liking * mention.confidence * params.stated_weight)
    return replace(state, categories=_with(state.categories, mention.name, said, event, params))


def _sign_of_topic(mention: TopicMention, params: PreferenceParams) -> _Sign:
    if mention.liking == 0.0:
        return _Sign(positive=mention.confidence * params.mention_weight)
    return _signed(mention.liking * mention.confidence)


def _signed(amount: float) -> _Sign:
    return _Sign(positive=amount) if amount > 0.0 else _Sign(negative=-amount)


def _with(
    supports: dict[str, Support], name: str, sign: _Sign, event: Event, params: PreferenceParams
) -> dict[str, Support]:
    """Return the supports with one more piece of evidence; beyond the bound the least supported of the others goes."""
    known = supports.get(name, Support())
    changed = {**supports, name: _added(faded(known, event.at, params), sign, event)}
    if len(changed) > params.most_subjects:
        others = [other for other in changed if other != name]
        del changed[min(others, key=lambda other: (_weight_of(changed[other], event.at, params), other))]
    return changed


def _added(known: Support, sign: _Sign, event: Event) -> Support:
    return Support(
        positive=known.positive + sign.positive,
        negative=known.negative + sign.negative,
        declined=known.declined + sign.declined,
        count=known.count + 1,
        declined_count=known.declined_count + (1 if sign.declined else 0),
        at=event.at,
        evidence=_evidence(known.evidence, event.id),
    )


def _evidence(known: tuple[UUID, ...], new: UUID) -> tuple[UUID, ...]:
    return (*(one for one in known if one != new), new)[-KEPT_EVIDENCE:]


def _weight_of(support: Support, as_of: datetime, params: PreferenceParams) -> float:
    """Return how much evidence is left, of whatever sign."""
    amount = support.positive + support.negative + support.declined
    return amount * weight(days_between(support.at, as_of), params.half_life_days) if support.at else 0.0


def _content(
    supports: Mapping[str, Support], as_of: datetime, params: PreferenceParams, base_rates: Mapping[str, float]
) -> dict[str, ContentPreference]:
    names = _best_supported(supports, as_of, params)
    usual = sorted((name for name in base_rates if name not in supports), key=lambda name: (-base_rates[name], name))
    names += usual[: max(params.least_handed_out - len(names), 0)]
    return {
        name: _preference(supports.get(name, Support()), as_of, base_rates.get(name, params.base_rate), params)
        for name in names
    }


def _preference(support: Support, as_of: datetime, base_rate: float, params: PreferenceParams) -> ContentPreference:
    now = faded(support, as_of, params)
    belief = _belief(now, base_rate, params.prior_strength)
    kept = params.decline_factor**now.declined
    lowest = max(belief.mean - BOUND_DEVIATIONS * belief.deviation, 0.0)
    return ContentPreference(
        score=belief.mean * kept,
        confidence=_confidence(now, params.prior_strength),
        evidence_count=support.count,
        last_interaction=support.at,
        lower_bound=lowest * kept,
        declined_count=support.declined_count,
        evidence=support.evidence,
    )


def _topics(
    supports: Mapping[str, Support], as_of: datetime, params: PreferenceParams, base_rates: Mapping[str, float]
) -> dict[str, Learned]:
    return {
        name: _interest(supports[name], as_of, base_rates.get(name, params.topic_base_rate), params)
        for name in _best_supported(supports, as_of, params)
    }


def _interest(support: Support, as_of: datetime, base_rate: float, params: PreferenceParams) -> Learned:
    now = faded(support, as_of, params)
    strength = params.topic_prior_strength
    return Learned(
        value=_belief(now, base_rate, strength).mean,
        confidence=_confidence(now, strength),
        evidence_count=support.count,
        evidence=support.evidence,
    )


def _belief(now: Support, base_rate: float, strength: float) -> Posterior:
    return Posterior(strength * base_rate + now.positive, strength * (1.0 - base_rate) + now.negative)


def _confidence(now: Support, strength: float) -> float:
    amount = now.positive + now.negative + now.declined
    return amount / (amount + strength)


def _best_supported(supports: Mapping[str, Support], as_of: datetime, params: PreferenceParams) -> list[str]:
    ranked = sorted(supports, key=lambda name: (-_weight_of(supports[name], as_of, params), name))
    return ranked[: params.most_handed_out]
