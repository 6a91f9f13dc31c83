"""What to offer a fan next, why, and when; and what not, and why not."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.facts import PurchaseKind, category_of
from calibration.algorithms.offers import (
    DECLINED_RECENTLY,
    OFFER_PARAMS,
    OfferParams,
    OfferState,
    find_item,
    objection,
    rests_until,
)
from calibration.algorithms.preferences import ContentPreference, PreferenceEstimates
from calibration.algorithms.purchases import PatternStatus, PurchasePattern, PurchaseTiming
from calibration.algorithms.rhythm import DAILY_CURVE, HOURS, WEEKDAYS, WEEKLY_CURVE, weekday

SUNDAY, FRIDAY, SATURDAY = 0, 5, 6
# Quiet hours: from 23:00 to 8:00 in the fan's zone nothing is ever offered.
QUIET_HOURS = frozenset({23, *range(8)})
NO_TIMING = PurchaseTiming(weekdays=WEEKLY_CURVE, hours=DAILY_CURVE, occasion_count=0)


class Reason(StrEnum):
    """Why something is recommended, or left out. Codes of ``offers.objection`` and of the verdict come beside these."""

    PREFERENCE = "preference"
    POPULAR = "popular"
    PRICE_FITS = "price_fits"
    PRICE_HIGH = "price_high"
    DECLINED_BEFORE = "declined_before"
    BUYING_TIME = "buying_time"
    WEEKEND_BUYER = "weekend_buyer"
    LOW_PRESSURE = "low_pressure"
    NO_TIME = "no_time"
    SELLING_NOT_ALLOWED = "selling_not_allowed"


class SellingVerdict(Protocol):
    """Whether, and how strongly, something may be sold now.

    Everything recommended here is paid for, so ``ppv_allowed`` has to hold as well as ``allowed``. ``pressure`` is 0-1,
    what is left of the usual: it multiplies scores and so can only ever lower them.
    """

    @property
    def allowed(self) -> bool: ...

    @property
    def ppv_allowed(self) -> bool: ...

    @property
    def reasons(self) -> tuple[str, ...]: ...

    @property
    def pressure(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be offered; ids, hash and price may be left out."""

    category: str
    content_id: str = ""
    content_hash: str = ""
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """One reason with its number: a score, a factor, a probability; 0 where there is none."""

    code: str
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A window to send in; UTC. ``probability`` of buying in it, of all the windows of a week."""

    starts_at: datetime
    ends_at: datetime
    probability: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One candidate judged.

    Args:
        score: 0-1; 0 where excluded.
        sendable: whether it may be offered in its slot. False: ``excluded`` says why.
        excluded: "" or a code: already_bought, declined_recently:<until>, selling_not_allowed, no_time.
        slot: of what is declined, the best after the rest; None where it was bought or selling is not allowed.
    """

    candidate: Candidate
    score: float
    confidence: float
    sendable: bool
    excluded: str
    reasons: tuple[Because, ...]
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class RecommendationParams:
    """How candidates are judged.

    Args:
        bound_share: how much the lower bound of the preference counts beside the score, 0-1.
        high_price: how many times the fan's average amount is high.
        high_price_factor: what a high price multiplies the score by.
        window_hours: length of a slot.
        horizon_days: how far ahead slots are looked for.
        sooner_half_life_days: a slot so much later is worth half.
        weekend_share: probability of Friday to Sunday from which somebody is a weekend buyer.
        weekend_occasions: fewer make nobody a weekend buyer.
        most: recommendations that may be sent; exclusions come on top.
    """

    bound_share: float = 0.5
    high_price: float = 2.0
    high_price_factor: float = 0.7
    window_hours: int = 2
    horizon_days: int = 7
    sooner_half_life_days: float = 7.0
    weekend_share: float = 0.55
    weekend_occasions: int = 5
    most: int = 20


def recommend(
    preferences: PreferenceEstimates,
    offers: OfferState,
    purchases: Sequence[PurchasePattern],
    candidates: Sequence[Candidate] = (),
    verdict: SellingVerdict | None = None,
    *,
    as_of: datetime,
    zone: tzinfo = UTC,
    timing: PurchaseTiming = NO_TIMING,
    params: RecommendationParams = RecommendationParams(),
    offer_params: OfferParams = OFFER_PARAMS,
) -> list[Recommendation]:
    """Return the candidates judged: those that may be sent by score, then the excluded ones with their reasons.

    Args:
        candidates: without any, the categories of ``preferences`` are.
        verdict: None where nobody judged; where selling is not allowed nothing is sendable and nothing has a slot, but
            the list is still given, so that a person can see what would be offered and why it is not.
        timing: when the fan buys (``purchases.timing``).
    """
    known = _Known(preferences, offers, purchases, verdict, as_of, zone, timing, params, offer_params)
    soon = best_slot(timing, as_of, zone, params)
    named = candidates or [Candidate(category) for category in preferences.content]
    judged = [_judged(candidate, known, soon) for candidate in named]
    ranked = sorted(judged, key=lambda one: (-one.score, one.candidate.category, one.candidate.content_id))
    return [one for one in ranked if one.sendable][: params.most] + [one for one in ranked if not one.sendable]


def best_slot(
    timing: PurchaseTiming,
    as_of: datetime,
    zone: tzinfo = UTC,
    params: RecommendationParams = RecommendationParams(),
    *,
    not_before: datetime | None = None,
) -> Slot | None:
    """Return the best window of whole local hours in the days to come, or None where none is left.

    Never in quiet hours; for weekend buyers on Friday or Saturday only. Sooner is a little better.
    """
    earliest = max(as_of, not_before) if not_before else as_of
    days = _days_for(timing, params)
    slots = (_slot(timing, start, zone, params) for start in _starts(earliest, zone, params))
    usable = [slot for slot in slots if slot and weekday(slot.starts_at.astimezone(zone)) in days]
    return max(usable, key=lambda slot: (_worth(slot, earliest, params), -slot.starts_at.timestamp()), default=None)


def is_weekend_buyer(timing: PurchaseTiming, params: RecommendationParams = RecommendationParams()) -> bool:
    """Return whether most is bought from Friday to Sunday, and often enough to say so."""
    often = timing.occasion_count >= params.weekend_occasions
    return often and _weekend_share(timing) >= params.weekend_share


@dataclass(frozen=True, slots=True)
class _Known:
    """All that candidates are judged by."""

    preferences: PreferenceEstimates
    offers: OfferState
    purchases: Sequence[PurchasePattern]
    verdict: SellingVerdict | None
    as_of: datetime
    zone: tzinfo
    timing: PurchaseTiming
    params: RecommendationParams
    offer_params: OfferParams

    def preference(self, candidate: Candidate) -> ContentPreference:
        return self.preferences.content.get(category_of({"category": candidate.category}), _UNKNOWN)


_UNKNOWN = ContentPreference(0.0, 0.0, 0, None, 0.0, 0, ())


def _judged(candidate: Candidate, known: _Known, soon: Slot | None) -> Recommendation:
    against = _objections(candidate, known)
    if against:
        later = _later(candidate, known, against)
        confidence = known.preference(candidate).confidence
        return Recommendation(candidate, 0.0, confidence, False, against[0].code, against, later)
    return _recommended(candidate, known, soon)


def _recommended(candidate: Candidate, known: _Known, soon: Slot | None) -> Recommendation:
    preference = known.preference(candidate)
    price, pressure = _price_reason(candidate, known), _pressure_reason(known)
    score = _liking(preference, known.params)
    if price and price.code == Reason.PRICE_HIGH:
        score *= known.params.high_price_factor
    if pressure:
        score *= pressure.value
    reasons = (*_preference_reasons(preference), price, pressure, *_timing_reasons(soon, known))
    told = tuple(reason for reason in reasons if reason)
    return Recommendation(candidate, score, preference.confidence, soon is not None, _excluded(soon), told, soon)


def _excluded(soon: Slot | None) -> str:
    return "" if soon else Reason.NO_TIME


def _objections(candidate: Candidate, known: _Known) -> tuple[Because, ...]:
    """Return why it must not be offered now; what the ledger says goes before the verdict."""
    against = objection(
        known.offers,
        category=candidate.category,
        content_id=candidate.content_id,
        content_hash=candidate.content_hash,
        as_of=known.as_of,
        params=known.offer_params,
    )
    named = (Because(against),) if against else ()
    if known.verdict is None or (known.verdict.allowed and known.verdict.ppv_allowed):
        return named
    return (*named, Because(Reason.SELLING_NOT_ALLOWED), *(Because(reason) for reason in known.verdict.reasons))


def _later(candidate: Candidate, known: _Known, against: Sequence[Because]) -> Slot | None:
    """Return the slot after a declined category has rested; None where there is another objection."""
    if len(against) > 1 or not against[0].code.startswith(DECLINED_RECENTLY):
        return None
    item = find_item(known.offers, content_id=candidate.content_id, content_hash=candidate.content_hash)
    category = candidate.category or (item.category if item else "")
    until = rests_until(known.offers, category=category, item=item, params=known.offer_params)
    return best_slot(known.timing, known.as_of, known.zone, known.params, not_before=until)


def _liking(preference: ContentPreference, params: RecommendationParams) -> float:
    """Return score and lower bound mixed, so that of two liked alike the surer one leads."""
    return (1.0 - params.bound_share) * preference.score + params.bound_share * preference.lower_bound


def _preference_reasons(preference: ContentPreference) -> tuple[Because, ...]:
    code = Reason.PREFERENCE if preference.evidence_count else Reason.POPULAR
    declined = Because(Reason.DECLINED_BEFORE, float(preference.declined_count))
    return (Because(code, preference.score), *((declined,) if preference.declined_count else ()))


def _price_reason(candidate: Candidate, known: _Known) -> Because | None:
    """Return the price as a multiple of what the fan pays on average for this kind; None where either is unknown."""
    kind = (
        PurchaseKind.CUSTOM
        if category_of({"category": candidate.category}) == PurchaseKind.CUSTOM
        else PurchaseKind.PPV
    )
    average = next((p.average_amount for p in known.purchases if p.kind == kind and _tells_price(p)), None)
    if not candidate.price or not average:
        return None
    ratio = candidate.price / average
    return Because(Reason.PRICE_HIGH if ratio > known.params.high_price else Reason.PRICE_FITS, ratio)


def _tells_price(pattern: PurchasePattern) -> bool:
    return pattern.status is PatternStatus.LEARNT


def _pressure_reason(known: _Known) -> Because | None:
    """Return by how much the verdict lowers scores; it never raises them."""
    if known.verdict is None or known.verdict.pressure >= 1.0:
        return None
    return Because(Reason.LOW_PRESSURE, max(known.verdict.pressure, 0.0))


def _timing_reasons(soon: Slot | None, known: _Known) -> tuple[Because, ...]:
    if soon is None or known.timing.occasion_count == 0:
        return ()
    when = Because(Reason.BUYING_TIME, soon.probability)
    share = Because(Reason.WEEKEND_BUYER, _weekend_share(known.timing))
    return (when, share) if is_weekend_buyer(known.timing, known.params) else (when,)


def _weekend_share(timing: PurchaseTiming) -> float:
    return timing.weekdays[FRIDAY] + timing.weekdays[SATURDAY] + timing.weekdays[SUNDAY]


def _days_for(timing: PurchaseTiming, params: RecommendationParams) -> frozenset[int]:
    return frozenset({FRIDAY, SATURDAY}) if is_weekend_buyer(timing, params) else frozenset(range(WEEKDAYS))


def _starts(earliest: datetime, zone: tzinfo, params: RecommendationParams) -> Iterator[datetime]:
    """Yield the whole local hours from ``earliest`` on, as instants in UTC. In UTC, because local clocks jump."""
    at = earliest.astimezone(zone)
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    first = earliest.astimezone(UTC) + (timedelta(hours=1) - past if past else timedelta())
    for hour in range(params.horizon_days * HOURS):
        yield first + timedelta(hours=hour)


def _slot(timing: PurchaseTiming, start: datetime, zone: tzinfo, params: RecommendationParams) -> Slot | None:
    """Return the window that begins at an instant, or None where it touches quiet hours."""
    moments = [(start + timedelta(hours=hour)).astimezone(zone) for hour in range(params.window_hours)]
    if any(moment.hour in QUIET_HOURS for moment in moments):
        return None
    share = math.fsum(timing.hours[moment.hour] for moment in moments)
    end = start + timedelta(hours=params.window_hours)
    return Slot(start, end, timing.weekdays[weekday(moments[0])] * share)


def _worth(slot: Slot, earliest: datetime, params: RecommendationParams) -> float:
    return slot.probability * weight(days_between(earliest, slot.starts_at), params.sooner_half_life_days)
