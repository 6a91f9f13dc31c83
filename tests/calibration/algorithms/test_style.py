from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.style import (
    StyleParams,
    StyleState,
    count_words,
    learn,
    list_emojis,
    measure,
    punctuation_of,
)
from calibration.domain import Event
from memory.domain import InteractionType, PunctuationStyle, Sender
from tests.calibration.algorithms.chats import at, fan, histories, identity, stored, us


def _say(*texts, gap=5.0):
    return learn(StyleState(), [fan(index * gap, text) for index, text in enumerate(texts)])


@given(histories(), st.integers(0, 40))
def test_history_may_be_learnt_in_parts(events, cut):
    whole = learn(StyleState(), events)
    assert learn(stored(learn(StyleState(), events[:cut])), events[cut:]) == whole
    assert measure(whole) == measure(stored(whole))


@given(histories())
def test_every_habit_lies_in_its_interval(events):
    style = measure(learn(StyleState(), events))
    for habit in (style.words, style.emojis, style.emoji_rate, style.question_rate, style.initiative,
                  style.lower_case_rate, style.exclamation_rate, style.reply_seconds):  # fmt: skip
        assert 0 <= habit.low <= habit.value <= habit.high
    assert 0 <= style.punctuation_probability <= 1
    assert style.reply_spread >= 1


def test_nothing_known_is_an_average_fan():
    style = measure(StyleState())
    assert style.forming
    assert style.words.value == pytest.approx(8.97, abs=0.01)
    assert style.emojis.value == pytest.approx(0.4)
    assert (style.initiative.low, style.initiative.high) == pytest.approx((0.205, 0.795), abs=0.01)
    assert style.reply_seconds.value == pytest.approx(400.0)
    assert style.punctuation is PunctuationStyle.CASUAL
    assert style.favourite_emojis == ()


def test_habits_are_shrunk_towards_the_population():
    """The example of the page: 30 messages, 24 of them with a question."""
    state = _say(*["what now?"] * 24, *["fine"] * 6, gap=0)
    style = measure(state)
    assert style.question_rate.value == pytest.approx(0.6625)
    assert (style.question_rate.low, style.question_rate.high) == pytest.approx((0.518, 0.807), abs=1e-3)
    assert not style.forming


def test_a_style_is_forming_below_twenty_messages():
    assert measure(_say(*["hi"] * 19)).forming
    assert not measure(_say(*["hi"] * 20)).forming


def test_the_interval_narrows_with_messages():
    few, many = (measure(_say(*["one two three four"] * count)).words for count in (5, 100))
    assert many.high - many.low < few.high - few.low
    assert many.low <= 4.5 <= many.high


def test_old_habits_fade():
    events = [*[fan(i, "hi 😊") for i in range(50)], *[fan(600_000 + i, "hi") for i in range(50)]]
    assert measure(learn(StyleState(), events)).emoji_rate.value < 0.1


def test_favourite_emojis_are_counted_once_a_message():
    style = measure(_say("😂😂😂😂", "ok", "❤️ and ❤️", "❤️", "👨‍👩‍👧", "👨‍👩‍👧", "👨‍👩‍👧"))
    assert style.favourite_emojis == ("👨‍👩‍👧", "❤️")


def test_emojis_that_are_used_least_are_forgotten():
    texts = [chr(0x1F600 + index) for index in range(30)]
    state = _say(*["😎"] * 3, *texts)
    assert len(state.writing.emojis) == StyleParams().max_emojis
    assert "😎" in state.writing.emojis
    assert texts[-1] in state.writing.emojis


def test_text_without_words_is_no_message():
    assert _say("  ").writing.message_count == 0


def test_capitals_count_only_where_there_are_letters():
    state = _say("all lower", "Not All", "123 456")
    assert (state.writing.sums.lettered, state.writing.sums.lower_case) == pytest.approx((2.0, 1.0), abs=1e-3)


def test_the_one_who_ends_a_silence_begins_the_conversation():
    events = [us(0), fan(5), fan(1000), us(1001), us(2000), fan(2500), fan(3000)]
    state = learn(StyleState(), events)
    assert (state.talk.sessions, state.talk.initiated) == pytest.approx((5.0, 3.0), abs=0.1)


def test_our_mass_messages_and_chance_touches_begin_nothing():
    like = Event(identity(1), at(1), InteractionType.LIKE, Sender.FAN)
    assert learn(StyleState(), [us(0, isMass=True), like]) == StyleState()


def test_a_sale_that_we_report_is_nothing_the_fan_wrote():
    report = Event(identity(1), at(1), InteractionType.PURCHASE, Sender.AI)
    assert learn(StyleState(), [report]) == StyleState()


def test_answers_are_timed_within_a_conversation():
    events = [us(0), us(10), fan(12), fan(13), us(20), fan(21), us(30), fan(30 + 400)]
    state = learn(StyleState(), events)
    assert state.reply_count == 2
    assert measure(state).reply_seconds.weight == pytest.approx(2.0, abs=0.01)


def test_a_purchase_is_no_answer_in_words():
    state = learn(StyleState(), [us(0), fan(1, "", InteractionType.PURCHASE), fan(2)])
    assert state.reply_count == 0


def test_the_median_delay_is_shrunk_on_a_log_scale():
    events = [event for index in range(40) for event in (us(index * 60), fan(index * 60 + 0.5))]
    style = measure(learn(StyleState(), events))
    assert 30 < style.reply_seconds.value < 55
    assert style.reply_spread < 1.3


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("That was a good day.", "proper"),
        ("Was it good?", "proper"),
        ('She said "no."', "proper"),
        ("2 tickets, please!", "proper"),
        ("that was a good day.", "casual"),
        ("What a day!!", "casual"),
        ("Well... yes.", "casual"),
        ("No, not that", "casual"),
        ("that was a good day", "minimal"),
        ("Sounds good", "minimal"),
    ],
)
def test_punctuation(text, style):
    assert punctuation_of(text) == style


def test_the_usual_punctuation_and_how_sure_it_is():
    style = measure(_say(*["that was fun"] * 20, *["That was fun."] * 3))
    assert style.punctuation is PunctuationStyle.MINIMAL
    assert style.punctuation_probability > 0.99


def test_words_and_emojis_are_counted_by_people_not_by_bytes():
    assert count_words("It's a well-known fact, isn\u2019t it? 😂") == 6
    assert list_emojis("hi 👩🏽‍🚀👍🏽 there") == ("👩🏽‍🚀", "👍🏽")
    assert list_emojis("it\u2019s plain") == ()


def test_the_state_is_bounded():
    texts = [chr(0x1F600 + index % 70) + " hello there, all of you" for index in range(500)]
    events = [event for i, text in enumerate(texts) for event in (us(i * 50), fan(i * 50 + i % 50, text))]
    assert len(msgspec.json.encode(learn(StyleState(), events))) < 3000


def test_time_long_ago_is_no_trouble():
    early = fan(0)
    late = Event(identity(1), early.at + timedelta(days=365 * 900), InteractionType.MESSAGE, Sender.FAN, text="hi")
    assert learn(StyleState(), [early, late]).writing.sums.weight == 1.0
