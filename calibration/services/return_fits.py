"""Fitting, on a creator's own fans, whether a fan comes back: on when who did something, never on what was said."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from calibration.algorithms.returns import HORIZON, ReturnModel, fit_return_model, recalibrated, return_examples
from calibration.domain import Event
from memory.domain import InteractionType
from memory.evidence import Activity, list_activity

# Long enough for habits, short enough that they are today's.
PERIOD = timedelta(days=180)
# As of the first weeks nobody has a habit yet.
WARM_UP = timedelta(days=28)
WEEK = timedelta(days=7)
LATEST_WEEKS = 2
# Fans whose activity is loaded at once.
BATCH = 200


def fit_returns(creator_id: str, fan_ids: Sequence[str], now: datetime) -> ReturnModel:
    """Return the model of whether the creator's fans come back within 7 days; near the shipped one while they are few.

    Args:
        fan_ids: those who may be learnt about.
        now: what is known; the last 7 days are what the latest examples came to.
    """
    days = _days(now)
    examples, latest = [], []
    for start in range(0, len(fan_ids), BATCH):
        found = list_activity(creator_id, fan_ids[start : start + BATCH], now - PERIOD)
        for activities in found.values():
            events = [_event(activity) for activity in activities]
            examples += return_examples(events, days)
            latest += return_examples(events, days[-LATEST_WEEKS:])
    # Seasons move everybody at once: the order comes from the whole period, the level from its end.
    return recalibrated(fit_return_model(examples), latest)


def _days(now: datetime) -> list[datetime]:
    weeks = (PERIOD - WARM_UP - HORIZON) // WEEK
    return [now - HORIZON - WEEK * back for back in range(weeks, -1, -1)]


def _event(activity: Activity) -> Event:
    kind = InteractionType.MESSAGE if activity.is_message else InteractionType.VIEW
    return Event(activity.id, activity.at, kind, activity.sender)
