import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.mood import FAMILIES, MAX_CONVERSATIONS, Family, Mood, MoodState, learn, project
from calibration.domain import MAX_EVIDENCE, Method
from memory.domain import InteractionType, Sentiment
from tests.calibration.algorithms.states import (
    at,
    fan,
    feeling,
    histories,
    identity,
    ours,
    reading,
    size,
    stored_and_loaded,
)


def _mood(*events, as_of=None):
    return project(learn(MoodState(), events), as_of or events[-1].at)


def test_of_a_fan_never_seen_nothing_is_known():
    assert project(MoodState(), at(0)) == Mood()


def test_one_kind_message_is_a_good_mood():
    mood = _mood(fan(0, valence=0.9))
    assert mood.sentiment is Sentiment.POSITIVE
    assert mood.valence == pytest.approx(0.9 * 0.9 / 1.9)
    assert mood.confidence == pytest.approx(0.9 / 1.9)
    assert mood.last_positive_at == at(0)
    assert mood.last_negative_at is None
    assert mood.evidence == (identity(0),)


def test_the_worked_example_of_the_documentation():
    """Two good messages, then two bad ones, a minute apart: docs/learning/mood.md."""
    minute = 1 / 1440
    events = [
        fan(number * minute, reading=reading(v, confidence=1.0)) for number, v in enumerate((0.8, 0.8, -0.9, -0.9))
    ]
    after = [
        round(project(learn(MoodState(), events[:count]), events[count - 1].at).valence, 2) for count in (1, 2, 3, 4)
    ]
    assert after == [0.40, 0.48, -0.11, -0.37]


def test_two_bad_messages_turn_a_good_mood():
    good = [fan(number / 1440, valence=0.8) for number in range(20)]
    assert _mood(*good, fan(0.1, valence=-0.9)).sentiment is Sentiment.NEUTRAL
    turned = _mood(*good, fan(0.1, valence=-0.9), fan(0.101, valence=-0.9))
    assert turned.sentiment is Sentiment.NEGATIVE
    assert turned.last_negative_at == at(0.101)


def test_moods_fade():
    state = learn(MoodState(), [fan(0, valence=-0.9)])
    moods = [project(state, at(days)) for days in (0, 2, 6)]
    assert [mood.sentiment for mood in moods] == [Sentiment.NEGATIVE, Sentiment.NEGATIVE, Sentiment.NEUTRAL]
    assert moods[0].confidence > moods[1].confidence > moods[2].confidence


def test_what_the_reader_abstained_on_counts_little():
    clear = _mood(fan(0, reading=reading(0.6)))
    unclear = _mood(fan(0, reading=reading(0.6, clear=False)))
    assert 0 < unclear.valence < clear.valence / 2
    assert unclear.sentiment is Sentiment.NEUTRAL
    assert unclear.count == 1
    assert unclear.evidence == ()


@pytest.mark.parametrize(
    "event",
    [
        ours(1),
        fan(1),
        fan(1, reading=reading(0.9, method=Method.NONE)),
        fan(1, type=InteractionType.LIKE, reading=reading(0.9)),
    ],
)
def test_what_was_not_read_teaches_nothing(event):
    known = learn(MoodState(), [fan(0, valence=-0.5)])
    assert learn(known, [event]) == known


def test_a_conversation_ends_with_six_silent_hours():
    hour = 1 / 24
    events = [fan(0, valence=0.8), fan(5.9 * hour, valence=-0.8), fan(12 * hour, valence=-0.8)]
    first, second = _mood(*events).history
    assert (first.start_at, first.end_at, first.count) == (at(0), at(5.9 * hour), 2)
    assert first.sentiment is Sentiment.NEUTRAL
    assert first.negative_share == pytest.approx(0.5)
    assert (second.count, second.valence, second.sentiment) == (1, pytest.approx(-0.8), Sentiment.NEGATIVE)
    assert second.negative_share == 1.0


def test_a_reading_without_any_confidence_leaves_a_conversation_neutral():
    (talk,) = _mood(fan(0, reading=reading(0.9, confidence=0.0))).history
    assert (talk.valence, talk.negative_share, talk.sentiment) == (0.0, 0.0, Sentiment.NEUTRAL)


def test_the_history_holds_thirty_days():
    events = [fan(day, valence=0.5) for day in (0, 10, 29, 35)]
    assert [talk.start_at for talk in _mood(*events).history] == [at(10), at(29), at(35)]
    assert [talk.start_at for talk in _mood(*events, as_of=at(50)).history] == [at(29), at(35)]


def test_the_history_is_bounded():
    """Nobody can hold more conversations in 30 days, with six hours between each two."""
    state = learn(MoodState(), [fan(number * 0.2505, valence=0.123) for number in range(300)])
    assert len(state.talks) == MAX_CONVERSATIONS
    assert size(state) < 12_000


def test_every_label_but_neutral_belongs_to_a_family():
    assert len(FAMILIES) == 27
    assert set(FAMILIES.values()) == set(Family)


def test_feelings_are_shown_by_family():
    felt = feeling(amusement=0.9, joy=0.6, love=0.4, neutral=0.9, fear=0.05)
    joy, affection = _mood(fan(0, reading=reading(0.5, emotions=felt))).dominant_emotions
    assert (joy.family, affection.family) == (Family.JOY, Family.AFFECTION)
    assert joy.share == pytest.approx(0.9 / (0.9 + 0.4 + 0.05 + 1))


def test_feelings_fade_by_half_in_a_week():
    sad = fan(0, reading=reading(-0.5, emotions=feeling(sadness=0.8)))
    glad = fan(7, reading=reading(0.5, emotions=feeling(joy=0.8)))
    joy, sadness = _mood(sad, glad).dominant_emotions
    assert (joy.family, sadness.family) == (Family.JOY, Family.SADNESS)
    assert joy.share == pytest.approx(2 * sadness.share)
    assert _mood(sad, as_of=at(60)).dominant_emotions == ()


def test_at_most_five_feelings_are_shown():
    felt = feeling(joy=0.9, love=0.9, desire=0.9, surprise=0.9, sadness=0.9, anger=0.9, fear=0.9)
    assert len(_mood(fan(0, reading=reading(emotions=felt))).dominant_emotions) == 5


@given(histories(), st.integers(0, 40))
def test_it_makes_no_difference_in_which_parts_the_events_come(events, cut):
    assert learn(learn(MoodState(), events[:cut]), events[cut:]) == learn(MoodState(), events)


@given(histories())
def test_everything_stays_within_its_bounds(events):
    state = learn(MoodState(), events)
    mood = project(state, events[-1].at if events else at(0))
    assert -1 <= mood.valence <= 1
    assert 0 <= mood.confidence <= 1
    assert len(mood.evidence) <= MAX_EVIDENCE
    assert all(-1 <= talk.valence <= 1 and 0 <= talk.negative_share <= 1 for talk in mood.history)
    assert sum(emotion.share for emotion in mood.dominant_emotions) <= 1
    assert stored_and_loaded(state) == state
