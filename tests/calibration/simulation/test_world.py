"""What invented fans do: in order, as they are, and never by the learners' leave."""

from datetime import timedelta

import numpy as np
import pytest

from calibration.simulation.fans import CATEGORIES, LatentFan, Leaning, draw_fan
from calibration.simulation.measures import rank_correlation
from calibration.simulation.world import START, Manner, World, chance_of_visit, visits
from memory.domain import InteractionType, Tone


def fan(**more) -> LatentFan:
    told = {
        "likes": dict.fromkeys(CATEGORIES, 0.5) | {"photos": 1.0, "live": 0.0},
        "tones": dict.fromkeys(Tone, 0.3) | {Tone.PLAYFUL: 0.9},
        "length": Leaning.LESS,
        "emojis": Leaning.NONE,
        "hours": (0.0,) * 20 + (1.0,) + (0.0,) * 3,
        "weekdays": (0.5, 0, 0, 0, 0, 0, 0.5),
        "offset_hours": 2,
        "states_zone": True,
        "visits_a_day": 0.5,
        "turns": 3.0,
        "joined_on": 0.0,
        "fades_on": None,
    }
    return LatentFan(**(told | more))


def dice(seed=1):
    return np.random.default_rng(seed)


def talks(one, manner, count=60):
    world = World(one, dice())
    return [
        event for at in range(count) for event in world.converse(START + timedelta(days=at), manner, we_begin=False)
    ]


def count(events, kind):
    return sum(event.type is kind for event in events)


def test_a_fan_is_drawn_as_there_might_be_one():
    drawn = [draw_fan(dice(seed), 180) for seed in range(200)]
    assert all(one.tones[one.best_tone] == max(one.tones.values()) <= 0.85 for one in drawn)
    assert all(sum(one.hours) == pytest.approx(1) == pytest.approx(sum(one.weekdays)) for one in drawn)
    assert 0.25 < np.mean([one.best_tone is Tone.FRIENDLY for one in drawn]) < 0.45
    assert 0.3 < np.mean([one.fades_on is not None for one in drawn]) < 0.5


def test_visits_are_on_the_fans_days_and_hours():
    own = [at for at, we_begin in visits(fan(), 90, dice()) if not we_begin]
    local = [at + timedelta(hours=2) for at in own]
    assert len(local) > 20
    assert {at.hour for at in local} == {20}
    assert {at.isoweekday() % 7 for at in local} == {0, 6}


def test_who_faded_hardly_comes():
    faded = fan(fades_on=30.0)
    assert faded.has_faded(30.0)
    assert not faded.has_faded(29.0)
    own = [at for at, we_begin in visits(faded, 120, dice()) if not we_begin]
    assert sum(at > START + timedelta(days=30) for at in own) < sum(at <= START + timedelta(days=30) for at in own)
    assert chance_of_visit(faded, START) > 0.9
    assert chance_of_visit(faded, START + timedelta(days=31)) < 0.3


def test_what_is_liked_is_bought_and_what_is_not_is_declined():
    liked = talks(fan(), Manner(Tone.PLAYFUL, 12, 0.5, "photos"))
    assert count(liked, InteractionType.PURCHASE) > 5
    assert count(liked, InteractionType.OFFER_DECLINED) == 0
    disliked = talks(fan(), Manner(Tone.PLAYFUL, 12, 0.5, "live"))
    assert count(disliked, InteractionType.PURCHASE) == 0
    assert count(disliked, InteractionType.OFFER_DECLINED) > 5
    assert {m.liking > 0 for event in liked for m in event.topics if m.name == "photos"} == {True}
    assert {m.liking > 0 for event in disliked for m in event.topics if m.name == "live"} == {False}


def test_the_better_tone_and_length_are_answered_more():
    best = talks(fan(), Manner(Tone.PLAYFUL, 10, 0.5))
    assert len(best) > 1.3 * len(talks(fan(), Manner(Tone.CASUAL, 10, 0.5)))
    assert len(best) > len(talks(fan(), Manner(Tone.PLAYFUL, 40, 0.5)))


def test_events_are_in_order_each_with_its_own_id():
    events = talks(fan(), Manner(Tone.PLAYFUL, 12, 0.5, "photos"), count=10)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert len({event.id for event in events}) == len(events)


def test_rank_correlation_shares_ranks_of_equals():
    assert rank_correlation([0.1, 0.5, 0.9], [1, 2, 3]) == pytest.approx(1)
    assert rank_correlation([0.9, 0.5, 0.1], [1, 2, 3]) == pytest.approx(-1)
    assert rank_correlation([0.5, 0.5, 0.5], [1, 2, 3]) == 0
    assert rank_correlation([0.5, 0.5, 0.9], [1, 2, 3]) == pytest.approx(0.866, abs=0.001)
