"""What is usual: pulled toward the shipped rates, never about a few."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from calibration.algorithms.learner import LearnedState, learn
from calibration.algorithms.pooling import LEAST_BUYERS, SHIPPED, PoolingParams, pool
from calibration.domain import Event
from memory.domain import InteractionType, Sender
from privacy.domain import PROFILING

BEGIN = datetime(2026, 3, 2, 20, tzinfo=UTC)


def _event(number: int, at: datetime, kind: InteractionType, **more: object) -> Event:
    return Event(UUID(int=number), at, kind, Sender.FAN, **more)  # type: ignore[arg-type]


def _fan(likes: str = "", *, buys: int = 0, declines: int = 0, zone: str = "") -> LearnedState:
    events = [_event(0, BEGIN, InteractionType.MESSAGE, text="hello", metadata={"timeZone": zone} if zone else {})]
    for n in range(1, buys + 1):
        more = {"amount": Decimal(20), "metadata": {"category": likes}}
        events.append(_event(n, BEGIN + timedelta(days=n), InteractionType.PURCHASE, **more))
    for n in range(declines):
        at = BEGIN + timedelta(days=buys + 1, hours=n)
        events.append(_event(100 + n, at, InteractionType.OFFER_DECLINED, metadata={"category": likes}))
    return learn(LearnedState(), events, PROFILING)


AS_OF = BEGIN + timedelta(days=30)


def test_nobody_leaves_what_was_shipped():
    found = pool([], AS_OF)
    assert (found.categories, found.topics, found.day) == ({}, {}, None)
    assert found.tone_base_rate == SHIPPED.tone_base_rate
    assert found.population == SHIPPED.population


def test_what_few_have_to_do_with_is_kept_to_them():
    few = PoolingParams().least_fans - 1
    assert pool([_fan("photos", buys=3)] * few + [_fan()] * 50, AS_OF).categories == {}


def test_a_rate_rises_with_those_who_buy_and_falls_with_those_who_decline():
    silent = [_fan() for _ in range(20)]
    liked = pool([_fan("photos", buys=4)] * 20 + silent, AS_OF).categories["photos"]
    disliked = pool([_fan("photos", declines=4)] * 20 + silent, AS_OF).categories["photos"]
    assert disliked < 0.3 < liked
    # Fans who never had to do with it keep it from looking like what everybody wants.
    assert liked < pool([_fan("photos", buys=4)] * 20, AS_OF).categories["photos"] < 1


def test_days_and_weeks_need_buyers():
    buyers = [_fan("photos", buys=6) for _ in range(LEAST_BUYERS)]
    assert pool(buyers[:-1], AS_OF).population == SHIPPED.population
    found = pool(buyers, AS_OF).population
    assert found.profiles != SHIPPED.population.profiles
    assert abs(sum(found.weekdays) - 1) < 1e-9
    assert found.per_month["ppv"] > 1


def test_the_mean_day_is_that_of_fans_whose_zone_is_stated():
    fans = [_fan("photos", buys=6, zone="Asia/Tokyo") for _ in range(LEAST_BUYERS)]
    assert pool(fans[:-1], AS_OF).day is None
    day = pool(fans, AS_OF).day
    # 20:00 UTC is five in the morning in Tokyo.
    assert day is not None
    assert day[5] > SHIPPED.population.profiles.curves[0][5]
    assert abs(sum(day) - 1) < 1e-9
