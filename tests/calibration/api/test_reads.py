"""What is learnt about a fan, over REST."""

import pytest

from calibration.models import ToneDecision
from memory.models import PersonalityProfile
from tests.calibration.api.support import TARGET, data
from tests.calibration.support import OF, do, learn_all, say
from tests.memory.support import QUERY, B, fields_at_fault

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fan(service):
    """Happy, buys photos, declined a video; all of it learnt."""
    say("I love hiking in the mountains, it was wonderful! 😍")
    for day in range(3):
        do("purchase", day * 24 * 60 + 1, amount=20, metadata={"category": "photos", "contentId": f"set-{day}"})
    do("offer_declined", 3 * 24 * 60, metadata={"category": "videos", "contentId": "clip-1"})
    learn_all()


def test_emotional_state(service, fan):
    found = data(service.get(f"{B}/emotional-state{QUERY}"))
    assert set(found) == {
        "currentSentiment", "valence", "confidence", "evidenceCount", "evidence", "sentimentHistory",
        "dominantEmotions", "lastPositiveInteraction", "lastNegativeInteraction", "engagementLevel", "selling",
        "analysed", "asOf",
    }  # fmt: skip
    assert found["analysed"] is True
    assert found["lastPositiveInteraction"] == "2026-03-02T09:00:00Z"
    assert found["selling"]["allowed"] is True


def test_negative_mood_holds_paid_messages_back(service):
    service.say("fan-1", "this is awful, I am so angry and disappointed, I hate it")
    learn_all()
    selling = data(service.get(f"{B}/emotional-state{QUERY}"))["selling"]
    assert (selling["allowed"], selling["ppvAllowed"], selling["softSellProbability"]) == (True, False, 0)
    assert selling["holdMessages"] >= 2
    assert selling["pressure"] < 1
    told = service.context("fan-1")["selling"]
    assert told == {"allowed": True, "ppvAllowed": False, "holdMessages": selling["holdMessages"], "escalate": False}


def test_disengagement(service, fan):
    found = data(service.get(f"{B}/disengagement{QUERY}"))
    assert set(found) == {
        *("basis", "probability", "probabilityOfReturn7d", "baseline", "signals", "factors", "fittedOn", "asOf")
    }
    assert (found["basis"], found["probability"], found["signals"]) == ("dormant", None, [])


def test_disengagement_of_somebody_new(service):
    service.say("fan-1", "hello there")
    learn_all()
    found = data(service.get(f"{B}/disengagement{QUERY}"))
    assert (found["basis"], found["signals"]) == ("not_enough_data", [])
    assert found["probability"] == pytest.approx(1 - found["probabilityOfReturn7d"], abs=0.0002)


def test_predicted_preferences(service, fan):
    found = data(service.get(f"{B}/preferences/predicted{QUERY}"))
    predicted = {one["category"]: one for one in found["predictions"]}
    assert predicted["photos"]["evidenceCount"] == 3
    assert predicted["photos"]["lowerBound"] <= predicted["photos"]["score"]
    assert predicted["videos"]["declinedCount"] == 1
    assert [one["lowerBound"] for one in found["predictions"]] == sorted(
        (one["lowerBound"] for one in found["predictions"]), reverse=True
    )
    assert found["topics"][0]["evidence"]


def test_recommendations_without_candidates(service, fan):
    found = data(service.get(f"{B}/recommendations{QUERY}"))
    assert set(found) == {"recommendations", "selling", "timeZone", "asOf"}
    best = found["recommendations"][0]
    assert (best["category"], best["sendable"], best["excluded"]) == ("photos", True, None)
    assert best["sendBetween"]["start"] < best["sendBetween"]["end"]
    assert best["reasons"][0]["code"] == "preference"


def test_recommendations_among_candidates(service, fan):
    candidates = [
        {"category": "photos", "contentId": "set-1"},
        {"category": "Photos", "contentId": "set-9", "contentHash": "", "price": 19.99},
        {"category": "photos", "contentId": "set-8", "price": "999.00"},
        {"category": "audio", "price": None},
    ]
    found = data(service.post(f"{B}/recommendations", {**TARGET, "candidates": candidates}))["recommendations"]
    judged = {one["contentId"]: one for one in found}
    assert judged["set-1"]["excluded"] == "already_bought"
    assert (judged["set-9"]["price"], judged["set-9"]["sendable"]) == (19.99, True)
    assert judged["set-8"]["price"] == 999
    assert judged["set-9"]["score"] >= judged["set-8"]["score"]
    assert judged[None]["category"] == "audio"


def test_what_was_declined_is_not_offered_again_within_days(service):
    service.say("fan-1", "hi")
    body = {
        **TARGET,
        "type": "offer_declined",
        "metadata": {"category": "videos", "contentId": "c", "contentHash": "h"},
    }
    assert service.post(f"{B}/interaction", body).status_code == 200
    learn_all()
    again = {"category": "videos", "contentId": "uploaded-again", "contentHash": "h"}
    (found,) = data(service.post(f"{B}/recommendations", {**TARGET, "candidates": [again]}))["recommendations"]
    assert (found["sendable"], found["score"]) == (False, 0)
    assert found["excluded"].startswith("declined_recently:")


@pytest.mark.parametrize(
    ("candidates", "field"),
    [
        (None, "candidates"),
        ([], "candidates"),
        ({}, "candidates"),
        ([{"category": "x"}] * 101, "candidates"),
        ([{}], "candidates"),
        (["photos"], "candidates"),
        ([{"category": ""}], "candidates"),
        ([{"category": " "}], "candidates"),
        ([{"category": 1}], "candidates"),
        ([{"category": "x" * 65}], "candidates"),
        ([{"category": "x", "contentId": 1}], "candidates"),
        ([{"category": "x", "contentId": "x" * 256}], "candidates"),
        ([{"category": "x", "contentHash": None}], "candidates"),
        ([{"category": "x", "price": -1}], "candidates"),
        ([{"category": "x", "price": 1.999}], "candidates"),
        ([{"category": "x", "price": "NaN"}], "candidates"),
        ([{"category": "x", "price": True}], "candidates"),
        ([{"category": "x", "price": 1e300}], "candidates"),
        ([{"category": "x", "other": 1}], "candidates"),
    ],
)
def test_refuses_candidates(service, candidates, field):
    assert fields_at_fault(service.post(f"{B}/recommendations", {**TARGET, "candidates": candidates})) == {field}


def test_response_style_of_somebody_new_is_the_creators(service):
    service.say("fan-1", "hi")
    found = data(service.get(f"{B}/response-style{QUERY}"))
    assert set(found) == {
        "maxLength", "emojiCount", "tone", "topics", "avoidTopics", "emojis", "punctuation", "reasons", "confidence",
        "selling", "decision", "asOf",
    }  # fmt: skip
    assert (found["tone"], found["confidence"], found["decision"]) == ("friendly", 0, None)
    assert "creator_default" in found["reasons"]


def talk() -> None:
    for n in range(12):
        say("what a lovely day, thank you so much! 😊", n * 10)
        say("you're so welcome, tell me more", n * 10 + 2, sender="creator", metadata={"tone": "playful"})
    learn_all()


def test_response_style_draws_a_tone_once_a_turn(service):
    talk()
    first, second = (data(service.get(f"{B}/response-style{QUERY}")) for _ in range(2))
    assert first["decision"] == second["decision"]
    assert first["decision"]["tone"] == first["tone"]
    row = ToneDecision.objects.get(**OF)
    assert (str(row.pk), row.tone) == (first["decision"]["id"], first["tone"])
    assert sum(row.propensities.values()) == pytest.approx(1)
    assert set(row.propensities) == {"friendly", "playful", "casual"}
    say("and now?", 500)
    third = data(service.get(f"{B}/response-style{QUERY}"))
    assert third["decision"]["id"] != first["decision"]["id"]


def test_a_tone_set_by_hand_is_not_drawn(service):
    talk()
    assert service.patch(f"{B}/personality", {**TARGET, "tone": "professional"}).status_code == 200
    found = data(service.get(f"{B}/response-style{QUERY}"))
    assert (found["tone"], found["decision"]) == ("professional", None)
    assert not ToneDecision.objects.exists()


def test_profile_and_style_agree(service):
    talk()
    row = PersonalityProfile.objects.get(**OF)
    found = data(service.get(f"{B}/response-style{QUERY}"))
    assert found["confidence"] == pytest.approx(row.confidence_score, abs=0.0001)
    assert found["punctuation"] == row.punctuation_style
