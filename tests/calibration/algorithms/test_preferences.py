from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.preferences import (
    KEPT_EVIDENCE,
    PreferenceParams,
    PreferenceState,
    Support,
    faded,
    learn,
    predict,
    project,
)
from memory.domain import InteractionType, Sender
from tests.calibration.algorithms.chats import stored
from tests.calibration.algorithms.shop import bought, declined, deed, histories, identity, offered, on, said

RATES = {"photos": 0.5, "videos": 0.4, "custom": 0.2, "audio": 0.1, "live": 0.05, "merch": 0.01}


def _content(events, as_of, **more):
    return project(learn(PreferenceState(), events), as_of, **more).content


def _topics(events, as_of, **more):
    return project(learn(PreferenceState(), events), as_of, **more).topics


@given(histories(), st.integers(0, 30))
def test_events_may_be_learnt_in_parts(events, cut):
    whole = learn(PreferenceState(), events)
    assert learn(stored(learn(PreferenceState(), events[:cut])), events[cut:]) == whole


@given(histories())
def test_whatever_happens_scores_stay_in_their_range(events):
    estimates = project(learn(PreferenceState(), events), on(4000), base_rates=RATES)
    for preference in estimates.content.values():
        assert 0 <= preference.lower_bound <= preference.score <= 1
        assert 0 <= preference.confidence < 1
    assert all(0 <= topic.value <= 1 and 0 <= topic.confidence < 1 for topic in estimates.topics.values())
    assert 5 <= len(estimates.content) <= 20


def test_three_purchases_and_a_declined_offer():
    """The example of the page."""
    events = [bought(0, "photos"), bought(30, "photos"), bought(90, "photos"), declined(90, "videos")]
    content = _content(events, on(90), base_rates=RATES)
    photos, videos = content["photos"], content["videos"]
    # Weights 1/2, 0.63 and 1: (4 * 0.5 + 2.13) / (4 + 2.13).
    assert photos.score == pytest.approx(0.674, abs=5e-4)
    assert photos.confidence == pytest.approx(0.347, abs=5e-4)
    assert photos.lower_bound == pytest.approx(0.449, abs=5e-4)
    assert (photos.evidence_count, photos.declined_count) == (3, 0)
    assert videos.score == pytest.approx(0.4 * 0.85)
    assert (videos.evidence_count, videos.declined_count) == (1, 1)


@given(histories(), st.sampled_from(["photos", "videos", "custom"]))
def test_a_declined_offer_lowers_the_score_by_fifteen_percent(events, category):
    state = learn(PreferenceState(), events)
    now = max([on(3000), *(event.at for event in events)])
    later = learn(state, [replace(declined(0, category), at=now)])
    before = project(state, now, base_rates=RATES | {category: 0.3}).content
    usual = before[category].score if category in before else 0.3
    assert project(later, now, base_rates={category: 0.3}).content[category].score == pytest.approx(0.85 * usual)


def test_two_declined_offers_lower_it_twice_and_the_effect_fades():
    one, two = [declined(0)], [declined(0), declined(0)]
    assert _content(two, on(0))["photos"].score == pytest.approx(0.3 * 0.85**2)
    assert _content(one, on(90))["photos"].score == pytest.approx(0.3 * 0.85**0.5)
    assert _content(one, on(5000))["photos"].score == pytest.approx(0.3)


def test_evidence_fades_towards_what_is_usual():
    scores = [_content([bought(0)], on(days), base_rates=RATES)["photos"].score for days in (0, 90, 900)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == pytest.approx(0.5, abs=1e-3)


def test_deeds_weigh_by_what_they_cost():
    kinds = (InteractionType.PURCHASE, InteractionType.LIKE, InteractionType.VIEW)
    scores = [_content([deed(0, kind, category="photos")], on(0))["photos"].score for kind in kinds]
    assert scores == sorted(scores, reverse=True)
    tip = _content([deed(0, InteractionType.TIP, 5, category="photos")], on(0))["photos"].score
    assert tip == scores[1]


def test_what_is_said_about_a_kind_of_content_moves_it():
    liked = _content([said(0, ("videos", 0.9, 0.9))], on(0))["videos"].score
    disliked = _content([said(0, ("videos", -0.9, 0.9))], on(0))["videos"].score
    assert disliked < 0.3 < liked
    assert _content([said(0, ("videos", 0.0, 0.9))], on(0)) == {}


def test_not_liking_a_topic_lowers_it():
    topics = _topics([said(0, ("rain", -0.9, 0.9), ("food", 0.9, 0.9), ("work", 0.0, 0.6))], on(0))
    assert topics["rain"].value < 0.5 < topics["work"].value < topics["food"].value
    assert topics["food"].value == pytest.approx((2 * 0.5 + 0.81) / (2 + 0.81))
    assert topics["food"].evidence == (identity(0),)


def test_topics_start_from_their_own_base_rate():
    (topic,) = _topics([said(0, ("food", 0.0, 0.0))], on(0), topic_base_rates={"food": 0.8}).values()
    assert topic.value == pytest.approx(0.8)


def test_our_words_and_likes_teach_nothing():
    ours = replace(said(0, ("food", 0.9, 0.9)), sender=Sender.AI)
    like = replace(deed(0, InteractionType.LIKE, category="photos"), sender=Sender.CREATOR)
    assert learn(PreferenceState(), [ours, like, offered(0, category="photos", price=5)]) == PreferenceState()


def test_without_a_category_there_is_nothing_to_learn():
    assert learn(PreferenceState(), [bought(0, "")]) == PreferenceState()


def test_five_are_handed_out_where_the_population_knows_five():
    content = _content([bought(0, "custom")], on(1), base_rates=RATES)
    assert list(content) == ["custom", "photos", "videos", "audio", "live"]
    assert (content["live"].score, content["live"].confidence) == (0.05, 0.0)
    assert (content["live"].last_interaction, content["live"].evidence) == (None, ())
    assert list(_content([], on(1), base_rates={"a": 0.2, "b": 0.4})) == ["b", "a"]


def test_never_more_than_twenty_and_the_best_supported_first():
    events = [bought(index / 100, f"c{index:02}") for index in range(30)] + [bought(1, "c29")]
    content = _content(events, on(2))
    assert len(content) == 20
    assert next(iter(content)) == "c29"


def test_a_newcomer_takes_the_place_of_the_least_supported():
    events = [bought(0, f"c{index:02}") for index in range(24)]
    events += [deed(1, InteractionType.VIEW, category="c00"), deed(2, InteractionType.VIEW, category="new")]
    state = learn(PreferenceState(), events)
    assert len(state.categories) == 24
    assert {"c00", "new"} < set(state.categories)
    assert "c01" not in state.categories


def test_what_is_surest_is_predicted_first():
    state = learn(PreferenceState(), [*(bought(day, "photos") for day in range(8)), bought(8, "videos")])
    predicted = predict(state, on(8))
    assert [one.category for one in predicted] == ["photos", "videos"]
    assert predicted[0].lower_bound > predicted[1].lower_bound
    assert predict(PreferenceState(), on(0)) == ()


def test_nothing_known_fades_to_nothing_known():
    assert faded(Support(), on(0), PreferenceParams()) == Support()


def test_the_state_stays_small():
    events = [bought(i / 10, f"category {i % 40} {'x' * 64}") for i in range(300)]
    events += [said(40 + i / 10, (f"topic {i % 40}", 0.123456789, 0.9)) for i in range(300)]
    state = learn(PreferenceState(), events)
    assert len(msgspec.json.encode(state)) < 18_000
    assert all(len(support.evidence) <= KEPT_EVIDENCE for support in state.categories.values())
