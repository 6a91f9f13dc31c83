"""The same in whatever order things arrive, however they are cut into runs, and however often they are reported."""

import random
from datetime import timedelta

import pytest

from calibration.services import events, learning
from calibration.services.due import DUE
from memory.models import (
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    Interaction,
    PersonalityProfile,
)
from tests.calibration.support import BEGIN, do, learn_all, say, state_of
from tests.memory.support import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = (
    "I love hiking in the mountains",
    "that is terrible, I hate waiting",
    "thank you so much, you made my day! 😍",
    "not a fan of videos",
    "what are you doing today?",
    "I'm so happy to hear from you",
    "meh",
    "good night, talk tomorrow",
)
ANSWERS = ("Hey you! 😘 how was your day?", "Tell me more about it.", "haha nice one 😂", "Dear Sir, as agreed.")


def _story(count: int) -> list[tuple]:
    """What happens, in its order: what both say, purchases and a declined offer, over two weeks."""
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    at, story = 0.0, []
    for n in range(count):
        at += chance.choice([1, 2, 5, 600, 1500])
        if n % 9 == 8:
            metadata = {"category": chance.choice(["photos", "videos"]), "contentId": f"item-{n}"}
            story.append(("purchase", at, {"amount": 15 + n, "metadata": metadata}))
        elif n % 13 == 12:
            story.append(("offer_declined", at, {"metadata": {"category": "custom"}}))
        elif n % 2:
            story.append((chance.choice(ANSWERS), at, {"sender": "ai", "metadata": {"tone": "playful"}}))
        else:
            story.append((chance.choice(WORDS), at, {}))
    return [(what, at, {**more, "n": n}) for n, (what, at, more) in enumerate(story)]


def _tell(step: tuple, fan_id: str) -> None:
    what, at, more = step
    given = {**more, "fan_id": fan_id, "creator_id": "creator-1"}
    given["metadata"] = {**given.get("metadata", {}), "externalId": f"{given.pop('n')}"}
    (do if what in ("purchase", "offer_declined") else say)(what, at, **given)


def _plain(fan_id: str) -> dict:
    """Return all that was learnt, with the ids of rows replaced by when they happened."""
    instants = {}
    for model in (FanMemory, Interaction):
        for row in model.objects.filter(fan_id=fan_id):
            instants[str(row.id)] = row.created_at.isoformat()
    state = state_of(fan_id=fan_id).state.decode()
    for key, at in instants.items():
        state = state.replace(key, at)
    preferences = FanPreferences.objects.get(fan_id=fan_id)
    profile = PersonalityProfile.objects.get(fan_id=fan_id)
    mood = EmotionalState.objects.get(fan_id=fan_id)
    return {
        "state": state,
        "likes": preferences.content_preferences,
        "topics": preferences.topic_interests,
        "patterns": preferences.purchase_patterns,
        "profile": (profile.tone, profile.emoji_frequency, profile.confidence_score, profile.interaction_count),
        "calibrated": profile.last_calibrated,
        "mood": (mood.current_sentiment, mood.sentiment_history, mood.dominant_emotions, mood.engagement_level),
    }


@pytest.fixture(scope="module")
def story() -> list[tuple]:
    return _story(60)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_and_any_cutting_lead_to_the_same(creator_1, story, seed):
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for step in story:
        _tell(step, "in-order")
    learn_all()
    shuffled = chance.sample(story, len(story))
    for step in shuffled:
        for _ in range(chance.choice([1, 1, 3])):
            _tell(step, "shuffled")
        if chance.random() < 0.3:
            learn_all()
    learn_all()
    assert _plain("shuffled") == _plain("in-order")


def test_one_by_one_is_the_same_as_at_once(creator_1, story):
    for step in story:
        _tell(step, "at-once")
    learn_all()
    for step in story:
        _tell(step, "one-by-one")
        learn_all()
    assert _plain("one-by-one") == _plain("at-once")


def test_a_long_history_in_several_runs_is_the_same(creator_1, story, monkeypatch):
    for fan_id in ("at-once", "in-pieces"):
        for step in story:
            _tell(step, fan_id)
    DUE.take(10)
    numbers = {row.fan_id: row.pk for row in EngagementMetrics.objects.all()}
    learning.learn_pairs([numbers["at-once"]])
    monkeypatch.setattr(events, "BATCH_EVENTS", 7)
    DUE.add(numbers["in-pieces"])
    learn_all()
    assert _plain("in-pieces") == _plain("at-once")


def test_what_was_learnt_stays_in_use_while_a_late_arrival_is_taken_in(creator_1, story, monkeypatch):
    for step in story[5:]:
        _tell(step, "fan-1")
    learn_all()
    before = FanPreferences.objects.get(fan_id="fan-1").content_preferences
    for step in story[:5]:
        _tell(step, "fan-1")
    monkeypatch.setattr(events, "BATCH_EVENTS", 7)
    # The first run sees that something is missing, the next ones begin anew; none of them hands out half of it.
    for _ in range(5):
        learning.learn_due(seconds=0)
        assert state_of(fan_id="fan-1").recounted == len(story)
        assert FanPreferences.objects.get(fan_id="fan-1").content_preferences == before
        assert EngagementMetrics.objects.get(fan_id="fan-1").learnt_interactions == len(story) - 5
    learn_all()
    assert state_of(fan_id="fan-1").recounted is None
    assert EngagementMetrics.objects.get(fan_id="fan-1").learnt_interactions == len(story)
    for step in story:
        _tell(step, "in-order")
    learn_all()
    assert _plain("fan-1") == _plain("in-order")


def test_two_runs_of_one_pair_at_once_are_like_one_after_the_other(creator_1, story):
    for step in story:
        _tell(step, "alone")
    learn_all()
    for step in story[:40]:
        _tell(step, "contended")
    number = EngagementMetrics.objects.get(fan_id="contended").pk

    def write_and_learn() -> None:
        for step in story[40:50]:
            _tell(step, "contended")
        learning.learn_pairs([number])

    def write_more_and_learn() -> None:
        for step in story[50:]:
            _tell(step, "contended")
        learning.learn_pairs([number])

    at_once(write_and_learn, write_more_and_learn, lambda: learning.learn_pairs([number]))
    learn_all()
    assert _plain("contended") == _plain("alone")


def test_counters_that_say_otherwise_do_not_keep_a_pair_from_being_learnt(creator_1):
    say("hello there")
    EngagementMetrics.objects.update(total_interactions=5)
    learn_all()
    row = EngagementMetrics.objects.get(fan_id="fan-1")
    assert (row.learnt_interactions, row.total_interactions) == (5, 5)
    say("and hello again", 5)
    learn_all()
    assert EngagementMetrics.objects.get(fan_id="fan-1").learnt_interactions == 6


def test_equal_instants_are_taken_in_once(creator_1):
    at = BEGIN + timedelta(minutes=1)
    for n in range(3):
        do("view", fan_id="fan-1", timestamp=at, metadata={"category": "photos", "externalId": str(n)})
    learn_all()
    do("view", timestamp=at, metadata={"category": "photos", "externalId": "late"})
    learn_all()
    row = EngagementMetrics.objects.get(fan_id="fan-1")
    assert row.learnt_interactions == row.total_interactions == 4
    assert FanPreferences.objects.get(fan_id="fan-1").content_preferences["photos"]["evidence_count"] == 4
