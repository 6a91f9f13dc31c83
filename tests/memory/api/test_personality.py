"""Personality set by hand, and its history."""

import pytest

from memory.models import CreatorPersona, PersonalityChange, PersonalityProfile
from tests.memory.support import QUERY, B, everything, fields_at_fault, refused

URL = f"{B}/personality"
TRAITS = {
    "tone": "playful",
    "emojiFrequency": 0.25,
    "messageLengthPreference": "short",
    "punctuationStyle": "minimal",
    "preferredEmojis": ["😀", "👩‍👩‍👧"],
    "responseSpeed": "quick",
}


def patch(service, **body):
    return service.patch(URL, {"fanId": "fan-1", **body})


@pytest.fixture
def fan(service):
    service.say("fan-1")


def test_sets_and_locks(service, fan):
    answer = patch(service, **TRAITS)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert {name: data[name] for name in TRAITS} == TRAITS
    assert data["lockedTraits"] == list(TRAITS)
    assert service.get(f"{URL}{QUERY}").json()["data"] == data
    assert service.context("fan-1")["personalityProfile"] == data


def test_locks_only_what_was_set_and_starts_from_the_persona(service, fan):
    CreatorPersona.objects.create(creator_id="creator-1", tone="dominant", response_speed="variable")
    data = patch(service, emojiFrequency=0).json()["data"]
    assert (data["tone"], data["responseSpeed"], data["emojiFrequency"]) == ("dominant", "variable", 0)
    assert data["lockedTraits"] == ["emojiFrequency"]


@pytest.mark.parametrize(
    ("name", "alias", "canonical"),
    [
        ("tone", "formal", "professional"),
        ("punctuationStyle", "formal", "proper"),
        ("responseSpeed", "instant", "immediate"),
        ("responseSpeed", "slow", "delayed"),
    ],
)
def test_aliases(service, fan, name, alias, canonical):
    assert patch(service, **{name: alias}).json()["data"][name] == canonical


def test_release(service, fan):
    patch(service, **TRAITS)
    data = patch(service, release=["tone", "emojiFrequency"]).json()["data"]
    assert data["lockedTraits"] == [name for name in TRAITS if name not in ("tone", "emojiFrequency")]
    assert data["tone"] == "playful"


def test_history(service, fan):
    patch(service, tone="playful")
    patch(service, tone="playful")  # changes nothing
    patch(service, tone="casual", emojiFrequency=1)
    patch(service, release=["tone"])
    answer = service.get(f"{URL}/history{QUERY}")
    assert answer.status_code == 200
    released, second, first = answer.json()["data"]
    assert set(first) == {"id", "reason", "actor", "before", "after", "why", "timestamp"}
    assert first["reason"] == "manual"
    assert first["actor"].startswith("key:")
    assert (first["before"]["tone"], first["after"]["tone"]) == ("friendly", "playful")
    assert set(first["before"]) == {*TRAITS, "lockedTraits"}
    assert (second["before"]["emojiFrequency"], second["after"]["emojiFrequency"]) == (0.5, 1)
    assert (released["before"]["lockedTraits"], released["after"]["lockedTraits"]) == (
        ["tone", "emojiFrequency"],
        ["emojiFrequency"],
    )


def test_history_names_the_person(alice):
    alice.say("fan-1")
    patch(alice, tone="playful")
    assert PersonalityChange.objects.get().actor.startswith("user:")


@pytest.mark.parametrize(("limit", "shown"), [("1", 1), ("3", 3), ("100", 4)])
def test_history_is_bounded(service, fan, limit, shown):
    for tone in ("playful", "casual", "flirty", "friendly"):
        patch(service, tone=tone)
    history = service.get(f"{URL}/history{QUERY}&limit={limit}").json()["data"]
    assert [change["after"]["tone"] for change in history] == ["friendly", "flirty", "casual", "playful"][:shown]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e9", "9" * 5000, ""])
def test_history_limit(service, fan, limit):
    assert fields_at_fault(service.get(f"{URL}/history{QUERY}&limit={limit}")) == {"limit"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tone": "rude"}, "tone"),
        ({"tone": None}, "tone"),
        ({"tone": ["flirty"]}, "tone"),
        ({"emojiFrequency": 1.1}, "emojiFrequency"),
        ({"emojiFrequency": "NaN"}, "emojiFrequency"),
        ({"emojiFrequency": True}, "emojiFrequency"),
        ({"messageLengthPreference": "epic"}, "messageLengthPreference"),
        ({"punctuationStyle": "?!"}, "punctuationStyle"),
        ({"preferredEmojis": ["x" * 33]}, "preferredEmojis"),
        ({"preferredEmojis": ["x"] * 51}, "preferredEmojis"),
        ({"preferredEmojis": [1]}, "preferredEmojis"),
        ({"preferredEmojis": "😀"}, "preferredEmojis"),
        ({"responseSpeed": "warp"}, "responseSpeed"),
        ({"release": ["confidenceScore"]}, "release"),
        ({"confidenceScore": 1}, "confidenceScore"),
        ({"interactionCount": 99}, "interactionCount"),
        ({"lockedTraits": []}, "lockedTraits"),
        ({"lastCalibrated": "2026-01-01T00:00:00Z"}, "lastCalibrated"),
    ],
)
def test_refuses(service, fan, body, field):
    before = everything()
    assert fields_at_fault(patch(service, **body)) == {field}
    assert everything() == before


def test_fan_never_seen(service):
    refused(patch(service, tone="playful"), 404, "NOT_FOUND")
    refused(service.get(f"{URL}{QUERY}"), 404, "NOT_FOUND")
    refused(service.get(f"{URL}/history{QUERY}"), 404, "NOT_FOUND")
    assert not PersonalityProfile.objects.exists()


def test_before_anything_is_known(service, fan):
    assert service.get(f"{URL}{QUERY}").json()["data"]["confidenceScore"] == 0
    assert service.get(f"{URL}/history{QUERY}").json()["data"] == []
