"""What a fan probably likes, and what to offer them, when, and why not."""

from collections.abc import Sequence
from typing import Any

from calibration import shapes
from calibration.algorithms import purchases
from calibration.algorithms.recommendations import Candidate, recommend
from calibration.services.knowledge import know
from privacy.domain import Pair, Purpose


def get_predicted_preferences(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return what the fan probably likes, likeliest first by the lower bound: categories of content, and topics.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    known = know(Pair(creator_id, fan_id))
    found = known.preferences()
    ranked = sorted(found.content.items(), key=lambda item: (-item[1].lower_bound, item[0]))
    return {
        "predictions": [shapes.predicted(name, one) for name, one in ranked],
        "topics": [shapes.interest(name, one) for name, one in found.topics.items()],
        "asOf": known.as_of,
    }


def get_content_recommendations(
    *, fan_id: str, creator_id: str, candidates: Sequence[Candidate] = ()
) -> dict[str, Any]:
    """Return what to offer: by score, each with reasons and the best window; then what not to offer, and why.

    Args:
        candidates: what there is to offer; the categories the fan and others like where there is none.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    known = know(Pair(creator_id, fan_id))
    zone, verdict = known.zone(), known.verdict()
    buys = known.state.purchases if Purpose.PURCHASE_PROFILING in known.allowed else purchases.PurchaseState()
    found = recommend(
        known.preferences(),
        known.state.offers,
        purchases.project(buys, known.as_of, zone.info, population=known.priors.population),
        candidates,
        verdict,
        as_of=known.as_of,
        zone=zone.info,
        timing=purchases.timing(buys, zone.info, population=known.priors.population),
    )
    return {
        "recommendations": [shapes.recommendation(one) for one in found],
        "selling": shapes.verdict(verdict),
        "timeZone": shapes.zone(zone),
        "asOf": known.as_of,
    }
