"""Calibrating on request, by hand and back; what tones earned; what is usual."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calibration.errors import CalibrationFailed
from calibration.models import CreatorPriors, LearntState, ToneDecision
from calibration.services import events
from calibration.services.analysis import analyze_message
from calibration.services.calibrating import adjust_tone, calibrate_personality, lock_traits, roll_back
from calibration.services.feedback import give_feedback
from calibration.services.learning import learn_pairs
from calibration.services.priors import fit, forget_priors, priors_of
from calibration.services.return_fits import fit_returns
from calibration.services.styles import get_optimal_response_style
from memory.models import EngagementMetrics, PersonalityChange, PersonalityProfile
from memory.services.personality import get_personality_history, update_personality
from ofmemory.errors import Conflict, NotFound
from privacy.domain import Pair
from privacy.services import processing
from tests.calibration.support import BEGIN, OF, do, learn_all, say, state_of

pytestmark = pytest.mark.django_db(transaction=True)
PAIR = Pair("creator-1", "fan-1")


def _talk(count: int = 24, begin: float = 0, **metadata: object) -> None:
    """The fan answers each of our messages gladly, and soon."""
    for n in range(count):
        ours = {"sender": "ai", "metadata": metadata} if n % 2 == 0 else {}
        say("How was your day?" if n % 2 == 0 else "It was wonderful, thank you so much! 😍", begin + n * 2, **ours)


def test_on_request_between_two_calibrations(creator_1):
    _talk(6)
    learn_all()
    before = PersonalityProfile.objects.get()
    _talk(4, begin=60)
    assert before.interaction_count == 5
    found = calibrate_personality(**OF)
    assert found["interactionCount"] == 10
    assert state_of().folded_count == 10


def test_a_fan_who_objected_is_not_calibrated(creator_1):
    _talk(6)
    processing.object_to_profiling(PAIR, reason="", actor="user:1")
    with pytest.raises(Conflict):
        calibrate_personality(**OF)


def test_one_far_behind_is_left_to_the_worker(creator_1, monkeypatch):
    _talk(24)
    monkeypatch.setattr(events, "BATCH_EVENTS", 5)
    with pytest.raises(CalibrationFailed) as refusal:
        calibrate_personality(**OF)
    assert refusal.value.retry_after_seconds
    assert not PersonalityChange.objects.filter(reason="manual").exists()


def test_one_that_waits_after_failures_keeps_its_profile(creator_1):
    _talk(6)
    learn_all()
    LearntState.objects.update(failure_count=8, retry_at=None)
    with pytest.raises(CalibrationFailed):
        calibrate_personality(**OF)
    assert PersonalityProfile.objects.get().interaction_count == 5


def test_by_hand_kept_and_back(creator_1):
    _talk(6)
    learn_all()
    assert adjust_tone(**OF, tone="professional", actor="user:1")["tone"] == "professional"
    assert lock_traits(**OF, lock=["response_speed"], release=["tone"], actor="user:1")["lockedTraits"] == [
        "responseSpeed"
    ]
    changes = get_personality_history(**OF)
    by_hand = next(change for change in changes if change["before"]["tone"] != change["after"]["tone"])
    back = roll_back(**OF, change_id=by_hand["id"], actor="user:1")
    assert (back["tone"], "tone" in back["lockedTraits"]) == ("friendly", True)
    assert get_personality_history(**OF)[0]["reason"] == "rollback"
    with pytest.raises(NotFound):
        roll_back(**OF, change_id=PAIR_ID, actor="user:1")


PAIR_ID = "00000000-0000-7000-8000-000000000000"


def test_a_proposed_tone_that_is_followed_earns_its_reward(creator_1):
    _talk(24)
    learn_all()
    decision = get_optimal_response_style(**OF)["decision"]
    assert decision is not None
    later = 24 * 60
    say("Tell me about the concert!", later, sender="ai", metadata={"decisionId": str(decision["id"])})
    say("It was so good, I loved every minute, thank you! 😍", later + 1)
    say("And what else?", later + 20, sender="ai", metadata={"decisionId": "no id at all"})
    say("Nothing else.", later + 21)
    learn_all()
    row = ToneDecision.objects.get(pk=decision["id"])
    assert row.reward is not None
    assert row.reward > 0.5
    assert row.rewarded_by == "fan"
    # A person's word stays, also when it is all learnt anew.
    given = {"about": "tone", "reference": str(decision["id"]), "actor": "user:1"}
    give_feedback(**OF, **given, verdict="snooze")
    give_feedback(**OF, **given, verdict="wrong")
    LearntState.objects.update(algorithms=0)
    say("hello", later + 100)
    learn_all()
    row.refresh_from_db()
    assert (row.reward, row.rewarded_by) == (0.0, "feedback")


def test_a_length_set_by_hand_is_the_one_aimed_at(creator_1):
    _talk(24)
    learn_all()
    update_personality(**OF, traits={"message_length_preference": "long"}, actor="user:1")
    long = get_optimal_response_style(**OF)["maxLength"]
    update_personality(**OF, traits={"message_length_preference": "short"}, actor="user:1")
    assert get_optimal_response_style(**OF)["maxLength"] < long


def test_in_a_low_mood_no_tone_is_drawn(creator_1):
    _talk(24)
    learn_all()
    assert get_optimal_response_style(**OF)["decision"] is not None
    for n in range(4):
        at = timezone.now() - timedelta(minutes=4 - n)
        say("This is terrible, I am so sad and disappointed, I hate everything today 😭", timestamp=at)
    learn_all()
    found = get_optimal_response_style(**OF)
    assert found["decision"] is None
    assert found["tone"] in {"friendly", "casual", "professional"}


def test_a_purchase_after_the_answer_adds_to_the_reward(creator_1):
    _talk(24)
    learn_all()
    decision = get_optimal_response_style(**OF)["decision"]
    later = 24 * 60
    say("Would you like the new set?", later, sender="ai", metadata={"decisionId": str(decision["id"])})
    say("maybe", later + 300)
    learn_all()
    say("hm, yes", later + 400)
    learn_all()
    first = ToneDecision.objects.get(pk=decision["id"]).reward
    do("purchase", later + 410, amount=20, metadata={"category": "photos"})
    say("there you go", later + 420)
    learn_all()
    second = ToneDecision.objects.get(pk=decision["id"]).reward
    assert 0 <= first < second <= 1


def test_what_is_usual_is_used_and_remembered_for_a_while(creator_1, settings):
    settings.LEARNING_POOL_MIN_FANS = 5
    for fan in range(6):
        for n in range(4):
            at = n * 24 * 60
            do("purchase", at, fan_id=f"fan-{fan}", amount=20, metadata={"category": "photos"})
    learn_all()
    assert priors_of("creator-1").categories == {}
    assert fit("creator-1")
    assert priors_of("creator-1").categories == {}
    forget_priors()
    assert priors_of("creator-1").categories["photos"] > 0.3
    assert CreatorPriors.objects.get().pair_count == 6


def test_the_model_of_returns_is_fitted_on_when_fans_came(creator_1):
    now = timezone.now()
    for fan in range(4):
        for day in range(0, 100, 2 + fan):
            for offset in (0, 1):
                at = now - timedelta(days=100 - day, minutes=-offset)
                say("hello", fan_id=f"fan-{fan}", timestamp=at, sender="fan" if offset else "creator")
    fitted = fit_returns("creator-1", [f"fan-{fan}" for fan in range(4)], now)
    assert fitted.example_count > 20
    assert fitted.base_rate > 0.8
    assert fit_returns("creator-1", [], now).example_count == 0


def test_one_message_alone(db):
    found = analyze_message("I love it")
    assert (found["sentiment"], found["cues"]) == ("positive", [])


def test_a_pair_restricted_meanwhile_is_no_failure(creator_1, monkeypatch):
    say("hello there")
    number = EngagementMetrics.objects.get().pk
    unread = events.read_messages

    def restricted_meanwhile(texts):
        processing.restrict(PAIR, reason="", actor="user:1")
        return unread(texts)

    monkeypatch.setattr(events, "read_messages", restricted_meanwhile)
    run = learn_pairs([number])
    assert (run.pairs, run.failed) == (0, 0)
    assert not LearntState.objects.exists()


def test_a_pair_stored_by_somebody_else_meanwhile_is_taken_up_again(creator_1, monkeypatch):
    say("hello there")
    number = EngagementMetrics.objects.get().pk
    unread = events.read_messages

    def overtaken(texts):
        monkeypatch.setattr(events, "read_messages", unread)
        say("and more", 5)
        learn_pairs([number])
        return unread(texts)

    monkeypatch.setattr(events, "read_messages", overtaken)
    assert learn_pairs([number]).pairs == 0
    learn_all()
    assert state_of().folded_count == 2
    assert state_of().folded_to > BEGIN
