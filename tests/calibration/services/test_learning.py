"""The learning run: what is said becomes known, once, in whatever order, and whatever breaks on the way."""

from datetime import timedelta

import pytest

from calibration.services.due import DUE
from calibration.services.learning import learn_due, learn_pair, sweep
from memory.models import EmotionalState, EngagementMetrics, FanMemory, FanPreferences, PersonalityProfile
from memory.services.context import get_memory_context
from privacy.domain import Pair
from tests.calibration.support import OF, do, learn_all, say, state_of

pytestmark = pytest.mark.django_db(transaction=True)
PAIR = Pair("creator-1", "fan-1")


def test_what_is_said_becomes_known(creator_1):
    saved = say("I love hiking in the mountains, it was wonderful! 😍")
    assert get_memory_context(**OF)["learning"]["pending"] == 1
    assert learn_due().pairs == 1
    message = FanMemory.objects.get(pk=saved.id)
    assert message.sentiment == "positive"
    assert message.topics
    context = get_memory_context(**OF)
    assert context["learning"]["pending"] == 0
    assert context["learning"]["asOf"] is not None
    assert context["recentMessages"][0]["sentiment"] == "positive"
    assert context["emotionalState"]["currentSentiment"] == "positive"
    assert context["emotionalState"]["lastPositiveInteraction"] == "2026-03-02T09:00:00Z"


def test_nothing_new_stores_nothing(creator_1):
    say("hello there")
    learn_all()
    before = state_of()
    DUE.add(EngagementMetrics.objects.get(**OF).pk)
    learn_due()
    assert state_of().version == before.version


def test_many_interactions_are_one_run(creator_1):
    for n in range(5):
        say(f"message number {n}", n)
    run = learn_due()
    assert (run.pairs, run.messages, run.interactions) == (1, 5, 5)


def test_a_mood_at_the_end_of_a_long_run(creator_1):
    for n in range(30):
        say("what a lovely day, thank you so much!" if n % 2 else "how are you?", n)
    learn_all()
    assert EmotionalState.objects.get(**OF).current_sentiment == "positive"
    assert PersonalityProfile.objects.get(**OF).interaction_count > 0


def test_purchases_become_preferences_and_patterns(creator_1):
    say("hi")
    for week in range(5):
        do("purchase", week * 7 * 24 * 60, amount=20, metadata={"category": "photos"})
    learn_all()
    row = FanPreferences.objects.get(**OF)
    assert row.content_preferences["photos"]["evidence_count"] == 5
    assert row.purchase_patterns[0]["type"] == "ppv"
    assert row.purchase_patterns[0]["averageAmount"] == 20.0


def test_a_sweep_finds_what_nobody_woke(creator_1, settings):
    settings.LEARNING_SWEEP_AFTER = timedelta(0)
    say("hello there")
    DUE.take(10)
    assert learn_due().pairs == 0
    assert sweep() == 1
    assert learn_due().pairs == 1
    assert sweep() == 0


def test_one_pair_can_be_learnt_at_once(creator_1):
    say("hello there")
    assert learn_pair(PAIR)
    assert get_memory_context(**OF)["learning"]["pending"] == 0
    assert not learn_pair(Pair("creator-1", "nobody"))
